"""Reading in blocks gives what Python's own csv module reads, wherever the blocks end."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.hashing.reading import csv_file, csv_text
from shared.hashing.reading.headers import Layout
from tests.support.hashing import read_whole

LAYOUT = Layout(
    {"number": ("bsn",), "name": ("naam",), "town": ("plaats",)},
    frozenset({"number", "name", "town"}),
    "number",
)
cell = st.text(alphabet='ab é€;,\t"\n7', max_size=6)
number = st.integers(0, 90_908).map(lambda k: f"999{k:06d}")
rows = st.lists(st.tuples(number, cell, cell), min_size=1, max_size=30)


@settings(max_examples=120, deadline=None)
@given(
    rows,
    st.sampled_from([";", ",", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    st.integers(1, 400),
)
def test_blocks(
    table: list[tuple[str, str, str]], separator: str, end: str, encoding: str, block: int
) -> None:
    sink = io.StringIO()
    writer = csv.writer(sink, delimiter=separator, lineterminator=end)
    writer.writerow(["plaats", "naam", "bsn"])
    writer.writerows([town, name, key] for key, name, town in table)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "bron.csv"
        path.write_bytes(sink.getvalue().encode(encoding))
        patch.setattr(csv_text, "_PIECE_BYTES", block + 60)
        patch.setattr(csv_file, "BLOCK_BYTES", block)
        source = read_whole(path, LAYOUT)
    read = source.table.to_pydict()
    oracle = list(csv.reader(io.StringIO(sink.getvalue(), newline=""), delimiter=separator))[1:]
    found = zip(read["town"], read["name"], read["number"], strict=True)
    assert [list(row) for row in found] == oracle
    assert read["row"] == list(range(2, len(oracle) + 2))
