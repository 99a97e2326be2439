"""Pages about figures from elsewhere: each with its source, and nothing that is not there."""

from __future__ import annotations

import re
from datetime import date

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from publisher.context.figures import Areas, Checked, SourceNote, SwvArea
from publisher.context.shown import Context
from publisher.context.surveys.outcomes import Outcomes, Scope
from publisher.context.surveys.questions import questionnaires
from publisher.context.surveys.reading import read_outcomes
from publisher.dashboard import dashboard_router
from publisher.released import Release
from shared.errors import NotFoundError
from tests.support.context import THRESHOLD, context, figures, surveys
from tests.support.dashboards import governance
from tests.support.region_release import region, region_release
from tests.support.releases import MemoryReader, cell_of
from tests.support.web import Html


def client(held: Context, *releases: Release) -> TestClient:
    app = FastAPI(openapi_url=None)
    reader = MemoryReader(releases)
    app.include_router(
        dashboard_router(reader, lambda _release: region(), governance, lambda: held)
    )
    return TestClient(app)


@pytest.fixture(scope="module")
def pages() -> TestClient:
    return client(context(), region_release())


def read(found: TestClient, address: str) -> Html:
    answer = found.get(address)
    assert answer.status_code == 200, address
    return Html.of(answer.text)


def amount(indicator: str, area: str, period: str) -> tuple[int, int | None]:
    """The parts of a figure, found by a plain search."""
    for document in figures():
        for value in document.values:
            if (value.indicator, value.area, value.period) == (indicator, area, period):
                assert value.numerator is not None
                return value.numerator, value.denominator
    raise AssertionError("no such figure in the fixture")


def per_cent(above: int, below: int | None) -> str:
    return f"{round(1000 * above / (below or 1)) / 10:.1f}%".replace(".", ",")


def test_the_overview_has_every_area_beside_its_own_released_figure(pages: TestClient) -> None:
    page = read(pages, "/context")
    (families,) = [table for table in page.tables if "Eenoudergezinnen (2024)" in table[0]]
    column = families[0].index("Eenoudergezinnen (2024)")
    row = next(row for row in families if row[0] == "Doetinchem")
    assert row[column] == per_cent(*amount("eenoudergezinnen", "GM0222", "2024"))
    cell = cell_of(region_release(), "GM0222", "clients_per_100_pupils", 24)
    assert cell.value is not None
    assert row[-1] == f"{cell.value / 10:.1f}".replace(".", ",")
    names = [each[0] for each in families]
    assert {"Aalten", "Doetinchem", "Nederland"} <= set(names)
    own = next(each for each in families if each[0].startswith("Regio "))
    codes = [each.key for each in region().municipalities if each.in_region]
    parts = [amount("eenoudergezinnen", code, "2024") for code in codes]
    assert own[column] == per_cent(sum(a for a, _ in parts), sum(b or 0 for _, b in parts))


def test_every_indicator_says_where_it_comes_from(pages: TestClient) -> None:
    for address in ("/context", "/context/gemeenten/GM0222"):
        text = " ".join(read(pages, address).text.split())
        for document in figures():
            if "GM0222" in {value.area for value in document.values}:
                note = document.source
                assert note.title in text
                assert f"licentie {note.licence}, opgehaald op 1 februari 2026" in text
        assert "SYNTHETISCH – geen echte cijfers. Bron: CBS" in text
        assert "nog niet vergeleken met een echt bestand" in text


def test_an_area_stands_beside_region_and_country_over_the_years(pages: TestClient) -> None:
    page = read(pages, "/context/gemeenten/GM0222")
    first = per_cent(*amount("schoolverlaters", "GM0222", "2020/2021"))
    (table,) = [each for each in page.tables if each[1][:2] == ["2020/2021", first]]
    assert table[0][1:] == ["Doetinchem", "Regio Kleine Regio", "Nederland"]
    assert [row[0] for row in table[1:]] == [f"{year}/{year + 1}" for year in range(2020, 2025)]
    assert table[5][3] == per_cent(*amount("schoolverlaters", "NL", "2024/2025"))
    assert "/gemeenten/GM0222" in page.attributes("a", "href")
    assert "Trajecten via de huisarts" not in page.text


def test_a_forecast_shows_its_first_and_its_last_year(pages: TestClient) -> None:
    page = read(pages, "/context/land")
    years = [[row[0] for row in table[1:]] for table in page.tables]
    assert ["2025", "2030", "2035", "2040", "2045", "2050"] in years
    assert "Trajecten via de huisarts" in page.text


def test_a_chart_shows_the_figures_of_its_table_and_its_source(pages: TestClient) -> None:
    page = read(pages, "/context/gemeenten/GM0222")
    (address,) = [each for each in page.attributes("img", "src") if "/eenoudergezinnen/" in each]
    answer = pages.get(address)
    assert answer.headers["content-type"] == "image/svg+xml"
    drawn = answer.text
    rows = next(table for table in page.tables if table[1][1] == per_cent(
        *amount("eenoudergezinnen", "GM0222", "2020")))  # fmt: skip
    for row in rows[1:]:
        assert f">{row[1].removesuffix('%')}<" in drawn
    assert "Nederland" in drawn
    assert "SYNTHETISCH" in drawn
    assert "71486ned" in drawn
    assert "<script" not in drawn
    slide = pages.get(address.replace("licht.svg", "licht.png"))
    assert slide.headers["content-type"] == "image/png"
    english = pages.get(f"/en{address}").text
    assert "Single-parent families" in english


@pytest.mark.parametrize(
    ("part", "wrong"),
    [("eenoudergezinnen", "onzin"), ("GM0222", "GM9999"), ("licht.svg", "roze.svg"),
     ("licht.svg", "licht.gif"), ("GM0222/", "PO2502/")],
)  # fmt: skip
def test_a_chart_that_is_none_is_not_drawn(pages: TestClient, part: str, wrong: str) -> None:
    page = read(pages, "/context/gemeenten/GM0222")
    (address,) = [each for each in page.attributes("img", "src") if "/eenoudergezinnen/" in each]
    with pytest.raises(NotFoundError, match="chart-unknown"):
        pages.get(address.replace(part, wrong))
    older = address.split("/")
    older[3] = "0" * 16
    with pytest.raises(NotFoundError, match="chart-unknown"):
        pages.get("/".join(older))


def test_a_samenwerkingsverband_has_figures_only_where_its_sum_is_sound() -> None:
    note = SourceNote(id="x", title="Gebieden", holder="OCW", page="https://example.org/",
                      licence="vrij", checked=Checked.FILE)  # fmt: skip
    made = Areas(
        source=note, sha256="0" * 64, retrieved_on=date(2026, 1, 1), synthetic=False,
        swvs=(SwvArea(code="PO2502", whole=("Aalten", "Winterswijk"), partly=()),
              SwvArea(code="PO2503", whole=("Doetinchem",), partly=("Bronckhorst",))),
    )  # fmt: skip
    found = client(Context.of(figures(), (made,)), region_release())
    sound = read(found, "/context/samenwerkingsverbanden/PO2502")
    parts = [amount("inwoners", code, "2024")[0] for code in ("GM0197", "GM0294")]
    shown = [row[1] for table in sound.tables for row in table if row[0] == "2024"]
    assert f"{sum(parts):,}".replace(",", ".") in shown
    unsound = read(found, "/context/samenwerkingsverbanden/PO2503")
    assert "Een optelling zou niet kloppen." in unsound.text
    assert unsound.tables == []


def test_what_is_shown_is_said_in_english(pages: TestClient) -> None:
    for address in ("/en/context", "/en/context/gemeenten/GM0222",
                    "/en/context/vragenlijsten/ouders-jongeren"):  # fmt: skip
        text = read(pages, address).text
        assert not re.search(r"\b(Bron|Eenheid|Antwoord|deelnemers|procent)\b", text), address
    assert "Single-parent families" in read(pages, "/en/context").text


def test_nothing_is_shown_where_nothing_was_imported() -> None:
    found = client(Context.of(), region_release())
    for address in ("/context", "/context/gemeenten/GM0222", "/context/land"):
        page = read(found, address)
        assert "Er zijn nog geen cijfers uit andere bronnen toegevoegd." in page.text
        assert page.tables == []
    survey = read(found, "/context/vragenlijsten/beleid")
    assert "nog geen uitkomsten toegevoegd" in survey.text
    assert survey.tables == []


def test_without_a_release_only_the_country_is_known() -> None:
    found = client(context())
    page = read(found, "/context")
    assert "Er is nu geen uitgave van de monitor." in page.text
    assert all(row[0] in {"Gebied", "Nederland"} for table in page.tables for row in table)
    assert read(found, "/context/land").tables
    assert found.get("/context/gemeenten/GM0222").status_code == 404


@pytest.mark.parametrize("address", [
    "/context/gemeenten/GM9999", "/context/gemeenten/<script>", "/context/vragenlijsten/raad",
    "/context/samenwerkingsverbanden/PO0000",
])  # fmt: skip
def test_an_unknown_area_or_group_helps_and_echoes_nothing(pages: TestClient, address: str) -> None:
    answer = pages.get(address)
    assert answer.status_code == 404
    assert "/context" in Html.of(answer.text).attributes("a", "href")
    assert address.rpartition("/")[2] not in answer.text


def test_a_new_import_is_shown_at_once() -> None:
    held = [Context.of()]
    app = FastAPI()
    reader = MemoryReader((region_release(),))
    app.include_router(
        dashboard_router(reader, lambda _release: region(), governance, lambda: held[0])
    )
    found = TestClient(app)
    assert "nog geen cijfers" in found.get("/context").text
    held[0] = context()
    assert "Eenoudergezinnen" in found.get("/context").text


# --- questionnaires ---------------------------------------------------------------------------


def answers(group: str, own: list[int], every: list[int]) -> Outcomes:
    asked = questionnaires()
    rows = ["groep;periode;gebied;vraag;antwoord;aantal"]
    for question in asked.group(group).questions:
        for scope, counts in ((Scope.OWN, own), (Scope.ALL, every)):
            for answer, count in zip(asked.scale("eens").answers, counts, strict=True):
                rows.append(f"{group};2025;{scope.value};{question.id};{answer.id};{count}")
    return read_outcomes("\n".join(rows).encode(), asked, THRESHOLD)


def test_a_question_shows_this_region_beside_all(pages: TestClient) -> None:
    every = [480, 160, 160, 160, 160, 160]
    held = Context.of(surveys=[answers("beleid", [48, 16, 16, 16, 16, 16], every), *surveys()])
    page = read(client(held, region_release()), "/context/vragenlijsten/beleid")
    assert page.tables[0][0] == ["Antwoord", "Deze regio", "Alle regio’s"]
    assert page.tables[0][1] == ["Helemaal mee eens", "38%", "38%"]
    assert "Deze regio: 100–199 deelnemers." in page.text
    assert "Alle regio’s: 1.000 of meer deelnemers." in page.text
    assert "De antwoorden van 2025" in page.text


def test_answers_are_taken_together_and_then_withheld_and_never_nought() -> None:
    coarse = answers("beleid", [30, 3, 20, 2, 18, 20], [300, 200, 200, 200, 200, 200])
    page = read(client(Context.of(surveys=[coarse]), region_release()),
                "/context/vragenlijsten/beleid")  # fmt: skip
    assert [row[0] for row in page.tables[0][1:]] == [
        "Eens", "Niet eens en niet oneens", "Oneens", "Weet ik niet",
    ]  # fmt: skip
    absent = answers("beleid", [0] * 6, [300, 200, 200, 200, 200, 200])
    page = read(client(Context.of(surveys=[absent]), region_release()),
                "/context/vragenlijsten/beleid")  # fmt: skip
    for row in page.tables[0][1:]:
        assert row[1].startswith("■")
        assert "niet getoond om privacyredenen" in row[1]
    for every in ([300, 200, 200, 200, 200, 200], [5, 4, 3, 2, 1, 0]):
        few = answers("beleid", [4, 3, 2, 2, 1, 0], every)
        page = read(client(Context.of(surveys=[few]), region_release()),
                    "/context/vragenlijsten/beleid")  # fmt: skip
        assert page.tables == []
        assert "zijn weggelaten, om de privacy" in page.text


def test_less_than_one_per_cent_is_not_called_nought() -> None:
    many = answers("beleid", [10, 3000, 500, 500, 500, 0], [20, 6000, 1000, 1000, 1000, 0])
    page = read(client(Context.of(surveys=[many]), region_release()),
                "/context/vragenlijsten/beleid")  # fmt: skip
    assert page.tables[0][1][1] == "minder dan 1%"
    assert page.tables[0][6][1] == "0%"


def test_the_newest_period_of_a_questionnaire_is_shown_and_of_that_the_last_import() -> None:
    every = [480, 160, 160, 160, 160, 160]
    older = answers("beleid", [16, 48, 16, 16, 16, 16], every)
    newest = answers("beleid", [48, 16, 16, 16, 16, 16], every)
    held = Context.of(surveys=[*surveys(), newest, older])
    page = read(client(held, region_release()), "/context/vragenlijsten/beleid")
    assert page.tables[0][1][1] == "38%"
    assert "De antwoorden van 2024" in read(
        client(held, region_release()), "/context/vragenlijsten/professionals"
    ).text  # fmt: skip
