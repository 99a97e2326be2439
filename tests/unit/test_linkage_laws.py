"""Each law fails when it is broken, names the place and never a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from linker.linkage.indicators import catalogue
from linker.linkage.laws import check_laws
from shared.contract.periods import school_year
from shared.contract.tally import CELLS
from shared.errors import StateError
from tests.support.micro_rows import Care, Enrolment
from tests.support.microregion import (
    PERIODS,
    Region,
    arrangement,
    bundle,
    everywhere,
    group,
    link_region,
    school,
)

REFERENCE = bundle(
    [
        school("99XA00"),
        school("99XB00", kind="VO"),
        school("99XC00", kind="SO"),
        school("99XD00"),
    ],
    groups=[group("a", "01000001", "01000002"), group("b", "01000003")],
    arrangements=[arrangement(7, "99XA00", "99XC00"), arrangement(8, "99XA00")],
)
TABLES = catalogue(REFERENCE)
YEARS = [school_year(2000 + period) for period in PERIODS]
Cells = list[dict[str, Any]]


@pytest.fixture(scope="module")
def sound() -> pa.Table:
    found = Region(
        REFERENCE,
        (
            *(Enrolment(person, school=f"99X{'ABCD'[person % 4]}00") for person in range(12)),
            Enrolment(12, school="98ZZ00"),
            Enrolment(13, residence=3),
            Enrolment(14, residence=2, education=5),
        ),
        (
            Care(0, domain=2, referrer=2, started=True, first=True),
            Care(4, provider="01000003", cost_eur=-40),
            Care(4, municipality=2, form=3, cost_eur=900),
            Care(1, form=11, ended=True, end_reason=1, since=400, arrangement=7),
            Care(2, half_days=9, provider="08000001", arrangement=7),
            Care(6, half_days=3, domain=4),
            Care(3, provider="00000000", started=True, age_at_start=15),
            Care(12, ended=True, end_reason=3),
        ),
        (),
        everywhere(1, 2),
    )
    return link_region(found).cells


def check(cells: Cells | pa.Table) -> int:
    if isinstance(cells, list):
        cells = pa.Table.from_pylist(cells, schema=CELLS)
    return check_laws(cells, TABLES, REFERENCE, YEARS)


def test_a_sound_tally_obeys_every_law(sound: pa.Table) -> None:
    assert check(sound) > 200


def test_an_empty_tally_obeys_every_law() -> None:
    check([])


def find(
    cells: Cells, table: str, level: str, unit: str, measure: str, category: str = ""
) -> dict[str, Any]:
    wanted = {"table": table, "level": level, "unit": unit, "measure": measure}
    wanted["category"] = category
    return next(cell for cell in cells if wanted.items() <= cell.items())


def every(cells: Cells, **wanted: object) -> Cells:
    found = [cell for cell in cells if wanted.items() <= cell.items()]
    assert found
    return found


def remove(cells: Cells, **wanted: object) -> None:
    for cell in every(cells, **wanted):
        cells.remove(cell)


def clients(cells: Cells, level: str = "total", unit: str = "total") -> dict[str, Any]:
    return find(cells, "pupils_and_clients", level, unit, "clients")


def times(cells: Cells, factor: int) -> None:
    """Multiply values and contributions: whatever is a sum stays one."""
    for cell in cells:
        cell["value"] *= factor
        cell["contributors"] *= factor
        for pair in cell["contributions"]:
            pair["clients"] *= factor


def copy_a_cell(cells: Cells) -> None:
    cells.append(cells[3])


def empty_a_cell(cells: Cells) -> None:
    cells[3].update(value=0, contributors=0)


def move_a_unit(cells: Cells) -> None:
    clients(cells, "school", "99XA00")["unit"] = "99XQ00"


def invent_a_category(cells: Cells) -> None:
    every(cells, table="clients_by_form", category="2")[0]["category"] = "77"


def move_a_period(cells: Cells) -> None:
    cells[0]["period"] = 25


def make_a_count_negative(cells: Cells) -> None:
    find(cells, "coverage", "total", "total", "not_covered").update(value=-1, contributors=-1)


def part_clients_from_contributors(cells: Cells) -> None:
    clients(cells)["contributors"] += 1


def give_a_public_fact_contributors(cells: Cells) -> None:
    find(cells, "arrangement_schools", "arrangement", "7", "lump_sum_eur")["contributors"] = 1


def give_pupils_a_provider(cells: Cells) -> None:
    find(cells, "pupils_and_clients", "total", "total", "pupils")["providers"] = 1


def take_a_share_away(cells: Cells) -> None:
    clients(cells)["largest_share"] = 0


def share_more_than_all(cells: Cells) -> None:
    clients(cells)["largest_share"] = 1001


def count_a_provider_more(cells: Cells) -> None:
    find(cells, "providers", "total", "total", "providers")["value"] += 1


def shrink_the_largest_provider(cells: Cells) -> None:
    find(cells, "providers", "total", "total", "largest_provider_clients")["value"] -= 1


def widen_a_count(cells: Cells) -> None:
    clients(cells)["protect_suppliers"] = 1


def make_a_width_negative(cells: Cells) -> None:
    find(cells, "costs", "total", "total", "cost_eur")["protect_clients"] = -1


def dominate_a_count(cells: Cells) -> None:
    clients(cells)["dominated"] = 1


def dominate_by_nobody(cells: Cells) -> None:
    find(cells, "costs", "total", "total", "cost_eur")["dominated"] = 8


def add_at_an_upper_level(cells: Cells) -> None:
    cell = find(cells, "pupils_and_clients", "board", "00001", "pupils")
    cell.update(value=cell["value"] + 1, contributors=cell["contributors"] + 1)


def add_costs_at_an_upper_level(cells: Cells) -> None:
    find(cells, "costs", "region", "region", "cost_eur")["value"] += 1


def count_an_upper_contributor(cells: Cells) -> None:
    find(cells, "costs", "region", "region", "cost_eur")["contributors"] -= 1


def lose_an_upper_level(cells: Cells) -> None:
    cells.remove(find(cells, "pupils_and_clients", "region", "region", "pupils"))


def lose_elsewhere(cells: Cells) -> None:
    cells.remove(find(cells, "pupils_and_clients", "elsewhere", "onbekend", "pupils"))


def move_an_upper_contribution(cells: Cells) -> None:
    clients(cells, "region", "region")["contributions"][0]["clients"] -= 1


def lose_an_upper_contribution(cells: Cells) -> None:
    clients(cells, "region", "region")["contributions"].pop()


def add_to_an_education(cells: Cells) -> None:
    cell = find(cells, "clients_by_education", "region", "region", "pupils", "0")
    cell.update(value=cell["value"] + 1, contributors=cell["contributors"] + 1)


def move_between_educations_of_an_swv(cells: Cells) -> None:
    for education, more in (("0", -1), ("5", 1)):
        cell = find(cells, "clients_by_education", "swv_po", "PO0001", "pupils", education)
        cell.update(value=cell["value"] + more, contributors=cell["contributors"] + more)


def add_to_an_arrangement(cells: Cells) -> None:
    find(cells, "arrangement_schools", "arrangement", "7", "cost_eur")["value"] += 1


def add_to_a_comparison(cells: Cells) -> None:
    cell = find(cells, "arrangement_schools", "comparison", "7", "pupils")
    cell.update(value=cell["value"] + 1, contributors=cell["contributors"] + 1)


def add_a_residence(cells: Cells) -> None:
    cell = find(cells, "pupils_and_clients", "residence", "GM0001", "pupils")
    cell.update(value=cell["value"] + 1, contributors=cell["contributors"] + 1)


def add_a_contribution_at_home(cells: Cells) -> None:
    clients(cells, "residence", "GM0001")["contributions"][0]["clients"] += 1


def more_providers_above(cells: Cells) -> None:
    clients(cells, "region", "region")["providers"] = 9


def fewer_providers_above(cells: Cells) -> None:
    clients(cells, "sector", "PO")["providers"] = 1


def more_clients_than_pupils(cells: Cells) -> None:
    times([cell for cell in cells if cell["measure"] == "clients"], 100)


def more_ends_as_planned_than_ends(cells: Cells) -> None:
    for cell in every(cells, measure="ended_as_planned_trajectories"):
        cell["value"] *= 9


def more_with_stay_than_clients(cells: Cells) -> None:
    times(every(cells, measure="clients_with_stay"), 9)


def other_clients_in_the_other_table(cells: Cells) -> None:
    times(every(cells, table="clients_by_form"), 2)


def form_above_the_total(cells: Cells) -> None:
    times(every(cells, table="clients_by_form", category="2"), 5)


def forms_below_the_total(cells: Cells) -> None:
    remove(cells, table="clients_by_form", category="2")


def lose_the_total_of_forms(cells: Cells) -> None:
    remove(cells, table="clients_by_form", category="")


def cost_of_a_form_more(cells: Cells) -> None:
    for cell in every(cells, table="costs_by_form", category="3"):
        cell["value"] += 10


def lose_a_flow(cells: Cells) -> None:
    for cell in every(cells, table="clients_by_flow", category="new"):
        cell.update(contributors=cell["contributors"] * 2, value=cell["value"] * 2)


def contribution_above_the_clients(cells: Cells) -> None:
    for cell in cells:
        for pair in cell["contributions"]:
            if pair["municipality"] == 2:  # of one child at one school: sums stay sums
                pair["clients"] += 50


def lose_contributions(cells: Cells) -> None:
    for cell in cells:
        cell["contributions"] = []


def contribute_nobody(cells: Cells) -> None:
    for cell in cells:
        for pair in cell["contributions"]:
            pair["clients"] *= 0


def give_pupils_contributions(cells: Cells) -> None:
    for cell in every(cells, measure="pupils"):
        cell["contributions"] = [{"municipality": 1, "clients": cell["value"]}]


@pytest.mark.parametrize(
    ("law", "break_it"),
    [
        ("unique-keys", copy_a_cell),
        ("no-cell-is-nothing", empty_a_cell),
        ("units-of-the-reference", move_a_unit),
        ("catalogue", invent_a_category),
        ("periods-of-the-round", move_a_period),
        ("counts-are-not-negative", make_a_count_negative),
        ("persons-are-contributors", part_clients_from_contributors),
        ("public-facts-have-no-contributors", give_a_public_fact_contributors),
        ("providers-of-care-only", give_pupils_a_provider),
        ("providers-have-clients", take_a_share_away),
        ("largest-share-within-all", share_more_than_all),
        ("providers-are-counted", count_a_provider_more),
        ("largest-provider-has-its-share", shrink_the_largest_provider),
        ("widths-of-sums-only", widen_a_count),
        ("widths-are-not-negative", make_a_width_negative),
        ("dominance-of-sums-only", dominate_a_count),
        ("dominance-of-sums-only", dominate_by_nobody),
        ("sum-of-schools", add_at_an_upper_level),
        ("sum-of-schools", add_costs_at_an_upper_level),
        ("sum-of-schools", count_an_upper_contributor),
        ("sum-of-schools", lose_an_upper_level),
        ("sum-of-schools", lose_elsewhere),
        ("sum-of-schools", move_an_upper_contribution),
        ("sum-of-schools", lose_an_upper_contribution),
        ("sum-of-schools", add_to_an_education),
        ("swv-within-region", move_between_educations_of_an_swv),
        ("sum-of-schools", add_to_an_arrangement),
        ("sum-of-schools", add_to_a_comparison),
        ("residence-is-total", add_a_residence),
        ("residence-is-total", add_a_contribution_at_home),
        ("whole-within-parts", more_providers_above),
        ("part-within-whole", fewer_providers_above),
        ("clients-within-pupils", more_clients_than_pupils),
        ("clients-with-stay-within-clients", more_with_stay_than_clients),
        ("ended-as-planned-trajectories-within-ended-trajectories", more_ends_as_planned_than_ends),
        ("one-number-per-measure", other_clients_in_the_other_table),
        ("category-has-total", lose_the_total_of_forms),
        ("category-within-total", form_above_the_total),
        ("total-within-categories", forms_below_the_total),
        ("categories-are-total", cost_of_a_form_more),
        ("categories-are-total", lose_a_flow),
        ("contribution-within-clients", contribution_above_the_clients),
        ("contributions-are-positive", contribute_nobody),
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
        check(cells)
    assert caught.value.code == "tally-breaks-law"
    assert f"the law {law}," in caught.value.message


def test_the_place_is_public_and_the_value_is_not_named(sound: pa.Table) -> None:
    cells = sound.to_pylist()
    cell = find(cells, "pupils_and_clients", "board", "00001", "pupils")
    cell.update(value=98765, contributors=98765)
    with pytest.raises(StateError) as caught:
        check(cells)
    place = "table pupils_and_clients, level board, unit 00001, period 20, category (total)"
    assert place in caught.value.message
    assert "98765" not in caught.value.message + caught.value.hint
