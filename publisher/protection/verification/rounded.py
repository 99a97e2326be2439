"""The claim of a rounded table beside the exact ones: intervals instead of values.

1. Behind a rounded count lies one of the counts that round to it.
2. The rounded counts of a group are no more than the group; all of them together are the group.
3. A school's total is at least each of its counts, and at most all of them together.
4. Every rounded count has an alternative at a distance.

Source: PROTECTION 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from publisher.protection.primary import Rule
from publisher.protection.rounding.draw import bounds
from publisher.protection.rounding.places import RoundedCell
from publisher.protection.verification.claim import Claim, Demand, Relation


def with_rounded(
    claim: Claim,
    cells: Sequence[RoundedCell],
    shown_at: Mapping[str, int],
    *,
    overlaps: bool,
    level: int,
) -> Claim:
    """The claim of a period with the cells of a rounded table added.

    Args:
        claim: of the exact counts.
        cells: every cell of the rounded table in the period.
        shown_at: the multiple at which each is shown; what is withheld is absent.
        overlaps: a child can be in several categories.
        level: the least distance between a count and its alternative.
    """
    shown = [cell for cell in cells if cell.key in shown_at]
    ranges = [Relation(((cell.key, 1),), *bounds(shown_at[cell.key])) for cell in shown]
    return replace(
        claim,
        true={**claim.true, **{cell.key: cell.true for cell in shown}},
        latent=claim.latent.union(cell.key for cell in shown),
        relations=(
            *claim.relations,
            *ranges,
            *_groups(cells, shown_at),
            *_totals(claim, cells, shown_at, overlaps=overlaps),
        ),
        demands=(
            *claim.demands,
            *(Demand(cell.key, Rule.ROUNDED, level, 0, None) for cell in shown),
        ),
    )


def _groups(cells: Sequence[RoundedCell], shown_at: Mapping[str, int]) -> Iterator[Relation]:
    """Step 2."""
    for group in dict.fromkeys(cell.group for cell in cells):
        members = [cell.key for cell in cells if cell.group == group]
        shown = [key for key in members if key in shown_at]
        if shown:
            terms = ((group, 1), *((key, -1) for key in shown))
            yield Relation(terms, 0, 0 if len(shown) == len(members) else None)


def _totals(
    claim: Claim, cells: Sequence[RoundedCell], shown_at: Mapping[str, int], *, overlaps: bool
) -> Iterator[Relation]:
    """Step 3, where the release has a cell with the school's total."""
    for total in dict.fromkeys(cell.total for cell in cells):
        if total not in claim.true:
            continue
        members = [cell.key for cell in cells if cell.total == total]
        shown = [key for key in members if key in shown_at]
        for key in shown:
            yield Relation(((total, 1), (key, -1)), 0, None)
        if len(shown) == len(members):
            terms = (*((key, 1) for key in shown), (total, -1))
            yield Relation(terms, 0, None if overlaps else 0)
