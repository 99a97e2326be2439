"""Pages, Accept, changes, places and documents of the API, and the examples that use them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from publisher.api.negotiation import accepted
from publisher.downloads.addresses import API_ROOT
from publisher.downloads.separated import rfc4180_csv
from publisher.released import Change
from shared.errors import NotAcceptableError
from shared.policy import load_policy
from shared.service.problems import MEDIA_TYPE
from tests.support.api import CELLS, PLANTED, POLICY, RELEASE, ROOT, api_application, api_client
from tests.support.downloads import extract
from tests.support.loopback import on_loopback
from tests.support.releases import (
    HIDDEN_SCHOOL,
    RELEASE_ID,
    make_release,
    reference,
    with_state,
)

EXAMPLES = ROOT / "docs" / "api"
RULESET = ROOT.parent / "shared" / "standards" / "adr-linter.yaml"
OLD = "voorbeeld-2024-v1.0"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with api_client(make_release(), with_state(make_release(release_id=OLD), "superseded")) as it:
        yield it


def links(header: str) -> dict[str, str]:
    found = re.findall(r'<([^>]+)>; rel="([a-z]+)"', header)
    return {relation: address.removeprefix(API_ROOT) for address, relation in found}


def test_the_pages_together_are_the_table_row_for_row(client: TestClient) -> None:
    address: str | None = f"{CELLS}?pageSize=97"
    seen: list[dict[str, Any]] = []
    pages = 0
    while address is not None:
        answer = client.get(address)
        seen += answer.json()["observations"]
        address, pages = links(answer.headers["link"]).get("next"), pages + 1
    rows = extract().rows.to_pylist()
    assert pages == -(-len(rows) // 97)
    assert len(seen) == len(rows)
    for cell, row in zip(seen, rows, strict=True):
        assert all(cell[name] == row[name] for name in ("level", "unit", "period", "measure"))
        value = None if row["value"] is None else row["value"] / 10 ** row["decimals"]
        assert (cell["value"], cell["status"]) == (value, row["status"])


def test_links_name_first_last_and_neighbours_and_keep_the_filters(client: TestClient) -> None:
    found = links(client.get(f"{CELLS}?pageSize=2&page=2&area=GM0197").headers["link"])
    assert set(found) == {"first", "prev", "next", "last"}
    assert all("area=GM0197" in each and "pageSize=2" in each for each in found.values())
    last = client.get(found["last"])
    assert last.status_code == 200
    assert "next" not in links(last.headers["link"])


def test_a_withheld_observation_is_null_with_its_status(client: TestClient) -> None:
    document = client.get(f"{CELLS}?unit={HIDDEN_SCHOOL}&measure=clients").json()
    found = {(c["value"], c["lower"], c["upper"], c["status"]) for c in document["observations"]}
    assert found == {(None, None, None, "c")}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("text/*;q=0.9, application/json;q=0.5", "text/csv"),
        ("text/csv;q=0.1, */*;q=0.2", "application/json"),
        ("application/json;q=0, */*", "text/csv"),
        ("nonsense", "application/json"),
        (f"{PLANTED}/" * 300, "application/json"),
        ("text/csv;q=zeven, application/json", "application/json"),
    ],
)
def test_the_form_follows_accept(client: TestClient, accept: str, media_type: str) -> None:
    answer = client.get(f"{CELLS}?pageSize=3", headers={"Accept": accept})
    assert answer.headers["content-type"].split(";")[0] == media_type
    assert answer.headers["vary"] == "Accept"


def test_csv_pages_are_the_download_cut_up(client: TestClient) -> None:
    first = client.get(f"{CELLS}?pageSize=3", headers={"Accept": "text/csv"}).content
    assert rfc4180_csv(extract()).startswith(first)
    assert len(list(csv.reader(io.StringIO(first.decode())))) == 4


@pytest.mark.parametrize("accept", ["image/png", "text/csv;q=0, application/json;q=0", "text/html"])
def test_what_is_on_offer_in_no_accepted_form_is_406(client: TestClient, accept: str) -> None:
    answer = client.get(CELLS, headers={"Accept": accept})
    assert (answer.status_code, answer.json()["code"]) == (406, "not-acceptable")
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert "png" not in answer.text


def test_negotiation_prefers_the_first_of_equals() -> None:
    assert accepted.__module__ == "publisher.api.negotiation"
    assert NotAcceptableError("not-acceptable", "").http_status == 406


@pytest.mark.parametrize(
    ("resource", "status", "code"),
    [
        (f"{CELLS}?page=0", 400, "request-invalid"),
        (f"{CELLS}?page={PLANTED}", 400, "request-invalid"),
        (f"{CELLS}?pageSize=10001", 400, "request-invalid"),
        (f"{CELLS}?pageSize=1&pageSize=2", 400, "query-key-repeated"),
        (f"{CELLS}?page=999999", 404, "page-unknown"),
        (f"{CELLS}?category={PLANTED}", 404, "rows-not-found"),
        (f"/releases/{PLANTED}/tables/x/observations", 404, "release-unknown"),
        (f"{RELEASE}/tables/{PLANTED}/observations", 404, "table-unknown"),
        ("/releases?page=2", 404, "page-unknown"),
        (f"{RELEASE}/changes?since={PLANTED}", 400, "request-invalid"),
        (f"{RELEASE}/changes?since=onbekend", 404, "release-unknown"),
        (f"{RELEASE}/schools?page=9", 404, "page-unknown"),
        (f"/releases/{PLANTED}/areas", 404, "release-unknown"),
        (f"/releases/{PLANTED}/indicators", 404, "release-unknown"),
        (f"/calendar?{PLANTED}=1", 400, "query-key-unknown"),
        (f"/governance-documents?{PLANTED}=1", 400, "query-key-unknown"),
    ],
)
def test_what_is_wrong_is_a_problem_that_echoes_nothing(
    client: TestClient, resource: str, status: int, code: str
) -> None:
    answer = client.get(resource)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert PLANTED not in answer.text + str(answer.headers)
    assert "onbekend" not in answer.text


def test_changes_are_those_that_were_signed_or_those_since_another_release() -> None:
    release = make_release()
    signed = (Change(table="clients_by_form", kind="category-removed", what="7", cells=4),)
    manifest = release.manifest.model_copy(update={"changes": signed, "supersedes": OLD})
    tables = make_release().tables[:1]
    old = replace(make_release(release_id=OLD), tables=tables)
    with api_client(replace(release, manifest=manifest), old) as client:
        found = client.get(f"{RELEASE}/changes").json()
        since = client.get(f"{RELEASE}/changes?since={OLD}").json()
        back = client.get(f"/releases/{OLD}/changes?since={RELEASE_ID}").json()
    assert (found["since"], found["breaking"]) == (OLD, True)
    assert found["changes"][0]["kind"] == "category-removed"
    assert [(c["table"], c["kind"]) for c in since["changes"]] == [
        ("clients_by_form", "table-added")
    ]
    assert (since["breaking"], back["breaking"]) == (False, True)


def test_figures_of_a_withdrawn_release_are_gone_here_too() -> None:
    gone = replace(with_state(make_release(), "withdrawn"), reason="Verkeerd bestand.")
    with api_client(gone) as client:
        assert client.get(RELEASE).json()["reason"] == "Verkeerd bestand."
        for part in ("changes", "indicators", "areas", "schools"):
            assert client.get(f"{RELEASE}/{part}").status_code == 410
        assert client.get(CELLS).status_code == 410


def test_indicators_areas_and_schools_are_those_of_the_release(client: TestClient) -> None:
    indicators = client.get(f"{RELEASE}/indicators").json()["indicators"]
    assert [each["id"] for each in indicators] == [n.id for n in make_release().manifest.measures]
    assert indicators[1]["tables"] == ["pupils_and_clients", "clients_by_form"]
    areas = client.get(f"{RELEASE}/areas").json()
    assert [each["code"] for each in areas["areas"]] == ["GM0197", "GM0222"]
    schools = client.get(f"{RELEASE}/schools").json()["schools"]
    assert [each["code"] for each in schools] == sorted(s.code for s in reference().schools)
    for area in areas["areas"]:
        assert client.get(f"{CELLS}?area={area['code']}").status_code == 200


def test_the_calendar_and_the_documents_in_force(client: TestClient) -> None:
    assert client.get("/calendar").json()["expected"] == [
        {"title": "Volgende uitgave", "expectedOn": "2027-06-01", "provisional": True,
         "movedFrom": "2027-05-01"}
    ]  # fmt: skip
    documents = client.get("/governance-documents").json()["documents"]
    assert [each["id"] for each in documents] == ["policy", "dpia", "agreements"]
    policy = load_policy(POLICY)
    assert documents[0]["sha256"] == policy.sha256


# --- examples and design rules ------------------------------------------------------------------


def test_the_python_example_runs() -> None:
    with on_loopback(api_application(make_release())) as address:
        run = subprocess.run(
            [sys.executable, str(EXAMPLES / "cijfers.py"), address],
            capture_output=True, text=True, timeout=120, check=True,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
    title, *lines = run.stdout.splitlines()
    assert title.startswith("SYNTHETISCH")
    assert len(lines) == 12  # two municipalities, six periods
    cells = api_client(make_release()).get(
        f"{CELLS}?level=municipality&measure=clients_per_100_pupils"
    )
    shown = [str(each["value"]) for each in cells.json()["observations"]]
    assert [line.split("\t")[2] for line in lines] == shown


def test_the_power_query_example_asks_and_expects_what_is_there(client: TestClient) -> None:
    """It was not run in Excel: its addresses, fields and types are checked here."""
    text = (EXAMPLES / "cijfers.pq").read_text(encoding="utf-8")
    (base,) = re.findall(r'Basis = "([^"]+)"', text)
    assert base.endswith(API_ROOT)
    (path,) = re.findall(r'Pad = "([^"]+)"', text)
    (query,) = re.findall(r"Query = \[([^\]]+)\]", text)
    asked = dict(re.findall(r'(\w+) = "([^"]*)"', query))
    (accept,) = re.findall(r'Accept = "([^"]+)"', text)
    answer = client.get(f"/{path}", params={**asked, "page": "1"}, headers={"Accept": accept})
    document = answer.json()
    assert {*re.findall(r"Eerste\[(\w+)\]", text), *re.findall(r"\(_\)\[(\w+)\]", text)} == {
        "total", "pageSize", "observations",
    }  # fmt: skip
    assert set(document) >= {"total", "pageSize", "observations"}
    (columns,) = re.findall(r'\{("level"[^}]+)\}', text)
    assert re.findall(r'"(\w+)"', columns) == list(document["observations"][0])
    numbers = re.findall(r'\{"(\w+)", (?:type number|Int64.Type)\}', text)
    for cell in document["observations"]:
        assert all(isinstance(cell[name], int | float | None) for name in numbers)


def spectral() -> str:
    """The program, installed by .ci/run or on the path."""
    local = ROOT / ".spectral" / "node_modules" / ".bin" / "spectral"
    found = str(local) if local.exists() else shutil.which("spectral")
    if shutil.which("node") is None or found is None:
        pytest.skip("node with @stoplight/spectral-cli is absent; .ci/run installs it")
    return found


def test_the_description_follows_every_design_rule(client: TestClient, tmp_path: Path) -> None:
    if not RULESET.exists():
        pytest.skip("reference_data: the design rules stand beside the project")
    program, path = spectral(), tmp_path / "openapi.json"
    description = client.get("/openapi.json").json()

    def errors(document: dict[str, Any]) -> int:
        path.write_text(json.dumps(document), encoding="utf-8")
        run = subprocess.run(
            [program, "lint", "-r", str(RULESET), "-f", "json", "-q", str(path)],
            capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        return sum(1 for each in json.loads(run.stdout or "[]") if each["severity"] == 0)

    assert errors(description) == 0
    # The rules do find something in a description that breaks them.
    assert errors({**description, "paths": {"/Releases/": description["paths"]["/releases"]}}) > 0
