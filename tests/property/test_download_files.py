"""Laws of XLSX and Parquet: any label and any value come back, and nothing is a formula."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.downloads.columnar import parquet
from publisher.downloads.extract import Extract
from publisher.downloads.workbook import xlsx
from publisher.released import COLUMNS, VALUELESS, Cell, CellStatus, ReleasedTable
from shared.reference import Level
from tests.support.downloads import parts_of, sheet_rows
from tests.support.releases import make_release

TABLE = "clients_by_form"
LABELS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=30).filter(
    lambda text: not {"\ufffe", "\uffff"} & set(text)
)
VALUES = st.integers(-(10**12), 10**12)
unhurried = settings(max_examples=50, deadline=None)  # the first example also makes the release


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    status = draw(st.sampled_from(CellStatus))
    return Cell(
        level=draw(st.sampled_from(Level)),
        unit=draw(st.text("ABC019*=", max_size=8)),
        unit_label=draw(LABELS),
        period=draw(st.integers(0, 255)),
        period_label="2024/2025",
        category="",
        category_label=draw(LABELS),
        measure="clients",
        measure_label="kinderen",
        value=None if status in VALUELESS else draw(VALUES),
        decimals=draw(st.integers(0, 3)),
        status=status,
    )


def extract_of(wanted: list[Cell]) -> Extract:
    rows = [{name: getattr(cell, name) for name in COLUMNS.names} for cell in wanted]
    table = ReleasedTable.make(TABLE, "Naar vorm", pa.Table.from_pylist(rows, schema=COLUMNS))
    return Extract.take(make_release().manifest, table)


def number_of(cell: Cell) -> float | None:
    return None if cell.value is None else cell.value / 10**cell.decimals


@unhurried
@given(st.lists(cells(), min_size=1, max_size=6))
def test_a_workbook_gives_back_labels_and_values(wanted: list[Cell]) -> None:
    data = xlsx(extract_of(wanted))
    for cell, row in zip(wanted, sheet_rows(data, TABLE), strict=True):
        assert row["naam"] == cell.unit_label
        assert row["waarde"] == ("" if cell.value is None else number_of(cell))
    assert not any(b"<f>" in part or b"<f " in part for part in parts_of(data).values())


@unhurried
@given(st.lists(cells(), max_size=6))
def test_parquet_gives_back_labels_and_values(wanted: list[Cell]) -> None:
    rows = pq.read_table(io.BytesIO(parquet(extract_of(wanted)))).to_pylist()
    assert [row["unit_label"] for row in rows] == [cell.unit_label for cell in wanted]
    assert [row["value"] for row in rows] == [number_of(cell) for cell in wanted]


@unhurried
@given(st.text(st.characters(codec="utf-8"), max_size=12))
def test_a_label_of_any_characters_leaves_a_workbook_that_opens(label: str) -> None:
    cell = Cell(Level.SCHOOL, "99XA00", label, 24, "", "", "", "clients", "", 7, 0,
                CellStatus.PLAIN)  # fmt: skip
    assert sheet_rows(xlsx(extract_of([cell])), TABLE)[0]["waarde"] == 7
