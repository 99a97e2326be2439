"""Care at the borders of days, school years and age, and care that starts again."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.contract.codes import Domain, EndReason, Funding, Referrer
from tests.support.hashing import Row, care, records

Told = tuple[object, ...]


def told(folder: Path, rows: list[Row], *columns: str) -> list[Told]:
    """Some columns of every row of the delivery, sorted."""
    return sorted(
        (tuple(record[name] for name in columns) for record in records(care(folder, rows))),
        key=repr,
    )


@pytest.mark.parametrize(
    ("day", "period"),
    [
        ("01-08-2021", 21),
        ("31-07-2022", 21),
        ("01-08-2022", 22),
        ("31-07-2023", 22),
        ("29-02-2024", 23),
        ("31-07-2024", 23),
    ],
)
def test_care_of_one_day_starts_and_ends_in_the_one_period_that_has_it(
    tmp_path: Path, day: str, period: int
) -> None:
    columns = ("period", "started", "ended", "days_in_period", "days_since_start", "end_reason")
    row = {"ingangsdatum": day, "einddatum": day}
    found = told(tmp_path, [row], *columns)
    assert found == [(period, True, True, 1, 1, EndReason.AS_PLANNED)]


@pytest.mark.parametrize(
    ("starts", "ends", "rows"),
    [
        ("01-08-2022", "31-07-2023", [(22, True, True, 365, 365)]),
        ("31-07-2022", "31-07-2022", [(21, True, True, 1, 1)]),
        ("31-07-2022", "01-08-2022", [(21, True, False, 1, 1), (22, False, True, 1, 2)]),
        ("01-08-2023", "31-07-2024", [(23, True, True, 366, 366)]),
        ("01-08-2019", "31-07-2021", []),
        ("01-08-2019", "01-08-2021", [(21, False, True, 1, 732)]),
        ("31-07-2024", "", [(23, True, False, 1, 1)]),
        ("01-08-2024", "", []),
        ("01-01-2024", "01-08-2024", [(23, True, False, 213, 213)]),
        ("31-07-2023", "", [(22, True, False, 1, 1), (23, False, False, 366, 367)]),
    ],
)
def test_borders_of_school_years(tmp_path: Path, starts: str, ends: str, rows: list[Told]) -> None:
    columns = ("period", "started", "ended", "days_in_period", "days_since_start")
    other = {"bsn": "999000019", "toewijzingnummer": "2", "productcategorie": "46"}
    found = records(care(tmp_path, [{"ingangsdatum": starts, "einddatum": ends}, other]))
    mine = [record for record in found if record["number"] == "bsn:999000007"]
    assert [tuple(record[name] for name in columns) for record in mine] == rows


@pytest.mark.parametrize(
    ("born", "starts", "age"),
    [
        ("29-02-2012", "28-02-2023", 10),
        ("29-02-2012", "01-03-2023", 11),
        ("29-02-2012", "29-02-2024", 12),
        ("01-09-2012", "31-08-2022", 9),
        ("01-09-2012", "01-09-2022", 10),
        ("01-09-2022", "01-09-2022", 0),
    ],
)
def test_age_on_the_day_on_which_care_starts(
    tmp_path: Path, born: str, starts: str, age: int
) -> None:
    row = {"geboortedatum": born, "ingangsdatum": starts, "einddatum": "31-07-2024"}
    ages = told(tmp_path, [row], "age_at_start")
    assert set(ages) == {(age,)}


def test_of_two_referrers_of_one_trajectory_the_first_known_one_counts(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"verwijzer": "", "einddatum": "30-09-2022"},
        {"toewijzingnummer": "2", "verwijzer": "04", "ingangsdatum": "15-09-2022"},
        {"toewijzingnummer": "3", "verwijzer": "02", "ingangsdatum": "01-10-2022"},
    ]
    assert told(tmp_path, rows, "referrer") == [(Referrer.CERTIFIED_INSTITUTION,)]
    assert told(tmp_path, rows[::-1], "referrer") == [(Referrer.CERTIFIED_INSTITUTION,)]


def test_two_referrers_who_start_on_one_day_give_the_lowest_code(tmp_path: Path) -> None:
    rows: list[Row] = [{"verwijzer": "05"}, {"toewijzingnummer": "2", "verwijzer": "02"}]
    assert told(tmp_path, rows, "referrer") == [(Referrer.GENERAL_PRACTITIONER,)]


def test_two_trajectories_keep_a_referrer_each(tmp_path: Path) -> None:
    other = {"toewijzingnummer": "2", "verwijzer": "04", "aanbieder_agb": "22990001"}
    assert told(tmp_path, [{}, other], "referrer") == [
        (Referrer.GENERAL_PRACTITIONER,),
        (Referrer.CERTIFIED_INSTITUTION,),
    ]


def test_of_two_kinds_of_help_in_one_trajectory_the_first_counts(tmp_path: Path) -> None:
    """Both are ambulatory help of one provider, so that they are one trajectory."""
    rows: list[Row] = [
        {"einddatum": "30-09-2022"},
        {"toewijzingnummer": "2", "ingangsdatum": "15-09-2022", "productcategorie": "54",
         "productcode": "54013"},
    ]  # fmt: skip
    assert told(tmp_path, rows, "domain") == [(Domain.YOUTH_AND_UPBRINGING,)]


def test_care_that_starts_again_is_not_the_first(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"ingangsdatum": "01-09-2021", "einddatum": "31-10-2021"},
        {"toewijzingnummer": "2", "ingangsdatum": "01-11-2021", "einddatum": "30-11-2021"},
        {"toewijzingnummer": "3", "ingangsdatum": "01-09-2023", "einddatum": "30-09-2023"},
    ]
    assert told(tmp_path, rows, "period", "first", "started", "ended") == [
        (21, False, True, True),
        (21, True, True, True),
        (23, False, True, True),
    ]


def test_two_that_start_on_the_first_day_are_both_the_first(tmp_path: Path) -> None:
    rows: list[Row] = [{}, {"toewijzingnummer": "2", "leveringsvorm": "PGB"}]
    assert told(tmp_path, rows, "funding", "first") == [
        (Funding.IN_KIND, True),
        (Funding.PERSONAL_BUDGET, True),
    ]


def test_an_end_reason_without_an_end_is_running(tmp_path: Path) -> None:
    rows: list[Row] = [{"einddatum": "", "reden_beeindiging": "31"}]
    assert set(told(tmp_path, rows, "ended", "end_reason")) == {(False, EndReason.RUNNING)}


def test_an_end_without_a_reason_is_unknown(tmp_path: Path) -> None:
    rows: list[Row] = [{"reden_beeindiging": ""}]
    assert told(tmp_path, rows, "ended", "end_reason") == [(True, EndReason.UNKNOWN)]
