"""Files of released tables: what is in them, and that programs read it back unchanged."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pandas as pd
import pytest

from publisher.downloads.addresses import download_address
from publisher.downloads.document import json_
from publisher.downloads.extract import EVERYTHING, Extract, Filters
from publisher.downloads.formats import FORMATS, Format, format_of
from publisher.downloads.separated import neutral, nl_csv, rfc4180_csv
from publisher.downloads.words import LEVEL_WORDS, MARK, STATUS_WORDS, decimal_text
from publisher.released import VALUELESS, Cell, CellStatus, cells_of
from shared.errors import NotFoundError
from shared.reference import Level
from tests.support.releases import (
    FORMULA_SCHOOL,
    HIDDEN_SCHOOL,
    LATEST,
    PLAIN_SCHOOL,
    RELEASE_ID,
    ZERO_SCHOOL,
    cell_of,
    make_release,
)

TABLE = "pupils_and_clients"


def extract(filters: Filters = EVERYTHING, *, synthetic: bool = True) -> Extract:
    release = make_release(synthetic=synthetic)
    return Extract.take(release.manifest, release.table_by_id[TABLE], filters)


def dutch_rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))


def plain_rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def cells() -> list[Cell]:
    return cells_of(extract().rows)


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(0, 0, "0"), (123, 1, "12,3"), (5, 2, "0,05"), (1234567, 0, "1.234.567"), (-7, 1, "-0,7")],
)
def test_a_value_is_spelt_exactly(value: int, decimals: int, text: str) -> None:
    assert decimal_text(value, decimals, comma=",", thousands=".") == text


def test_every_status_and_level_has_words() -> None:
    assert set(STATUS_WORDS) == set(CellStatus)
    assert set(LEVEL_WORDS) == set(Level)
    assert all(STATUS_WORDS[status] for status in CellStatus if status is not CellStatus.PLAIN)


@pytest.mark.parametrize("starter", list("=+-@\t\r\n＝＋－＠"))
def test_text_that_starts_a_formula_gets_an_apostrophe(starter: str) -> None:
    assert neutral(f"{starter}1+1") == f"'{starter}1+1"


@pytest.mark.parametrize("text", ["", "De Linde", "a=b", "'t Zand"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert neutral(text) == text


def test_no_field_of_a_csv_starts_a_formula() -> None:
    for data, delimiter in ((nl_csv(extract()), ";"), (rfc4180_csv(extract()), ",")):
        text = io.StringIO(data.decode("utf-8-sig"), newline="")
        for row in csv.reader(text, delimiter=delimiter):
            assert not any(field.startswith(("=", "+", "-", "@", "\t", "\r")) for field in row)


def test_the_name_of_a_school_survives_quoting() -> None:
    name = cell_of(make_release(), FORMULA_SCHOOL, "pupils", LATEST).unit_label
    rows = plain_rows(rfc4180_csv(extract(Filters(unit=FORMULA_SCHOOL))))
    assert {row["unit_label"] for row in rows} == {f"'{name}"}


def test_the_dutch_csv_opens_in_a_dutch_excel() -> None:
    data = nl_csv(extract())
    assert data.startswith(b"\xef\xbb\xbfkenmerk;uitgave;niveau;")
    assert data.endswith(b"\r\n")
    assert data.count(b"\n") == data.count(b"\r\n") == extract().rows.num_rows + 1


def test_pandas_reads_the_dutch_csv_as_numbers() -> None:
    data = nl_csv(extract())
    frame = pd.read_csv(io.BytesIO(data), sep=";", decimal=",", encoding="utf-8-sig")
    assert frame["waarde"].dtype == "float64"
    expected = [None if c.value is None else c.value / 10**c.decimals for c in cells()]
    assert [None if pd.isna(v) else v for v in frame["waarde"]] == expected


def test_pandas_reads_the_plain_csv_as_numbers() -> None:
    frame = pd.read_csv(
        io.BytesIO(rfc4180_csv(extract())), keep_default_na=False, na_values={"value": [""]}
    )
    expected = [None if c.value is None else c.value / 10**c.decimals for c in cells()]
    assert [None if pd.isna(v) else v for v in frame["value"]] == expected
    assert list(frame["unit"]) == [neutral(c.unit) for c in cells()]


def test_every_format_says_the_same() -> None:
    dutch, plain = dutch_rows(nl_csv(extract())), plain_rows(rfc4180_csv(extract()))
    document = json.loads(json_(extract()))["rows"]
    assert len(dutch) == len(plain) == len(document) == len(cells())
    for a, b, c in zip(dutch, plain, document, strict=True):
        assert a["waarde"].replace(",", ".") == b["value"]
        assert (float(b["value"]) if b["value"] else None) == c["value"]
        assert a["status"] == b["status"] == c["status"]
        assert a["eenheid"] == b["unit"] == c["unit"]


def test_a_withheld_value_is_empty_and_explained_never_0() -> None:
    filters = Filters(unit=HIDDEN_SCHOOL, measure="clients")
    dutch = dutch_rows(nl_csv(extract(filters)))
    assert {(r["waarde"], r["status"], r["uitleg_status"]) for r in dutch} == {
        ("", "c", "niet getoond om privacyredenen")
    }
    document = json.loads(json_(extract(filters)))
    assert {(r["value"], r["status"]) for r in document["rows"]} == {(None, "c")}
    assert document["statuses"]["c"] == "niet getoond om privacyredenen"


def test_a_true_zero_is_0() -> None:
    filters = Filters(unit=ZERO_SCHOOL, measure="clients", period=LATEST)
    assert [row["waarde"] for row in dutch_rows(nl_csv(extract(filters)))] == ["0"]


@pytest.mark.parametrize("status", sorted(VALUELESS - {CellStatus.WITHHELD}))
def test_other_valueless_statuses_are_empty_too(status: CellStatus) -> None:
    taken = extract(Filters(unit=HIDDEN_SCHOOL, measure="clients"))
    column = taken.rows.schema.get_field_index("status")
    field = taken.rows.schema.field(column)
    rows = taken.rows.set_column(column, field, [[status.value] * taken.rows.num_rows])
    written = plain_rows(rfc4180_csv(replace(taken, rows=rows)))
    assert {(row["value"], row["status"]) for row in written} == {("", status.value)}


def test_every_row_and_the_file_name_carry_the_synthetic_mark() -> None:
    assert {row["kenmerk"] for row in dutch_rows(nl_csv(extract()))} == {MARK}
    assert {row["mark"] for row in plain_rows(rfc4180_csv(extract()))} == {MARK}
    assert json.loads(json_(extract()))["mark"] == MARK
    assert all(f.file_name(extract()).startswith("SYNTHETISCH_") for f in FORMATS)


def test_a_real_release_has_no_mark() -> None:
    real = extract(synthetic=False)
    for format_ in FORMATS:
        assert b"SYNTHETISCH" not in format_.write(real)
        assert "SYNTHETISCH" not in format_.file_name(real)


@pytest.mark.parametrize("format_", FORMATS, ids=lambda f: f.id)
def test_the_same_extract_gives_the_same_bytes(format_: Format) -> None:
    make_release.cache_clear()
    once = format_.write(extract())
    make_release.cache_clear()
    assert format_.write(extract()) == once


def test_a_filter_only_selects_released_rows_in_released_order() -> None:
    everything = extract().rows.to_pylist()
    filters = Filters(level=Level.SCHOOL, measure="clients", period=LATEST)
    wanted = [
        row
        for row in everything
        if (row["level"], row["measure"], row["period"]) == ("school", "clients", LATEST)
    ]
    assert extract(filters).rows.to_pylist() == wanted


def test_filters_that_fit_nothing_are_an_error_that_echoes_nothing() -> None:
    with pytest.raises(NotFoundError) as caught:
        extract(Filters(unit="plantedvalue"))
    assert caught.value.code == "rows-not-found"
    assert "plantedvalue" not in str(caught.value) + caught.value.hint


def test_file_names_hold_nothing_but_plain_characters() -> None:
    filters = Filters(level=Level.TYPE_MUNICIPALITY, unit="BO*GM0197")
    name = format_of("nl-csv").file_name(extract(filters))
    expected = "SYNTHETISCH_voorbeeld-2025-v1.0_pupils-and-clients_type-municipality_BO-GM0197"
    assert name == f"{expected}_excel.csv"


def test_addresses_name_filters() -> None:
    address = download_address(RELEASE_ID, TABLE, "csv", Filters(Level.SCHOOL, PLAIN_SCHOOL))
    assert address == (
        f"/api/v1/releases/{RELEASE_ID}/tables/{TABLE}/downloads/csv?level=school&unit=99XA00"
    )


def test_an_unknown_format_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        format_of("pdf")
