"""The report for an OOGO: a tagged PDF of released figures, read back with another library."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from publisher.dashboard.findings import Findings
from publisher.dashboard.language import DUTCH, ENGLISH, Language, speaking
from publisher.dashboard.pages import reports
from publisher.dashboard.pages.reports import Printer
from publisher.dashboard.reports import printing
from publisher.dashboard.reports.contents import make_report, wanted_of
from publisher.dashboard.reports.printing import may_print, to_pdf
from publisher.dashboard.units import MUNICIPALITY
from publisher.notes.shown import Notes
from publisher.released import CellStatus
from publisher.report_command import check_topics, find_area, report_for_talks
from shared.errors import BusyError, ConfigurationError, InputError, NotFoundError
from tests.support.dashboards import NOTES, dashboard
from tests.support.parties import ROUND
from tests.support.pdf import ABSENT, Pdf
from tests.support.publishing import RELEASE, Publisher
from tests.support.region_release import REGION_RELEASE, region, region_release
from tests.support.releases import PERIODS, cell_of
from tests.support.web import Html

pytestmark = pytest.mark.skipif(not may_print(), reason=ABSENT)
PLACE = "GM0222"
ADDRESS = f"/gemeenten/{PLACE}/oogo.pdf"
BROWSER = {"accept": "text/html"}


def _findings() -> Findings:
    return Findings(region_release(), region())


def _made(*topics: str, language: Language = DUTCH, notes: Notes = NOTES) -> bytes:
    findings = _findings()
    with speaking(language):
        return make_report(findings, wanted_of(findings, MUNICIPALITY, PLACE, topics), notes)


@pytest.fixture(scope="module")
def made() -> bytes:
    return _made("vormen", "kosten")


@pytest.fixture(scope="module")
def client() -> TestClient:
    return dashboard(region_release(), notes=lambda: NOTES)


def test_the_report_is_tagged_and_says_what_it_is(made: bytes) -> None:
    found = Pdf.of(made)
    assert (found.title, found.language) == ("Jeugdhulp en onderwijs: Doetinchem", "nl")
    assert 'pdfuaid:part="1"' in found.metadata
    assert found.tags["/H1"] == 1
    assert found.tags["/H2"] == 9
    # Over the years; forms by category and one by year; costs and costs by form; the schools.
    assert found.tags["/Table"] == found.tags["/Caption"] == 6
    assert found.tags["/TH"] > 40
    assert found.tags["/Figure"] == 5
    assert all("Dezelfde cijfers staan in de tabel" in words for words in found.alternatives)
    assert found.fonts
    assert all(found.fonts.values())
    for said in (
        f"uitgave {REGION_RELEASE}",
        region_release().sha256,
        "SYNTHETISCH",
        "Bron: gemeenten en DUO",
        "niet getoond om privacyredenen",
        "op overeenstemming gericht overleg (OOGO)",
        "Wat spreken wij af",
    ):
        assert said in found.words


def test_its_figures_are_the_released_ones_and_withheld_ones_are_symbols(made: bytes) -> None:
    release, words = region_release(), Pdf.of(made).words
    for period in PERIODS:
        clients = cell_of(release, PLACE, "clients", period.code)
        rate = cell_of(release, PLACE, "clients_per_100_pupils", period.code)
        assert rate.value is not None
        spelled = f"{clients.value} {rate.value // 10},{rate.value % 10}"
        assert spelled in words, period.label
    cells = [
        row
        for table in release.tables
        if table.id == "clients_by_form"
        for row in table.select(level=MUNICIPALITY.level, unit=PLACE).to_pylist()
        if row["period"] in [period.code for period in PERIODS[-3:]]
    ]
    withheld = [row for row in cells if row["status"] == CellStatus.WITHHELD]
    assert withheld
    # Once more where the symbol is explained.
    assert words.count("■") == len(withheld) + 1


def test_the_same_choice_gives_the_same_bytes_in_any_order(made: bytes) -> None:
    assert _made("kosten", "vormen", "kosten", "geheim") == made
    assert _made("kosten") != made
    orders = [("kosten", "vormen"), ("vormen", "kosten", "vormen")]
    assert len({wanted_of(_findings(), MUNICIPALITY, PLACE, each) for each in orders}) == 1


def test_notes_of_the_area_stand_in_it_with_their_owner_and_day(made: bytes) -> None:
    """Of the two notes one is about an arrangement with a school here, one about a school there."""
    found = Pdf.of(made)
    assert found.tags["/H3"] == 1
    for said in (
        "Signalen en maatregelen",
        "Dit gaat over Zorg in de klas.",
        "Wij kijken of hulp in de klas losse hulp vervangt.",
        "signaal, 1 oktober 2025",
        "volgen, 2 maart 2026",
        "Eigenaar: Werkgroep onderwijs en jeugdhulp. Wordt opnieuw bekeken op 1 september 2026.",
        "Deze dag is voorbij. De eigenaar moet nog opschrijven hoe het nu gaat.",
        "horen niet bij de ondertekende cijfers",
    ):
        assert said in found.words
    assert "Basisschool De Linde." not in found.words
    in_time = Notes(tuple(replace(each, is_overdue=False) for each in NOTES.shown))
    assert "Deze dag is voorbij" not in Pdf.of(_made("vormen", notes=in_time)).words
    without = Pdf.of(_made("vormen", "kosten", notes=Notes()))
    assert "Signalen en maatregelen" not in without.words
    assert (without.tags["/H2"], without.tags["/H3"]) == (8, 0)


def test_english_is_english() -> None:
    found = Pdf.of(_made("kosten", language=ENGLISH))
    assert found.language == "en"
    assert "Youth care and education: Doetinchem" in found.words
    assert "Leerlingen" not in found.words
    assert "This is about Zorg in de klas." in found.words
    assert "Will be looked at again on 1 September 2026." in found.words


def test_readers_find_it_from_the_page_of_an_area(client: TestClient) -> None:
    for address in (f"/gemeenten/{PLACE}", "/samenwerkingsverbanden-po/PO2502"):
        assert f"{address}/oogo" in Html.of(client.get(address).text).attributes("a", "href")
        choice = Html.of(client.get(f"{address}/oogo").text)
        assert choice.attributes("form", "action") == [f"{address}/oogo.pdf"]
        assert "kosten" in choice.attributes("input", "value")
    assert "/oogo" not in client.get("/schoolsoorten/BO").text


def test_the_service_sends_it_as_a_file_with_an_etag(client: TestClient) -> None:
    answer = client.get(ADDRESS, params={"onderwerp": "kosten"})
    assert answer.headers["content-type"] == "application/pdf"
    assert (
        f'filename="oogo-{PLACE}-{REGION_RELEASE}-nl.pdf"'
        in (answer.headers["content-disposition"])
    )
    assert answer.content == _made("kosten")
    again = client.get(
        ADDRESS, params={"onderwerp": "kosten"}, headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304


def test_bad_addresses_are_pages_that_help(client: TestClient) -> None:
    for address in ("/gemeenten/GM9999/oogo", "/gemeenten/GM9999/oogo.pdf"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "GM9999" not in Html.of(answer.text).text
    assert "De cijfers zijn ingetrokken" in dashboard(region_release(state="withdrawn")).get(
        ADDRESS
    ).text  # fmt: skip


def test_a_report_is_made_once_and_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    printer, times, inside, free = Printer(), list[str](), Event(), Event()

    def slow() -> bytes:
        inside.set()
        assert free.wait(30)
        times.append("slow")
        return b"slow"

    first = Thread(target=printer.get, args=("a", slow))
    first.start()
    assert inside.wait(30)
    monkeypatch.setattr(reports, "_WAIT_SECONDS", 0.01)
    with pytest.raises(BusyError) as caught:
        printer.get("b", lambda: b"other")
    assert caught.value.code == "report-busy"
    free.set()
    first.join()
    assert printer.get("a", slow) == b"slow"
    assert times == ["slow"]
    assert printer.get("b", lambda: b"other") == b"other"


def test_a_document_finds_nothing_that_was_not_handed_in(tmp_path: Path) -> None:
    secret = tmp_path / "secret.svg"
    secret.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    for address in (secret.as_uri(), "http://127.0.0.1:9/x.svg", "image:y", "data:,x"):
        html = f'<html lang="nl"><title>t</title><img alt="a" src="{address}"></html>'
        with pytest.raises(RuntimeError, match="names an image that was not handed in"):
            to_pdf(html, {})


def test_without_pango_pages_offer_no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "may_print", lambda: False)
    with pytest.raises(ConfigurationError) as caught:
        to_pdf("<html></html>", {})
    assert caught.value.code == "pango-absent"
    monkeypatch.setattr("publisher.dashboard.pages.profiles.may_print", lambda: False)
    assert "/oogo" not in dashboard(region_release()).get(f"/gemeenten/{PLACE}").text


def test_the_command_refuses_what_a_release_does_not_have() -> None:
    findings = _findings()
    assert find_area(findings, "PO2502")[1] == "PO2502"
    with pytest.raises(NotFoundError) as caught:
        find_area(findings, "BO")
    assert caught.value.code == "area-unknown"
    with pytest.raises(InputError) as refused:
        check_topics(findings, MUNICIPALITY, PLACE, ("geheim",))
    assert refused.value.code == "topic-unknown"
    assert "geheim" not in refused.value.message


def test_the_command_writes_what_a_published_release_has(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    here, out = SimpleNamespace(database=publisher.releases.database), tmp_path / "report.pdf"
    asked = [RELEASE, "--municipality", "GM0197", "--out", str(out)]
    with pytest.raises(NotFoundError) as caught:
        CliRunner().invoke(report_for_talks, asked, obj=here, catch_exceptions=False)
    assert caught.value.code == "release-not-shown"
    publisher.publish(tmp_path / "package")
    done = CliRunner().invoke(report_for_talks, asked, obj=here, catch_exceptions=False)
    assert (done.exit_code, done.output) == (0, "report in report.pdf\n")
    found = Pdf.of(out.read_bytes())
    assert RELEASE in found.words
    again = [*asked[:-1], str(tmp_path / "other.pdf")]
    neither = CliRunner().invoke(report_for_talks, [RELEASE, *again[-2:]], obj=here)
    assert neither.exit_code == 2
    publisher.releases.withdraw(RELEASE, "een fout in de cijfers")
    with pytest.raises(NotFoundError) as gone:
        CliRunner().invoke(report_for_talks, again, obj=here, catch_exceptions=False)
    assert gone.value.code == "release-not-shown"
