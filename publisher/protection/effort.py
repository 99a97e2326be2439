"""How hard the search looks for a cheaper pattern; with each of them the proof is the same."""

from __future__ import annotations

from enum import Enum


class Effort(Enum):
    """What is done after the first pattern that protects was found and pruned."""

    FIRST = "first"  # nothing: there is another round to come
    QUICK = "quick"  # a glance at each neighbourhood: good where a table is tried out
    USUAL = "usual"  # neighbourhood by neighbourhood, is there a cheaper one
    EXACT = "exact"  # then the cheapest of all, with a bound on what is left of the gap
