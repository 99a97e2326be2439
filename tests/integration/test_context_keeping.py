"""Imports beside the releases: once, in the ledger, withdrawn with a reason, and no raw count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from publisher.context.commands import context_group
from publisher.context.figures import Areas, Figures, to_bytes
from publisher.context.keeping import (
    ContextReader,
    Held,
    identity_of,
    imports,
    keep,
    keep_all,
    withdraw,
)
from publisher.context.surveys.blank import blank_counts, blank_questionnaire
from publisher.context.surveys.outcomes import Outcomes, Scope
from publisher.context.surveys.questions import questionnaires
from publisher.context.surveys.reading import COLUMNS, read_outcomes
from publisher.store import ContextRow
from shared.canonical import sha256_hex
from shared.errors import InputError, NotFoundError, PolicyError, StateError
from shared.identity import Role
from shared.state.database import Database, open_engine
from shared.state.ledger_table import entries
from tests.support.context import THRESHOLD, areas, figures, surveys
from tests.support.databases import sqlite_database
from tests.support.parties import Clock, identity


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = sqlite_database("publisher", tmp_path)
    found = Database(open_engine(url), identity("publicist", Role.PUBLISHER), Clock())
    yield found
    found.close()


def events(database: Database) -> list[tuple[str, bytes]]:
    with database.reading() as session:
        return [(each.event.value, each.body) for each in entries(session.connection())]


def test_an_import_is_made_once_and_stands_in_the_ledger(database: Database) -> None:
    document = figures()[0]
    assert keep(database, document, synthetic_allowed=True)
    assert not keep(database, document, synthetic_allowed=True)
    (line,) = imports(database)
    assert (line.source, line.sha256, line.kind) == (
        document.source.id, document.sha256, Held.FIGURES,
    )  # fmt: skip
    ((event, body),) = events(database)
    assert event == "context_imported"
    assert document.sha256.encode() in body


def test_what_was_kept_is_what_is_shown(database: Database) -> None:
    reader = ContextReader(database)
    assert reader().is_empty
    documents: tuple[Figures | Areas | Outcomes, ...] = (*figures(), areas(), *surveys())
    for document in documents:
        keep(database, document, synthetic_allowed=True)
    shown = reader()
    assert set(shown.figures) == set(figures())
    assert shown.areas == (areas(),)
    assert set(shown.surveys) == set(surveys())
    assert reader() is shown


def test_a_withdrawn_import_is_deleted_listed_and_may_come_again(database: Database) -> None:
    reader, document = ContextReader(database), figures()[0]
    keep(database, document, synthetic_allowed=True)
    assert not reader().is_empty
    done = withdraw(database, document.sha256[:12], " verkeerd jaar ")
    assert (done.reason, done.is_withdrawn) == ("verkeerd jaar", True)
    assert reader().is_empty
    with database.reading() as session:
        assert session.scalars(select(ContextRow.document)).all() == [None]
    assert imports(database) == (done,)
    with pytest.raises(NotFoundError, match="context-import-unknown"):
        withdraw(database, document.sha256, "nog eens")
    assert keep(database, document, synthetic_allowed=True)
    assert reader().figures == (document,)
    assert [event for event, _ in events(database)] == [
        "context_imported", "context_withdrawn", "context_imported",
    ]  # fmt: skip


def test_a_withdrawal_names_one_import_and_a_reason(database: Database) -> None:
    keep(database, figures()[0], synthetic_allowed=True)
    sha256 = figures()[0].sha256
    for wrong, reason, code in (
        (sha256[:3], "fout", "context-hash-short"),
        (sha256, " ", "context-reason"),
        (sha256, "x" * 501, "context-reason"),
    ):
        with pytest.raises(InputError, match=code):
            withdraw(database, wrong, reason)
    assert not imports(database)[0].is_withdrawn


def test_invented_figures_are_refused_under_a_real_policy(database: Database) -> None:
    for document in (figures()[0], areas(), surveys()[0]):
        with pytest.raises(PolicyError, match="context-synthetic"):
            keep(database, document, synthetic_allowed=False)
    assert imports(database) == ()


# --- questionnaires ---------------------------------------------------------------------------

GROUP = questionnaires().groups[0]
OWN = (41, 3, 17, 23, 11, 31)


def counted(own: tuple[int, ...] = OWN, times: int = 20) -> str:
    asked = questionnaires()
    heading, *rows = blank_counts(asked, GROUP, "2024").split()
    lines = [heading]
    for place, row in enumerate(rows):
        number = own[place % len(own)]
        lines.append(f"{row}{number if f';{Scope.OWN};' in row else number * times}")
    return "\r\n".join([*lines, ""])


def read(text: str) -> bytes:
    return to_bytes(read_outcomes(text.encode(), questionnaires(), THRESHOLD))


def test_no_count_of_a_questionnaire_is_kept_nor_a_hash_of_them(database: Database) -> None:
    text = counted(tuple(number + 4000 for number in OWN))
    document = read_outcomes(text.encode(), questionnaires(), THRESHOLD)
    keep(database, document, synthetic_allowed=False)
    kept = to_bytes(document)
    assert b"40" not in kept.replace(b'"percent":40', b"")
    whole = kept + b"".join(body for _, body in events(database))
    assert sha256_hex(text.encode()).encode() not in whole
    assert identity_of(document) == ("vragenlijst-beleid", sha256_hex(kept))


def outcomes(period: str = "2024", first: int = 41) -> Outcomes:
    text = counted((first, *OWN[1:])).replace(";2024;", f";{period};")
    return read_outcomes(text.encode(), questionnaires(), THRESHOLD)


def test_a_second_file_of_a_questionnaire_and_period_is_refused(database: Database) -> None:
    assert keep(database, outcomes(), synthetic_allowed=False)
    assert not keep(database, outcomes(), synthetic_allowed=False)
    with pytest.raises(StateError, match="survey-period-kept"):
        keep(database, outcomes(first=91), synthetic_allowed=False)
    assert keep(database, outcomes("2025"), synthetic_allowed=False)
    withdraw(database, identity_of(outcomes())[1], "verkeerd geteld")
    assert keep(database, outcomes(first=91), synthetic_allowed=False)
    with pytest.raises(StateError, match="survey-period-kept"):
        keep(database, outcomes(), synthetic_allowed=False)
    assert set(ContextReader(database)().surveys) == {outcomes(first=91), outcomes("2025")}


def test_of_several_documents_all_are_kept_or_none(database: Database) -> None:
    with pytest.raises(StateError, match="survey-period-kept"):
        keep_all(database, (*figures(), outcomes(), outcomes(first=91)), synthetic_allowed=True)
    assert imports(database) == ()
    assert events(database) == []
    assert keep_all(database, (outcomes(), *figures()[:1]), synthetic_allowed=True) == (True, True)
    assert keep_all(database, (outcomes(), outcomes("2025")), synthetic_allowed=True) == (
        False, True,
    )  # fmt: skip


def test_withheld_answers_leave_the_same_bytes(database: Database) -> None:
    """Whoever reads the database cannot tell 3 from 4 where both are withheld."""
    few = counted((2, 1, 17, 23, 11, 31))
    assert read(few) == read(few.replace(";1\r", ";4\r"))
    assert b'"respondents":0' in read(few)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (counted().replace("vraag", "item"), "survey-columns", "line 1"),
        (counted().replace("beleid;2024;eigen;b1;neutraal", "beleid;2023;eigen;b1;neutraal"),
         "survey-value", "line 4, column periode"),
        (counted().replace("eigen;b2;eens", "hier;b2;eens"), "survey-value", "column gebied"),
        (counted().replace("eigen;b2;eens", "eigen;b9;eens"), "survey-value", "column vraag"),
        (counted().replace("eigen;b2;eens", "eigen;b2;soms"), "survey-value", "column antwoord"),
        (counted().replace(";41\r", ";veertig\r", 1), "survey-value", "line 2, column aantal"),
        (counted().replace("eigen;b2;eens", "eigen;b2;neutraal", 1), "survey-row-twice", "line"),
        (counted().rsplit("\r\n", 2)[0], "survey-incomplete", "question b5"),
        (counted(times=0), "survey-sum", "question b1"),
        (";".join(COLUMNS), "survey-incomplete", "found none"),
        (counted().replace("2024", "24"), "survey-value", "column periode"),
    ],
)  # fmt: skip
def test_a_wrong_file_of_answers_is_refused_without_a_number(
    text: str, code: str, place: str
) -> None:
    with pytest.raises(InputError) as error:
        read(text)
    assert error.value.code == code
    assert place in error.value.message
    assert "41" not in str(error.value)
    assert "veertig" not in str(error.value)


def test_an_unknown_group_is_refused() -> None:
    with pytest.raises(NotFoundError, match="survey-group-unknown"):
        read(counted().replace("beleid", "raad"))


def test_a_blank_questionnaire_asks_every_question_and_no_name() -> None:
    for group in questionnaires().groups:
        text = blank_questionnaire(questionnaires(), group)
        assert all(question.text.nl in text for question in group.questions)
        assert text.count("- [ ] ") == 6 * len(group.questions)
        assert "Schrijf nergens een naam op" in text


def test_the_commands_are_there() -> None:
    assert set(context_group.commands) == {
        "sources", "import", "import-list", "list", "withdraw", "blank",
    }  # fmt: skip
