"""The public API ``/api/v1``: released tables for programs, by the NLGov API Design Rules."""
