"""The specification of retention runs: every row of docs/dpia/retention.toml, on both services."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest

from deploy.make_specification import RETENTION
from linker.rounds import retention as linker_retention
from linker.rounds.lifecycle import accept_round as accept_at_linker
from linker.rounds.reopening import ReopenReason, reopen_round
from linker.rounds.retention import Retention as LinkerRetention
from linker.store import DeliveryRow, DeliveryState, FigureRow, LinkageFigureRow, LinkageRow
from linker.store import RoundRow as LinkerRound
from linker.store import RoundState as LinkerState
from publisher.policies import ReleaseState
from publisher.rounds.lifecycle import accept_round as accept_at_publisher
from publisher.rounds.retention import Retention as PublisherRetention
from publisher.store import (
    AccessLogRow,
    MandateRow,
    ReleasedTableRow,
    ReleaseRow,
    SessionRow,
    TallyRow,
    TokenRow,
)
from shared.destruction import Due, Kept, Reason, check_clock
from shared.errors import MonitorError
from shared.ledger import Event
from shared.policy import Retention as Terms
from shared.state.database import Transaction
from shared.state.retaining import Retaining
from shared.state.round_keys import RoundKeys
from shared.statement import Kind, Statement
from tests.support.markdown import ROOT
from tests.support.parties import NOW, ROUND, MiniRegion
from tests.support.publishing import Publisher
from tests.support.refusals import raised

RULES = {rule["id"]: rule for rule in RETENTION.rules()}
OPENS = "opens"
MODULES = (
    "linker/rounds/retention.py", "linker/rounds/reopening.py", "publisher/rounds/retention.py",
    "shared/destruction.py", "shared/state/destroying.py", "shared/state/offers.py",
    "shared/state/retaining.py", "shared/state/round_keys.py",
)  # fmt: skip
"""Where it is decided what ends, when, and in which order."""


def examples(function: str) -> list[Any]:
    (rule,) = [rule for rule in RULES.values() if rule.get("function") == function]
    return [pytest.param(row, id="-".join(map(str, row[:-1]))) for row in rule["rows"]]


def noon(day: int) -> datetime:
    """Noon of a day, counted from the last day on which deliveries are taken."""
    return datetime.combine(NOW.date() + timedelta(days=30 + day), time(12), UTC)


def outcome(due: Sequence[Due], now: datetime, what: Kept) -> str:
    """The outcome as the specification writes it."""
    found = [each for each in due if each.what is what]
    if not found:
        return ""
    return "alarm" if any(each.is_overdue(now) for each in found) else "gone"


def refusal(work: Callable[[], object]) -> str:
    try:
        work()
    except MonitorError as error:
        return error.code
    return OPENS


@pytest.fixture
def linker(region: MiniRegion, accepted: Statement) -> Iterator[LinkerRetention]:
    """A linker that accepted the round."""
    database = region.linker_database()
    yield LinkerRetention(database, region.linker_keys, region.identities["koppelaar"])
    database.close()


@pytest.fixture
def keeper(region: MiniRegion, accepted: Statement) -> Iterator[PublisherRetention]:
    """A publisher that accepted the round."""
    database = region.publisher_database()
    keeper = PublisherRetention(database, region.publisher_keys, region.identities["publicist"])
    accept_at_publisher(
        keeper, region.files(statement=accepted), region.pinned_agreements, region.clock
    )
    yield keeper
    database.close()


def due(keeper: Retaining, region: MiniRegion, day: datetime) -> list[Due]:
    return keeper.due(day, region.policy.policy)


# --- rounds --------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", examples("linker_round"))
def test_a_round_ends_at_the_linker_as_specified(
    region: MiniRegion, linker: LinkerRetention, row: Sequence[Any]
) -> None:
    closed, reopened, today, wanted = row
    with linker.database.transaction() as tx:
        stored = tx.session.get_one(LinkerRound, ROUND)
        if closed != "niet":
            stored.state, stored.closed_at = LinkerState.CLOSED, noon(closed)
        if reopened != "-":
            stored.state, stored.open_until = LinkerState.OPEN, noon(reopened).date()
    assert outcome(due(linker, region, noon(today)), noon(today), Kept.ROUND) == wanted


@pytest.mark.parametrize("row", examples("publisher_round"))
def test_a_round_ends_at_the_publisher_as_specified(
    region: MiniRegion, keeper: PublisherRetention, row: Sequence[Any]
) -> None:
    first, later, today, wanted = row
    with keeper.database.transaction() as tx:
        for revision, day in enumerate([first, later], start=1):
            if isinstance(day, int):
                tx.session.add(
                    TallyRow(
                        sha256=str(revision) * 64, round_id=ROUND, revision=revision,
                        envelope=b"x", receipt=b"x", received_at=noon(day),
                    )
                )  # fmt: skip
    assert outcome(due(keeper, region, noon(today)), noon(today), Kept.ROUND) == wanted


@pytest.mark.parametrize("row", examples("offer"))
def test_an_offered_key_ends_as_specified(
    region: MiniRegion, linker: LinkerRetention, keeper: PublisherRetention, row: Sequence[Any]
) -> None:
    service, days, wanted = row
    of = {"koppelaar": linker, "publicist": keeper}[service]
    of.offers.make("nooit-gemaakt", region.clock)
    now = region.clock() + timedelta(days=days)
    found = [each for each in due(of, region, now) if each.id == "nooit-gemaakt"]
    assert outcome(found, now, Kept.OFFER) == wanted


@pytest.mark.parametrize("row", examples("figures"))
def test_figures_end_as_specified(
    region: MiniRegion, linker: LinkerRetention, row: Sequence[Any]
) -> None:
    of, days, wanted = row
    made, now = NOW, NOW + timedelta(days=days)
    with linker.database.transaction() as tx:
        if of == "een levering":
            tx.session.add(
                DeliveryRow(
                    delivery_id="1" * 32, round_id=ROUND, supplier="duo", supersedes="", rows=1,
                    schema_name="enrolment/1", state=DeliveryState.CURRENT, created_at=made,
                )
            )  # fmt: skip
            tx.session.flush()
            tx.session.add(FigureRow(delivery_id="1" * 32, name="main", percent=97))
        else:
            place = {"round_id": ROUND, "revision": 1}
            tx.session.add(LinkageRow(**place, made_at=made, manifest=b"", tally_mac=""))
            tx.session.flush()
            named = {"supplier": "duo", "schema_name": "enrolment/1", "name": "linked"}
            tx.session.add(LinkageFigureRow(**place, **named, value=28))
    assert outcome(due(linker, region, now), now, Kept.FIGURES) == wanted


ACCESS_ROWS: dict[str, Callable[[], Any]] = {
    "een regel in het logboek": lambda: AccessLogRow(
        day=NOW.date(), organisation="R", role="analyst", resource="pages"
    ),
    "een token dat verliep": lambda: TokenRow(
        token_id="1", sha256="1", organisation="R", role="analyst", scopes="api", area="",
        created_at=NOW - timedelta(days=9), expires_at=NOW,
    ),
    "een rol die werd ingetrokken": lambda: MandateRow(
        mandate_id="1", account="1", role="analyst", organisation="R", party="",
        proposed_at=NOW - timedelta(days=9), expires_at=NOW + timedelta(days=999), revoked_at=NOW,
    ),
    "een sessie waar niemand meer iets vroeg": lambda: SessionRow(
        sha256="1", account="1", started_at=NOW, seen_at=NOW
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", examples("access"))
def test_what_is_of_access_ends_as_specified(
    region: MiniRegion, keeper: PublisherRetention, row: Sequence[Any]
) -> None:
    what, days, wanted = row
    now = NOW + timedelta(days=days)
    with keeper.database.transaction() as tx:
        tx.session.add(ACCESS_ROWS[what]())
    assert outcome(due(keeper, region, now), now, Kept.ACCESS) == wanted
    if wanted:
        ended = keeper.end_other(Due(Kept.ACCESS, "", now), now, region.policy.policy)
        assert ended is not None
        assert Kept.ACCESS not in {each.what for each in due(keeper, region, now)}


# --- releases ------------------------------------------------------------------------------------


STATES = {
    "gepubliceerd": ReleaseState.PUBLISHED,
    "ingetrokken": ReleaseState.WITHDRAWN,
    "nooit gepubliceerd": ReleaseState.STAGED,
}


def keep_release(keeper: PublisherRetention, said: str) -> None:
    with keeper.database.transaction() as tx:
        tx.session.add(
            ReleaseRow(
                release_id="een-v1.0", round_id=ROUND, revision=1, state=STATES[said],
                statement=b"x", sha256="1" * 64, staged_at=NOW - timedelta(days=40),
                published_at=None,
            )
        )  # fmt: skip
        tx.session.flush()
        stored = tx.session.get_one(ReleaseRow, "een-v1.0")
        if said == "nooit gepubliceerd":
            stored.staged_at = NOW
        else:
            stored.published_at = NOW
        tx.session.add(
            ReleasedTableRow(
                release_id="een-v1.0", table_id="t", position=0, title="T", sha256="2" * 64,
                data=b"x",
            )
        )  # fmt: skip


@pytest.mark.parametrize("row", examples("release"))
def test_a_release_ends_as_specified(
    region: MiniRegion, keeper: PublisherRetention, row: Sequence[Any]
) -> None:
    said, days, wanted = row
    keep_release(keeper, said)
    now = NOW + timedelta(days=days)
    assert outcome(due(keeper, region, now), now, Kept.RELEASE) == wanted


@pytest.mark.parametrize("row", examples("tables"))
def test_tables_of_an_expired_release_stay_or_go_as_specified(
    region: MiniRegion, keeper: PublisherRetention, row: Sequence[Any]
) -> None:
    said, wanted = row
    keep_release(keeper, said)
    region.clock.forward(region.policy.policy.retention.release_after_publication_days)
    list(keeper.retain(region.clock(), clock_confirmed=True))
    with keeper.database.reading() as session:
        assert session.get_one(ReleaseRow, "een-v1.0").state is ReleaseState.EXPIRED
        data = session.get_one(ReleasedTableRow, ("een-v1.0", "t")).data
    assert ("gone" if data is None else "") == wanted


# --- how it ends ---------------------------------------------------------------------------------


def test_a_round_is_destroyed_in_the_specified_order(
    linker: LinkerRetention, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    record, make = Transaction.record, Statement.make
    shred, delete = RoundKeys.destroy, linker_retention._delete_bodies

    def recorded(tx: Transaction, event: Event, **body: str | int) -> object:
        seen.append(event.value)
        return record(tx, event, **body)

    def shredded(keys: RoundKeys, round_id: str) -> None:
        shred(keys, round_id)
        assert not keys.exists(round_id)
        seen.append("key-shredded")

    def deleted(tx: Transaction, round_id: str) -> int:
        seen.append("rows-deleted")
        return delete(tx, round_id)

    def signed(kind: Kind, body: Any, signer: Any) -> Statement:
        seen.append("statement-signed")
        return make(kind, body, signer)

    monkeypatch.setattr(Transaction, "record", recorded)
    monkeypatch.setattr(RoundKeys, "destroy", shredded)
    monkeypatch.setattr(linker_retention, "_delete_bodies", deleted)
    monkeypatch.setattr(Statement, "make", signed)
    linker.destroy(ROUND, Reason.REQUEST)
    assert seen == [row[-1] for row in RULES["order"]["rows"]]
    assert [row[0] for row in RULES["order"]["rows"]] == list(range(1, len(seen) + 1))


@pytest.mark.parametrize("row", examples("clock"))
def test_a_clock_is_believed_as_specified(row: Sequence[Any]) -> None:
    days, confirmed, wanted = row
    now = NOW + timedelta(days=days)
    assert refusal(lambda: check_clock(now, NOW, confirmed=confirmed)) == wanted


@pytest.mark.parametrize("row", examples("new_work"))
def test_who_is_late_begins_nothing_as_specified(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, row: Sequence[Any]
) -> None:
    service, wants, days, wanted = row
    region: MiniRegion = request.getfixturevalue("region")
    files, agreed = region.files(), region.pinned_agreements
    work: Callable[[], object]
    if wants == "een uitgave maken":
        publisher: Publisher = request.getfixturevalue("publisher")
        work = partial(publisher.releases.stage, ROUND)
    elif service == "koppelaar":
        database, keys = region.linker_database(), region.linker_keys
        own = region.identities["koppelaar"]
        request.addfinalizer(database.close)
        work = partial(accept_at_linker, database, own, keys, files, agreed, region.clock)
    else:
        accepted = region.files(statement=request.getfixturevalue("accepted"))
        database = region.publisher_database()
        request.addfinalizer(database.close)
        made = PublisherRetention(database, region.publisher_keys, region.identities["publicist"])
        work = partial(accept_at_publisher, made, accepted, agreed, region.clock)
    until = region.clock() - timedelta(days=days)
    for each in (LinkerRetention, PublisherRetention):
        monkeypatch.setattr(each, "due", lambda *_: [Due(Kept.ROUND, "vorige", until)])
    assert refusal(work) == wanted


@pytest.mark.parametrize("row", examples("reopen"))
def test_a_round_is_reopened_as_specified(
    region: MiniRegion, linker: LinkerRetention, row: Sequence[Any]
) -> None:
    until, wanted = row
    with linker.database.transaction() as tx:
        stored = tx.session.get_one(LinkerRound, ROUND)
        stored.state, stored.closed_at = LinkerState.CLOSED, noon(-10)
    region.clock.now = noon(0)
    reason, day = ReopenReason.CORRECTION, noon(until).date()
    assert refusal(lambda: reopen_round(linker.database, ROUND, reason, day)) == wanted


# --- nothing is left out -------------------------------------------------------------------------


def test_everything_that_has_a_term_has_a_chapter() -> None:
    assert {name for rule in RULES.values() for name in rule.get("kept", ())} == {
        each.value for each in Kept
    }
    assert {name for rule in RULES.values() for name in rule["policy"]} == set(Terms.model_fields)


def test_every_refusal_of_the_code_has_a_chapter() -> None:
    of_code: set[str] = set()
    for name in MODULES:
        codes, computed = raised(ROOT / name)
        assert not computed, name
        of_code |= codes
    shown = {row[-1] for rule in RULES.values() for row in rule.get("rows", ())}
    named = {each["code"] for rule in RULES.values() for each in rule.get("also", ())}
    steps = {row[-1] for row in RULES["order"]["rows"]}
    assert (shown - steps - {"", "gone", "alarm", OPENS}) | named == of_code
    assert not shown & named, "what a row shows needs no test elsewhere"


def test_every_chapter_has_rows_that_run_or_says_that_it_has_none() -> None:
    assert [id_ for id_, rule in RULES.items() if "rows" not in rule] == ["duties"]


def test_the_page_says_what_the_specification_says() -> None:
    page = RETENTION.path().read_text(encoding="utf-8")
    assert page == RETENTION.page(), "run python -m deploy.make_pages"
