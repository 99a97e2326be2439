"""Releases of one period that follow each other: what their difference tells, and its protection.

``earlier`` says what was published before, for both sides of the proof; ``joint`` states the
problem of all releases of a period together; ``kept`` says which amounts stay. The verifier states
the counts a second time, in ``verification/over_time``.

Source: PROTECTION 6.
"""
