"""The screener: a good release passes every check, and each check has a release that breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest

from deploy.make_pages import SCREENING
from deploy.make_screening import screening_page
from publisher.released import COLUMNS, ReleasedTable
from publisher.screening.checks import CHECKS, Severity
from publisher.screening.reporting import as_json, as_text
from publisher.screening.screen import Verdict, check_screening, screen
from publisher.screening.subject import Screened
from shared.contract.periods import Period, PeriodKind, school_year
from shared.errors import PolicyError
from shared.identity import Identity, Role
from shared.reference import Level
from tests.support.screening import (
    FORMS,
    HIDDEN,
    MAIN,
    PERIODS,
    Row,
    good,
    remade,
    where,
    with_manifest,
    with_rows,
)

Break = Callable[[Screened], Screened]
LATEST = PERIODS[-1].code
RATE = "clients_per_100_pupils"


def rows(change: Callable[[Row], Row | None], table: str = MAIN, **manifest: object) -> Break:
    return lambda it: with_rows(it, change, table, **manifest)


def only(changed: Row, table: str = MAIN, **wanted: object) -> Break:
    """One row of the latest period."""
    return rows(where(changed, period=LATEST, **wanted), table)


def manifest(**update: object) -> Break:
    return lambda it: with_manifest(it, **update)


def _entry(**update: object) -> Break:
    def broken(it: Screened) -> Screened:
        first, *others = it.manifest.tables
        return with_manifest(it, tables=(first.model_copy(update=update), *others))

    return broken


def _proof(**update: object) -> Break:
    return lambda it: with_manifest(it, proof=it.manifest.proof.model_copy(update=update))


def _previous(**update: object) -> Break:
    """A release before that was different in its manifest."""

    def broken(it: Screened) -> Screened:
        assert it.previous is not None
        changed = it.previous.manifest.model_copy(update=update)
        return replace(it, previous=replace(it.previous, manifest=changed))

    return broken


def _other_signer(it: Screened) -> Screened:
    card = Identity.create(
        party="vreemd", name="Vreemd", role=Role.PUBLISHER, organisation="Vreemd",
        valid_from=date(2026, 1, 1), valid_until=date(2027, 1, 1),
    ).card  # fmt: skip
    return replace(it, publisher=card)


def _other_hash(it: Screened) -> Screened:
    return replace(it, release=replace(it.release, sha256="0" * 64))


def _without_table(it: Screened) -> Screened:
    return replace(it, release=replace(it.release, tables=it.release.tables[:1]))


def _other_columns(it: Screened) -> Screened:
    first, *others = it.release.tables
    at = first.cells.schema.get_field_index("period")
    cells = first.cells.set_column(at, "period", first.cells["period"].cast(pa.int64()))
    changed = ReleasedTable(first.id, first.title, cells)
    return replace(it, release=replace(it.release, tables=(changed, *others)))


def _empty_table(it: Screened) -> Screened:
    empty = ReleasedTable("leeg", "Leeg", COLUMNS.empty_table())
    return remade(it, (*it.release.tables, empty))


def _policy_without(table: str) -> Break:
    def broken(it: Screened) -> Screened:
        tables = tuple(each for each in it.policy.tables if each.id != table)
        return replace(it, policy=it.policy.model_copy(update={"tables": tables}))

    return broken


def _policy_with_more(it: Screened) -> Screened:
    extra = it.policy.tables[0].model_copy(update={"id": "more"})
    tables = (*it.policy.tables, extra)
    return replace(it, policy=it.policy.model_copy(update={"tables": tables}))


def _policy_with_fewer_levels(it: Screened) -> Screened:
    first, *others = it.policy.tables
    fewer = first.model_copy(update={"levels": (Level.REGION,)})
    return replace(it, policy=it.policy.model_copy(update={"tables": (fewer, *others)}))


def _twice(it: Screened) -> Screened:
    first, *others = it.release.tables
    cells = pa.concat_tables([first.cells, first.cells.slice(0, 1)])
    return remade(it, (ReleasedTable(first.id, first.title, cells), *others))


def _without(**wanted: object) -> Break:
    def change(row: Row) -> Row | None:
        return None if all(row[name] == value for name, value in wanted.items()) else row

    return rows(change)


def _title(it: Screened) -> Screened:
    first, *others = it.release.tables
    return remade(it, (replace(first, title=" "), *others))


def _measures(**update: object) -> Break:
    def broken(it: Screened) -> Screened:
        first, *others = it.manifest.measures
        return with_manifest(it, measures=(first.model_copy(update=update), *others))

    return broken


def _spare_note(it: Screened) -> Screened:
    spare = it.manifest.measures[0].model_copy(update={"id": "spare"})
    return with_manifest(it, measures=(*it.manifest.measures, spare))


def _shown(**update: object) -> Callable[[Row], Row]:
    """Show one of the two hidden schools, so that the other can be computed."""
    return where({"value": 9, "status": "", **update}, unit=HIDDEN[1], measure="clients")


COVERED = {str(period.code): (197, 222) for period in PERIODS}
LATER_ONE = {**COVERED, str(LATEST): (222,)}
BREAKS: dict[str, Break] = {
    "signature": _other_signer,
    "statement-hash": _other_hash,
    "table-hashes": _entry(sha256="0" * 64),
    "table-list": _without_table,
    "row-counts": _entry(rows=1),
    "withheld-counts": _entry(withheld=1),
    "summary-pinned": lambda it: replace(it, summary="Alles veilig.\n"),
    "synthetic-mark": manifest(synthetic=False),
    "policy-pinned": manifest(policy="c" * 64),
    "dpia-version": manifest(dpia_version="0.0"),
    "reference-pinned": manifest(reference="c" * 64),
    "sources-named": manifest(sources=()),
    "software-named": manifest(software=" "),
    "protection-proof": lambda it: replace(it, proof_refused="verification-failed"),
    "attack-result": _proof(exactly_exposed=1),
    "rules-named": _proof(rules=""),
    "small-counts": only({"value": 4}, unit="99XA00", measure="clients"),
    "rate-population": only({"value": 49}, unit="99XA00", measure="pupils"),
    "hidden-with-count": only({"value": 25, "status": ""}, unit=HIDDEN[0], measure=RATE),
    "lone-hidden": rows(_shown()),
    "single-parts": only({"value": 25}, unit="99XA", measure="clients"),
    "long-numbers": manifest(title="Jeugdhulp 999 99 0019"),
    "pseudonyms": only({"unit_label": "0f" * 16}, unit="99XA00"),
    "columns": _other_columns,
    "not-empty": _empty_table,
    "tables-allowed": _policy_without(FORMS),
    "tables-missing": _policy_with_more,
    "levels-allowed": _policy_with_fewer_levels,
    "levels-missing": rows(lambda row: None if row["level"] == "municipality" else row),
    "duplicates": _twice,
    "complete-matrix": _without(unit="99XA00", period=LATEST, measure="clients"),
    "units-known": only({"unit": "99ZZ99", "unit_label": "99ZZ99"}, unit="99XA00"),
    "schools-missing": _without(unit="99XA00"),
    "whole-level": rows(lambda row: row if row["level"] == "municipality" else None, FORMS),
    "combined-units": only({"unit": "GM0197"}, unit="BO*GM0197"),
    "status-known": only({"status": "q"}, unit="99XA00", measure="clients"),
    "value-as-status": only({"value": 0}, unit=HIDDEN[0], measure="clients"),
    "not-negative": only({"value": -1}, unit="99XA00", measure="pupils"),
    "decimals": only({"decimals": 1}, unit="99XA00", measure="clients"),
    "rounded-multiples": only({"status": "r", "value": 13}, unit="99XA00", measure="clients"),
    "one-method": only({"status": "r", "value": 25}, unit="99XA00", measure="clients"),
    "provisional-marked": only({"status": "p"}, unit="99XA00", measure="clients"),
    "withheld-share": rows(
        lambda row: {**row, "value": None, "status": "c"} if row["level"] == "school" else row
    ),
    "sums": only({"value": 300}, unit="GM0197", level="municipality", measure="pupils"),
    "parts-within": only({"value": 100}, unit="GM0197", level="municipality", measure="pupils"),
    "same-population": only({"value": 41}, FORMS, unit="GM0197", category=""),
    "clients-within-pupils": only({"value": 999}, unit="99XA00", measure="clients"),
    "categories-within-total": only({"value": 999}, FORMS, unit="GM0197", category="1"),
    "categories-reach-total": rows(
        lambda row: {**row, "value": 11} if row["category"] else row, FORMS
    ),
    "overlap-noted": lambda it: with_manifest(
        it, tables=tuple(e.model_copy(update={"overlaps": False}) for e in it.manifest.tables)
    ),
    "rates-follow": only({"value": 127}, unit="99XA00", measure=RATE),
    "labels-present": only({"unit_label": " "}, unit="99XA00"),
    "labels-consistent": only({"unit_label": "De Linde 2"}, unit="99XA00"),
    "labels-of-reference": rows(where({"unit_label": "Een andere naam"}, unit="99XA00")),
    "labels-clean": only({"unit_label": "De Linde\u0007"}, unit="99XA00"),
    "formula-starters": manifest(sources=("=1+1",)),
    "markup": manifest(sources=("<script>",)),
    "codes": only({"category": "a b"}, FORMS, unit="GM0197", category="1"),
    "titles": _title,
    "measures-explained": _measures(definition=" "),
    "notes-used": _spare_note,
    "periods-known": only({"period_label": "2031/2032"}, unit="99XA00"),
    "periods-complete": _without(period=LATEST),
    "periods-ordered": manifest(periods=PERIODS[::-1]),
    "periods-contiguous": manifest(periods=(school_year(2019), *PERIODS)),
    "periods-one-kind": manifest(
        periods=(*PERIODS, Period(kind=PeriodKind.CALENDAR_YEAR, code=26))
    ),
    "reference-dates": manifest(reference_on=()),
    "covered": manifest(covered={**COVERED, str(LATEST): ()}),
    "residence-covered": manifest(covered=LATER_ONE),
    "trend-breaks": manifest(covered=LATER_ONE),
    "jumps": only({"value": 300}, unit="GM0222", level="municipality", measure="clients"),
    "supersedes": manifest(supersedes=""),
    "version-higher": manifest(version="1.0"),
    "version-fits": manifest(version="2.0"),
    "changes-listed": manifest(changes=()),
    "breaking-changes": _without(level="sector"),
    "corrections": only({"value": 250}, unit="99XA00", measure="pupils"),
    "final-again": lambda it: remade(it, it.release.tables, provisional=True),
    "embargo": lambda it: with_manifest(it, not_before=it.manifest.made_at),
}


def test_a_good_release_passes_every_check() -> None:
    screening = screen(good())
    assert {o.check.id: o.places for o in screening.outcomes if o.found} == {}
    assert screening.verdict is Verdict.PASS
    check_screening(screening)


def test_there_are_at_least_forty_checks_each_with_a_release_that_breaks_it() -> None:
    assert [check.id for check in CHECKS] == list(BREAKS)
    assert len(CHECKS) >= 40
    assert len({check.function for check in CHECKS}) == len(CHECKS)
    assert all(check.asks.endswith(".") and check.remedy.endswith(".") for check in CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_check_finds_what_it_is_for(check: object) -> None:
    checked = next(each for each in CHECKS if each is check)
    (outcome,) = screen(BREAKS[checked.id](good()), [checked]).outcomes
    assert outcome.verdict.value == checked.severity.value
    assert 0 < len(outcome.places) <= 5


@pytest.mark.parametrize(
    ("text", "found"),
    [("zorg 12345678", 1), ("999 99 0019", 1), ("9999.90.019", 1), ("1234567", 0), ("2024/2025", 0),
     ("a" * 3 + "12345678" + "f", 0)],
)  # fmt: skip
def test_a_number_in_a_text_is_long_from_eight_digits_on(text: str, found: int) -> None:
    (check,) = (each for each in CHECKS if each.id == "long-numbers")
    (outcome,) = screen(with_manifest(good(), title=text), [check]).outcomes
    assert outcome.found == found


def test_no_place_holds_a_figure() -> None:
    """Every value of the spoilt release is one that no code, period or label has."""
    changed = rows(lambda row: {**row, "value": 7_654_321, "status": ""})(good())
    text = as_text(screen(changed)) + as_json(screen(changed))
    assert "FAIL" in text
    assert "7654321" not in text.replace(".", "").replace(",", "")


@pytest.mark.parametrize("severity", list(Severity))
def test_a_failure_blocks_and_an_advice_does_not(severity: Severity) -> None:
    check = next(each for each in CHECKS if each.severity is severity)
    screening = screen(BREAKS[check.id](good()), [check])
    if severity is Severity.ADVISORY:
        check_screening(screening)
        assert screening.verdict is Verdict.ADVISORY
    else:
        with pytest.raises(PolicyError, match=check.id):
            check_screening(screening)


def test_the_outcome_as_text_names_the_worst_first() -> None:
    broken = BREAKS["sources-named"](BREAKS["withheld-share"](good()))
    text = as_text(screen(_other_signer(broken)))
    assert text.index("FAIL signature") < text.index("ADVISORY sources-named")
    assert text.rstrip().endswith("Oordeel: FAIL")
    assert "en nog" in as_text(screen(rows(lambda row: {**row, "value": -1})(good())))


def test_the_outcome_as_json_has_every_check() -> None:
    document = json.loads(as_json(screen(good())))
    assert [each["id"] for each in document["checks"]] == [check.id for check in CHECKS]
    assert document["verdict"] == "PASS"
    assert {each["verdict"] for each in document["checks"]} == {"PASS"}


def test_the_page_is_made_of_the_table() -> None:
    assert SCREENING.read_text(encoding="utf-8") == screening_page(), (
        "run python -m deploy.make_pages"
    )
    assert all(f"| `{check.id}` |" in screening_page() for check in CHECKS)


def test_before_the_first_release_there_is_nothing_to_compare_with() -> None:
    first = replace(good(), previous=None)
    fitting = with_manifest(first, supersedes="", version="1.0", changes=())
    assert screen(fitting).verdict is Verdict.PASS
