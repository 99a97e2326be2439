"""Each law fails when it is broken, names the place and never a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from linker.linkage.indicators import CLIENTS_BY_FORM_TABLE, PUPILS, TABLES
from linker.linkage.laws import check_laws
from shared.contract.periods import school_year
from shared.contract.tally import CELLS, Table
from shared.errors import StateError
from shared.reference import Level
from tests.support.microregion import (
    Care,
    Enrolment,
    Region,
    bundle,
    everywhere,
    link_region,
    school,
)

REFERENCE = bundle([school("99XA00"), school("99XB00", kind="VO")])
PERIODS = [school_year(2020)]
Cells = list[dict[str, Any]]


@pytest.fixture(scope="module")
def sound() -> pa.Table:
    found = Region(
        REFERENCE,
        (
            *(Enrolment(person, school=f"99X{'AB'[person % 2]}00") for person in range(8)),
            Enrolment(8, school="98ZZ00"),
            Enrolment(9, residence=3),
        ),
        (Care(0), Care(2), Care(2, municipality=2, form=3), Care(1, form=11)),
        (),
        everywhere(1, 2),
    )
    return link_region(found).cells


def test_a_sound_tally_obeys_every_law(sound: pa.Table) -> None:
    check_laws(sound, TABLES, REFERENCE, PERIODS)


def test_an_empty_tally_obeys_every_law() -> None:
    check_laws(CELLS.empty_table(), TABLES, REFERENCE, PERIODS)


def find(
    cells: Cells, table: str, level: str, unit: str, measure: str, category: str = ""
) -> dict[str, Any]:
    wanted = {"table": table, "level": level, "unit": unit, "measure": measure}
    wanted["category"] = category
    return next(cell for cell in cells if wanted.items() <= cell.items())


def clients(cells: Cells, level: str = "total", unit: str = "total") -> dict[str, Any]:
    return find(cells, "pupils_and_clients", level, unit, "clients")


def of_form(cells: Cells, category: str) -> Cells:
    return [
        cell
        for cell in cells
        if cell["table"] == "clients_by_form" and cell["category"] == category
    ]


def copy_a_cell(cells: Cells) -> None:
    cells.append(cells[3])


def zero_a_cell(cells: Cells) -> None:
    cells[3]["value"] = 0


def move_a_unit(cells: Cells) -> None:
    clients(cells, "school", "99XA00")["unit"] = "99XQ00"


def invent_a_category(cells: Cells) -> None:
    of_form(cells, "2")[0]["category"] = "77"


def move_a_period(cells: Cells) -> None:
    cells[0]["period"] = 25


def add_at_an_upper_level(cells: Cells) -> None:
    find(cells, "pupils_and_clients", "board", "00001", "pupils")["value"] += 1


def lose_an_upper_level(cells: Cells) -> None:
    cells.remove(find(cells, "pupils_and_clients", "region", "region", "pupils"))


def lose_elsewhere(cells: Cells) -> None:
    cells.remove(find(cells, "pupils_and_clients", "elsewhere", "onbekend", "pupils"))


def move_an_upper_contribution(cells: Cells) -> None:
    clients(cells, "region", "region")["contributions"][0]["clients"] -= 1


def add_a_residence(cells: Cells) -> None:
    find(cells, "pupils_and_clients", "residence", "GM0001", "pupils")["value"] += 1


def times(cells: Cells, factor: int) -> None:
    """Multiply values and contributions: whatever is a sum stays one."""
    for cell in cells:
        cell["value"] *= factor
        for pair in cell["contributions"]:
            pair["clients"] *= factor


def more_clients_than_pupils(cells: Cells) -> None:
    times([cell for cell in cells if cell["measure"] == "clients"], 10)


def other_clients_in_the_other_table(cells: Cells) -> None:
    times([cell for cell in cells if cell["table"] == "clients_by_form"], 2)


def form_above_the_total(cells: Cells) -> None:
    for cell in of_form(cells, "2"):
        cell["value"] += 5


def forms_below_the_total(cells: Cells) -> None:
    for category in ("2", "3"):
        for cell in of_form(cells, category):
            cells.remove(cell)


def contribution_above_the_clients(cells: Cells) -> None:
    for cell in cells:
        for pair in cell["contributions"]:
            if pair["municipality"] == 2:  # of one child at one school: sums stay sums
                pair["clients"] += 5


def lose_contributions(cells: Cells) -> None:
    for cell in cells:
        cell["contributions"] = []


def give_pupils_contributions(cells: Cells) -> None:
    for cell in cells:
        if cell["measure"] == "pupils":
            cell["contributions"] = [{"municipality": 1, "clients": cell["value"]}]


@pytest.mark.parametrize(
    ("law", "break_it"),
    [
        ("unique-keys", copy_a_cell),
        ("positive-values", zero_a_cell),
        ("units-of-the-reference", move_a_unit),
        ("catalogue", invent_a_category),
        ("periods-of-the-round", move_a_period),
        ("sum-of-schools", add_at_an_upper_level),
        ("sum-of-schools", lose_an_upper_level),
        ("sum-of-schools", lose_elsewhere),
        ("sum-of-schools", move_an_upper_contribution),
        ("residence-is-total", add_a_residence),
        ("clients-within-pupils", more_clients_than_pupils),
        ("one-number-per-measure", other_clients_in_the_other_table),
        ("category-within-total", form_above_the_total),
        ("total-within-categories", forms_below_the_total),
        ("contribution-within-clients", contribution_above_the_clients),
        ("clients-within-contributions", lose_contributions),
        ("contributions-of-clients-only", give_pupils_contributions),
    ],
)
def test_a_broken_law_is_named_with_its_place(
    sound: pa.Table, law: str, break_it: Callable[[Cells], None]
) -> None:
    cells = sound.to_pylist()
    break_it(cells)
    with pytest.raises(StateError) as caught:
        check_laws(pa.Table.from_pylist(cells, schema=CELLS), TABLES, REFERENCE, PERIODS)
    assert caught.value.code == "tally-breaks-law"
    assert f"the law {law}," in caught.value.message


def test_the_place_is_public_and_the_value_is_not_named(sound: pa.Table) -> None:
    cells = sound.to_pylist()
    find(cells, "pupils_and_clients", "board", "00001", "pupils")["value"] = 98765
    with pytest.raises(StateError) as caught:
        check_laws(pa.Table.from_pylist(cells, schema=CELLS), TABLES, REFERENCE, PERIODS)
    place = "table pupils_and_clients, level board, unit 00001, period 20, category (total)"
    assert place in caught.value.message
    assert "98765" not in caught.value.message + caught.value.hint


def test_categories_that_exclude_each_other_add_up_to_the_total() -> None:
    exclusive = Table(
        id="pupils_by_education",
        title="Leerlingen naar onderwijssoort",
        levels=(Level.ELSEWHERE, Level.TOTAL, Level.RESIDENCE),
        measures=(PUPILS,),
        breakdown="education",
        categories=(("4", "havo"), ("5", "vwo")),
    )
    places = (("elsewhere", "onbekend"), ("total", "total"), ("residence", "GM0001"))
    for values, holds in (((5, 2, 3), True), ((5, 2, 4), False), ((5, 2, 2), False)):
        cells = [
            {
                "table": exclusive.id,
                "level": level,
                "unit": unit,
                "period": 20,
                "category": category,
                "measure": "pupils",
                "value": value,
                "contributions": [],
            }
            for level, unit in places
            for category, value in zip(("", "4", "5"), values, strict=True)
        ]
        table = pa.Table.from_pylist(cells, schema=CELLS)
        if holds:
            check_laws(table, [exclusive, CLIENTS_BY_FORM_TABLE], REFERENCE, PERIODS)
        else:
            with pytest.raises(StateError, match="categories-are-total"):
                check_laws(table, [exclusive], REFERENCE, PERIODS)
