"""Which rounded counts can be shown beside the exact tables, with a proof for each.

1. A count that an exact table already has is not shown again.
2. The proofs of the exact tables have to hold beside the rounded counts: what they change of a
   group is divided over its schools, each within what its rounded count allows. Where that does
   not fit, the rounded counts of that group are withheld.
3. Every rounded count needs an alternative at a distance: another school of the group moves the
   other way, or a proof of step 2 moves it. A count without one is withheld.

The steps are greedy: they may withhold more than is necessary, and never less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from publisher.protection.certificates import Certificate
from publisher.protection.rounding.draw import bounds
from publisher.protection.rounding.places import RoundedCell, gathered

Delta = dict[str, int]


class Fitting:
    """The rounded counts of one table in one period, while it is decided which are shown."""

    def __init__(
        self,
        cells: Sequence[RoundedCell],
        shown_at: Mapping[str, int],
        true: Mapping[str, int],
        *,
        overlaps: bool,
        level: int,
    ) -> None:
        """Start with every count that no exact table has.

        Args:
            cells: of the table.
            shown_at: the multiple at which each is shown, by its key.
            true: value of every quantity of the exact tables.
            overlaps: a child can be in several categories.
            level: the least distance between a count and its alternative.
        """
        self._cells = tuple(cells)
        self._range = {cell.key: bounds(shown_at[cell.key]) for cell in cells}
        self._true, self._overlaps, self._level = true, overlaps, level
        self._shown = {cell.key for cell in cells if not cell.alone}
        self._of_group = gathered((cell.group, cell) for cell in cells)
        self._of_total = gathered((cell.total, cell) for cell in cells)
        self._total_of = {cell.key: cell.total for cell in cells}

    def fit(
        self, certificates: Iterable[Certificate]
    ) -> tuple[frozenset[str], tuple[Certificate, ...]]:
        """The counts that are shown, and the proofs of everything, divided over schools."""
        divided = [(proof.cell, self._divided(proof)) for proof in certificates]
        moved: dict[str, Delta] = {}
        for _, delta in divided:
            for key, step in delta.items():
                if abs(step) >= self._level:
                    moved.setdefault(key, delta)
        for cell in self._cells:
            if cell.key in self._shown:
                witness = moved.get(cell.key) or self._alternative(cell)
                if witness is None:
                    self._shown.discard(cell.key)
                else:
                    divided.append((cell.key, witness))
        return frozenset(self._shown), self._proofs(divided)

    def _proofs(self, divided: Iterable[tuple[str, Delta]]) -> tuple[Certificate, ...]:
        """Proofs without what they said of counts that are withheld after all."""
        withheld = {cell.key for cell in self._cells} - self._shown
        proofs = {
            Certificate.of(key, {of: step for of, step in delta.items() if of not in withheld})
            for key, delta in divided
            if key not in withheld
        }
        return tuple(sorted(proofs, key=lambda proof: (proof.cell, proof.delta)))

    def _divided(self, proof: Certificate) -> Delta:
        """Step 2 for one proof. What is withheld for it is bound by nothing any more."""
        while True:
            delta = dict(proof.delta)
            stuck = self._divide(delta)
            if not stuck:
                return delta
            self._shown -= stuck

    def _divide(self, delta: Delta) -> set[str]:
        """Divide every group that changes over its schools; the counts that stand in the way."""
        for group in [key for key in delta if key in self._of_group]:
            left = delta[group] - self._absorbed(group, delta[group])
            shown = [cell for cell in self._of_group[group] if cell.key in self._shown]
            for cell in sorted(shown, key=lambda cell: -self._room(cell, delta, left)):
                step = min(self._room(cell, delta, left), abs(left))
                if step:
                    delta[cell.key] = step if left > 0 else -step
                    left -= delta[cell.key]
            if left:
                return {cell.key for cell in shown}
        return self._against_totals(delta)

    def _absorbed(self, group: str, change: int) -> int:
        """What the counts of a group that are not shown can take of its change."""
        cells = self._of_group[group]
        shown = [cell.true for cell in cells if cell.key in self._shown]
        if len(shown) == len(cells):
            return 0
        return max(change, sum(shown) - self._true[group])

    def _room(self, cell: RoundedCell, delta: Delta, change: int) -> int:
        """How far a count can move in the direction of a change."""
        least, most = self._range[cell.key]
        if change > 0:
            total = self._true.get(cell.total)
            if total is not None:
                most = min(most, total + delta.get(cell.total, 0))
            return max(most - cell.true, 0)
        return cell.true - least

    def _against_totals(self, delta: Delta) -> set[str]:
        """Counts that contradict the total of their school in an alternative."""
        touched = {self._total_of[key] for key in delta if key in self._total_of}
        for total in sorted(touched.union(key for key in delta if key in self._of_total)):
            if total not in self._true:
                continue
            whole = self._true[total] + delta.get(total, 0)
            shown = [cell for cell in self._of_total[total] if cell.key in self._shown]
            values = [cell.true + delta.get(cell.key, 0) for cell in shown]
            above = {cell.key for cell, n in zip(shown, values, strict=True) if n > whole}
            if above:
                return above
            if len(shown) == len(self._of_total[total]) and (
                sum(values) < whole or (not self._overlaps and sum(values) > whole)
            ):
                return {shown[0].key}
        return set()

    def _alternative(self, cell: RoundedCell) -> Delta | None:
        """Step 3 for one count that no proof moves."""
        least, most = self._range[cell.key]
        for step in (self._level, -self._level):
            if least <= cell.true + step <= most:
                for delta in self._balanced(cell, step):
                    if not self._against_totals(delta):
                        return delta
        return None

    def _balanced(self, cell: RoundedCell, step: int) -> Iterator[Delta]:
        """A count moves, and within its group what is not shown or another school moves back."""
        if self._absorbed(cell.group, -step) == -step:
            yield {cell.key: step}
        for other in self._of_group[cell.group]:
            if other.key in self._shown and other.key != cell.key:
                least, most = self._range[other.key]
                if least <= other.true - step <= most:
                    yield {cell.key: step, other.key: -step}
