"""Small files of counts, protected with their proof, and every table that a reader may believe."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from publisher.protection.cellfile import Cells, Spec, read_cells, read_spec
from publisher.protection.cellproblem import CellProblem
from publisher.protection.engine import Solution, protect_block
from publisher.protection.keys import key_of
from publisher.protection.verification.cells import claim_of_cells
from publisher.protection.verification.check import check_claim
from publisher.protection.verification.claim import Claim

Values = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Small:
    """A small file of counts, protected, with the claim that its proof is checked against."""

    spec: Spec
    cells: Cells
    solution: Solution
    claim: Claim

    @property
    def hidden(self) -> frozenset[str]:
        return self.solution.withheld


def small_spec(
    levels: Sequence[Sequence[str]] = ((),),
    *,
    breakdown: bool = False,
    overlap: bool = False,
    denominator: bool = False,
    **rules: object,
) -> Spec:
    lines = ['value = "n"', 'unit = "u"', f"levels = {json.dumps([list(le) for le in levels])}"]
    if breakdown:
        lines.append('breakdown = "b"')
    if overlap:
        lines.append("overlap = true")
    if denominator:
        lines.append('denominator = "d"')
    lines.append("[rules]")
    lines.extend(f"{name} = {json.dumps(value)}" for name, value in rules.items())
    return read_spec("\n".join(lines).encode())


def small_cells(spec: Spec, rows: Iterable[Mapping[str, object]]) -> Cells:
    columns = [c for c in ("u", *spec.level_columns, spec.breakdown, spec.denominator, "n") if c]
    lines = [",".join(columns)]
    lines.extend(",".join(str(row.get(column, "")) for column in columns) for row in rows)
    return read_cells(("\n".join(lines) + "\n").encode(), spec)


def protect_small(spec: Spec, rows: Iterable[Mapping[str, object]]) -> Small:
    """Protect a file in memory and verify its proof."""
    cells = small_cells(spec, rows)
    solution = protect_block(CellProblem.of(spec, cells).build, spec.rules)
    claim = claim_of_cells(spec, cells, solution.withheld)
    check_claim(claim, solution.certificates)
    return Small(spec, cells, solution, claim)


def believable(spec: Spec, cells: Cells, withheld: frozenset[str], most: int) -> Iterator[Values]:
    """Every integer table with no value above ``most`` that shows the same release.

    Plain enumeration over the innermost cells, and sums in plain loops: it shares nothing with
    the relations of the product but the names of cells.
    """
    inner = [(unit, category) for unit in cells.units for category in cells.categories]
    if not cells.categories or spec.overlap:
        inner += [(unit, "") for unit in cells.units]
    options = []
    for unit, category in inner:
        true = cells.counts[unit, category]
        hidden = key_of("unit", unit, category) in withheld
        options.append(range(min(true, 1), most + 1) if hidden else (true,))
    truth = dict(_grid(spec, cells, dict(cells.counts)))
    for chosen in product(*options):
        counts = dict(zip(inner, chosen, strict=True))
        if not spec.overlap and cells.categories:
            for unit in cells.units:
                counts[unit, ""] = sum(counts[unit, c] for c in cells.categories)
        table = dict(_grid(spec, cells, counts))
        if _shows_the_same(spec, cells, table, truth, withheld):
            yield table


def _grid(
    spec: Spec, cells: Cells, counts: Mapping[tuple[str, str], int]
) -> Iterator[tuple[str, int]]:
    for category in ("", *cells.categories):
        for unit in cells.units:
            yield key_of("unit", unit, category), counts[unit, category]
        for level in spec.levels:
            places = [spec.level_columns.index(column) for column in level]
            sums: dict[tuple[str, ...], int] = {}
            for unit in cells.units:
                key = tuple(cells.places[unit][place] for place in places)
                sums[key] = sums.get(key, 0) + counts[unit, category]
            for key, total in sums.items():
                yield key_of("*".join(level) or "all", *key, category), total


def _shows_the_same(
    spec: Spec, cells: Cells, table: Values, truth: Values, withheld: frozenset[str]
) -> bool:
    for key, value in table.items():
        if value != truth[key] and (key not in withheld or value < min(truth[key], 1)):
            return False
    if spec.overlap:
        for unit in cells.units:
            parts = [table[key_of("unit", unit, category)] for category in cells.categories]
            if not max(parts, default=0) <= table[key_of("unit", unit, "")] <= sum(parts):
                return False
    return True
