"""No disclosure through the interface: pages, charts, files, the API, order, scale and size.

A release is staged from two tallies. They differ only in what is withheld, and one of them has a
number of its own in every withheld cell. The publisher's whole service is asked for everything
that its pages lead to and everything that its routes allow. What readers get is the same, byte
for byte, and none of those numbers stands in it.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pypdf
import pytest

from publisher.dashboard.charts.data import ChartKind
from publisher.dashboard.pages.schools import ORDERS
from publisher.downloads.formats import FORMATS, RELEASE_FORMATS
from publisher.released import COLUMNS, CellStatus
from tests.support.assurance import figure
from tests.support.crawling import Answer
from tests.support.disclosing import (
    FIRST,
    Answers,
    Sides,
    make_sides,
    numbers_in,
    opened,
    texts_of,
    told_by,
)
from tests.support.walking import answered

OF_EACH_KIND = figure(2, 60)
_ELSEWHERE = "/context/grafieken/{shown}/{indicator}/{unit}/{look}.{suffix}"
UNANSWERED = {
    "/aanbieders/{group}",
    "/en/aanbieders/{group}",
    "/arrangementen/{number}",
    "/en/arrangementen/{number}",
    _ELSEWHERE,
    f"/en{_ELSEWHERE}",
}
"""What this region has none of: arrangements, and figures per provider or from elsewhere."""
MEASURED = {"/metrics"}
"""What tells how long requests took; compared without its numbers."""
KINDS = {
    "text/html", "text/css", "text/csv", "image/svg+xml", "image/png", "application/json",
    "application/zip", "application/vnd.apache.parquet", "application/problem+json",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip
LEAK = FIRST + 17
VALUES = re.compile(r"/tables/[a-z_]+(/observations|/downloads/json)?(\?|$)")
"""Addresses of documents with values."""


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Sides:
    return make_sides(tmp_path_factory.mktemp("region"), OF_EACH_KIND)


# --- what was walked ----------------------------------------------------------------------------


def test_every_route_that_readers_can_ask_was_answered(sides: Sides) -> None:
    found = answered(sides.app, {place: each.status for place, each in sides.answers.items()})
    assert {route for route, good in found.items() if not good} == UNANSWERED


def test_every_kind_of_file_was_walked(sides: Sides) -> None:
    kinds = {dict(each.headers).get("content-type", "").partition(";")[0]
             for each in sides.answers.values()}  # fmt: skip
    assert kinds >= KINDS
    assert len(sides.numbers) > 50


def test_every_sort_filter_page_format_and_chart_was_walked(sides: Sides) -> None:
    good = " ".join(place for place, each in sides.answers.items() if each.status == 200)
    for order in ORDERS:
        assert f"volgorde={order}" in good
    for key in ("level", "unit", "measure", "period", "category", "area", "page", "pageSize"):
        assert re.search(rf"observations\?(\S*&)?{key}=", good), key
    for offered in (*FORMATS, *RELEASE_FORMATS):
        assert f"/downloads/{offered.id}" in good
    for kind in (ChartKind.BARS, ChartKind.STRIP):  # one year: no line over the years
        assert f"/{kind}/" in good


def test_no_address_fails(sides: Sides) -> None:
    """A page that breaks would tell nothing, and prove as little."""
    broken = {place for place, each in sides.answers.items() if each.status >= 500}
    assert not broken


# --- (a) no number of a withheld cell -----------------------------------------------------------


def test_a_number_of_a_withheld_cell_stands_in_no_artefact(sides: Sides) -> None:
    telling = [place for place, each in sides.planted_answers.items()
               if told_by(each, sides.numbers)]  # fmt: skip
    assert not telling
    assert not numbers_in(sides.log) & sides.numbers


def test_nor_in_what_approvers_sign(sides: Sides) -> None:
    tables = [text for table in sides.planted.tables for text in opened(table.to_bytes())]
    for text in (sides.planted.manifest.model_dump_json(), sides.planted.summary, *tables):
        assert not numbers_in(text) & sides.numbers


# --- (b) and (c) nothing depends on a withheld value --------------------------------------------


def test_other_withheld_values_change_no_byte_that_is_signed(sides: Sides) -> None:
    assert sides.true.manifest == sides.planted.manifest
    assert sides.true.summary == sides.planted.summary
    for true, planted in zip(sides.true.tables, sides.planted.tables, strict=True):
        assert true.to_bytes() == planted.to_bytes()


def test_other_withheld_values_change_no_answer(sides: Sides) -> None:
    """Not its bytes, order or scale, and not its size, name or ETag, at any address."""
    assert differing(sides.answers, sides.planted_answers) == set()


def differing(one: Answers, other: Answers) -> set[str]:
    """Addresses with another answer, or with one on one side only."""
    return {
        place
        for place in one.keys() | other.keys()
        if place not in one
        or place not in other
        or compared(place, one[place]) != compared(place, other[place])
    }


def compared(place: str, answer: Answer) -> object:
    """An answer without what no two requests have alike."""
    if place not in MEASURED:
        return answer
    names = re.sub(rb"(?m) [0-9.e+-]+$", b"", answer.body)
    return answer.status, sorted(set(re.findall(rb"(?m)^[a-z_]+", names)))


def test_what_is_shown_is_a_cell_of_the_release_and_nothing_summed(sides: Sides) -> None:
    """Every value of every document and page of observations is the released one of its key."""
    keys = ("level", "unit", "period", "category", "measure")
    released = {
        (table.id, *(row[key] for key in keys)):
            (None if row["value"] is None else row["value"] / 10 ** row["decimals"], row["status"])
        for table in sides.true.tables
        for row in table.cells.to_pylist()
    }  # fmt: skip
    seen = 0
    for place, each in sides.answers.items():
        if each.status == 200 and VALUES.search(place):
            document = json.loads(each.body)
            for row in document.get("rows", document.get("observations", ())):
                key = (document["tableId"], *(row[name] for name in keys))
                assert (row["value"], row["status"]) == released[key], place
                seen += 1
    assert seen > 1000


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_withheld_stands_last_in_every_order(sides: Sides, order: str) -> None:
    """In the list of schools, by name among each other."""
    page = sides.answers[f"/scholen?volgorde={order}"].body.decode()
    (body,) = re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    rows = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    shown = [(re.findall(r"scholen/([^\"]+)", row)[0], row) for row in rows]
    column = {"leerlingen": "pupils", "per-100": "clients_per_100_pupils"}.get(order)
    names = [re.sub(r"<.*?>", "", re.findall(r"<th.*?</th>", row, re.DOTALL)[0]).strip().casefold()
             for _, row in shown]  # fmt: skip
    if column is None:
        assert names == sorted(names)
        return
    wanted = ("school", column, "")
    cells = [
        row
        for table in sides.true.tables
        for row in table.cells.to_pylist()
        if (row["level"], row["measure"], row["category"]) == wanted
    ]
    latest = max(row["period"] for row in cells)
    value = {row["unit"]: row["value"] for row in cells if row["period"] == latest}
    expected = sorted(
        ((code, name) for (code, _), name in zip(shown, names, strict=True)),
        key=lambda each: (value.get(each[0]) is None, -(value.get(each[0]) or 0), each[1], each[0]),
    )
    assert [code for code, _ in shown] == [code for code, _ in expected]
    hidden = [code for code, _ in shown if value.get(code) is None]
    assert hidden or column == "pupils", "no school is withheld: this proves nothing"


# --- the oracles themselves: a leak of each kind is found ---------------------------------------


def _zipped(name: str, part: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr(name, part)
    return sink.getvalue()


def _footer(_body: bytes) -> bytes:
    table, sink = pa.table({"a": ["x"]}), io.BytesIO()
    noted = table.replace_schema_metadata({"total": str(LEAK)})
    pq.write_table(noted, sink, write_statistics=False)
    return sink.getvalue()


def _pdf_note(_body: bytes) -> bytes:
    file, sink = pypdf.PdfWriter(), io.BytesIO()
    file.add_blank_page(100, 100)
    file.add_metadata({"/Subject": f"{LEAK}"})
    file.write(sink)
    return sink.getvalue()


def _pdf_stream(_body: bytes) -> bytes:
    file, sink = pypdf.PdfWriter(), io.BytesIO()
    page = file.add_blank_page(100, 100)
    stream = pypdf.generic.DecodedStreamObject()
    stream.set_data(f"% {LEAK}".encode())
    page[pypdf.generic.NameObject("/Contents")] = file._add_object(stream.flate_encode())
    file.write(sink)
    return sink.getvalue()


LEAKS: dict[str, Callable[[bytes], bytes]] = {
    "an attribute of a page": lambda body: body + f'<td data-order="{LEAK}">'.encode(),
    "a grouped number": lambda body: body + f"{LEAK:,}".replace(",", "\u00a0").encode(),
    "a scale of a chart": lambda _: f"<svg><text>{LEAK / 1000:,.3f}</text></svg>".encode(),
    "a text of an image": lambda _: b"\x89PNG\r\n\x1a\n....tEXtmax\x00" + str(LEAK).encode(),
    "JSON": lambda _: json.dumps({"total": LEAK}).encode(),
    "a part of a workbook": lambda _: _zipped("xl/sheet1.xml", f"<v>{LEAK}</v>".encode()),
    "the name of a part": lambda _: _zipped(f"xl/{LEAK}.xml", b""),
    "Parquet in a package": lambda _: _zipped("data/x.parquet", _footer(b"")),
    "the footer of Parquet": _footer,
    "the description of a PDF": _pdf_note,
    "a packed stream of a PDF": _pdf_stream,
}


@pytest.mark.parametrize("kind", LEAKS)
def test_a_leak_of_any_kind_would_be_found(kind: str) -> None:
    answer = Answer(200, (), LEAKS[kind](b""))
    assert told_by(answer, frozenset({LEAK})) == {LEAK}


def test_a_leak_in_a_header_would_be_found() -> None:
    answer = Answer(200, (("x-total", str(LEAK)),), b"")
    assert told_by(answer, frozenset({LEAK})) == {LEAK}


def test_statistics_in_parquet_would_be_found() -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"value": [1, 2]}), sink, write_statistics=True)
    with pytest.raises(AssertionError, match="statistics"):
        list(texts_of(Answer(200, (), sink.getvalue())))


def test_an_order_a_sum_or_a_size_that_depends_on_a_withheld_value_would_be_found(
    sides: Sides,
) -> None:
    """Each of these in one answer of one side is a difference at that address."""
    place = "/scholen"
    answer = sides.answers[place]
    swapped = answer.body.replace(b"<tr>", b"<tr >", 1)
    assert swapped != answer.body
    for other in (
        replace(answer, body=swapped),
        replace(answer, body=answer.body + b" "),
        replace(answer, status=404),
        replace(answer, headers=(*answer.headers, ("x-sum", "12"))),
    ):
        assert differing(sides.answers, {**sides.planted_answers, place: other}) == {place}
    without = {key: each for key, each in sides.planted_answers.items() if key != place}
    assert differing(sides.answers, without) == {place}


def test_a_withheld_value_in_a_released_cell_would_be_found(sides: Sides) -> None:
    table = sides.planted.tables[0]
    at = table.cells["status"].to_pylist().index(CellStatus.WITHHELD.value)
    rows = table.cells.to_pylist()
    rows[at]["value"], rows[at]["status"] = min(sides.numbers), ""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=COLUMNS), sink, write_statistics=False)
    assert told_by(Answer(200, (), sink.getvalue()), sides.numbers)
