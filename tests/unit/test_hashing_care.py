"""From assignments and declarations to care rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.contract.codes import Domain, EndReason, Form, Funding, Referrer
from shared.contract.deliveries import CARE
from shared.contract.periods import Period, PeriodKind, school_year
from shared.hashing.checks import Check
from shared.hashing.delivering.prepare import prepare
from shared.hashing.deriving.context import NUMBER
from shared.hashing.systems.profile import CodeLists, shipped_profile
from tests.support.hashing import ASSIGNMENT, Row, care, collect, records, write_table

OTHER = "999000019"


def test_an_assignment_with_a_declaration_becomes_one_row(tmp_path: Path) -> None:
    prepared = care(tmp_path, [{}], [{}])
    assert records(prepared) == [
        {
            "number": "bsn:999000007",
            "period": 22,
            "form": Form.AMBULATORY,
            "domain": Domain.YOUTH_AND_UPBRINGING,
            "provider": b"73731234",
            "referrer": Referrer.GENERAL_PRACTITIONER,
            "funding": Funding.IN_KIND,
            "started": True,
            "first": True,
            "ended": True,
            "end_reason": EndReason.AS_PLANNED,
            "days_in_period": 122,
            "days_since_start": 122,
            "age_at_start": 10,
            "cost_eur": 900,
            "half_days": 0,
            "arrangement": 0,
        }
    ]
    wire = [field.name for field in CARE.arrow]
    assert prepared.table.column_names == [NUMBER, *wire[1:]]
    assert not prepared.report.counts


def test_care_over_school_year_borders_has_a_row_per_period(tmp_path: Path) -> None:
    row = {"ingangsdatum": "31-07-2022", "einddatum": "01-08-2023"}
    found = records(care(tmp_path, [row]))
    keys = ("period", "days_in_period", "days_since_start", "started", "ended", "end_reason")
    assert [tuple(record[key] for key in keys) for record in found] == [
        (21, 1, 1, True, False, EndReason.RUNNING),
        (22, 365, 366, False, False, EndReason.RUNNING),
        (23, 1, 367, False, True, EndReason.AS_PLANNED),
    ]
    assert all(record["first"] for record in found)


def test_a_leap_day_counts(tmp_path: Path) -> None:
    row = {"ingangsdatum": "01-08-2023", "einddatum": "31-07-2024"}
    assert records(care(tmp_path, [row]))[0]["days_in_period"] == 366
    row = {"ingangsdatum": "29-02-2024", "einddatum": "29-02-2024"}
    found = records(care(tmp_path, [row]))[0]
    assert (found["days_in_period"], found["days_since_start"], found["ended"]) == (1, 1, True)


@pytest.mark.parametrize("end", ["", "31-12-9999", "01-01-1900"])
def test_an_open_end_runs_to_the_end_of_the_last_period(tmp_path: Path, end: str) -> None:
    found = records(care(tmp_path, [{"einddatum": end}]))
    assert [record["period"] for record in found] == [22, 23]
    assert not any(record["ended"] for record in found)
    assert {record["end_reason"] for record in found} == {EndReason.RUNNING}
    assert found[1]["days_since_start"] == 334 + 366


def test_the_real_start_and_stop_go_before_those_of_the_assignment(tmp_path: Path) -> None:
    row = {"datum_start_zorg": "11-09-2022", "datum_stop_zorg": "20-09-2022"}
    assert records(care(tmp_path, [row]))[0]["days_in_period"] == 10
    row = {"datum_start_zorg": "11-09-2022"}
    assert records(care(tmp_path, [row]))[0]["days_in_period"] == 112


def test_overlapping_assignments_are_one_trajectory_and_touching_ones_are_two(
    tmp_path: Path,
) -> None:
    rows: list[Row] = [
        {"ingangsdatum": "01-09-2022", "einddatum": "30-09-2022", "verwijzer": ""},
        {"ingangsdatum": "30-09-2022", "einddatum": "31-10-2022", "reden_beeindiging": "32",
         "toewijzingnummer": "1002"},
        {"ingangsdatum": "01-11-2022", "einddatum": "30-11-2022", "toewijzingnummer": "1003"},
    ]  # fmt: skip
    found = records(care(tmp_path, rows))
    keys = ("days_in_period", "first", "referrer", "end_reason")
    assert sorted(tuple(record[key] for key in keys) for record in found) == [
        (30, False, Referrer.GENERAL_PRACTITIONER, EndReason.AS_PLANNED),
        (61, True, Referrer.GENERAL_PRACTITIONER, EndReason.BY_CLIENT),
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"leveringsvorm": "PGB"},
        {"aanbieder_agb": "73739999"},
        {"productcategorie": "41"},
        {"bsn": OTHER},
    ],
)
def test_another_funding_provider_form_or_child_is_another_trajectory(
    tmp_path: Path, other: Row
) -> None:
    found = records(care(tmp_path, [{}, {"toewijzingnummer": "1002", **other}]))
    assert len(found) == 2
    assert all(record["first"] for record in found)


def test_in_kind_and_budget_stay_apart(tmp_path: Path) -> None:
    budget = {"leveringsvorm": "pgb", "toewijzingnummer": "1002"}
    found = records(care(tmp_path, [{}, budget]))
    assert {record["funding"] for record in found} == set(Funding)


@pytest.mark.parametrize(
    ("category", "product", "form", "domain"),
    [
        ("45", "45A49", Form.AMBULATORY, Domain.YOUTH_AND_UPBRINGING),
        ("45", "45a04", Form.NETWORK, Domain.YOUTH_AND_UPBRINGING),
        ("45", "45A01", Form.DISTRICT_TEAM, Domain.YOUTH_AND_UPBRINGING),
        ("44", "44A12", Form.FAMILY_HOME, Domain.STAY),
        ("44", "", Form.FOSTER_CARE, Domain.STAY),
        ("43", "43A13", Form.SECURE_STAY, Domain.STAY),
        ("", "41000", Form.DAY_CARE, Domain.DAY_TREATMENT),
        ("54", "54013", Form.AMBULATORY, Domain.DYSLEXIA),
        ("51", "", Form.AMBULATORY, Domain.BASIC_MENTAL_HEALTH),
        ("46", "", Form.UNKNOWN, Domain.CRISIS),
        ("P5", "P5A01", Form.UNKNOWN, Domain.TAILORED),
        ("", "p5001", Form.UNKNOWN, Domain.TAILORED),
        ("99", "", Form.UNKNOWN, Domain.UNKNOWN),
    ],
)
def test_products_have_a_form_and_a_domain(
    tmp_path: Path, category: str, product: str, form: Form, domain: Domain
) -> None:
    row = {"productcategorie": category, "productcode": product}
    found = records(care(tmp_path, [row]))[0]
    assert (found["form"], found["domain"]) == (form, domain)


@pytest.mark.parametrize(
    ("category", "product"), [("42", ""), ("47", "47A01"), ("48", ""), ("49", ""), ("", "48001")]
)
def test_what_is_no_youth_care_stays_in_the_building(
    tmp_path: Path, category: str, product: str
) -> None:
    prepared = care(tmp_path, [{}, {"productcategorie": category, "productcode": product}])
    assert prepared.table.num_rows == 1
    assert prepared.report.count(Check.NOT_YOUTH_CARE) == 1


def test_a_municipality_can_mean_something_else_by_a_code(tmp_path: Path) -> None:
    profile = shipped_profile("ijw-jeugdhulp").model_copy(
        update={"municipality": {"GM0197": CodeLists(form_by_product={"45A49": Form.NETWORK})}}
    )
    rows: list[Row] = [{}, {"bsn": OTHER, "gemeentecode": "0222"}]
    path = write_table(tmp_path / "a.csv", ASSIGNMENT, rows)
    files = {"assignments": [path]}
    preparation = prepare("care/1", files, profile, [school_year(2022)], {197, 222})
    prepared = collect(preparation, "care/1")
    forms = {record["number"]: record["form"] for record in records(prepared)}
    assert forms == {"bsn:999000007": Form.NETWORK, f"bsn:{OTHER}": Form.AMBULATORY}


def test_removed_assignments_count_as_never_sent(tmp_path: Path) -> None:
    removed = {"reden_wijziging": "13", "bsn": "000000000", "einddatum": "01-09-2022"}
    prepared = care(tmp_path, [{}, removed])
    assert prepared.table.num_rows == 1
    assert [count.code for count in prepared.report.counts] == [Check.CARE_REMOVED.code]


def test_a_provider_code_without_its_zero(tmp_path: Path) -> None:
    prepared = care(tmp_path, [{"aanbieder_agb": "6012345"}])
    assert records(prepared)[0]["provider"] == b"06012345"


def test_first_looks_further_back_than_the_periods(tmp_path: Path) -> None:
    before = {"ingangsdatum": "01-01-2019", "einddatum": "31-12-2019"}
    prepared = care(tmp_path, [before, {}])
    found = records(prepared)
    assert [(record["period"], record["first"]) for record in found] == [(22, False)]
    assert prepared.report.count(Check.CARE_OUTSIDE) == 1


def test_calendar_years(tmp_path: Path) -> None:
    periods = [Period(kind=PeriodKind.CALENDAR_YEAR, code=code) for code in (22, 23)]
    row = {"ingangsdatum": "31-12-2022", "einddatum": "01-01-2023"}
    found = records(care(tmp_path, [row], periods=periods))
    assert [(r["period"], r["days_in_period"]) for r in found] == [(22, 1), (23, 1)]


def test_very_long_care_is_capped_at_the_contract(tmp_path: Path) -> None:
    row = {"ingangsdatum": "01-01-1990", "geboortedatum": "01-01-1988"}
    assert records(care(tmp_path, [row]))[0]["days_since_start"] == 10_000
