"""Pages, charts, files and API together: they agree, and they forget together."""

from __future__ import annotations

import csv
import io
import re

import pytest

from publisher.dashboard.charts.data import ChartKey, ChartKind
from publisher.dashboard.findings import MAIN_TABLE, RATE
from publisher.downloads.addresses import table_address
from publisher.downloads.formats import FORMATS, Format
from shared.reference import Level
from tests.support.releases import (
    HIDDEN_YEAR,
    HIDDEN_YEAR_SCHOOL,
    PLAIN_SCHOOL,
    RELEASE_ID,
    make_release,
    with_state,
)
from tests.support.web import ChangingReader, client_of, web

TABLE = table_address(RELEASE_ID, "pupils_and_clients")


def rate_chart(school: str) -> str:
    key = ChartKey(ChartKind.TREND, MAIN_TABLE, RATE, Level.SCHOOL, school)
    return key.address(RELEASE_ID, "licht", "svg")


def test_chart_table_file_and_api_give_the_same_numbers() -> None:
    client = web(make_release())
    query = {"level": "school", "unit": PLAIN_SCHOOL, "measure": "clients_per_100_pupils"}
    rows = client.get(TABLE, params=query).json()["rows"]
    assert len(rows) == 6
    text = io.StringIO(client.get(f"{TABLE}/downloads/csv", params=query).text, newline="")
    assert [float(row["value"]) for row in csv.DictReader(text)] == [row["value"] for row in rows]
    page = client.get(f"/scholen/{PLAIN_SCHOOL}").text
    chart = client.get(rate_chart(PLAIN_SCHOOL)).text
    assert rate_chart(PLAIN_SCHOOL) in page
    for row in rows:
        shown = f"{row['value']:.1f}".replace(".", ",")
        assert f'<td class="num">{shown}</td>' in page
        assert f">{shown}</text>" in chart


def test_a_hidden_year_is_hidden_everywhere() -> None:
    client = web(make_release())
    query = {"level": "school", "unit": HIDDEN_YEAR_SCHOOL, "measure": "clients_per_100_pupils"}
    rows = {row["period"]: row for row in client.get(TABLE, params=query).json()["rows"]}
    assert (rows[HIDDEN_YEAR]["value"], rows[HIDDEN_YEAR]["status"]) == (None, "c")
    figures = re.findall(r">(\d+,\d)</text>", client.get(rate_chart(HIDDEN_YEAR_SCHOOL)).text)
    shown = [f"{row['value']:.1f}".replace(".", ",") for row in rows.values() if row["value"]]
    assert sorted(figures) == sorted(shown)


def test_withdrawing_ends_what_was_kept_in_memory_and_by_browsers() -> None:
    reader = ChangingReader(make_release())
    client = client_of(reader)
    page, chart = f"/scholen/{PLAIN_SCHOOL}", rate_chart(PLAIN_SCHOOL)
    kept = {address: client.get(address).headers["etag"] for address in (TABLE, page, chart)}
    for address, etag in kept.items():
        assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    reader.release = with_state(reader.release, "withdrawn")
    after = {
        address: client.get(address, headers={"If-None-Match": etag})
        for address, etag in kept.items()
    }
    assert after[TABLE].status_code == 410
    assert after[chart].status_code == 404
    assert after[page].status_code == 200
    assert "De cijfers zijn ingetrokken" in after[page].text


@pytest.mark.parametrize("format_", FORMATS, ids=lambda each: each.id)
def test_downloads_are_attachments_with_the_mark_in_their_name(format_: Format) -> None:
    answer = web(make_release()).get(f"{TABLE}/downloads/{format_.id}?unit={PLAIN_SCHOOL}")
    assert answer.headers["content-type"].startswith(format_.media_type.split(";")[0])
    name = re.fullmatch(r'attachment; filename="([\w.-]+)"', answer.headers["content-disposition"])
    assert name is not None
    assert name[1].startswith(f"SYNTHETISCH_{RELEASE_ID}_")
    assert name[1].endswith(format_.suffix)


@pytest.mark.parametrize("address", ["/", "/scholen", TABLE, f"{TABLE}/downloads/csv"])
def test_every_answer_has_security_headers(address: str) -> None:
    headers = web(make_release()).get(address).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
