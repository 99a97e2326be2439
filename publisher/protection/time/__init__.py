"""Releases of one period that follow each other: what their difference tells, and its protection.

``earlier`` says what was published before, for both sides of the proof; ``joint`` states the
problem of all releases of a period together. The verifier states it a second time, in
``verification/over_time``.

Source: PROTECTION 6.
"""
