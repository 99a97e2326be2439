"""Schools whose counts share their groups: how a proof is divided over them, as a network flow.

What changes of a group is divided over its schools, and what changes of a school over its counts.
Every count belongs to one group and one whole, so that a solution in fractions is one in whole
numbers. The counts that are withheld move along: a reader knows of each that it is not negative,
and no more than its whole.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

from publisher.protection.highs import check_ended, must, quiet_highs
from publisher.protection.rounding.places import Parts, RoundedCell, gathered

_STRETCH = 1_000.0
"""Cost of one step outside the range of a shown count, where a step within costs 1."""

_NO_END = 1_000_000_000

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Division:
    """What every count of a block changes by, and the shown ones that leave their range for it."""

    delta: Mapping[str, int]
    outside: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Ends:
    """How far one count can go, from what it is: at all, and within what is shown of it."""

    least: int
    most: int
    low: int
    high: int

    def columns(self, *, stretched: bool) -> tuple[Range, Range, Range, Range]:
        """Bounds of its four columns."""
        low, high = self.low, self.high
        if low > high:  # what is shown of it cannot be: it is as one that is withheld
            low, high = self.least, self.most
        beyond = (self.most - high, low - self.least) if stretched else (0, 0)
        return (
            (max(low, 0), max(high, 0)),
            (max(-high, 0), max(-low, 0)),
            (0, beyond[0]),
            (0, beyond[1]),
        )


class Block:
    """The counts of some schools, in one program that is solved again for every proof.

    Per count four columns: a step up and down within its range, and the same outside of it.
    """

    def __init__(self, cells: Sequence[RoundedCell], true: Mapping[str, int], parts: Parts) -> None:
        """Build the program.

        Args:
            cells: every count of the schools, shown or not.
            true: value of every quantity of the exact tables.
            parts: what the counts of a school are of their whole.
        """
        self.cells = tuple(cells)
        self.groups = tuple(gathered((cell.group, cell) for cell in cells))
        self.wholes = {
            name: of
            for name, of in gathered((cell.whole, cell) for cell in cells).items()
            if name in true
        }
        self._true, self._parts = true, parts
        self._highs = quiet_highs()
        must(self._highs.passModel(self._program()))

    def _program(self) -> highspy.HighsLp:
        group_at = {name: at for at, name in enumerate(self.groups)}
        whole_at = {name: len(group_at) + at for at, name in enumerate(self.wholes)}
        complete = self._parts.complete
        rows = len(group_at) + (len(whole_at) if complete else 0)
        starts, index, values = [0], [], []
        for cell in self.cells:
            own = [group_at[cell.group]]
            if complete and cell.whole in whole_at:
                own.append(whole_at[cell.whole])
            for sign in (1.0, -1.0, 1.0, -1.0):
                index += own
                values += [sign] * len(own)
                starts.append(len(index))
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = 4 * len(self.cells), rows
        program.col_cost_ = np.tile([1.0, 1.0, _STRETCH, _STRETCH], len(self.cells))
        program.col_lower_ = np.zeros(program.num_col_)
        program.col_upper_ = np.zeros(program.num_col_)
        program.row_lower_ = np.zeros(rows)
        program.row_upper_ = np.zeros(rows)
        program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        program.a_matrix_.start_ = np.array(starts, dtype=np.int32)
        program.a_matrix_.index_ = np.array(index, dtype=np.int32)
        program.a_matrix_.value_ = np.array(values)
        return program

    def stays(self, delta: Mapping[str, int]) -> bool:
        """Whether a proof fits these counts as they are."""
        if any(delta.get(name) for name in self.groups):
            return False
        return all(
            self._fits(self._true[name] + delta[name], [cell.true for cell in of])
            for name, of in self.wholes.items()
            if delta.get(name)
        )

    def _fits(self, whole: int, values: Sequence[int]) -> bool:
        if max(values) > whole:
            return False
        if not self._parts.complete:
            return True
        return sum(values) >= whole if self._parts.overlap else sum(values) == whole

    def divided(
        self,
        delta: Mapping[str, int],
        ranges: Mapping[str, Range],
        *,
        fixed: Mapping[str, int] | None = None,
        stretched: bool = False,
    ) -> Division | None:
        """Divide what a proof changes over the counts, with as few steps as that takes.

        Args:
            delta: what it changes of groups and wholes.
            ranges: least and greatest value of the counts that are shown, by key.
            fixed: what single counts change by.
            stretched: whether shown counts may leave their range.

        Returns:
            None where that is impossible.
        """
        ends = [self._ends(cell, delta, ranges, fixed or {}) for cell in self.cells]
        cut_off = {
            cell.key
            for cell, end in zip(self.cells, ends, strict=True)
            if end.least > end.most or end.low > end.high
        }
        if cut_off and not stretched:
            return None
        steps = self._solved(delta, [end.columns(stretched=stretched) for end in ends])
        if steps is None:
            return None
        moved = steps @ np.array([1, -1, 1, -1])
        keys = [cell.key for cell in self.cells]
        beyond = {key for key, own in zip(keys, steps, strict=True) if own[2:].any()}
        return Division(
            {key: int(step) for key, step in zip(keys, moved, strict=True) if step},
            frozenset(ranges.keys() & (cut_off | beyond)),
        )

    def _solved(
        self, delta: Mapping[str, int], columns: Sequence[Sequence[Range]]
    ) -> npt.NDArray[np.int64] | None:
        """Steps per count, in the four columns; None where there are none."""
        bounds = np.array(columns, dtype=float).reshape(-1, 2)
        lower, upper = bounds[:, 0].copy(), bounds[:, 1].copy()
        if (lower > upper).any():
            return None
        places = np.arange(len(bounds), dtype=np.int32)
        must(self._highs.changeColsBounds(len(places), places, lower, upper))
        low, high = self._sums(delta)
        for row, (least, most) in enumerate(zip(low, high, strict=True)):
            must(self._highs.changeRowBounds(row, least, most))
        must(self._highs.run())
        if not check_ended(self._highs.getModelStatus(), infeasible=True):
            return None
        values = np.array(self._highs.getSolution().col_value)
        return values.round().astype(np.int64).reshape(-1, 4)

    def _ends(
        self, cell: RoundedCell, delta: Mapping[str, int], ranges: Mapping[str, Range],
        fixed: Mapping[str, int],
    ) -> _Ends:  # fmt: skip
        least, most = -cell.true, _NO_END
        if cell.whole in self.wholes:
            most = self._true[cell.whole] + delta.get(cell.whole, 0) - cell.true
        low, high = (end - cell.true for end in ranges.get(cell.key, (0, _NO_END)))
        if cell.key in fixed:
            low = high = fixed[cell.key]
        return _Ends(least, most, max(low, least), min(high, most))

    def _sums(self, delta: Mapping[str, int]) -> tuple[list[float], list[float]]:
        """Bounds of the rows: what groups change by, and what counts lack of their wholes."""
        low = [float(delta.get(name, 0)) for name in self.groups]
        high = list(low)
        if self._parts.complete:
            for name, cells in self.wholes.items():
                lack = self._true[name] + delta.get(name, 0) - sum(cell.true for cell in cells)
                low.append(lack)
                high.append(math.inf if self._parts.overlap else lack)
        return low, high


def blocks_of(
    cells: Sequence[RoundedCell], true: Mapping[str, int], parts: Parts
) -> tuple[Block, ...]:
    """The counts divided into blocks that share neither a group nor a whole."""
    label: dict[str, str] = {}

    def first(name: str) -> str:
        while label.setdefault(name, name) != name:
            name = label[name]
        return name

    for cell in cells:
        low, high = sorted((first(f"group {cell.group}"), first(f"whole {cell.whole}")))
        label[high] = low
    of = gathered((first(f"group {cell.group}"), cell) for cell in cells)
    return tuple(Block(members, true, parts) for members in of.values())


def touched(blocks: Collection[Block]) -> Mapping[str, tuple[Block, ...]]:
    """The blocks that a change of a group or a whole is about, by its name."""
    found: dict[str, list[Block]] = {}
    for block in blocks:
        for name in dict.fromkeys((*block.groups, *block.wholes)):
            found.setdefault(name, []).append(block)
    return {name: tuple(each) for name, each in found.items()}
