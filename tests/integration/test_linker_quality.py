"""The quality report of a linkage: what the operator reads, what is kept of it, and until when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from linker.cli import linker as linker_command
from linker.linkage.database import EngineSettings
from linker.oversight.alarms import DEFAULT_ALARM_BANDS, Alarm, Kind, Severity
from linker.oversight.assessing import CAUSES, Assessed, as_text, assess
from linker.oversight.operator_pages import create_operator_app
from linker.oversight.quality_page import CAUSES as DUTCH
from linker.rounds.lifecycle import close_round, status_on
from linker.rounds.retention import Retention
from linker.store import LinkageFigureRow, LinkageRow, RoundRow
from linker.tallying.causes import Cause
from linker.tallying.linkages import forget_linkage_figures
from linker.tallying.making import link_round
from linker.tallying.manifest import Manifest
from linker.tallying.quality import Line
from linker.tallying.told import TOGETHER
from shared.destruction import Reason
from shared.errors import GoneError, StateError
from shared.round import TrustedRound
from shared.service.logs import Log
from shared.state.database import Database
from shared.state.ledger_table import entries
from tests.support.mirrors import OBJECTING, deliver_all, link_now, pupils, putter
from tests.support.parties import ROUND, MiniRegion, care_table, pseudonym
from tests.support.rounds import EVERY_DELIVERY, SETTINGS
from tests.support.web import Html

TOLD = {"unknown:domain", "unknown:referrer", "unknown:provider", "unknown:arrangement"}


@pytest.fixture
def delivered(region: MiniRegion, trusted: TrustedRound) -> MiniRegion:
    with region.linker_client() as client:
        deliver_all(putter(region, trusted, client))
    return region


@pytest.fixture
def linked(delivered: MiniRegion) -> MiniRegion:
    link_now(delivered)
    return delivered


@pytest.fixture
def database(region: MiniRegion) -> Iterator[Database]:
    database = region.linker_database()
    yield database
    database.close()


def assessed(region: MiniRegion, database: Database) -> Assessed:
    return assess(database, region.linker_keys, ROUND, DEFAULT_ALARM_BANDS)


def line(found: Assessed, supplier: str, schema: str = "care/1") -> Line:
    (one,) = [
        each
        for each in found.report.lines
        if (each.supplier, each.schema_name) == (supplier, schema)
    ]
    return one


def command(region: MiniRegion, *words: str) -> Result:
    settings = region.folder / "koppelaar" / "linker.toml"
    tables = {"bands", "alarms"}
    values = region.linker_settings.model_dump(mode="json", exclude_none=True, exclude=tables)
    settings.write_text("\n".join(f"{name} = {json.dumps(each)}" for name, each in values.items()))
    return CliRunner().invoke(linker_command, ["--settings", str(settings), *words])


# --- the report --------------------------------------------------------------------------------


def test_every_row_that_is_not_linked_has_a_cause_and_none_says_who_objected(
    linked: MiniRegion, database: Database
) -> None:
    """Of 1,060 clients of Aalten 60 are no pupils; one of the others objected."""
    found = assessed(linked, database)
    pupils, aalten = line(found, "duo", "enrolment/1"), line(found, "gm0197")
    assert (pupils.rows, pupils.persons, pupils.unlinked) == (1_200, 1_200, (("no-care", 102),))
    assert (aalten.rows, aalten.unlinked_rows, aalten.unlinked) == (1_060, 61, (("absent", 61),))
    assert (aalten.linked_percent, pupils.linked_percent) == (94, 92)
    assert {each.schema_name for each in found.report.lines} == {"enrolment/1", "care/1"}
    said = "\n".join(as_text(found)) + json.dumps(found.document())
    assert "objection" not in said
    assert str(len(OBJECTING)) not in {word.strip(",:") for word in said.split()}


def test_a_small_number_is_not_told(linked: MiniRegion, database: Database) -> None:
    """One of the 100 clients of Doetinchem is not linked."""
    found = assessed(linked, database)
    few = line(found, "gm0222")
    assert (few.rows, few.unlinked, few.linked_percent) == (100, None, None)
    assert set(few.unknown.values()) == {None}
    assert "rows not linked: fewer than 10" in "\n".join(as_text(found))


def test_the_population_of_every_period(linked: MiniRegion, database: Database) -> None:
    first, last = assessed(linked, database).report.coverage
    assert (first.covered, first.pupils_percent) == ((), None)
    assert (last.covered, last.not_covered, last.pupils_percent) == ((197,), (222,), 100)


def test_the_command_shows_it_and_gives_it_as_json(linked: MiniRegion, database: Database) -> None:
    shown = command(linked, "quality", ROUND)
    assert shown.exit_code == 0, shown.output
    assert shown.output.splitlines() == list(as_text(assessed(linked, database)))
    document = json.loads(command(linked, "quality", ROUND, "--json").output)
    assert document == json.loads(json.dumps(assessed(linked, database).document()))
    unknown = command(linked, "quality", ROUND, "--revision", "2")
    assert isinstance(unknown.exception, StateError)
    assert unknown.exception.code == "round-not-linked"


def test_the_page_shows_it_in_dutch(linked: MiniRegion) -> None:
    app = create_operator_app(linked.linker_settings, clock=linked.clock, log=Log("t", StringIO()))
    with TestClient(app, base_url="http://localhost:8411") as client:
        matrix = Html.of(client.get(f"/operator/rounds/{ROUND}").text)
        (address,) = [each for each in matrix.attributes("a", "href") if "koppeling" in each]
        answer = client.get(address)
        assert client.get("/operator/rounds/anders/koppeling").status_code == 404
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    page = Html.of(answer.text)
    assert page.all("script") == []
    assert "SYNTHETISCH" in page.text
    assert "61 van schoolleeftijd, en op geen school bekend" in page.text
    assert "minder dan 10" in page.text
    assert "onderwijs" not in page.text.lower().replace("monitor onderwijs", "")


def test_there_is_no_report_before_the_linkage(delivered: MiniRegion, database: Database) -> None:
    with pytest.raises(StateError, match="round-not-linked"):
        assessed(delivered, database)


# --- alarms ------------------------------------------------------------------------------------


def kinds(found: Assessed) -> dict[Kind, Alarm]:
    return {each.kind: each for each in found.alarms}


def test_a_supplier_that_is_missing_is_an_alarm(
    region: MiniRegion, trusted: TrustedRound, database: Database
) -> None:
    with region.linker_client() as client:
        put = putter(region, trusted, client)
        put(care_table([{"pseudonym": pseudonym(number)} for number in range(20)]))
        put(pupils(), "enrolment/1", "duo")
    link_now(region)
    alarm = kinds(assessed(region, database))[Kind.SUPPLIER_MISSING]
    assert (alarm.severity, alarm.about) == (Severity.ALARM, ("gm0222", "care/1"))


def earlier_round(database: Database, **figures: int) -> None:
    """Another round of this linker, linked a year ago, with a school that is no more."""

    def keep(tx: Any) -> None:
        row = tx.session.get_one(RoundRow, ROUND)
        place = {"round_id": "vorig", "revision": 1}
        school = b'"99XA00"'
        assert school in row.reference
        tx.session.add(
            RoundRow(
                **place,
                state=row.state,
                statement=row.statement,
                register_statement=row.register_statement,
                reference=row.reference,
                policy=row.policy,
                opened_at=tx.now - timedelta(days=365),
            )
        )
        tx.session.flush()
        tx.session.add(
            LinkageRow(**place, made_at=tx.now - timedelta(days=300), manifest=b"", tally_mac="")
        )
        tx.session.flush()
        for name, value in figures.items():
            tx.session.add(
                LinkageFigureRow(
                    **place, supplier="gm0197", schema_name="care/1",
                    name=name.replace("_", ":"), value=value,
                )
            )  # fmt: skip

    database.run(keep)


def test_a_linkage_is_compared_with_the_round_that_was_linked_before(
    linked: MiniRegion, database: Database
) -> None:
    assert kinds(assessed(linked, database)).keys() <= {Kind.COVERAGE_CHANGES, Kind.UNKNOWN_CODES}
    earlier_round(database, linked=74, rows_25=1_200)
    found = kinds(assessed(linked, database))
    assert found[Kind.MATCH_DIFFERS].severity is Severity.ALARM
    assert found[Kind.MATCH_DIFFERS].places == (94, 74)
    assert found[Kind.LATE_MUTATIONS].places == (2025, 11)
    assert (
        assessed(linked, database).linked_before(line(assessed(linked, database), "gm0197")) == 74
    )
    assert "previous round 74 %" in command(linked, "quality", ROUND).output


# --- what is kept ------------------------------------------------------------------------------


def test_what_is_kept_in_clear_is_per_cents_and_tens(
    linked: MiniRegion, database: Database
) -> None:
    with database.reading() as session:
        kept = session.scalars(select(LinkageRow)).one()
        figures = session.scalars(select(LinkageFigureRow)).all()
        report, manifest = kept.report, kept.manifest
    assert report is not None
    assert b"absent" not in report
    assert b"gm0197" not in manifest
    by_name = {(each.supplier, each.name): each.value for each in figures}
    assert by_name["gm0197", "linked"] == 94
    assert by_name["gm0197", "rows:25"] == 1_060
    assert by_name["gm0222", "rows:25"] == 100
    assert ("gm0222", "linked") not in by_name
    assert {each.name for each in figures} <= {"linked", "rows:25", "unknown:school", *TOLD}


def test_the_ledger_names_the_manifest_and_nothing_of_the_tally(
    linked: MiniRegion, database: Database
) -> None:
    with database.reading() as session:
        row = session.scalars(select(LinkageRow)).one()
        bodies = [entry.body for entry in entries(session.connection())]
        hash_ = Manifest.from_bytes(row.manifest).sha256
    assert sum(hash_.encode() in body for body in bodies) == 1
    assert not any(row.tally_mac.encode() in body for body in bodies)


def test_the_report_goes_with_the_round_and_the_figures_stay(
    linked: MiniRegion, database: Database
) -> None:
    retention = Retention(database, linked.linker_keys, linked.identities["koppelaar"])
    retention.destroy(ROUND, Reason.REQUEST)
    with pytest.raises(GoneError, match="round-destroyed"):
        assessed(linked, database)
    with database.reading() as session:
        row = session.scalars(select(LinkageRow)).one()
        assert (row.report, bool(row.manifest)) == (None, True)
        assert session.scalar(select(func.count()).select_from(LinkageFigureRow))
    linked.clock.forward(100)
    assert database.run(lambda tx: forget_linkage_figures(tx, timedelta(days=101))) == 0
    assert database.run(lambda tx: forget_linkage_figures(tx, timedelta(days=100))) > 0
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LinkageFigureRow)) == 0


# --- linking -----------------------------------------------------------------------------------


def test_the_command_tells_what_it_did(delivered: MiniRegion, database: Database) -> None:
    close_round(database, ROUND, without=EVERY_DELIVERY)
    shown = command(delivered, "link", ROUND, "--json")
    assert shown.exit_code == 0, shown.output
    document = json.loads(shown.stdout)
    assert (document["revision"], document["rows_read"]) == (1, 1_200 + 1_060 + 100)
    assert document["cells"] > 0
    assert document["laws"] > 0
    assert [each["step"] for each in document["steps"]][:2] == ["open", "explain"]
    assert document["steps"][-1]["step"] == "keep"
    assert {each["kind"] for each in document["alarms"]} <= {each.value for each in Kind}


def test_too_little_memory_leaves_the_round_linkable(
    delivered: MiniRegion, database: Database
) -> None:
    close_round(database, ROUND, without=EVERY_DELIVERY)
    identity, keys = delivered.identities["koppelaar"], delivered.linker_keys
    tiny = EngineSettings(memory_limit_mb=1, threads=1)
    with pytest.raises(StateError, match="linkage-out-of-memory"):
        link_round(database, identity, keys, ROUND, tiny)
    assert status_on(database, ROUND, delivered.clock)["state"] == "closed"
    with database.reading() as session:
        assert session.scalars(select(LinkageRow)).all() == []
    assert link_round(database, identity, keys, ROUND, SETTINGS).tally.header.revision == 1


def test_together_is_no_cause() -> None:
    assert set(CAUSES) == set(DUTCH) == set(Cause) - {Cause.LINKED}
    assert TOGETHER not in {cause.value for cause in Cause}
