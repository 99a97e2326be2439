"""The profiles of Statistics Netherlands and of a list that somebody fills in."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.contract.codes import Domain, EndReason, Form, Funding, Referrer
from shared.hashing.checks import Check
from tests.support.care_files import CBS, EXTENDED, SIMPLE, deliver
from tests.support.hashing import Prepared, Row, records


def cbs(folder: Path, *rows: Row) -> Prepared:
    return deliver(folder, {"assignments": [rows]}, "cbs-beleidsinformatie", {"assignments": CBS})


def simple(folder: Path, *rows: Row) -> Prepared:
    return deliver(folder, {"assignments": [rows]}, "eenvoudig", {"assignments": SIMPLE})


def test_a_record_of_policy_information_becomes_a_row(tmp_path: Path) -> None:
    prepared = cbs(tmp_path, {})
    (record,) = records(prepared)
    expected = {
        "form": Form.AMBULATORY,
        "domain": Domain.UNKNOWN,
        "referrer": Referrer.GENERAL_PRACTITIONER,
        "funding": Funding.IN_KIND,
        "end_reason": EndReason.BY_AGREEMENT,
        "days_in_period": 122,
        "cost_eur": 0,
    }
    assert {name: record[name] for name in expected} == expected
    assert not prepared.report.counts


@pytest.mark.parametrize("form", [1, 2, 3, 4, 11, 12, 13, 14])
def test_forms_are_those_of_statistics_netherlands(tmp_path: Path, form: int) -> None:
    found = records(cbs(tmp_path, {"Hulpvorm": f"{form:02d}"}))[0]
    known = {3: Domain.DAY_TREATMENT, 11: Domain.STAY, 12: Domain.STAY, 13: Domain.STAY,
             14: Domain.STAY}  # fmt: skip
    assert (found["form"], found["domain"]) == (form, known.get(form, Domain.UNKNOWN))
    assert records(cbs(tmp_path, {"Hulpvorm": str(form)}))[0]["form"] == form


@pytest.mark.parametrize(
    ("crisis", "domain"),
    [("1", Domain.CRISIS), ("ja", Domain.CRISIS), ("2", Domain.UNKNOWN), ("", Domain.UNKNOWN)],
)
def test_care_that_started_with_a_crisis(tmp_path: Path, crisis: str, domain: Domain) -> None:
    assert records(cbs(tmp_path, {"Gestart met crisis": crisis}))[0]["domain"] == domain


@pytest.mark.parametrize(
    "row",
    [
        {"Soort jeugdzorg": "Jeugdbescherming", "Hulpvorm": "11"},
        {"Soort jeugdzorg": "jeugdreclassering", "Hulpvorm": ""},
        {"Maatregel": "21"},
    ],
)
def test_protection_and_probation_stay_in_the_building(tmp_path: Path, row: Row) -> None:
    prepared = cbs(tmp_path, {}, {"BSN": "999000019", **row})
    assert [record["number"] for record in records(prepared)] == ["bsn:999000007"]
    assert prepared.report.count(Check.NOT_YOUTH_CARE) == 1


def test_unknown_parts_of_dates_and_unknown_forms(tmp_path: Path) -> None:
    prepared = cbs(tmp_path, {"Aanvangsdatum": "20220900", "Hulpvorm": "21"})
    (record,) = records(prepared)
    assert (record["form"], record["days_in_period"]) == (Form.UNKNOWN, 122)
    codes = [count.code for count in prepared.report.counts]
    assert codes == [Check.DATE_PARTIAL.code, Check.FORM_UNKNOWN.code]


def test_parallel_modules_of_one_provider_are_one_trajectory(tmp_path: Path) -> None:
    other = {"Aanvangsdatum": "20221001", "Einddatum": "20230131"}
    assert [r["days_in_period"] for r in records(cbs(tmp_path, {}, other))] == [153]


def test_the_plain_list(tmp_path: Path) -> None:
    prepared = simple(tmp_path, {})
    (record,) = records(prepared)
    assert (record["form"], record["domain"]) == (Form.FOSTER_CARE, Domain.STAY)
    assert (record["cost_eur"], record["funding"]) == (900, Funding.IN_KIND)
    assert not prepared.report.counts


@pytest.mark.parametrize(
    ("written", "form"),
    [("ambulant", 2), ("2", 2), ("02", 2), ("Op school", 4), ("GEZINSHUIS", 12), ("onbekend", 19)],
)
def test_words_for_forms_in_the_plain_list(tmp_path: Path, written: str, form: int) -> None:
    assert records(simple(tmp_path, {"hulpvorm": written}))[0]["form"] == form


def test_the_plain_list_with_all_its_columns(tmp_path: Path) -> None:
    more = SIMPLE | {
        "soort_hulp": "dyslexie",
        "leveringsvorm": "pgb",
        "verwijzer": "huisarts",
        "reden_beeindiging": "cliënt",
        "hulpvorm": "ambulant",
        "agb": "",
    }
    prepared = deliver(tmp_path, {"assignments": [[{}]]}, "eenvoudig", {"assignments": more})
    (record,) = records(prepared)
    assert record["domain"] == Domain.DYSLEXIA
    assert record["funding"] == Funding.PERSONAL_BUDGET
    assert record["referrer"] == Referrer.GENERAL_PRACTITIONER
    assert record["end_reason"] == EndReason.BY_CLIENT
    assert record["provider"] == b"00000000"


@pytest.mark.parametrize(
    ("profile", "template", "column"),
    [("cbs-beleidsinformatie", CBS, "Hulpvorm"), ("ijw-jeugdhulp", EXTENDED, "productcategorie")],
)
def test_a_file_needs_the_form_or_the_category_of_its_profile(
    tmp_path: Path, profile: str, template: Row, column: str
) -> None:
    without = {name: cell for name, cell in template.items() if name != column}
    prepared = deliver(tmp_path, {"assignments": [[{}]]}, profile, {"assignments": without})
    assert Check.COLUMNS_MISSING in prepared.report.fatal
