"""Notes: kept beside the release, each change in the ledger, shown where their subject is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from publisher.dashboard.language import ENGLISH, day, speaking
from publisher.notes.commands import note_group
from publisher.notes.keeping import read_notes, remove, write
from publisher.notes.note import Note, Status
from publisher.notes.shown import Notes
from publisher.store import NoteRow
from shared.errors import InputError, NotFoundError
from shared.identity import Role
from shared.ledger import Event
from shared.policy import load_policy
from shared.reference import Level
from shared.state.database import Database, open_engine
from shared.state.ledger_table import entries
from tests.support.dashboards import DOCUMENTS, dashboard
from tests.support.databases import sqlite_database
from tests.support.parties import ROUND, Clock, identity
from tests.support.publishing import Publisher
from tests.support.region_release import PRIMARY, region, region_release
from tests.support.web import Html

CLOCK = Clock()
TODAY = CLOCK().date()
WORDS = "Ouders vragen <b>vaker</b> om hulp & steun."
NOTE = Note(
    id="meer-hulp",
    version=1,
    level=Level.SCHOOL,
    unit=PRIMARY,
    status=Status.SIGNAL,
    title="Het cijfer stijgt",
    text=WORDS,
    owner="Team Jeugd",
    review_on=TODAY + timedelta(100),
    written_on=TODAY,
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = sqlite_database("publisher", tmp_path)
    found = Database(open_engine(url), identity("publicist", Role.PUBLISHER), CLOCK)
    yield found
    found.close()


def _write(database: Database, note: Note) -> int:
    return write(database, note, 5, region())


def test_versions_follow_each_other_and_stand_in_the_ledger_without_words(
    database: Database,
) -> None:
    assert _write(database, NOTE) == 1
    assert _write(database, replace(NOTE, status=Status.MEASURE)) == 2
    (shown,) = read_notes(database).about(Level.SCHOOL, NOTE.unit)
    assert [status for status, _day in shown.steps] == [Status.SIGNAL, Status.MEASURE]
    with database.reading() as session:
        found = list(entries(session.connection()))
    assert [entry.event for entry in found].count(Event.NOTE_WRITTEN) == 2
    assert all(b"Ouders" not in entry.body for entry in found)


def test_a_removed_note_has_no_words_left_and_is_not_shown(
    database: Database,
) -> None:
    _write(database, NOTE)
    _write(database, replace(NOTE, status=Status.MEASURE))
    remove(database, NOTE.id)
    assert read_notes(database) == Notes()
    with database.reading() as session:
        rows = session.scalars(select(NoteRow)).all()
    assert [(row.title, row.text, row.owner) for row in rows] == [("", "", "")] * 2
    with pytest.raises(NotFoundError) as caught:
        remove(database, NOTE.id)
    assert caught.value.code == "note-unknown"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"unit": "99ZZ99"}, "note-subject-unknown"),
        ({"level": Level.ARRANGEMENT, "unit": "99"}, "note-subject-unknown"),
        ({"level": Level.REGION, "unit": "region"}, "note-subject-unknown"),
        ({"text": "Het gaat om 999900006."}, "note-personal"),
    ],
)
def test_a_refused_note_changes_nothing(
    database: Database, change: dict[str, object], code: str
) -> None:
    with pytest.raises(InputError) as caught:
        _write(database, replace(NOTE, **change))  # type: ignore[arg-type]
    assert caught.value.code == code
    assert read_notes(database) == Notes()


def test_a_note_stays_with_its_subject_and_needs_a_release(database: Database) -> None:
    _write(database, NOTE)
    for unit, reference, code in (
        ("88BB00", region(), "note-moved"),
        (NOTE.unit, None, "note-subject-unknown"),
    ):
        with pytest.raises(InputError) as caught:
            write(database, replace(NOTE, unit=unit), 5, reference)
        assert caught.value.code == code


def test_the_commands_write_list_and_remove(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "package")
    school = next(each.code for each in publisher.region.reference.schools if each.in_region)
    settings = SimpleNamespace(load_policy=lambda: load_policy(DOCUMENTS / "policy.toml"))
    here = SimpleNamespace(database=publisher.releases.database, settings=settings)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(note_group, arguments, obj=here, catch_exceptions=False)

    fields = ("--status", "signal", "--title", "Stijgt", "--text", WORDS, "--owner", "Team Jeugd")
    done = run("write", "a-note", "--school", school, *fields, "--review-on", "2099-01-01")
    assert (done.exit_code, done.output) == (0, "note a-note, version 1\n")
    assert run("list").output.split()[:5] == [
        "a-note", "school", school, "signal", "2099-01-01",
    ]  # fmt: skip
    assert run("write", "a-note", *fields, "--review-on", "2099-01-01").exit_code == 2
    assert run("remove", "a-note", "--yes").output == "note a-note removed\n"
    assert run("list").output == ""


def test_a_review_that_is_over_is_told() -> None:
    late = "Deze dag is voorbij."
    for today, is_over in ((NOTE.review_on, False), (NOTE.review_on + timedelta(1), True)):
        # A later version moves the review: only the last one counts.
        moved = replace(NOTE, id="moved", version=2, unit="88BC00", review_on=today)
        notes = Notes.of((NOTE, replace(moved, version=1, review_on=TODAY), moved), today)
        assert [each.is_overdue for each in notes.shown] == [is_over, False]
        client = dashboard(region_release(), notes=partial(Notes, notes.shown))
        assert (late in client.get(f"/scholen/{PRIMARY}").text) is is_over
        assert (late in client.get("/gemeenten/GM0197").text) is is_over
        assert late not in client.get("/scholen/88BC00").text


def test_pages_say_so_from_the_day_after_on(database: Database) -> None:
    _write(database, NOTE)
    clock = Clock()
    same = Database(database.engine, identity("publicist", Role.PUBLISHER), clock)
    client = dashboard(region_release(), notes=lambda: read_notes(same))
    assert "Deze dag is voorbij." not in client.get(f"/scholen/{PRIMARY}").text
    clock.forward((NOTE.review_on - TODAY).days + 1)
    assert "Deze dag is voorbij." in client.get(f"/scholen/{PRIMARY}").text
    assert "This day has passed." in client.get(f"/en/scholen/{PRIMARY}").text


def test_pages_show_a_note_as_text_beside_its_subject_only() -> None:
    joint = replace(NOTE, id="samen", level=Level.ARRANGEMENT, unit="1", status=Status.MONITORING)
    kept = Notes.of((NOTE, replace(NOTE, version=2, status=Status.ANALYSIS), joint), TODAY)
    client = dashboard(region_release(), notes=lambda: kept)
    for address, last in ((f"/scholen/{PRIMARY}", "analyse"), ("/arrangementen/1", "volgen")):
        answer = client.get(address).text
        page = Html.of(answer)
        assert WORDS in page.text
        assert "<b>vaker" not in answer
        assert f"Eigenaar: Team Jeugd. Wordt opnieuw bekeken op {day(NOTE.review_on)}." in page.text
        (now,) = [each for each in page.all("li") if each.attributes.get("aria-current") == "step"]
        assert last in page.text
        assert now
    with speaking(ENGLISH):
        again = day(NOTE.review_on)
    assert f"looked at again on {again}" in client.get(f"/en/scholen/{PRIMARY}").text
    assert WORDS not in Html.of(client.get("/scholen/88BC00").text).text


def test_a_new_version_is_shown_at_once() -> None:
    kept = [Notes()]
    client = dashboard(region_release(), notes=lambda: kept[0])
    assert "Team Jeugd" not in client.get(f"/scholen/{PRIMARY}").text
    kept[0] = Notes.of((NOTE,), TODAY)
    assert "Team Jeugd" in client.get(f"/scholen/{PRIMARY}").text
