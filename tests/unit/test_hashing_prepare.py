"""The one entry: prepare, pseudonymise, and the report."""

from __future__ import annotations

import hmac
import json
from pathlib import Path

import pytest

from shared.contract.deliveries import SCHEMAS
from shared.contract.periods import Period, PeriodKind
from shared.errors import ConfigurationError, InputError
from shared.hashing.checking.report import ROWS_PER_CODE, shape
from shared.hashing.checks import Check
from shared.hashing.delivering.prepare import prepare
from shared.hashing.pseudonym import derive_key
from shared.hashing.systems.profile import shipped_profile
from tests.support.hashing import (
    PERIODS,
    PUPIL,
    Prepared,
    Row,
    care,
    pseudonymise,
    pupils,
    run,
    write_table,
)

KEY = derive_key(bytes(32), "2026-a")
NUMBERS = ("999000007", "999000019", "999000020", "999000032")


def of_schema(folder: Path, schema_name: str) -> Prepared:
    rows: list[Row] = [{"pgn": number, "bsn": number} for number in NUMBERS]
    if schema_name == "enrolment/1":
        return pupils(folder, *({"pgn": row["pgn"]} for row in rows))
    if schema_name == "care/1":
        # The lower form has the higher funding, so that the order of the columns shows.
        kinds = (("54", "PGB"), ("41", "ZIN"))
        assignments = [
            {"bsn": row["bsn"], "productcategorie": category, "leveringsvorm": funding}
            for row in rows
            for category, funding in kinds
        ]
        return care(folder, assignments)
    path = write_table(folder / "b.csv", {"bsn": ""}, [{"bsn": row["bsn"]} for row in rows])
    return run("objection/1", {"objections": [path]})


@pytest.mark.parametrize("schema_name", SCHEMAS)
def test_the_result_is_exactly_the_contract(tmp_path: Path, schema_name: str) -> None:
    table = pseudonymise(of_schema(tmp_path, schema_name), KEY)
    assert table.schema.equals(SCHEMAS[schema_name].arrow)
    expected = {hmac.digest(KEY, f"bsn:{number}".encode(), "sha256") for number in NUMBERS}
    assert set(table.column("pseudonym").to_pylist()) == expected
    rows = [tuple(row.values()) for row in table.to_pylist()]
    assert rows == sorted(rows)
    assert all(table.column(name).null_count == 0 for name in table.column_names)


@pytest.mark.parametrize("schema_name", SCHEMAS)
def test_values_stay_within_the_contract(tmp_path: Path, schema_name: str) -> None:
    table = pseudonymise(of_schema(tmp_path, schema_name), KEY)
    for column in SCHEMAS[schema_name].columns:
        if column.low is not None and column.high is not None:
            values = table.column(column.name).to_pylist()
            assert column.low <= min(values) <= max(values) <= column.high
        if column.codes is not None:
            assert set(table.column(column.name).to_pylist()) <= column.codes


def test_a_fatal_finding_stops_the_pseudonyms(tmp_path: Path) -> None:
    prepared = pupils(tmp_path, {"pgn": "999000008"})
    with pytest.raises(InputError) as caught:
        pseudonymise(prepared, KEY)
    assert caught.value.code == "delivery-not-sealable"
    assert str(Check.ROWS_MOSTLY_REFUSED.code) in caught.value.message


def test_other_profile_role_or_periods_are_refused(tmp_path: Path) -> None:
    duo = shipped_profile("duo-leerplicht")
    with pytest.raises(ConfigurationError) as caught:
        prepare("care/1", {}, duo, PERIODS, {197})
    assert caught.value.code == "profile-other-schema"
    with pytest.raises(ConfigurationError) as caught:
        prepare("enrolment/1", {"assignments": []}, duo, PERIODS, {197})
    assert caught.value.code == "role-unknown"
    mixed = [PERIODS[0], Period(kind=PeriodKind.CALENDAR_YEAR, code=22)]
    for periods in ([], mixed):
        with pytest.raises(ConfigurationError) as caught:
            prepare("enrolment/1", {"pupils": []}, duo, periods, {197})
        assert caught.value.code == "periods-empty"


def test_progress_is_told_per_file(tmp_path: Path) -> None:
    paths = [write_table(tmp_path / f"{n}.csv", PUPIL, [{}]) for n in range(2)]
    told: list[tuple[str, int, int]] = []
    prepare(
        "enrolment/1",
        {"pupils": paths},
        shipped_profile("duo-leerplicht"),
        PERIODS,
        {197},
        lambda step, done, total: told.append((step, done, total)),
    ).finish()
    assert told == [("leerlingen", 0, 2), ("leerlingen", 1, 2), ("leerlingen", 2, 2)]


def test_the_report_in_text_and_json(tmp_path: Path) -> None:
    prepared = pupils(tmp_path, {"pgn": "99900000A"}, {}, {"onderwijssoort": "MAVO-12"})
    text = prepared.report.to_text()
    assert "leerlingen 1: 3 rijen gelezen, 2 gebruikt, 1 afgekeurd, 0 overgeslagen" in text
    assert "rij 2 (NNNNNNNNL)" in text
    assert "kolom onderwijssoort: 1 keer; rij 4 (LLLL-NN)" in text
    assert text.endswith("Deze levering kan worden verzegeld.\n")
    body = json.loads(prepared.report.to_json())
    assert body["rows"] == 2
    assert body["counts"][0]["code"] == Check.NUMBER_CHARACTERS.code
    assert body["counts"][0]["effect"] == "refused"


def test_places_are_capped_but_counts_are_not(tmp_path: Path) -> None:
    rows = [{"onderwijssoort": "MAVO"}] * (ROWS_PER_CODE + 5)
    report = pupils(tmp_path, *rows).report
    assert report.count(Check.EDUCATION_UNKNOWN) == ROWS_PER_CODE + 5
    assert len(report.findings) == ROWS_PER_CODE
    assert f"{ROWS_PER_CODE + 1} (LLLL) …" in report.to_text()


def test_a_prepared_delivery_does_not_show_its_numbers(tmp_path: Path) -> None:
    assert "999000007" not in repr(pupils(tmp_path, {}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1234-AB", "NNNN-LL"),
        ("٣²½", "NNN"),
        ("Zoë", "LLL"),
        ("a@b", "L?L"),
        ("9" * 40, "N" * 24 + "…"),
        ("", ""),
    ],
)
def test_shapes(text: str, expected: str) -> None:
    assert shape(text) == expected


def test_reading_in_parts_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Row] = [{"pgn": number} for number in (*NUMBERS, "999000008", *NUMBERS, "")]
    whole = pupils(tmp_path, *rows)
    spells = [{"bsn": number} for number in NUMBERS * 2]
    whole_care = care(tmp_path, spells, [{"bsn": number} for number in NUMBERS])
    monkeypatch.setattr("shared.hashing.reading.csv_text._PIECE_BYTES", 1_000)
    monkeypatch.setattr("shared.hashing.reading.csv_file.BLOCK_BYTES", 300)
    parts = pupils(tmp_path, *rows)
    parts_care = care(tmp_path, spells, [{"bsn": number} for number in NUMBERS])
    assert pseudonymise(parts, KEY).equals(pseudonymise(whole, KEY))
    assert pseudonymise(parts_care, KEY).equals(pseudonymise(whole_care, KEY))
    assert (parts.report, parts_care.report) == (whole.report, whole_care.report)
