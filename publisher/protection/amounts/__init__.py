"""Magnitudes and providers: euros and days on their values, distinct providers in bands.

Each measure of a period is a block of its own. It is solved after the counts, for an amount is
withheld wherever its count is; a withheld amount does not withhold its count (PROTECTION 2,
BUNDLE).
"""
