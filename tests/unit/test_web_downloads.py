"""Downloads: what goes into a file comes out of it again, in every format."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest

from publisher.downloads.document import json_
from publisher.downloads.extract import EVERYTHING, Extract, Filters
from publisher.downloads.formats import FORMATS, Format, format_of
from publisher.downloads.separated import neutral, nl_csv, rfc4180_csv
from publisher.downloads.words import LEVEL_WORDS, MARK, STATUS_WORDS, WITHHELD
from publisher.released import CellStatus, cells_of
from shared.errors import NotFoundError
from shared.reference import Level
from tests.support.releases import FORMULA_SCHOOL, HIDDEN_SCHOOL, RELEASE_ID, make_release

TABLES = ("pupils_and_clients", "clients_by_form")


def extract_of(table: str = TABLES[0], filters: Filters = EVERYTHING, **how: bool) -> Extract:
    release = make_release(**how)
    return Extract.take(release.manifest, release.table_by_id[table], filters)


@pytest.mark.parametrize("table", TABLES)
def test_the_dutch_file_reads_back_in_pandas(table: str) -> None:
    extract = extract_of(table)
    raw = nl_csv(extract)
    assert raw.startswith(b"\xef\xbb\xbfkenmerk;uitgave;niveau;")
    frame = pd.read_csv(
        io.BytesIO(raw), sep=";", decimal=",", encoding="utf-8-sig", keep_default_na=False,
        dtype={"eenheid": str, "categorie": str}, na_values={"waarde": [""]},
    )  # fmt: skip
    cells = cells_of(extract.rows)
    assert len(frame) == len(cells)
    assert str(frame["waarde"].dtype) == "float64"
    for value, cell in zip(frame["waarde"], cells, strict=True):
        if cell.value is None:
            assert pd.isna(value)
        else:
            assert value == pytest.approx(cell.value / 10**cell.decimals, abs=1e-9)
    assert list(frame["uitleg_status"]) == [STATUS_WORDS[cell.status] for cell in cells]
    assert list(frame["niveau"]) == [LEVEL_WORDS[cell.level] for cell in cells]


@pytest.mark.parametrize("table", TABLES)
def test_the_plain_file_reads_back_exactly_with_the_csv_module(table: str) -> None:
    extract = extract_of(table)
    text = rfc4180_csv(extract).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    cells = cells_of(extract.rows)
    assert len(rows) == len(cells)
    for row, cell in zip(rows, cells, strict=True):
        expected = "" if cell.value is None else Decimal(cell.value).scaleb(-cell.decimals)
        assert (row["value"] and Decimal(row["value"])) == expected
        assert row["status"] == cell.status.value
        assert (row["level"], row["unit"]) == (cell.level.value, cell.unit)
        assert (row["period"], row["category"]) == (str(cell.period), cell.category)


@pytest.mark.parametrize("table", TABLES)
def test_json_reads_back_with_its_legend(table: str) -> None:
    extract = extract_of(table)
    document = json.loads(json_(extract))
    cells = cells_of(extract.rows)
    assert document["mark"] == MARK
    assert document["statuses"]["c"] == WITHHELD
    assert [(row["value"], row["status"]) for row in document["rows"]] == [
        (None if cell.value is None else cell.value / 10**cell.decimals, cell.status.value)
        for cell in cells
    ]
    assert {note["id"] for note in document["measures"]} == {cell.measure for cell in cells}
    (entry,) = [each for each in extract.manifest.tables if each.id == table]
    assert document["tableSha256"] == entry.sha256


def test_a_withheld_value_is_empty_and_null_in_every_format() -> None:
    filters = Filters(level=Level.SCHOOL, unit=HIDDEN_SCHOOL, measure="clients")
    extract = extract_of(filters=filters)
    assert {cell.status for cell in cells_of(extract.rows)} == {CellStatus.WITHHELD}
    plain = list(csv.DictReader(io.StringIO(rfc4180_csv(extract).decode(), newline="")))
    assert {row["value"] for row in plain} == {""}
    dutch = list(
        csv.DictReader(io.StringIO(nl_csv(extract).decode("utf-8-sig"), newline=""), delimiter=";")
    )
    assert {row["waarde"] for row in dutch} == {""}
    assert {row["value"] for row in json.loads(json_(extract))["rows"]} == {None}


@pytest.mark.parametrize("format_", FORMATS, ids=lambda each: each.id)
def test_every_row_and_the_name_of_a_synthetic_file_carry_the_mark(format_: Format) -> None:
    synthetic, real = extract_of(), extract_of(synthetic=False)
    lines = format_.write(synthetic).decode("utf-8-sig").splitlines()
    if format_.id == "json":
        assert json.loads(lines[0])["mark"] == MARK
    else:
        assert all(line.startswith(MARK) for line in lines[1:])
    assert format_.file_name(synthetic).startswith("SYNTHETISCH_")
    assert MARK not in format_.write(real).decode("utf-8-sig")
    assert format_.file_name(real).startswith(RELEASE_ID)


@pytest.mark.parametrize("format_", FORMATS, ids=lambda each: each.id)
def test_the_same_extract_gives_the_same_bytes(format_: Format) -> None:
    extract = extract_of()
    again = replace(extract, rows=extract.rows.slice(0))
    assert format_.write(extract) == format_.write(again)


@pytest.mark.parametrize("starter", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_text_that_a_spreadsheet_would_run_is_neutralised(starter: str) -> None:
    assert neutral(f"{starter}1+1") == f"'{starter}1+1"


@pytest.mark.parametrize("text", ["", "De Linde", "'t Venne", "1=1", "12AB00"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert neutral(text) == text


def test_a_school_with_the_name_of_a_formula_is_neutralised_in_both_files() -> None:
    extract = extract_of(filters=Filters(level=Level.SCHOOL, unit=FORMULA_SCHOOL))
    for raw, delimiter, column in ((nl_csv(extract), ";", "naam"),
                                   (rfc4180_csv(extract), ",", "unit_label")):  # fmt: skip
        text = io.StringIO(raw.decode("utf-8-sig"), newline="")
        for row in csv.DictReader(text, delimiter=delimiter):
            assert row[column].startswith("'=HYPERLINK")


@pytest.mark.parametrize(
    "filters",
    [
        Filters(level=Level.MUNICIPALITY),
        Filters(unit="GM0197"),
        Filters(measure="pupils"),
        Filters(period=22),
        Filters(level=Level.SCHOOL, measure="clients", period=24),
    ],
    ids=str,
)
def test_a_filter_selects_released_rows_and_nothing_else(filters: Filters) -> None:
    whole = cells_of(extract_of().rows)
    kept = cells_of(extract_of(filters=filters).rows)
    assert kept == [
        cell
        for cell in whole
        if all(str(getattr(cell, name)) == value for name, value in filters.given().items())
    ]
    assert 0 < len(kept) < len(whole)


def test_filters_that_fit_no_row_are_refused() -> None:
    with pytest.raises(NotFoundError) as caught:
        extract_of(filters=Filters(unit="GM9999"))
    assert caught.value.code == "rows-not-found"
    assert "GM9999" not in str(caught.value)


def test_a_file_name_is_plain_and_says_what_was_selected() -> None:
    filters = Filters(level=Level.TYPE_MUNICIPALITY, unit="BO*GM0197")
    name = format_of("nl-csv").file_name(extract_of(filters=filters))
    assert name == (
        f"SYNTHETISCH_{RELEASE_ID}_pupils-and-clients_type-municipality_BO-GM0197_excel.csv"
    )


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(NotFoundError) as caught:
        format_of("xlsx")
    assert caught.value.code == "format-unknown"
