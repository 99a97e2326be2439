"""Which onderwijs-zorgarrangement a row belongs to: by its product, or by a column of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from shared.contract.periods import school_year
from shared.errors import ConfigurationError
from shared.hashing.checks import Check
from shared.hashing.delivering.prepare import prepare
from shared.hashing.systems.profile import CodeLists, Profile, load_profile, shipped_profile
from shared.hashing.systems.profile import shipped_text as text_of
from tests.support.hashing import ASSIGNMENT, Prepared, Row, collect, records, write_table

COLUMN = "onderwijszorgarrangement"
OTHER = "999000019"
LISTS = CodeLists(arrangement_by_product={"45A49": 3}, arrangement={"SAMEN IN DE KLAS": 7, "9": 4})
PROFILE = shipped_profile("ijw-jeugdhulp").model_copy(
    update={
        "codes": shipped_profile("ijw-jeugdhulp").codes.model_copy(
            update={
                "arrangement_by_product": LISTS.arrangement_by_product,
                "arrangement": LISTS.arrangement,
            }
        ),
        "municipality": {"GM0222": CodeLists(arrangement_by_product={"45A49": 5, "45A48": 6})},
    }
)


def delivered(folder: Path, rows: Sequence[Row], profile: Profile = PROFILE) -> Prepared:
    path = write_table(folder / "a.csv", {**ASSIGNMENT, COLUMN: ""}, rows)
    preparation = prepare(
        "care/1", {"assignments": [path]}, profile, [school_year(2022)], {197, 222}
    )
    return collect(preparation, "care/1")


def arrangements(prepared: Prepared) -> list[object]:
    return [record["arrangement"] for record in records(prepared)]


def test_without_a_list_or_a_column_there_is_none(tmp_path: Path) -> None:
    prepared = delivered(tmp_path, [{}], shipped_profile("ijw-jeugdhulp"))
    assert arrangements(prepared) == [0]
    assert not prepared.report.counts


@pytest.mark.parametrize(
    ("row", "number"),
    [
        ({"productcode": "45a49"}, 3),
        ({"productcode": "45A48"}, 0),
        ({"productcode": "45A49", "gemeentecode": "0222"}, 5),
        ({"productcode": "45A48", "gemeentecode": "0222"}, 6),
    ],
)
def test_a_product_code_says_so_and_a_municipality_can_say_otherwise(
    tmp_path: Path, row: Row, number: int
) -> None:
    assert arrangements(delivered(tmp_path, [row])) == [number]


@pytest.mark.parametrize(
    ("written", "number"),
    [("2", 2), ("02", 2), ("0", 0), ("9", 4), ("samen in de klas", 7), ("", 3)],
)
def test_a_column_goes_before_the_product_code(tmp_path: Path, written: str, number: int) -> None:
    prepared = delivered(tmp_path, [{COLUMN: written}])
    assert arrangements(prepared) == [number]
    assert not prepared.report.counts


@pytest.mark.parametrize("written", ["anders", "10000", "2,5"])
def test_what_no_list_has_does_not_count_and_is_told(tmp_path: Path, written: str) -> None:
    prepared = delivered(tmp_path, [{COLUMN: written}])
    assert arrangements(prepared) == [3]
    assert prepared.report.count(Check.ARRANGEMENT_UNKNOWN) == 1


def test_a_trajectory_has_the_arrangement_that_began_first(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"einddatum": "30-09-2022", "productcode": "45A48"},
        {"ingangsdatum": "15-09-2022", "toewijzingnummer": "1002", COLUMN: "8"},
        {"ingangsdatum": "20-09-2022", "toewijzingnummer": "1003", COLUMN: "1"},
        {"bsn": OTHER, COLUMN: "5"},
        {"bsn": OTHER, COLUMN: "2", "toewijzingnummer": "1005"},
    ]
    first = arrangements(delivered(tmp_path, rows))
    again = arrangements(delivered(tmp_path, rows[::-1]))
    assert sorted(map(str, first)) == sorted(map(str, again)) == ["2", "8"]


@pytest.mark.parametrize("number", ["-1", "10000", '"een"'])
def test_a_number_that_the_contract_has_no_room_for_is_refused(tmp_path: Path, number: str) -> None:
    path = tmp_path / "eigen.toml"
    lists = f"\n[codes.arrangement_by_product]\n45A91 = {number}\n"
    path.write_text(text_of("ijw-jeugdhulp") + lists, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="arrangement_by_product"):
        load_profile(path)
