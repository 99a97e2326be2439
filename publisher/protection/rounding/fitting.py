"""Which rounded counts can be shown beside the exact tables, with a proof for each.

1. A count that an exact table already has is not shown again.
2. The proofs of the exact tables have to hold beside the rounded counts: what they change of a
   group is divided over its schools, each within what its rounded count allows. Where that does
   not fit, the rounded counts that stand in the way are withheld.
3. Every rounded count needs an alternative at a distance: other counts of its block move along,
   or a proof of step 2 moves it. A count without one is withheld.

The steps are greedy: they may withhold more than is necessary, and never less. A count that is
withheld stays part of every proof: a reader knows what it is a part of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from publisher.protection.certificates import Certificate
from publisher.protection.rounding.block import Block, Division, blocks_of, touched
from publisher.protection.rounding.draw import bounds
from publisher.protection.rounding.places import Parts, RoundedCell
from shared.errors import ProtectionError

Delta = dict[str, int]


class Fitting:
    """The rounded counts of one table in one period, while it is decided which are shown."""

    def __init__(
        self,
        cells: Sequence[RoundedCell],
        shown_at: Mapping[str, int],
        true: Mapping[str, int],
        *,
        parts: Parts,
        level: int,
    ) -> None:
        """Start with every count that no exact table has.

        Args:
            cells: of the table.
            shown_at: the multiple at which each is shown, by its key.
            true: value of every quantity of the exact tables.
            parts: what those of a school are of their whole.
            level: the least distance between a count and its alternative.
        """
        self._level = level
        self._blocks = blocks_of(cells, true, parts)
        self._touched = touched(self._blocks)
        self._ranges = {cell.key: bounds(shown_at[cell.key]) for cell in cells if not cell.alone}

    def fit(
        self, certificates: Iterable[Certificate]
    ) -> tuple[frozenset[str], tuple[Certificate, ...]]:
        """The counts that are shown, and the proofs of everything, divided over schools.

        Raises:
            ProtectionError: ``protection-unmet`` where a proof of an exact table fits no counts.
        """
        proofs = [(proof.cell, self._divided(proof)) for proof in certificates]
        moved: dict[str, Delta] = {}
        for _, delta in proofs:
            for key, step in delta.items():
                if abs(step) >= self._level:
                    moved.setdefault(key, delta)
        for block in self._blocks:
            for cell in block.cells:
                if cell.key in self._ranges:
                    witness = moved.get(cell.key) or self._alternative(block, cell)
                    if witness is None:
                        del self._ranges[cell.key]
                    else:
                        proofs.append((cell.key, witness))
        made = {Certificate.of(key, delta) for key, delta in proofs}
        ordered = sorted(made, key=lambda proof: (proof.cell, proof.delta))
        return frozenset(self._ranges), tuple(ordered)

    def _divided(self, proof: Certificate) -> Delta:
        """Step 2 for one proof."""
        delta = dict(proof.delta)
        about = dict.fromkeys(block for key in delta for block in self._touched.get(key, ()))
        divided: Delta = {}
        for block in about:
            if not block.stays(delta):
                divided.update(self._within(block, delta, proof.cell).delta)
        return delta | divided

    def _within(self, block: Block, delta: Delta, about: str) -> Division:
        """A division of a proof over a block; what stands in the way is withheld for it."""
        found = block.divided(delta, self._ranges)
        if found is None:
            found = block.divided(delta, self._ranges, stretched=True)
            if found is None:
                raise ProtectionError(
                    "protection-unmet",
                    "expected counts per school that fit a proof of an exact table, found none",
                    hint="leave the rounded table out",
                    about=about,
                )
            for key in found.outside:
                self._ranges.pop(key, None)
        return found

    def _alternative(self, block: Block, cell: RoundedCell) -> Delta | None:
        """Step 3 for one count that no proof moves."""
        least, most = self._ranges[cell.key]
        for step in (self._level, -self._level):
            if least <= cell.true + step <= most:
                found = block.divided({}, self._ranges, fixed={cell.key: step})
                if found is not None:
                    return dict(found.delta)
        return None
