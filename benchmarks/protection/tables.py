"""Synthetic tables of the shape of PROTECTION section 10, the same on every machine.

Nobody's data: every count is drawn from a seed. Schools have a size, a type and a municipality
of about twenty schools; a school's clients are spread over nine forms by fixed shares.
"""

from __future__ import annotations

import csv
import math
import random
from dataclasses import dataclass
from pathlib import Path

SHARES = (0.25, 0.25, 0.15, 0.12, 0.08, 0.06, 0.05, 0.02, 0.02)
SCHOOLS_PER_MUNICIPALITY = 20
LEVELS = {
    "A": [["municipality"], ["region"]],
    "B": [["municipality", "type"], ["municipality"], ["type"], ["region"]],
}
_SPREAD = 0.9
_SECONDARY_EVERY, _SECONDARY_SIZE, _PRIMARY_SIZE = 5, 35.0, 12.0
"""Every fifth school is a secondary one, with a median of so many clients."""

Row = tuple[str, str, str, str, str, int]


@dataclass(frozen=True, slots=True)
class Table:
    """One table to protect.

    Attributes:
        shape: ``A`` or ``B``: which levels are published beside schools.
        schools: how many units.
        level: the least distance between a withheld count and its alternative.
        seed: of the counts.
        periods: tables of as many years in one file, pooled over the years; 1 is one year.
    """

    shape: str
    schools: int
    level: int = 1
    seed: int = 1
    periods: int = 1

    @property
    def name(self) -> str:
        """A name for files."""
        years = f"-{self.periods}years" if self.periods > 1 else ""
        return f"{self.shape}-{self.schools}-level{self.level}-seed{self.seed}{years}"

    def spec(self) -> str:
        """SPEC for ``publisher protect``."""
        levels = [[*level] for level in LEVELS[self.shape]]
        unit = "school"
        if self.periods > 1:
            unit = "school_year"
            levels = [
                ["school"],
                *([*level, "year"] for level in LEVELS[self.shape]),
                *LEVELS[self.shape],
            ]
        columns = ", ".join("[" + ", ".join(f'"{c}"' for c in level) + "]" for level in levels)
        return (
            f'value = "clients"\nunit = "{unit}"\nbreakdown = "form"\nlevels = [{columns}]\n'
            f"[rules]\nthreshold = 5\nslide = {self.level}\n"
        )

    def rows(self) -> list[Row]:
        """School, municipality, region, type, form and clients; zeros are left out."""
        chance = random.Random(f"{self.schools}/{self.seed}")
        places = max(self.schools // SCHOOLS_PER_MUNICIPALITY, 1)
        found: list[Row] = []
        for number in range(self.schools):
            secondary = number % _SECONDARY_EVERY == 0
            kind = "VO" if secondary else "BO"
            median = _SECONDARY_SIZE if secondary else _PRIMARY_SIZE
            size = chance.lognormvariate(math.log(median), _SPREAD)
            place = f"M{chance.randrange(places):03d}"
            for form, share in enumerate(SHARES):
                count = _poisson(chance, size * share)
                # A school without any client still stands in the table.
                if count or not form:
                    found.append((f"S{number:05d}", place, "R", kind, f"F{form}", count))
        return found

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write CELLS and SPEC; the paths."""
        cells, spec = folder / f"{self.name}.csv", folder / f"{self.name}.toml"
        with cells.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            if self.periods == 1:
                writer.writerow(("school", "municipality", "region", "type", "form", "clients"))
                writer.writerows(self.rows())
            else:
                writer.writerow(
                    ("school_year", "school", "year", "municipality", "region", "type", "form",
                     "clients")
                )  # fmt: skip
                writer.writerows(self._rows_of_years())
        spec.write_text(self.spec(), encoding="utf-8")
        return cells, spec

    def _rows_of_years(self) -> list[tuple[str, str, str, str, str, str, str, int]]:
        """Every year its own counts around those of the first, for the same schools."""
        chance = random.Random(f"years/{self.schools}/{self.seed}")
        return [
            (f"{school}-{year}", school, f"{year}", place, region, kind, form,
             count if not year else _poisson(chance, count))
            for school, place, region, kind, form, count in self.rows()
            for year in range(self.periods)
        ]  # fmt: skip


def _poisson(chance: random.Random, mean: float) -> int:
    """Knuth's method, in steps that keep the product above the smallest double."""
    count = 0
    while mean > 500:
        count, mean = count + _poisson(chance, 500), mean - 500
    limit, product = math.exp(-mean), chance.random()
    while product > limit:
        product *= chance.random()
        count += 1
    return count
