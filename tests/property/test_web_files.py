"""Laws of files: any label and any value come back, whatever the format."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from decimal import Decimal

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.dashboard.figures import figure_of
from publisher.downloads.document import json_
from publisher.downloads.extract import EVERYTHING, Extract
from publisher.downloads.separated import neutral, nl_csv, rfc4180_csv
from publisher.downloads.words import decimal_text
from publisher.released import COLUMNS, VALUELESS, Cell, CellStatus, ReleasedTable
from shared.reference import Level
from tests.support.releases import make_release

LABELS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
VALUES = st.integers(-(10**12), 10**12)
unhurried = settings(max_examples=60, deadline=None)  # the first example also makes the release


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    status = draw(st.sampled_from(CellStatus))
    return Cell(
        level=draw(st.sampled_from(Level)),
        unit=draw(st.text("ABC019*", max_size=8)),
        unit_label=draw(LABELS),
        period=draw(st.integers(0, 255)),
        period_label=draw(LABELS),
        category="",
        category_label=draw(LABELS),
        measure="clients",
        measure_label=draw(LABELS),
        value=None if status in VALUELESS else draw(VALUES),
        decimals=draw(st.integers(0, 3)),
        status=status,
    )


def extract_of(wanted: list[Cell]) -> Extract:
    release = make_release()
    rows = [{name: getattr(cell, name) for name in COLUMNS.names} for cell in wanted]
    table = ReleasedTable.make(
        "clients_by_form", "Naar vorm", pa.Table.from_pylist(rows, schema=COLUMNS)
    )
    return replace(Extract.take(release.manifest, table, EVERYTHING))


def value_of(cell: Cell) -> Decimal | None:
    return None if cell.value is None else Decimal(cell.value).scaleb(-cell.decimals)


@unhurried
@given(st.lists(cells(), max_size=8))
def test_csv_gives_back_every_label_and_every_value_exactly(wanted: list[Cell]) -> None:
    extract = extract_of(wanted)
    plain = list(csv.DictReader(io.StringIO(rfc4180_csv(extract).decode(), newline="")))
    text = nl_csv(extract).decode("utf-8-sig")
    dutch = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    assert len(plain) == len(dutch) == len(wanted)
    for cell, one, other in zip(wanted, plain, dutch, strict=True):
        assert one["unit_label"] == other["naam"] == neutral(cell.unit_label)
        assert (Decimal(one["value"]) if one["value"] else None) == value_of(cell)
        comma = other["waarde"].replace(",", ".")
        assert (Decimal(comma) if comma else None) == value_of(cell)


@unhurried
@given(st.lists(cells(), max_size=8))
def test_json_gives_back_every_label_and_every_value(wanted: list[Cell]) -> None:
    rows = json.loads(json_(extract_of(wanted)), parse_float=Decimal)["rows"]
    for cell, row in zip(wanted, rows, strict=True):
        assert row["unitLabel"] == cell.unit_label
        assert row["value"] == value_of(cell)


@unhurried
@given(VALUES, st.integers(0, 4))
def test_digits_are_exact(value: int, decimals: int) -> None:
    assert Decimal(decimal_text(value, decimals)) == Decimal(value).scaleb(-decimals)
    dutch = decimal_text(value, decimals, comma=",", thousands=".")
    assert Decimal(dutch.replace(".", "").replace(",", ".")) == Decimal(value).scaleb(-decimals)


@unhurried
@given(cells())
def test_a_figure_has_digits_exactly_when_a_value_was_released(cell: Cell) -> None:
    figure = figure_of(cell)
    assert figure.has_value is (cell.value is not None)
    assert figure.order == cell.value
    if cell.value is None:
        assert not any(character.isdigit() for character in figure.text + figure.meaning)
