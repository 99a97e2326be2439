"""The API: documents, filters, problems, headers, and its own description."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest

from publisher.api.documents import ReleaseDetail, ReleaseList, TableList
from publisher.api.tables import TableDocument
from publisher.downloads.formats import FORMATS, Format
from publisher.downloads.words import MARK
from publisher.released import cells_of
from shared.canonical import sha256_hex
from tests.support.releases import (
    HIDDEN_SCHOOL,
    PLAIN_SCHOOL,
    RELEASE_ID,
    cell_of,
    make_release,
    with_state,
)
from tests.support.web import ChangingReader, client_of, web

ROOT = "/api/v1"
TABLE = f"{ROOT}/releases/{RELEASE_ID}/tables/pupils_and_clients"
RESOURCES = (
    f"{ROOT}/releases",
    f"{ROOT}/releases/{RELEASE_ID}",
    f"{ROOT}/releases/{RELEASE_ID}/statement",
    f"{ROOT}/releases/{RELEASE_ID}/tables",
    TABLE,
    *(f"{TABLE}/downloads/{format_.id}" for format_ in FORMATS),
    f"{ROOT}/openapi.json",
)
NEEDLE = "naald7319"
"""Stands in a request and must not stand in the answer."""


def problem(address: str, status: int, code: str, *, state: str = "published") -> dict[str, Any]:
    answer = web(with_state(make_release(), state)).get(address)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["api-version"] == "1.0.0"
    assert NEEDLE not in answer.text
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert {"type", "title", "detail"} <= set(body)
    return body


@pytest.mark.parametrize("address", RESOURCES)
def test_every_resource_answers_with_version_etag_and_security_headers(address: str) -> None:
    client = web(make_release())
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["api-version"] == "1.0.0"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["etag"] == f'"{sha256_hex(answer.content)}"'
    again = client.get(address, headers={"If-None-Match": f'W/{answer.headers["etag"]}, "other"'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["api-version"] == "1.0.0"
    assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_documents_are_what_the_description_says() -> None:
    client = web(make_release())
    ReleaseList.model_validate_json(client.get(RESOURCES[0]).content)
    ReleaseDetail.model_validate_json(client.get(RESOURCES[1]).content)
    TableList.model_validate_json(client.get(RESOURCES[3]).content)
    TableDocument.model_validate_json(client.get(TABLE).content)


def test_a_release_says_what_was_signed() -> None:
    release = make_release()
    body = web(release).get(f"{ROOT}/releases/{RELEASE_ID}").json()
    assert body["sha256"] == release.sha256
    assert body["mark"] == MARK
    assert body["protection"]["exactlyExposed"] == 0
    assert body["periods"][0]["referenceOn"] == "2019-10-01"
    statement = web(release).get(body["statement"])
    assert statement.content == release.statement


def test_latest_is_the_published_release() -> None:
    newer = make_release(release_id="voorbeeld-2025-v1.1", supersedes=RELEASE_ID)
    client = web(newer, with_state(make_release(), "superseded"))
    assert client.get(f"{ROOT}/releases/latest").json()["releaseId"] == "voorbeeld-2025-v1.1"
    tables = client.get(f"{ROOT}/releases/latest/tables").json()["tables"]
    assert tables[0]["href"].startswith(f"{ROOT}/releases/voorbeeld-2025-v1.1/tables/")
    assert client.get(TABLE).status_code == 200
    listed = client.get(f"{ROOT}/releases").json()["releases"]
    assert [each["state"] for each in listed] == ["published", "superseded"]


def test_rows_are_the_released_cells_in_their_order() -> None:
    release = make_release()
    rows = web(release).get(TABLE).json()["rows"]
    cells = cells_of(release.table_by_id["pupils_and_clients"].cells)
    assert [(row["unit"], row["period"], row["measure"], row["status"]) for row in rows] == [
        (cell.unit, cell.period, cell.measure, cell.status.value) for cell in cells
    ]
    withheld = [row for row in rows if row["unit"] == HIDDEN_SCHOOL and row["measure"] != "pupils"]
    assert withheld
    assert {row["value"] for row in withheld} == {None}


def test_filters_select() -> None:
    release = make_release()
    query = {"level": "school", "unit": PLAIN_SCHOOL, "measure": "clients", "period": "24"}
    (row,) = web(release).get(TABLE, params=query).json()["rows"]
    assert row["value"] == cell_of(release, PLAIN_SCHOOL, "clients", 24).value
    combined = {"level": "type*municipality", "unit": "BO*GM0197"}
    answer = web(release).get(TABLE, params=combined)
    assert {row["unit"] for row in answer.json()["rows"]} == {"BO*GM0197"}


@pytest.mark.parametrize("format_", FORMATS, ids=lambda each: each.id)
def test_downloads_are_attachments_with_the_mark_in_their_name(format_: Format) -> None:
    answer = web(make_release()).get(f"{TABLE}/downloads/{format_.id}?unit={PLAIN_SCHOOL}")
    assert answer.headers["content-type"].startswith(format_.media_type.split(";")[0])
    name = re.fullmatch(r'attachment; filename="([\w.-]+)"', answer.headers["content-disposition"])
    assert name is not None
    assert name[1].startswith(f"SYNTHETISCH_{RELEASE_ID}_")
    assert name[1].endswith(format_.suffix)


def test_chart_table_file_and_api_give_the_same_number() -> None:
    client = web(make_release())
    query = {"level": "school", "unit": PLAIN_SCHOOL, "measure": "clients_per_100_pupils"}
    rows = client.get(TABLE, params=query).json()["rows"]
    text = io.StringIO(client.get(f"{TABLE}/downloads/csv", params=query).text, newline="")
    assert [float(row["value"]) for row in csv.DictReader(text)] == [row["value"] for row in rows]
    page = client.get(f"/scholen/{PLAIN_SCHOOL}").text
    address = re.search(r'src="(/grafieken/[^"]+)"', page)
    assert address is not None
    chart = client.get(address[1]).text
    for row in rows:
        shown = f"{row['value']:.1f}".replace(".", ",")
        assert f'<td class="num">{shown}</td>' in page
        assert f">{shown}</text>" in chart


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (f"{ROOT}/releases/{NEEDLE}-v1.0", "release-unknown"),
        (f"{ROOT}/releases/{NEEDLE}/tables", "release-unknown"),
        (f"{ROOT}/releases/{NEEDLE}/statement", "release-unknown"),
        (f"{ROOT}/releases/{RELEASE_ID}/tables/{NEEDLE}", "table-unknown"),
        (f"{TABLE}/downloads/{NEEDLE}", "format-unknown"),
        (f"{TABLE}?unit={NEEDLE}", "rows-not-found"),
        (f"{TABLE}/downloads/csv?unit={NEEDLE}", "rows-not-found"),
    ],
)
def test_unknown_names_are_404_and_not_repeated(address: str, code: str) -> None:
    problem(address, 404, code)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (f"level={NEEDLE}", "request-invalid"),
        (f"period={NEEDLE}", "request-invalid"),
        ("period=999", "request-invalid"),
        (f"unit=%27{NEEDLE}", "request-invalid"),
        (f"measure={NEEDLE}%20or%201", "request-invalid"),
        (f"{NEEDLE}=1", "query-key-unknown"),
        ("Level=school", "query-key-unknown"),
        ("format=csv", "query-key-unknown"),
        ("level=school&level=school", "query-key-repeated"),
    ],
)
def test_invalid_queries_are_400_and_not_repeated(query: str, code: str) -> None:
    problem(f"{TABLE}?{query}", 400, code)


@pytest.mark.parametrize("address", RESOURCES)
def test_no_resource_takes_a_key_that_it_does_not_know(address: str) -> None:
    problem(f"{address}?{NEEDLE}=1", 400, "query-key-unknown")


@pytest.mark.parametrize("state", ["withdrawn", "expired"])
def test_figures_of_a_withdrawn_release_are_gone_and_its_description_stays(state: str) -> None:
    for address in (f"{ROOT}/releases/{RELEASE_ID}/tables", TABLE, f"{TABLE}/downloads/csv"):
        problem(address, 410, "release-gone", state=state)
    client = web(with_state(make_release(), state))
    assert client.get(f"{ROOT}/releases/{RELEASE_ID}").json()["state"] == state


def test_withdrawing_ends_what_was_kept_in_memory() -> None:
    reader = ChangingReader(make_release())
    client = client_of(reader)
    page = f"/scholen/{PLAIN_SCHOOL}"
    chart = f"/grafieken/{RELEASE_ID}/per-100/school/{PLAIN_SCHOOL}/licht.svg"
    before = [client.get(address) for address in (TABLE, page, chart)]
    assert [answer.status_code for answer in before] == [200, 200, 200]
    reader.release = with_state(reader.release, "withdrawn")
    known = {"If-None-Match": before[0].headers["etag"]}
    assert client.get(TABLE, headers=known).status_code == 410
    assert (
        client.get(chart, headers={"If-None-Match": before[2].headers["etag"]}).status_code == 404
    )
    after = client.get(page, headers={"If-None-Match": before[1].headers["etag"]})
    assert after.status_code == 200
    assert "Er zijn nu geen cijfers" in after.text


def test_before_the_first_release() -> None:
    client = web()
    assert client.get(f"{ROOT}/releases").json() == {"releases": []}
    assert client.get(f"{ROOT}/releases/latest").status_code == 404
    assert client.get(f"{ROOT}/releases/latest").json()["code"] == "release-none-yet"


def test_only_reading_is_possible() -> None:
    client = web(make_release())
    for address in RESOURCES:
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            answer = client.request(method, address)
            assert answer.status_code == 405
            assert answer.headers["content-type"] == "application/problem+json"


def test_the_description_follows_the_dutch_design_rules() -> None:
    client = web(make_release())
    document = client.get(f"{ROOT}/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": ROOT}]
    assert set(document["info"]["contact"]) == {"name", "url", "email"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", document["info"]["version"])
    for path, operations in document["paths"].items():
        assert re.fullmatch(r"(/([a-z0-9-]+|\{[a-z][A-Za-z]*\}))+", path)
        assert set(operations) == {"get"}
        operation = operations["get"]
        for parameter in operation.get("parameters", []):
            assert re.fullmatch(r"[a-z][A-Za-z]*", parameter["name"])
        for status, answer in operation["responses"].items():
            assert "API-Version" in answer["headers"]
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"]
        assert "400" in operation["responses"]
        assert "422" not in operation["responses"]


def test_every_reference_in_the_description_resolves() -> None:
    document = web(make_release()).get(f"{ROOT}/openapi.json").json()
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert names
    assert names <= set(document["components"]["schemas"])


def test_the_description_names_every_status_that_occurs() -> None:
    """Every answer that these tests provoke is one that the description promises."""
    document = web(make_release()).get(f"{ROOT}/openapi.json").json()
    promised = {path: set(each["get"]["responses"]) for path, each in document["paths"].items()}
    assert promised == {
        "/releases": {"200", "304", "400"},
        "/releases/{releaseId}": {"200", "304", "400", "404"},
        "/releases/{releaseId}/statement": {"200", "304", "400", "404"},
        "/releases/{releaseId}/tables": {"200", "304", "400", "404", "410"},
        "/releases/{releaseId}/tables/{tableId}": {"200", "304", "400", "404", "410"},
        "/releases/{releaseId}/tables/{tableId}/downloads/{formatId}": {
            "200", "304", "400", "404", "410",
        },
    }  # fmt: skip
