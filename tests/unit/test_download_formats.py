"""Every format read back by programs that did not write it: numbers are numbers, in each."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from publisher.downloads import workbook as workbook_module
from publisher.downloads.columnar import parquet
from publisher.downloads.columns import DUTCH, ENGLISH, Kind, bounds_of
from publisher.downloads.document import json_
from publisher.downloads.extract import EVERYTHING, Extract, Filters
from publisher.downloads.formats import FORMATS, RELEASE_FORMATS, Format, ReleaseFormat
from publisher.downloads.separated import nl_csv, rfc4180_csv
from publisher.downloads.words import MARK
from publisher.downloads.workbook import workbook, xlsx
from publisher.released import Cell, cells_of
from shared.errors import InputError
from tests.support.downloads import TABLE, extract, parts_of, sheet_rows
from tests.support.releases import FORMULA_SCHOOL, HIDDEN_SCHOOL, make_release

Read = list[tuple[str, int | None, float | None, str]]


def expected() -> Read:
    return [(c.unit, c.period, value_of(c), c.status.value) for c in cells_of(extract().rows)]


def value_of(cell: Cell) -> float | None:
    return None if cell.value is None else cell.value / 10**cell.decimals


def of_frame(frame: pd.DataFrame) -> Read:
    columns = (frame[name] for name in ("unit", "period", "value", "status"))
    return [
        (unit, int(period), None if pd.isna(value) else float(value), status)
        for unit, period, value, status in zip(*columns, strict=True)
    ]


def test_pandas_reads_the_csv_with_numbers_as_numbers() -> None:
    frame = pd.read_csv(io.BytesIO(rfc4180_csv(extract())), keep_default_na=False,
                        na_values={"value": "", "lower": "", "upper": ""})  # fmt: skip
    assert [frame[name].dtype.kind for name in ("value", "lower", "upper", "period")] == [*"fffi"]
    assert of_frame(frame) == expected()


def test_pandas_reads_the_dutch_csv_with_numbers_as_numbers() -> None:
    frame = pd.read_csv(
        io.BytesIO(nl_csv(extract())),
        sep=";",
        decimal=",",
        keep_default_na=False,
        na_values={"waarde": "", "ondergrens": "", "bovengrens": ""},
    )
    assert frame["waarde"].dtype.kind == "f"
    found = [None if pd.isna(value) else value for value in frame["waarde"]]
    assert found == [row[2] for row in expected()]


def test_pandas_and_duckdb_read_the_parquet_alike() -> None:
    data = parquet(extract())
    frame = pd.read_parquet(io.BytesIO(data))
    assert frame["value"].dtype.kind == "f"
    assert of_frame(frame) == expected()


@pytest.mark.parametrize(("suffix", "write"), [(".csv", rfc4180_csv), (".parquet", parquet)])
def test_duckdb_reads_files_with_numbers_as_numbers(
    tmp_path: Path, suffix: str, write: object
) -> None:
    assert callable(write)
    path = tmp_path / f"tabel{suffix}"
    path.write_bytes(write(extract()))
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT unit, period, value, coalesce(status, '') FROM '{path}'"  # noqa: S608
        )
        rows = found.fetchall()
        (kind,) = connection.execute(f"SELECT DISTINCT typeof(value) FROM '{path}'").fetchall()  # noqa: S608
    assert kind == ("DOUBLE",)
    assert [(u, p, None if v is None else float(v), s) for u, p, v, s in rows] == expected()


def test_calamine_reads_the_workbook_with_numbers_as_numbers() -> None:
    rows = sheet_rows(xlsx(extract()), TABLE)
    found = [row["waarde"] for row in rows]
    assert {type(value) for value in found} <= {float, int, str}
    assert [None if value == "" else value for value in found] == [row[2] for row in expected()]
    assert {row["kenmerk"] for row in rows} == {MARK}


def test_a_workbook_has_a_cover_contents_notes_and_a_sheet_per_table() -> None:
    release = make_release()
    data = workbook(Extract.take_all(release))
    contents = sheet_rows(data, "Inhoud")
    assert [row["blad"] for row in contents] == [table.id for table in release.tables]
    assert [row["rijen"] for row in contents] == [t.cells.num_rows for t in release.tables]
    notes = sheet_rows(data, "Toelichting")
    kinds = {row["onderdeel"] for row in notes}
    assert kinds == {"voetnoot", "kolom", "niveau", "status", "periode", "maat", "categorie"}
    cover = parts_of(data)["xl/sharedStrings.xml"].decode()
    assert release.manifest.release_id in cover


def test_a_workbook_has_no_formula_and_no_link() -> None:
    parts = parts_of(xlsx(extract(Filters(unit=FORMULA_SCHOOL))))
    for name, part in parts.items():
        assert b"<f>" not in part, name
        assert b"<f " not in part, name
        assert b"<hyperlink " not in part, name
        assert b"relationships/hyperlink" not in part, name
    assert b'quotePrefix="1"' in parts["xl/styles.xml"]


def test_withheld_cells_have_no_cell_in_the_workbook() -> None:
    rows = sheet_rows(xlsx(extract(Filters(unit=HIDDEN_SCHOOL, measure="clients"))), TABLE)
    assert {(row["waarde"], row["ondergrens"], row["status"]) for row in rows} == {("", "", "c")}


def test_parquet_says_nothing_but_its_rows() -> None:
    file = pq.ParquetFile(io.BytesIO(parquet(extract(Filters(unit=HIDDEN_SCHOOL)))))
    for group in range(file.metadata.num_row_groups):
        for column in range(file.metadata.num_columns):
            found = file.metadata.row_group(group).column(column)
            assert found.statistics is None
            assert not found.has_column_index
            assert not found.has_offset_index
    assert file.schema_arrow.names == [column.name for column in ENGLISH]


@pytest.fixture
def other_moment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another time of day and another zone, which no file may depend on."""
    monkeypatch.setattr(time, "time", lambda: 4_000_000_000.0)
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("format_", FORMATS, ids=lambda each: each.id)
def test_bytes_of_a_table_do_not_depend_on_the_moment(
    format_: Format, request: pytest.FixtureRequest
) -> None:
    once = format_.write(extract())
    request.getfixturevalue("other_moment")
    assert format_.write(extract()) == once


@pytest.mark.parametrize("format_", RELEASE_FORMATS, ids=lambda each: each.id)
def test_bytes_of_a_release_do_not_depend_on_the_moment(
    format_: ReleaseFormat, request: pytest.FixtureRequest
) -> None:
    release = make_release()
    once = format_.write(release, Extract.take_all(release))
    request.getfixturevalue("other_moment")
    assert format_.write(release, Extract.take_all(release)) == once


@pytest.mark.parametrize(
    ("value", "status", "bounds"),
    [(7, "", (7, 7)), (10, "r", (6, 14)), (0, "r", (0, 4)), (5, "r", (1, 9)), (3, "p", (3, 3))],
)
def test_bounds_of_a_rounded_value(value: int, status: str, bounds: tuple[int, int]) -> None:
    assert bounds_of(value, status) == bounds


def test_rounded_values_carry_their_bounds_in_every_format() -> None:
    taken = extract(Filters(unit="region", measure="clients", period=24))
    assert taken.rows.num_rows == 1
    place = taken.rows.schema.get_field_index("status")
    rows = taken.rows.set_column(place, taken.rows.schema.field(place), [["r"]])
    taken = replace(taken, rows=rows)
    value = rows["value"][0].as_py()
    frame = pd.read_parquet(io.BytesIO(parquet(taken)))
    assert (frame["lower"][0], frame["upper"][0]) == (value - 4, value + 4)
    (row,) = sheet_rows(xlsx(taken), TABLE)
    assert (row["ondergrens"], row["bovengrens"]) == (value - 4, value + 4)
    assert f'"lower":{value - 4},"upper":{value + 4}'.encode() in json_(taken)
    assert f",{value},{value - 4},{value + 4},r".encode() in rfc4180_csv(taken)
    assert f";{value};{value - 4};{value + 4};r".encode() in nl_csv(taken)


def test_more_rows_than_a_sheet_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_module, "MAX_ROWS", 10)
    with pytest.raises(InputError, match="table-too-long"):
        xlsx(extract())


def test_columns_have_a_meaning_and_no_name_twice() -> None:
    for columns in (ENGLISH, DUTCH):
        assert len({column.name for column in columns}) == len(columns)
        assert all(column.meaning for column in columns)
        assert all(len(column.values(extract(EVERYTHING))) == extract().rows.num_rows
                   for column in columns)  # fmt: skip
    assert {column.name for column in ENGLISH if column.kind is Kind.NUMBER} == {
        "value", "lower", "upper",
    }  # fmt: skip
