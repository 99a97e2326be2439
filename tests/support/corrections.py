"""A region that is published twice: what a reader has, and the tallies before and after."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from publisher.protection import Earlier, Protected, Published, Rules, protect_tally
from publisher.protection.time.earlier import earlier_release
from shared.contract.codes import SchoolType
from shared.contract.tally import Tally
from shared.reference import Level, Reference
from tests.support.protection import FORMS, PUBLISHED, Place, reference, school, tally

RULES = Rules(fallback=True)
_KINDS = (
    *[SchoolType.BO] * 7, SchoolType.SBO, SchoolType.SO, SchoolType.VO, SchoolType.VO,
    SchoolType.VSO,
)  # fmt: skip


def region(seed: int, schools: int = 12) -> tuple[Reference, list[Place]]:
    """Schools in four municipalities, each with children from all four; one school elsewhere."""
    chance = random.Random(seed)
    made = []
    for number in range(schools):
        kind, place = _KINDS[number % len(_KINDS)], 1 + number % 4
        primary = kind in (SchoolType.BO, SchoolType.SBO, SchoolType.SO)
        secondary = kind in (SchoolType.VO, SchoolType.VSO)
        made.append(
            school(
                f"{number // 2:02d}XA{number % 2:02d}",
                kind,
                place,
                board=f"{40000 + number % 5}" if number % 7 else "",
                swv_po=f"PO{2501 + place % 2}" if primary else "",
                swv_vo=f"VO{2501 + place % 2}" if secondary else "",
            )
        )
    made.append(school("90ZA00", SchoolType.VO, 20, in_region=False))
    places = []
    for item in made:
        rate = 0.4 if item.type in (SchoolType.SO, SchoolType.VSO) else 0.12
        size = chance.choice((60, 120, 200, 400))
        for home in (1, 2, 3, 4):
            pupils = int(size * (0.7 if home == item.municipality else 0.1))
            clients = tuple(
                frozenset(chance.choices(FORMS, (16, 50, 7, 19, 4, 1.5, 1, 4, 3))[0] for _ in "ab")
                for _ in range(pupils)
                if chance.random() < rate
            )
            places.append(Place(item.code, home, pupils, clients))
    return reference(made, {}), places


def without(places: Iterable[Place], municipality: int) -> list[Place]:
    """The places as they are counted while one municipality has not delivered."""
    return [replace(place, covered=place.residence != municipality) for place in places]


def with_more(
    places: Sequence[Place], at: int, pupils: int, clients: int = 0, form: str = "2"
) -> list[Place]:
    """The places with more children (or fewer) at one of them."""
    changed = list(places)
    old = places[at]
    left = old.clients if clients >= 0 else old.clients[:clients]
    added = (frozenset({form}),) * max(clients, 0)
    changed[at] = replace(old, pupils=old.pupils + pupils, clients=(*left, *added))
    return changed


@dataclass(frozen=True, slots=True)
class Release:
    """What was released of a tally, and what readers have of it."""

    bundle: Reference
    counted: Tally
    protected: Protected
    published: tuple[Published, ...]
    rules: Rules

    def earlier(self, *, counts: bool = True) -> Earlier:
        """As the publisher remembers it, with the counts behind it or without."""
        cells = [
            (*row[:6], None if row[7] else int(row[6]), row[7])
            for row in self.protected.cells.itertuples(index=False)
        ]
        return earlier_release(
            "earlier",
            cells,
            {table.id: table for table in self.counted.header.tables},
            self.published,
            self.rules,
            (self.counted, self.bundle) if counts else None,
        )

    def value(self, level: Level, unit: str, measure: str, category: str = "") -> int | None:
        """A released value; None where it is withheld."""
        cells = self.protected.cells
        row = cells[
            (cells["level"] == level.value)
            & (cells["unit"] == unit)
            & (cells["measure"] == measure)
            & (cells["category"] == category)
        ].iloc[0]
        return None if row["status"] else int(row["value"])


def release(
    bundle: Reference,
    places: Iterable[Place],
    *before: Release,
    published: tuple[Published, ...] = PUBLISHED,
    rules: Rules = RULES,
    counts: bool = True,
) -> Release:
    """Release the places, after what was released before."""
    counted = tally(bundle, places)
    earlier = [each.earlier(counts=counts) for each in before]
    protected = protect_tally(counted, bundle, rules, published, earlier=earlier)
    return Release(bundle, counted, protected, published, rules)
