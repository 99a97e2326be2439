"""The API over HTTP: resources, filters, problems, headers and its own description."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from publisher.api.versioning import API_VERSION
from publisher.downloads.addresses import API_ROOT
from publisher.downloads.words import MARK
from shared.canonical import sha256_hex
from shared.service.problems import MEDIA_TYPE
from tests.support.api import PLANTED, TABLE, api_client
from tests.support.releases import (
    HIDDEN_SCHOOL,
    LATEST,
    PLAIN_SCHOOL,
    RELEASE_ID,
    cell_of,
    make_release,
    with_state,
)

RESOURCES = (
    "/releases",
    "/releases/latest",
    f"/releases/{RELEASE_ID}",
    f"/releases/{RELEASE_ID}/statement",
    f"/releases/{RELEASE_ID}/tables",
    TABLE,
    f"{TABLE}?level=school&unit={PLAIN_SCHOOL}&measure=clients&period={LATEST}",
    f"{TABLE}/downloads/nl-csv",
    f"{TABLE}/downloads/csv",
    f"{TABLE}/downloads/json",
    f"{TABLE}/downloads/xlsx",
    f"{TABLE}/downloads/parquet",
    f"{TABLE}?area=GM0197",
    f"/releases/{RELEASE_ID}/downloads/xlsx",
    f"/releases/{RELEASE_ID}/downloads/data-package?area=GM0197",
    f"{TABLE}/observations?pageSize=5",
    f"/releases/{RELEASE_ID}/changes",
    f"/releases/{RELEASE_ID}/indicators",
    f"/releases/{RELEASE_ID}/areas",
    f"/releases/{RELEASE_ID}/schools",
    "/calendar",
    "/governance-documents",
    "/openapi.json",
)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with api_client(make_release()) as client:
        yield client


@pytest.fixture(scope="module")
def description(client: TestClient) -> dict[str, Any]:
    document = client.get("/openapi.json").json()
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_resource_answers_with_version_and_etag(client: TestClient, resource: str) -> None:
    answer = client.get(resource)
    assert answer.status_code == 200
    assert answer.headers["api-version"] == API_VERSION
    assert answer.headers["etag"] == f'"{sha256_hex(answer.content)}"'
    again = client.get(resource, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["api-version"] == API_VERSION


def test_the_list_names_every_release_whatever_its_state() -> None:
    old = with_state(make_release(release_id="voorbeeld-2024-v1.0"), "withdrawn")
    with api_client(make_release(), old) as client:
        found = client.get("/releases").json()["releases"]
    assert [(r["releaseId"], r["state"]) for r in found] == [
        (RELEASE_ID, "published"),
        ("voorbeeld-2024-v1.0", "withdrawn"),
    ]


def test_a_release_names_the_one_that_it_replaced_and_the_one_that_replaced_it() -> None:
    first, second, third = "uitgave-v1.0", "uitgave-v1.1", "uitgave-v1.2"
    releases = (
        make_release(release_id=third, supersedes=first),
        with_state(make_release(release_id=second, supersedes=first), "withdrawn"),
        with_state(make_release(release_id=first), "superseded"),
    )
    with api_client(*releases) as client:
        listed = client.get("/releases").json()["releases"]
        each = {r["releaseId"]: client.get(f"/releases/{r['releaseId']}").json() for r in listed}
    for found in ({r["releaseId"]: r for r in listed}, each):
        assert {id_: r["supersededBy"] for id_, r in found.items()} == {
            first: third, second: "", third: "",
        }  # fmt: skip
        assert found[third]["supersedes"] == first


def test_latest_is_the_release_that_is_shown_by_default(client: TestClient) -> None:
    assert client.get("/releases/latest").json() == client.get(f"/releases/{RELEASE_ID}").json()


def test_the_statement_is_given_byte_for_byte(client: TestClient) -> None:
    answer = client.get(f"/releases/{RELEASE_ID}/statement")
    assert answer.content == make_release().statement


def test_tables_name_their_downloads_and_these_exist(client: TestClient) -> None:
    listed = client.get(f"/releases/{RELEASE_ID}/tables").json()
    assert listed["mark"] == MARK
    for table in listed["tables"]:
        assert client.get(table["href"].removeprefix(API_ROOT)).status_code == 200
        for link in table["downloads"]:
            answer = client.get(link["href"].removeprefix(API_ROOT))
            assert answer.headers["content-type"] == link["mediaType"]
            assert "SYNTHETISCH" in answer.headers["content-disposition"]
    for link in listed["downloads"]:
        answer = client.get(link["href"].removeprefix(API_ROOT))
        assert answer.headers["content-type"] == link["mediaType"]


def test_filters_select_released_cells(client: TestClient) -> None:
    query = {
        "level": "school",
        "unit": PLAIN_SCHOOL,
        "measure": "clients",
        "period": str(LATEST),
    }
    document = client.get(TABLE, params=query).json()
    cell = cell_of(make_release(), PLAIN_SCHOOL, "clients", LATEST)
    assert [row["value"] for row in document["rows"]] == [cell.value]
    assert document["filters"] == query


def test_a_withheld_cell_is_null_with_its_status(client: TestClient) -> None:
    document = client.get(TABLE, params={"unit": HIDDEN_SCHOOL, "measure": "clients"}).json()
    assert {(row["value"], row["status"]) for row in document["rows"]} == {(None, "c")}


def test_a_combined_level_can_be_asked_for(client: TestClient) -> None:
    query = {"level": "type*municipality", "unit": "BO*GM0197"}
    rows = client.get(TABLE, params=query).json()["rows"]
    assert {row["unit"] for row in rows} == {"BO*GM0197"}


@pytest.mark.parametrize(
    ("resource", "status", "code"),
    [
        (f"/releases/{PLANTED}", 404, "release-unknown"),
        (f"/releases/{PLANTED}/tables", 404, "release-unknown"),
        (f"/releases/{PLANTED}/statement", 404, "release-unknown"),
        (f"/releases/{RELEASE_ID}/tables/{PLANTED}", 404, "table-unknown"),
        (f"{TABLE}/downloads/{PLANTED}", 404, "format-unknown"),
        (f"{TABLE}?unit={PLANTED}", 404, "rows-not-found"),
        (f"{TABLE}?level={PLANTED}", 400, "request-invalid"),
        (f"{TABLE}?measure={PLANTED}", 400, "request-invalid"),
        (f"{TABLE}?period={PLANTED}", 400, "request-invalid"),
        (f"{TABLE}?period=256", 400, "request-invalid"),
        (f"{TABLE}?area={PLANTED}", 400, "request-invalid"),
        (f"{TABLE}?area=GM9999", 404, "area-unknown"),
        (f"/releases/{RELEASE_ID}/downloads/{PLANTED}", 404, "format-unknown"),
        (f"/releases/{RELEASE_ID}/downloads/xlsx?level=school", 400, "query-key-unknown"),
        (f"/releases/{PLANTED}/downloads/xlsx", 404, "release-unknown"),
        (f"{TABLE}?unit=%3Cscript%3E{PLANTED}", 400, "request-invalid"),
        (f"{TABLE}?{PLANTED}=1", 400, "query-key-unknown"),
        (f"{TABLE}?Level=school", 400, "query-key-unknown"),
        (f"{TABLE}?period=19&period=20", 400, "query-key-repeated"),
        (f"/releases?{PLANTED}=1", 400, "query-key-unknown"),
        (f"/openapi.json?{PLANTED}=1", 400, "query-key-unknown"),
    ],
)
def test_what_is_wrong_is_a_problem_that_echoes_nothing(
    client: TestClient, resource: str, status: int, code: str
) -> None:
    answer = client.get(resource)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["api-version"] == API_VERSION
    assert answer.json()["status"] == status
    assert PLANTED not in answer.text


@pytest.mark.parametrize("resource", ["/releases/", f"{TABLE}/", "/unknown"])
def test_other_addresses_are_problems_too(client: TestClient, resource: str) -> None:
    answer = client.get(resource, follow_redirects=False)
    assert (answer.status_code, answer.headers["content-type"]) == (404, MEDIA_TYPE)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_changed(client: TestClient, method: str) -> None:
    answer = client.request(method, "/releases")
    assert (answer.status_code, answer.headers["content-type"]) == (405, MEDIA_TYPE)


def test_before_the_first_release_there_is_a_list_and_no_latest() -> None:
    with api_client() as client:
        assert client.get("/releases").json() == {"releases": []}
        answer = client.get("/releases/latest")
    assert (answer.status_code, answer.json()["code"]) == (404, "release-none-yet")


@pytest.mark.parametrize("state", ["withdrawn", "expired"])
def test_figures_that_may_not_be_used_are_gone_and_their_description_stays(state: str) -> None:
    with api_client(with_state(make_release(), state)) as client:
        assert client.get(f"/releases/{RELEASE_ID}").json()["state"] == state
        assert client.get(f"/releases/{RELEASE_ID}/statement").status_code == 200
        for resource in (f"/releases/{RELEASE_ID}/tables", TABLE, f"{TABLE}/downloads/csv",
                         f"/releases/{RELEASE_ID}/downloads/data-package"):  # fmt: skip
            answer = client.get(resource)
            assert (answer.status_code, answer.json()["code"]) == (410, "release-gone")


def test_figures_of_a_superseded_release_stay() -> None:
    with api_client(with_state(make_release(), "superseded")) as client:
        assert client.get(TABLE).status_code == 200


def test_a_withdrawn_release_disappears_for_readers_who_had_it() -> None:
    with api_client(make_release()) as client:
        etag = client.get(TABLE).headers["etag"]
    with api_client(with_state(make_release(), "withdrawn")) as client:
        assert client.get(TABLE, headers={"If-None-Match": etag}).status_code == 410


def test_the_description_follows_the_design_rules(description: dict[str, Any]) -> None:
    assert re.fullmatch(r"3\.\d+\.\d+", description["openapi"])
    assert [server["url"] for server in description["servers"]] == [API_ROOT]
    assert set(description["info"]["contact"]) == {"name", "url", "email"}
    assert description["info"]["version"] == API_VERSION
    for path, operations in description["paths"].items():
        assert re.fullmatch(r"(/([a-z0-9-]+|\{[a-zA-Z]+\}))+", path)
        for operation in operations.values():
            assert operation["responses"].keys() >= {"200", "304", "400"}
            assert "422" not in operation["responses"]
            _check_responses(operation["responses"])
            for parameter in operation.get("parameters", ()):
                assert re.fullmatch(r"[a-z][a-zA-Z0-9]*", parameter["name"])


def _check_responses(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        assert "API-Version" in response["headers"]
        if status >= "400":
            assert list(response["content"]) == [MEDIA_TYPE]
            schema = response["content"][MEDIA_TYPE]["schema"]
            assert {"status", "title", "detail"} <= set(schema["properties"])


def test_the_description_refers_only_to_what_it_holds(description: dict[str, Any]) -> None:
    references = set(re.findall(r"'\$ref': '([^']+)'", str(description)))
    schemas = description["components"]["schemas"]
    assert references == {f"#/components/schemas/{name}" for name in schemas}
    identifiers = [
        operation["operationId"]
        for operations in description["paths"].values()
        for operation in operations.values()
    ]
    assert len(identifiers) == len(set(identifiers))


def test_answers_have_exactly_the_described_fields(
    client: TestClient, description: dict[str, Any]
) -> None:
    schemas = description["components"]["schemas"]
    release = client.get("/releases/latest").json()
    table = client.get(TABLE).json()
    assert set(release) == set(schemas["ReleaseDetail"]["properties"])
    assert set(table) == set(schemas["TableDocument"]["properties"])
    assert set(table["rows"][0]) == set(schemas["TableRow"]["properties"])
