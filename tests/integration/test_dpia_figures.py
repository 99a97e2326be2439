"""The figures for the DPIA: right, and nothing in them that may not leave."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pyarrow as pa
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from linker.oversight.dpia_figures import LinkerFigures
from linker.oversight.dpia_figures import find_figures as figures_of_round
from linker.rounds.retention import Retention
from linker.store import DeliveryRow, DeliveryState, PartRow, RefusalRow
from publisher.oversight.dpia_figures import PublisherFigures, table_figures
from publisher.oversight.dpia_figures import find_figures as figures_of_release
from publisher.released import COLUMNS, ReleasedTable
from publisher.rounds.retention import Retention as PublisherRetention
from publisher.store import ReleaseRow
from shared.destruction import Reason
from shared.errors import StateError
from shared.holdings import Remains
from shared.round import TrustedRound
from shared.service.figures import figures_command
from shared.state.database import Transaction
from tests.support.mirrors import deliver_all, link_now, putter
from tests.support.parties import ROUND, MiniRegion
from tests.support.publishing import RELEASE, Publisher

ROW = {
    **dict.fromkeys(COLUMNS.names, ""),
    "level": "school", "period": 24, "decimals": 0,
}  # fmt: skip
PUBLIC_STATE = {"published", "superseded", "withdrawn", "expired"}


@pytest.fixture
def delivered(region: MiniRegion, trusted: TrustedRound) -> MiniRegion:
    with region.linker_client() as client:
        deliver_all(putter(region, trusted, client))
    return region


@pytest.fixture
def retention(delivered: MiniRegion) -> Iterator[Retention]:
    database = delivered.linker_database()
    yield Retention(database, delivered.linker_keys, delivered.identities["koppelaar"])
    database.close()


def of_round(region: MiniRegion, retention: Retention) -> LinkerFigures:
    return figures_of_round(retention, ROUND, region.clock(), region.policy.policy)


def test_figures_of_a_round_are_those_of_its_deliveries(
    delivered: MiniRegion, retention: Retention
) -> None:
    """By hand: 1,200 pupils; 1,060 clients of Aalten and 100 of Doetinchem; see mirrors.py.

    Of Aalten 1,000 clients are pupils, which is 94 %; of the pupils 1,098 have care or are covered
    (92 %). Doetinchem is too small to be told anything.
    """
    link_now(delivered)
    found = of_round(delivered, retention)
    pupils, care = found.received
    assert (pupils.schema_name, care.schema_name) == ("enrolment/1", "care/1")
    assert (pupils.deliveries, pupils.rows, pupils.unlinkable_percent) == (1, 1_200, 0)
    assert (care.deliveries, care.rows, care.unlinkable_percent) == (2, 1_200, None)
    assert (pupils.linked_percent, care.linked_percent) == ((92, 92), (94, 94))
    assert (found.synthetic, found.revision, found.dpia_version) == (True, 1, "0.1")


def test_nothing_is_told_of_objections_or_of_one_supplier(
    delivered: MiniRegion, retention: Retention
) -> None:
    link_now(delivered)
    text = json.dumps(of_round(delivered, retention).model_dump(mode="json"))
    assert "objection" not in text
    for party in ("gm0197", "gm0222", "duo"):
        assert f'"{party}"' not in text
    # What remains has a test of its own: by chance it has three envelopes, as there are objections.
    others = json.dumps(of_round(delivered, retention).model_dump(mode="json", exclude={"remains"}))
    told = {int(each) for each in re.findall(r"(?<![\w.-])\d+(?![\w.-])", others)}
    assert not told & {1_060, 1_160, 100, 3, 25}  # exact rows, a small delivery, and objections


def test_what_remains_says_nothing_of_objections_by_subtraction(
    delivered: MiniRegion, retention: Retention
) -> None:
    """The same figures, whether nobody, one or several suppliers sent objections."""
    link_now(delivered)
    before = of_round(delivered, retention).remains
    assert before.held == sum(each.deliveries for each in of_round(delivered, retention).received)
    with retention.database.transaction() as tx:
        for number in range(3):
            tx.session.add(one_more(a_delivery(tx, "objection/1"), number))
    assert of_round(delivered, retention).remains == before
    retention.destroy(ROUND, Reason.REQUEST)
    assert of_round(delivered, retention).remains.destroyed == before.held


def test_what_was_replaced_before_is_not_counted_as_destroyed(
    delivered: MiniRegion, retention: Retention
) -> None:
    link_now(delivered)
    before = of_round(delivered, retention).remains
    with retention.database.transaction() as tx:
        current = tx.session.get_one(DeliveryRow, a_delivery(tx, "enrolment/1"))
        old = DeliveryRow(
            delivery_id="0" * 32, round_id=ROUND, supplier=current.supplier, supersedes="",
            schema_name=current.schema_name, state=DeliveryState.SUPERSEDED, rows=1,
            created_at=current.created_at,
        )  # fmt: skip
        tx.session.add(old)
        tx.session.flush()
        replaced = one_more(old.delivery_id, 1)
        replaced.envelope = None
        tx.session.add(replaced)
    assert of_round(delivered, retention).remains == before
    retention.destroy(ROUND, Reason.REQUEST)
    assert of_round(delivered, retention).remains.destroyed == before.held


def a_delivery(tx: Transaction, schema: str) -> str:
    query = select(DeliveryRow.delivery_id).where(DeliveryRow.schema_name == schema)
    return tx.session.scalars(query).one()


def one_more(delivery_id: str, number: int) -> PartRow:
    return PartRow(
        sha256=f"{number:064d}",
        delivery_id=delivery_id,
        number=number + 2,
        last=False,
        rows=0,
        envelope=b"sealed",
        receipt=b"",
    )


def test_refused_uploads_are_counted_over_all(delivered: MiniRegion, retention: Retention) -> None:
    link_now(delivered)
    with retention.database.transaction() as tx:
        for supplier, code, count in (("duo", "a", 3), ("gm0197", "a", 1), ("gm0197", "b", 2)):
            row = RefusalRow(round_id=ROUND, supplier=supplier, code=code, count=count)
            tx.session.add(row)
        tx.session.add(RefusalRow(round_id="another", supplier="duo", code="a", count=9))
    assert of_round(delivered, retention).refused_uploads == 6


def test_a_round_that_was_not_linked_has_no_figures(
    delivered: MiniRegion, retention: Retention
) -> None:
    with pytest.raises(StateError) as refused:
        of_round(delivered, retention)
    assert refused.value.code == "round-not-linked"


def test_after_destruction_the_figures_say_what_was_destroyed(
    delivered: MiniRegion, retention: Retention
) -> None:
    link_now(delivered)
    before = of_round(delivered, retention).remains
    assert (before.destroyed, before.statement) == (0, "")
    statement = retention.destroy(ROUND, Reason.REQUEST)
    found = of_round(delivered, retention)
    body = json.loads(statement.to_bytes())["body"]
    assert (found.remains.held, found.remains.until) == (0, None)
    assert (before.held, found.remains.destroyed) == (3, 3), "envelopes of the told schemas"
    assert body["objects"] == 4, "those and the tally; of objections nobody is told"
    assert found.remains.statement == statement.sha256
    assert found.received[0].rows == 1_200
    assert found.received[0].unlinkable_percent is None, "the report went with the key"


# --- the publisher -------------------------------------------------------------------------------


@pytest.fixture
def published(publisher: Publisher, tmp_path: Path) -> Publisher:
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    return publisher


def retention_of(publisher: Publisher) -> PublisherRetention:
    it = publisher.releases
    return PublisherRetention(it.database, it.keys, it.identity)


def of_release(publisher: Publisher) -> PublisherFigures:
    region = publisher.region
    return figures_of_release(
        retention_of(publisher), RELEASE, region.clock(), region.policy.policy
    )


def test_figures_of_a_release_are_those_of_the_released_bytes(published: Publisher) -> None:
    """A second count, row by row, and what approvers read."""
    release, _ = published.releases.report(RELEASE)
    found = of_release(published)
    assert [table.id for table in found.tables] == [table.id for table in release.tables]
    for table, released in zip(found.tables, release.tables, strict=True):
        rows = released.cells.to_pylist()
        assert table.cells == len(rows)
        assert table.withheld == sum(row["status"] == "c" for row in rows)
        assert table.rounded == sum(row["status"] == "r" for row in rows)
        shown = [
            row["value"]
            for row in rows
            if row["measure"].startswith(("clients", "pupils", "not_covered"))
            and "_per_" not in row["measure"]
            and not row["measure"].endswith(("_percent", "_share"))
            and row["status"] not in {"c", "r", "z", "x"}
            and row["decimals"] == 0
            and row["value"]
        ]
        assert table.smallest == min(shown, default=None), table.id
    assert sum(table.withheld for table in found.tables) > 0
    attack = f"precies te berekenen {found.exactly_exposed}, te nauw {found.too_narrow}"
    assert attack in _summary(published)
    assert found.verified


def _summary(publisher: Publisher) -> str:
    with publisher.releases.database.reading() as session:
        return session.get_one(ReleaseRow, RELEASE).summary


def test_no_small_number_and_no_reason_stands_in_the_figures(published: Publisher) -> None:
    found = of_release(published)
    least = published.region.policy.policy.protection.threshold
    assert all(table.smallest is None or table.smallest >= least for table in found.tables)
    text = json.dumps(found.model_dump(mode="json"))
    for reason in ("primary", "secondary", "certificate", "hidden"):
        assert reason not in text


def test_a_rounded_number_and_a_rate_are_no_smallest_number() -> None:
    rows = [
        {**ROW, "measure": measure, "value": value, "status": status, "unit": str(place)}
        for place, (measure, value, status) in enumerate(
            [
                ("clients", 0, ""),
                ("clients", 5, "r"),
                ("clients", None, "c"),
                ("clients", 12, ""),
                ("clients", 11, "p"),
                ("clients_per_100_pupils", 3, ""),
                ("cost_eur", 1, ""),
                ("providers", 2, ""),
            ]
        )
    ]
    found = table_figures(ReleasedTable.make("t", "T", pa.Table.from_pylist(rows, COLUMNS)))
    assert (found.cells, found.withheld, found.rounded, found.smallest) == (8, 1, 1, 11)


def test_a_release_that_nobody_can_read_has_no_figures(publisher: Publisher) -> None:
    publisher.releases.stage(ROUND)
    with pytest.raises(StateError) as refused:
        of_release(publisher)
    assert refused.value.code == "release-not-published"


def test_destroyed_objects_are_those_of_the_statement(published: Publisher) -> None:
    """One tally, and certificates, report and counts of one release."""
    assert of_release(published).remains.held == 4
    statement = retention_of(published).destroy(ROUND, Reason.REQUEST)
    found = of_release(published)
    assert found.remains.destroyed == 4 == json.loads(statement.to_bytes())["body"]["objects"]
    assert found.state in PUBLIC_STATE
    assert found.tables, "what readers have stays known"


# --- the command ----------------------------------------------------------------------------------


def test_the_command_writes_what_it_would_say(
    delivered: MiniRegion, retention: Retention, tmp_path: Path
) -> None:
    link_now(delivered)
    wanted = of_round(delivered, retention)

    class Here:
        settings = delivered.linker_settings

    def run(*words: str) -> str:
        command: click.Command = figures_command("round", lambda *_: wanted)
        done = CliRunner().invoke(command, [ROUND, *words], obj=Here(), catch_exceptions=False)
        return done.output

    target = tmp_path / "cijfers.json"
    assert run("--out", str(target)) == f"figures of {ROUND} in cijfers.json\n"
    assert target.read_text(encoding="ascii") == run()
    assert LinkerFigures.model_validate_json(target.read_bytes()) == wanted
    assert isinstance(wanted.remains, Remains)
