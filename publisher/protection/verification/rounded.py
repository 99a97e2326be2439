"""The claim of a rounded table beside the exact ones: intervals instead of values.

1. Behind a rounded count lies one of the counts that round to it. Of one that is withheld a
   reader knows what follows.
2. The counts of a group are together the group.
3. Each count is at most its whole at its school: the total over categories, or the measure that
   it is a part of. A total is at most all of its categories together.
4. Every rounded count has an alternative at a distance.

Source: PROTECTION 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from publisher.protection.primary import Rule
from publisher.protection.rounding.draw import bounds
from publisher.protection.rounding.places import Parts, RoundedCell, gathered
from publisher.protection.verification.claim import Claim, Demand, Relation


def with_rounded(
    claim: Claim,
    cells: Sequence[RoundedCell],
    shown_at: Mapping[str, int],
    *,
    parts: Parts,
    level: int,
) -> Claim:
    """The claim of a period with the cells of a rounded table added.

    Args:
        claim: of the exact counts.
        cells: every cell of the rounded table in the period.
        shown_at: the multiple at which each is shown; what is withheld is absent.
        parts: what those of a school are of their whole.
        level: the least distance between a count and its alternative.
    """
    shown = [cell for cell in cells if cell.key in shown_at]
    ranges = [Relation(((cell.key, 1),), *bounds(shown_at[cell.key])) for cell in shown]
    return replace(
        claim,
        true={**claim.true, **{cell.key: cell.true for cell in cells}},
        latent=claim.latent.union(cell.key for cell in cells),
        relations=(*claim.relations, *ranges, *_groups(cells), *_wholes(claim, cells, parts)),
        demands=(
            *claim.demands,
            *(Demand(cell.key, Rule.ROUNDED, level, 0, None) for cell in shown),
        ),
    )


def _groups(cells: Sequence[RoundedCell]) -> Iterator[Relation]:
    """Step 2."""
    for group, members in gathered((cell.group, cell) for cell in cells).items():
        yield Relation(((group, 1), *((cell.key, -1) for cell in members)), 0, 0)


def _wholes(claim: Claim, cells: Sequence[RoundedCell], parts: Parts) -> Iterator[Relation]:
    """Step 3, where the release has a cell with the whole."""
    for whole, members in gathered((cell.whole, cell) for cell in cells).items():
        if whole not in claim.true:
            continue
        for cell in members:
            yield Relation(((whole, 1), (cell.key, -1)), 0, None)
        if parts.complete:
            terms = (*((cell.key, 1) for cell in members), (whole, -1))
            yield Relation(terms, 0, None if parts.overlap else 0)
