"""The public API ``/api/v1``: released tables for programs, by the NLGov API Design Rules."""

from publisher.api.routes import api_router

__all__ = ["api_router"]
