"""Pages over a release with every table: topics, comparisons, arrangements, all languages."""

from __future__ import annotations

import gzip
import tomllib
from collections import defaultdict
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from publisher.dashboard import dashboard_router
from publisher.dashboard.findings import Findings
from publisher.dashboard.governance import Governance
from publisher.dashboard.language import number
from publisher.dashboard.topics import TOPICS, released_topics
from publisher.released import Change, Release, ReleasedTable
from shared.contract.codes import SchoolType
from shared.errors import ConfigurationError
from shared.reference import Level
from tests.support.dashboards import DOCUMENTS, EVERY_PAGE, NOTES, QUESTIONS, Question, dashboard
from tests.support.region_release import (
    PRIMARY,
    REGION_RELEASE,
    SECONDARY,
    SPECIAL,
    region,
    region_release,
    with_tables,
)
from tests.support.releases import PERIODS, MemoryReader, cell_of
from tests.support.web import Html


@pytest.fixture(scope="module")
def client() -> TestClient:
    return dashboard(region_release(), notes=lambda: NOTES)


def test_the_release_has_figures_for_every_topic() -> None:
    assert released_topics(Findings(region_release())) == TOPICS
    fewer = Findings(with_tables(region_release(), "pupils_and_clients", "costs"))
    assert [topic.id for topic in released_topics(fewer)] == ["gebruik", "kosten"]


@pytest.mark.parametrize("address", EVERY_PAGE)
def test_every_page_is_small_and_whole_in_every_language(client: TestClient, address: str) -> None:
    for prefix, code in (("", "nl"), ("/en", "en")):
        answer = client.get(prefix + address)
        assert answer.status_code == 200
        assert len(gzip.compress(answer.content)) <= 60_000
        page = Html.of(answer.text)
        assert page.attributes("html", "lang") == [code]
        regions = [each.attributes["aria-label"] for each in page.all("div")
                   if each.attributes.get("role") == "region"]  # fmt: skip
        assert len(set(regions)) == len(regions)
        other = "/en" + address if code == "nl" else address
        assert other.split("?")[0] in [each.split("?")[0] for each in page.attributes("a", "href")]


def test_english_pages_keep_to_english_pages(client: TestClient) -> None:
    page = Html.at(client, f"/en/scholen/{PRIMARY}")
    assert "Pupils with youth care" in page.text
    links = [link for link in page.attributes("a", "href") if link.startswith("/")]
    others = [link for link in links if not link.startswith(("/en/", "/api/"))]
    assert others == [f"/scholen/{PRIMARY}"]
    assert "Leerlingen" not in page.text


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: each.id)
def test_every_question_is_answered_within_three_clicks(
    client: TestClient, question: Question
) -> None:
    assert len(question.clicks) <= 3
    address = "/"
    for click in question.clicks:
        links = Html.at(client, address).attributes("a", "href")
        assert click in links or click.startswith("/scholen?zoek="), (address, click)
        address = click
    page = Html.at(client, address)
    assert question.answer in page.text


def test_a_topic_shows_the_released_figures_of_every_unit(client: TestClient) -> None:
    release = region_release()
    page = Html.at(client, "/onderwerpen/ggz?niveau=school&soort=VO")
    measures = ("clients_mental_health", "clients_mental_health_via_gp")
    for table, measure in zip(page.tables[:2], measures, strict=True):
        assert len(table) == 1 + 4
        (row,) = [row for row in table if row[0].strip() == "Ruimzicht College"]
        assert row[1].strip() == str(cell_of(release, SECONDARY, measure, 24).value)
    costs = Html.at(client, "/onderwerpen/kosten?niveau=municipality")
    total = next(row for row in costs.tables[0] if row[0] == "Aalten")[1]
    assert int(total.replace(".", "")) == cell_of(release, "GM0197", "cost_eur", 24).value


def test_a_topic_of_two_tables_answers_with_both(client: TestClient) -> None:
    page = Html.at(client, "/onderwerpen/ggz")
    for measure in ("clients_mental_health", "clients_mental_health_via_gp"):
        value = cell_of(region_release(), "region", measure, 24).value
        assert value is not None
        at = page.text.index(f"{value:,}".replace(",", "."))
        assert at < page.text.index("Kies wat u wilt zien")


def test_an_unknown_level_or_topic_helps(client: TestClient) -> None:
    shown = Html.at(client, "/onderwerpen/ggz?niveau=planeet&soort=XX")
    assert shown.tables[0][0][0] == "Gemeente"
    assert client.get("/onderwerpen/raad").status_code == 404


def test_a_comparison_takes_five_units_and_no_more(client: TestClient) -> None:
    units = [PRIMARY, SECONDARY, SPECIAL, "88SB00", "88SC00", "88PA00"]
    page = Html.at(client, "/vergelijken?" + "&".join(f"kies=school:{unit}" for unit in units))
    assert len(page.tables[0][0]) == 1 + 5
    assert "U koos er meer dan 5" in page.text
    (image,) = [src for src in page.attributes("img", "src") if "/naast-elkaar/" in src]
    assert client.get(image).headers["content-type"] == "image/svg+xml"
    alone = Html.at(
        client, f"/vergelijken?kies=school:{PRIMARY}&kies=school:{PRIMARY}&kies=x&kies="
    )
    assert len(alone.tables[0][0]) == 1 + 1
    assert not Html.at(client, "/vergelijken?kies=school:99ZZ99").tables


def test_a_permanent_link_shows_its_own_release_and_no_other() -> None:
    old = with_tables(region_release("kleine-regio-2025-v0.9", "superseded"), "costs")
    client = dashboard(region_release(), old)
    address = "/verkennen?uitgave=kleine-regio-2025-v0.9&tabel=costs&niveau=school&eenheid=88BA00"
    page = Html.at(client, address)
    assert "kleine-regio-2025-v0.9" in page.text
    assert len(page.tables[0]) == 1 + 6
    withdrawn = dashboard(region_release(state="withdrawn"))
    assert withdrawn.get(f"/verkennen?uitgave={REGION_RELEASE}").status_code == 410


def test_exploring_falls_back_to_what_the_release_has(client: TestClient) -> None:
    page = Html.at(client, "/verkennen?tabel=geheim&niveau=planeet&maat=x&periode=99&eenheid=y")
    assert page.tables[0][0][0] == "Gemeente van de school"
    forms = Html.at(client, "/verkennen?tabel=clients_by_form&niveau=region")
    assert forms.tables[0][0][1:3] == ["Totaal", "Wijk- of buurtteam"]


def test_an_arrangement_shows_before_and_after_beside_comparable_schools(
    client: TestClient,
) -> None:
    page = Html.at(client, "/arrangementen/1")
    assert "de echte verandering ligt waarschijnlijk tussen 3,4 minder en 8,1 meer" in page.text
    assert "Het verschil tussen beide groepen kan toeval zijn." in page.text
    assert "€ 60.000" in page.text
    assert [table[0][0] for table in page.tables[:3]] == ["Periode"] * 3
    assert page.tables[2][-1][2] == "60.000"
    assert "met het vaste bedrag erbij" in page.text
    english = Html.at(client, "/en/arrangementen/1").text
    assert "probably lies between 3.4 fewer and 8.1 more" in english
    assert client.get("/arrangementen/99").status_code == 404


@pytest.mark.parametrize(
    ("topic", "school_type", "measure", "has_mean"),
    [
        ("aanbieders", "BO", "providers", False),
        ("kosten", "VO", "cost_per_client", True),
        ("ggz", "VO", "clients_mental_health", False),
    ],
)
def test_schools_of_a_type_stand_side_by_side_at_a_topic(
    client: TestClient, topic: str, school_type: str, measure: str, has_mean: bool
) -> None:
    page = Html.at(client, f"/onderwerpen/{topic}?niveau=school&soort={school_type}")
    strips = [src for src in page.attributes("img", "src") if "/spreiding/" in src]
    (address,) = [src for src in strips if f"/{measure}/type/{school_type}/" in src]
    svg = client.get(address).text
    assert ("alle scholen samen:" in svg) is has_mean
    # Without a type there is no strip: a BO and a VO school are no alike schools.
    every = Html.at(client, f"/onderwerpen/{topic}?niveau=school")
    assert not [src for src in every.attributes("img", "src") if "/spreiding/" in src]


def test_zeros_and_single_schools_are_no_strip(client: TestClient) -> None:
    for address in ("dagbehandeling?niveau=school&soort=BO", "kosten?niveau=school&soort=PRO"):
        page = Html.at(client, f"/onderwerpen/{address}")
        assert not [src for src in page.attributes("img", "src") if "/spreiding/" in src]


def test_costs_per_school_type_are_those_of_its_schools_added_up(client: TestClient) -> None:
    """Total and mean, worked out once more from the rows of the schools."""
    (table,) = [each for each in region_release().tables if each.id == "costs"]
    (counts,) = [each for each in region_release().tables if each.id == "pupils_and_clients"]
    types = {each.code: each.type.value for each in region().schools}

    def added(rows: list[dict[str, object]], measure: str) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for row in rows:
            where = (row["level"], row["measure"], row["period"])
            if where == ("school", measure, PERIODS[-1].code) and not row["category"]:
                value = row["value"]
                assert isinstance(value, int)
                found[types[str(row["unit"])]] += value
        return found

    costs = added(table.cells.to_pylist(), "cost_eur")
    clients, pupils = (added(counts.cells.to_pylist(), each) for each in ("clients", "pupils"))
    shown = {row[0]: row for row in Html.at(client, "/onderwerpen/kosten?niveau=type").tables[0]}
    assert len(shown) == len(costs) + 1
    for kind, total in costs.items():
        assert shown[SchoolType(kind).label.capitalize()][1:4] == [
            number(total), number(round(total / clients[kind])),
            number(round(total / pupils[kind])),
        ]  # fmt: skip


def test_low_coverage_is_a_caution(client: TestClient) -> None:
    assert "De dekking is laag." in Html.at(client, f"/scholen/{SPECIAL}").text
    assert "De dekking is laag." not in Html.at(client, f"/scholen/{PRIMARY}").text


def test_a_school_stands_beside_its_type_and_the_region(client: TestClient) -> None:
    text = Html.at(client, f"/scholen/{PRIMARY}").text
    assert text.count("Ter vergelijking: voor alle scholen") == 2
    listed = Html.at(client, "/schoolsoorten/BO")
    assert listed.row("Basisschool De Linde")[-1] in (
        "boven het gemiddelde", "rond het gemiddelde", "onder het gemiddelde",
    )  # fmt: skip


def test_the_short_address_of_a_language_leads_to_its_front_page(client: TestClient) -> None:
    answer = client.get("/en", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/en/")


def _without_rows(release: Release, *levels: str) -> Release:
    kept = tuple(
        ReleasedTable.make(
            table.id,
            table.title,
            table.cells.filter(pc.is_in(table.cells["level"], pa.array(levels, pa.string()))),
        )
        for table in release.tables
    )
    return replace(release, tables=kept)


@pytest.mark.parametrize("levels", [(), ("municipality",), ("region",)], ids=str)
def test_a_release_with_next_to_nothing_in_it_has_helpful_pages(levels: tuple[str, ...]) -> None:
    client = dashboard(_without_rows(region_release(), *levels))
    for address in EVERY_PAGE:
        answer = client.get(address)
        assert answer.status_code in (200, 404), address
        assert Html.of(answer.text).all("h1")


def test_governance_comes_from_the_documents_in_force(client: TestClient) -> None:
    text = Html.at(client, "/verantwoording").text
    retention = tomllib.loads((DOCUMENTS / "policy.toml").read_text("utf-8"))["retention"]
    for days in retention.values():
        assert number(days) in text
    assert "Dit beleid is een concept." in text


def test_changes_between_releases_are_told_as_they_were_signed() -> None:
    old = with_tables(region_release("kleine-regio-2025-v0.9", "superseded"), "costs")
    new = region_release()
    changes = (
        Change(table="costs_by_form", kind="table-added", cells=12),
        Change(table="costs", kind="cells-changed", cells=1234),
        Change(table="costs", kind="level-added", what="swv_po", cells=3),
    )
    newer = new.manifest.model_copy(
        update={"supersedes": "kleine-regio-2025-v0.9", "changes": changes}
    )
    client = dashboard(replace(new, manifest=newer), old)
    text = Html.at(client, "/wijzigingen").text
    assert "Kosten van jeugdhulp naar vorm van hulp: nieuwe tabel" in text
    assert "cijfers van een eerdere periode die nu anders zijn: 1.234" in text
    assert "nieuw niveau: samenwerkingsverband primair onderwijs" in text
    assert "Deze uitgave vervangt geen andere." in text


def test_units_of_every_level_with_a_page_are_reached(client: TestClient) -> None:
    for address, unit in (
        ("/samenwerkingsverbanden", "/samenwerkingsverbanden-po/PO2502"),
        ("/samenwerkingsverbanden", "/samenwerkingsverbanden-vo/VO2503"),
        ("/gemeenten", "/woongemeenten/GM0222"),
    ):
        assert unit in Html.at(client, address).attributes("a", "href")
        assert client.get(unit).status_code == 200
    assert Level.SWV_PO in Findings(region_release()).shelves["pupils_and_clients"].units


def test_documents_that_cannot_be_read_are_a_page_that_says_so() -> None:
    def unreadable() -> Governance:
        raise ConfigurationError("policy-invalid", "expected a policy, found none")

    app = FastAPI()
    app.include_router(
        dashboard_router(MemoryReader((region_release(),)), governance_now=unreadable)
    )
    answer = TestClient(app).get("/verantwoording")
    assert answer.status_code == 503
    assert "Deze documenten zijn hier nu niet te tonen." in answer.text


@pytest.mark.parametrize(
    "address",
    ["/", "/gemeenten", "/samenwerkingsverbanden", "/schoolsoorten", "/scholen", "/aanbieders",
     "/gemeenten/GM0222", "/schoolsoorten/BO", f"/scholen/{PRIMARY}", "/arrangementen/1"],
)  # fmt: skip
def test_every_table_of_figures_says_where_it_comes_from(client: TestClient, address: str) -> None:
    """Tables of one unit over the years may share a line, as those of an arrangement do."""
    page = Html.at(client, address)
    origins = [each for each in page.all("p") if "origin" in each.attributes.get("class", "")]
    tables = len(page.tables) - (2 if address.startswith("/arrangementen") else 0)
    assert len(origins) >= tables > 0
    files = [
        link for link in page.attributes("a", "href") if link.endswith("/csv") or "/csv?" in link
    ]
    assert len(files) >= tables
