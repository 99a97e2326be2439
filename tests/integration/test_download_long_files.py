"""Long files go to the reader piece by piece: the same bytes, and never all of them at once."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from publisher.api import files
from publisher.downloads import columnar, document, separated
from publisher.downloads.extract import EVERYTHING, Extract, Filters
from publisher.downloads.formats import FORMATS, Format, format_of
from tests.support.downloads import extract
from tests.support.releases import (
    LATEST,
    PLAIN_SCHOOL,
    RELEASE_ID,
    MemoryReader,
    make_release,
    with_state,
)
from tests.support.web import web

PIECEWISE = [each for each in FORMATS if each.pieces is not None]
TABLE = "pupils_and_clients"
ADDRESS = f"/api/v1/releases/{RELEASE_ID}/tables/{TABLE}"


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of seven rows, and every file is long."""
    monkeypatch.setattr(separated, "ROWS_AT_ONCE", 7)
    monkeypatch.setattr(document, "ROWS_AT_ONCE", 7)
    monkeypatch.setattr(columnar, "_ROWS_PER_GROUP", 7)
    monkeypatch.setattr(files, "LONG_ROWS", 6)


def pieces_of(format_: Format, of: Extract) -> Iterator[bytes]:
    assert format_.pieces is not None
    return format_.pieces(of)


def test_all_but_the_workbook_can_be_written_in_pieces() -> None:
    assert {each.id for each in FORMATS} - {each.id for each in PIECEWISE} == {"xlsx"}


@pytest.mark.parametrize("format_", PIECEWISE, ids=lambda each: each.id)
@pytest.mark.parametrize("rows", [0, 1, 7, 8, 14, 50])
def test_pieces_of_any_length_hold_the_same(
    format_: Format, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = replace(extract(), rows=extract().rows.slice(0, rows))
    whole = format_.write(taken)
    monkeypatch.setattr(separated, "ROWS_AT_ONCE", 7)
    monkeypatch.setattr(document, "ROWS_AT_ONCE", 7)
    monkeypatch.setattr(columnar, "_ROWS_PER_GROUP", 7)
    found = b"".join(pieces_of(format_, taken))
    if format_.id == "parquet":  # each piece is a group of its own
        file = pq.ParquetFile(io.BytesIO(found))
        assert file.metadata.num_row_groups == max(1, -(-rows // 7))
        assert file.read() == pq.read_table(io.BytesIO(whole))
        assert not any(
            file.metadata.row_group(group).column(column).is_stats_set
            for group in range(file.metadata.num_row_groups)
            for column in range(file.metadata.num_columns)
        )
    else:
        assert found == whole


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("format_", PIECEWISE, ids=lambda each: each.id)
def test_a_long_download_is_the_file_in_pieces(format_: Format) -> None:
    with web(make_release()) as client:
        answer = client.get(f"{ADDRESS}/downloads/{format_.id}")
    assert answer.content == format_.write(extract())
    assert answer.headers["content-type"] == format_.media_type
    assert "SYNTHETISCH" in answer.headers["content-disposition"]
    assert "content-length" not in answer.headers


@pytest.mark.usefixtures("small_pieces")
def test_a_long_file_is_not_sent_again_to_who_has_it() -> None:
    address = f"{ADDRESS}/downloads/csv"
    with web(make_release()) as client:
        etag = client.get(address).headers["etag"]
        assert etag.startswith('W/"')
        for known in (etag, etag.removeprefix("W/"), f'"x", {etag}', "*"):
            again = client.get(address, headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert client.get(address, headers={"If-None-Match": 'W/"x"'}).status_code == 200
        others = {
            client.get(other).headers["etag"]
            for other in (f"{ADDRESS}/downloads/json", f"{address}?period={LATEST}",
                          f"{address}?measure=clients")
        }  # fmt: skip
        assert len(others | {etag}) == 4
    with web(with_state(make_release(), "withdrawn")) as client:
        assert client.get(address, headers={"If-None-Match": etag}).status_code == 410


@pytest.mark.usefixtures("small_pieces")
def test_what_is_wrong_is_said_before_the_first_byte() -> None:
    with web(make_release()) as client:
        answer = client.get(f"{ADDRESS}/downloads/csv?unit=onbekend")
    assert (answer.status_code, answer.json()["code"]) == (404, "rows-not-found")


@pytest.mark.usefixtures("small_pieces")
def test_only_short_files_are_made_as_a_whole_and_kept() -> None:
    made = files.Files(MemoryReader((make_release(),)), lambda _release: None)
    csv = format_of("csv")
    long = made.write(RELEASE_ID, TABLE, EVERYTHING, csv)
    assert isinstance(long, files.LongFile)
    short = made.write(RELEASE_ID, TABLE, Filters(unit=PLAIN_SCHOOL, period=LATEST), csv)
    assert isinstance(short, files.WholeFile)
    assert isinstance(made.write(RELEASE_ID, TABLE, EVERYTHING, format_of("xlsx")), files.WholeFile)


@pytest.mark.parametrize("format_", PIECEWISE, ids=lambda each: each.id)
def test_a_longer_table_takes_no_more_memory(format_: Format) -> None:
    def peak(times: int) -> int:
        taken = extract(Filters(measure="pupils"))
        rows = pa.concat_tables([taken.rows] * (20_000 * times // taken.rows.num_rows))
        long = replace(taken, rows=rows.combine_chunks())
        tracemalloc.start()
        for _ in pieces_of(format_, long):
            pass
        reached = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return reached

    assert peak(2) < 1.2 * peak(1)
