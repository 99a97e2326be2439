"""What changed between releases, and the version that follows."""

from __future__ import annotations

import pytest

from publisher.changes import (
    BREAKING,
    ChangeKind,
    Contents,
    changes_between,
    is_higher,
    next_version,
)
from publisher.released import Change
from publisher.screening.subject import Screened
from tests.support.screening import FORMS, MAIN, PERIODS, Row, good, remade, where, with_rows

LATEST = PERIODS[-1]


def changes(after: Screened, before: Screened | None = None) -> list[tuple[str, str, str, int]]:
    found = changes_between(Contents.of((before or good()).release), Contents.of(after.release))
    return [(each.table, each.kind, each.what, each.cells) for each in found]


def test_the_same_release_has_no_changes() -> None:
    assert changes(good()) == []


def test_other_values_are_counted_and_withholding_is_a_change() -> None:
    other = with_rows(good(), where({"value": 25}, unit="99XA00", measure="clients"))
    assert changes(other) == [(MAIN, "cells-changed", "", 3)]
    hidden = with_rows(good(), where({"value": None, "status": "c"}, unit="99XA00",
                                     measure="clients", period=LATEST.code))  # fmt: skip
    assert changes(hidden) == [(MAIN, "cells-changed", "", 1)]
    marked = with_rows(good(), where({"status": "p"}, unit="99XA00", measure="clients"))
    assert changes(marked) == [(MAIN, "cells-changed", "", 3)]  # the same value, another status


@pytest.mark.parametrize(
    ("column", "value", "what", "kind"),
    [
        ("period", LATEST.code, LATEST.label, "period"),
        ("level", "sector", "sector", "level"),
        ("measure", "clients_per_100_pupils", "clients_per_100_pupils", "measure"),
    ],
)
def test_what_is_gone_and_what_is_new_is_said_once(
    column: str, value: object, what: str, kind: str
) -> None:
    def change(row: Row) -> Row | None:
        return None if row[column] == value else row

    fewer = with_rows(good(), change)
    table = good().release.table_by_id[MAIN]
    cells = sum(1 for row in table.cells.to_pylist() if row[column] == value)
    assert changes(fewer) == [(MAIN, f"{kind}-removed", what, cells)]
    assert changes(good(), fewer) == [(MAIN, f"{kind}-added", what, cells)]


def test_a_category_a_table_and_single_cells() -> None:
    def change(row: Row) -> Row | None:
        return None if row["category"] == "2" else row

    fewer = with_rows(good(), change, FORMS)
    assert changes(fewer) == [(FORMS, "category-removed", "2", 9)]
    one = remade(good(), good().release.tables[:1])
    rows = good().release.tables[1].cells.num_rows
    assert changes(one) == [(FORMS, "table-removed", "", rows)]
    assert changes(good(), one) == [(FORMS, "table-added", "", rows)]

    def without_school(row: Row) -> Row | None:
        return None if row["unit"] == "99XA00" else row

    fewer = with_rows(good(), without_school)
    assert changes(fewer) == [(MAIN, "cells-removed", "", 9)]
    assert changes(good(), fewer) == [(MAIN, "cells-added", "", 9)]


def test_a_measure_with_another_definition_is_redefined_in_each_table() -> None:
    notes = [
        note.model_copy(update={"definition": "Anders."}) if note.id == "clients" else note
        for note in good().manifest.measures
    ]
    after = Contents.made(good().release.tables, notes)
    found = changes_between(Contents.of(good().release), after)
    assert [(each.table, each.kind, each.what) for each in found] == [
        (MAIN, "measure-redefined", "clients"),
        (FORMS, "measure-redefined", "clients"),
    ]


@pytest.mark.parametrize("kind", list(ChangeKind))
def test_a_removal_or_redefinition_is_major_and_all_else_minor(kind: ChangeKind) -> None:
    is_major = kind.value.endswith(("removed", "redefined"))
    assert (kind in BREAKING) is is_major
    expected = "3.0" if is_major else "2.10"
    assert next_version("2.9", [Change(table="t", kind=kind)]) == expected


def test_versions_are_compared_as_numbers() -> None:
    assert is_higher("1.10", "1.9")
    assert not is_higher("1.9", "1.10")
    assert is_higher("10.0", "9.9")
    assert not is_higher("1.0", "1.0")
    assert next_version("1.0", ()) == "1.1"
