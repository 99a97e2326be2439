"""What a report says first, what it leaves out, and that its three forms agree."""

from __future__ import annotations

import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from shared.hashing.checking.findings import FileCounts, file_label
from shared.hashing.checking.report import ROWS_PER_CODE, Report, ReportBuilder
from shared.hashing.checking.report_html import POLICY
from shared.hashing.checking.report_view import PLACES_PER_CODE, number
from shared.hashing.checks import Check
from shared.hashing.language import Language
from shared.hashing.roles import FileRole
from tests.support.hashing import ASSIGNMENT, DECLARATION, care, run, write_table
from tests.support.language import speaking

VOID = {"meta", "br"}


class Page(HTMLParser):
    """The elements and texts of a page; refuses one that is not well nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.texts.append((self.open[-1], data.strip()))

    def of(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]


def dirty() -> Report:
    """A report with findings of every effect, in two files."""
    builder = ReportBuilder("care/1")
    builder.add(Check.NUMBER_CHECKSUM, "assignments", 1, "bsn", 1312,
                [(row, "NNNNNNNNN") for row in range(2, 40)])  # fmt: skip
    builder.add(Check.SIGN_UNKNOWN, "declarations", 1, "debet_credit", 2, [(7, "L"), (12, "?L")])
    builder.add(Check.AGE_ADULT, "assignments", 1, "geboortedatum", 1, [(9, "NN-NN-NNNN")])
    builder.add(Check.PROVIDER_PADDED, "assignments", 1, "agb", 3, [(4, "NNNNNNN")])
    builder.add(Check.ROW_TOTALS, "assignments", 1, "", 1, [(5002, "")])
    builder.add_file(FileCounts("assignments", 1, 5001, 3688, 1312, 1))
    builder.add_file(FileCounts("declarations", 1, 9351, 8998, 2, 351))
    return builder.build(3000)


def broken() -> Report:
    """A report of a delivery of which one file cannot be used."""
    builder = ReportBuilder("care/1")
    builder.fatal(Check.COLUMNS_MISSING, "assignments", 1, "ingangsdatum")
    builder.add(Check.COST_UNMATCHED, "declarations", 1, "", 351, [(2, "")])
    builder.add(Check.NOTHING_LEFT, "assignments", 0, "", 1)
    builder.add_file(FileCounts("declarations", 1, 351, 0, 0, 351))
    return builder.build(0)


def test_the_verdict_stands_first_and_last() -> None:
    lines = dirty().to_text().splitlines()
    assert lines[2] == lines[-1] == "Deze levering kan worden verzegeld."
    assert lines[3] == "Afgekeurde rijen gaan niet mee. Verbeter ze als dat kan."
    lines = broken().to_text().splitlines()
    assert lines[2] == lines[-1] == "Deze levering kan NIET worden verzegeld."


def test_nothing_wrong_is_said_in_a_few_lines() -> None:
    builder = ReportBuilder("enrolment/1")
    builder.add_file(FileCounts("pupils", 1, 1, 1))
    assert builder.build(1).to_text().splitlines() == [
        "Controle van de bestanden: inschrijvingen (enrolment/1)",
        "",
        "Deze levering kan worden verzegeld.",
        "U hoeft niets te verbeteren.",
        "",
        "leerlingen 1: 1 rij gelezen, 1 gebruikt, 0 afgekeurd, 0 overgeslagen",
        "Rijen in de levering: 1",
    ]


def test_the_most_serious_comes_first_and_of_those_the_most_frequent() -> None:
    builder = ReportBuilder("care/1")
    for check, count in (
        (Check.ROW_TOTALS, 900),
        (Check.AGE_ADULT, 800),
        (Check.PROVIDER_PADDED, 700),
        (Check.NUMBER_EMPTY, 1),
        (Check.NUMBER_CHECKSUM, 2),
        (Check.FILE_EMPTY, 1),
    ):
        builder.add(check, "assignments", 1, "", count)
    report = builder.build(1)
    shown = [int(found) for found in re.findall(r"^(\d{4}) ", report.to_text(), re.MULTILINE)]
    assert shown == [2002, 3104, 3101, 3404, 3207, 3003]
    assert [int(code) for code in Page(report.to_html()).of("span")] == shown


def test_what_only_follows_from_an_unusable_file_is_counted_and_not_told() -> None:
    report = broken()
    assert report.fatal == (Check.COLUMNS_MISSING,)
    assert [count.code for count in report.counts] == [Check.COLUMNS_MISSING.code]
    assert not [each for each in report.findings if each.code == Check.COST_UNMATCHED.code]
    assert {each.code for each in report.not_shown} == {2102, 3501}
    for told in (report.to_text(), report.to_html()):
        assert "3501" not in told
        assert "een gevolg zijn van een fout hierboven: 352." in told
    hidden = json.loads(report.to_json())["not_shown"]
    assert [(each["code"], each["count"]) for each in hidden] == [(2102, 1), (3501, 351)]


def test_a_file_that_cannot_be_read_hides_what_follows_in_real_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"")
    declarations = write_table(tmp_path / "d.csv", DECLARATION, [{}] * 30)
    report = run(
        "care/1", {"assignments": [tmp_path / "a.csv"], "declarations": [declarations]}
    ).report
    assert report.fatal == (Check.FILE_EMPTY,)
    assert report.count(Check.COST_UNMATCHED) == 0
    assert [each.label for each in report.files] == ["toewijzingen 1", "declaraties 1"]


def test_unmatched_declarations_are_told_when_the_assignments_are_sound(tmp_path: Path) -> None:
    other = {"bsn": "999000032", "toewijzingnummer": "9"}
    report = care(tmp_path, [{}], [{}, other]).report
    assert report.count(Check.COST_UNMATCHED) == 1
    assert not report.not_shown


def test_rows_are_capped_and_grouped_by_shape() -> None:
    text = dirty().to_text()
    assert "toewijzingen 1, kolom bsn: 1.312 keer; rij 2, 3, 4, 5," in text
    assert " ".join(text.split()).count("21 (NNNNNNNNN) …") == 1
    assert "22" not in text
    assert "kolom debet_credit: 2 keer; rij 7 (L); 12 (?L)\n" in text


def test_of_rows_with_which_nothing_is_wrong_only_some_are_named() -> None:
    builder = ReportBuilder("enrolment/1")
    places = [(row, "") for row in range(2, 12)]
    builder.add(Check.NOT_ENROLLED, "pupils", 1, "", 10, places)
    report = builder.build(1)
    assert "leerlingen 1: 10 keer; rij 2, 3, 4, 5, 6 …\n" in report.to_text()
    assert len(report.findings) == 10


def test_places_are_capped_per_code() -> None:
    builder = ReportBuilder("enrolment/1")
    for file in range(1, PLACES_PER_CODE + 4):
        builder.add(Check.NUMBER_EMPTY, "pupils", file, "pgn", file, [(2, "")])
    report = builder.build(1)
    for told in (report.to_text(), report.to_html()):
        named = re.findall(r"leerlingen (\d+)(?:, kolom pgn|</th><td>pgn)", told, re.IGNORECASE)
        assert [int(file) for file in named] == list(range(PLACES_PER_CODE + 3, 3, -1))
        assert "Nog meer kolommen of bestanden: 3" in told
    assert len(json.loads(report.to_json())["counts"]) == PLACES_PER_CODE + 3


def test_places_per_code_are_kept_under_the_cap_while_they_are_collected() -> None:
    builder = ReportBuilder("enrolment/1")
    for start in range(0, 90, 15):
        places = [(row, "L") for row in range(start, start + 15)]
        builder.add(Check.EDUCATION_UNKNOWN, "pupils", 1, "soort", 15, places)
    report = builder.build(90)
    assert len(report.findings) == ROWS_PER_CODE
    assert report.count(Check.EDUCATION_UNKNOWN) == 90


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("make", [dirty, broken])
def test_text_page_and_json_have_the_same_totals(language: Language, make: object) -> None:
    assert callable(make)
    report: Report = make()
    with speaking(language):
        text, page, body = report.to_text(), report.to_html(), json.loads(report.to_json())
        cells = [
            tuple(re.findall(r'<td class="n">([^<]+)</td>', row))
            for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", page)
        ]
        for each in [*body["files"], body["total"]]:
            numbers = tuple(number(each[name]) for name in ("read", "kept", "refused", "left_out"))
            assert numbers in cells
            said = [re.findall(r"[\d.,]*\d", line.split(": ")[1]) for line in text.splitlines()
                    if line.count(", ") >= 3 and ": " in line]  # fmt: skip
            assert list(numbers) in said
        assert body["rows"] == report.rows
        assert number(report.rows) in page
    for name in ("read", "kept", "refused", "left_out"):
        assert body["total"][name] == sum(each[name] for each in body["files"])


def test_json_is_the_same_in_every_language() -> None:
    dutch = dirty().to_json()
    with speaking(Language.EN):
        assert dirty().to_json() == dutch
    body = json.loads(dutch)
    assert set(body) == {
        "schema", "sealable", "fatal", "rows", "total", "files", "counts", "not_shown", "findings",
    }  # fmt: skip
    assert body["sealable"] is True
    assert {each["effect"] for each in body["counts"]} == {"refused", "changed", "kept", "left_out"}


def test_the_report_is_told_in_english() -> None:
    with speaking(Language.EN):
        report = broken()
        text, page = report.to_text(), report.to_html()
        assert "This delivery can NOT be sealed." in text
        assert "assignments 1, column ingangsdatum" in text
        assert 'lang="en"' in page
        assert "declarations 1: 351 rows read" in text
    assert "levering" not in text + page


def test_the_page_stands_alone_and_is_strict() -> None:
    page = Page(dirty().to_html())
    names = {tag for tag, _ in page.elements}
    assert not names & {"script", "link", "img", "iframe", "form", "object", "a", "base"}
    attributes = {name for _, found in page.elements for name in found}
    assert not {name for name in attributes if name.startswith("on")}
    assert not attributes & {"style", "src", "href"}
    policies = [found["content"] for tag, found in page.elements if "http-equiv" in found]
    assert policies == [POLICY]
    assert POLICY.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "url(" not in dirty().to_html()


def test_the_page_can_be_followed_without_seeing_it() -> None:
    page = Page(dirty().to_html())
    tags = [tag for tag, _ in page.elements]
    assert ("html", {"lang": "nl"}) in page.elements
    assert tags.count("h1") == tags.count("main") == tags.count("title") == 1
    headings = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in itertools.pairwise(headings))
    assert tags.count("caption") == tags.count("table") == tags.count("thead")
    assert len(set(page.of("caption"))) == tags.count("caption")
    assert all(found.get("scope") in {"row", "col"} for tag, found in page.elements if tag == "th")


def test_a_name_of_a_column_cannot_become_markup() -> None:
    builder = ReportBuilder("enrolment/1")
    builder.add(Check.NUMBER_EMPTY, "pupils", 1, "<b>&\"'", 1, [(2, "<i>")])
    page = Page(builder.build(1).to_html())
    assert not {"b", "i"} & {tag for tag, _ in page.elements}
    assert "<b>&\"'" in page.of("td")


def test_a_file_is_named_by_what_it_is_for() -> None:
    assert file_label("pgb", 2) == "pgb's 2"
    assert file_label("pupils", 0) == "leerlingen"
    with speaking(Language.EN):
        assert {file_label(role, 0) for role in FileRole} == {
            "assignments", "start and stop messages", "declarations", "personal budgets",
            "pupils", "link file", "objections",
        }  # fmt: skip


def test_columns_and_counts_of_parts_add_up() -> None:
    first = FileCounts("pupils", 1, 3, 2, 1, 0, ("number",), 4)
    assert first.plus(FileCounts("pupils", 1, 2, 1, 0, 1)) == FileCounts(
        "pupils", 1, 5, 3, 1, 1, ("number",), 4
    )
    assert ASSIGNMENT["bsn"].startswith("999")
