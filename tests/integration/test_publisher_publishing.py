"""Publishing: the gate, superseding, withdrawing, and what was published before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import update

from publisher.intake.steps import Intake
from publisher.policies import MOVES, ReleaseState, may_move
from publisher.protection import from_json_lines, rounding_key
from publisher.reading import DatabaseReader, read_release
from publisher.released import Manifest, ReleasedTable
from publisher.releasing.internal import open_document
from publisher.staging import check_release
from publisher.store import (
    InternalDocumentRow,
    ReleasedTableRow,
    ReleaseRow,
    RoundState,
    find_round,
)
from shared.contract.tally import Tally
from shared.envelope import read_header
from shared.errors import (
    InputError,
    PolicyError,
    ProtectionError,
    StateError,
    TrustError,
)
from shared.state.ledger_table import entries
from shared.statement import Kind, Statement
from tests.support.parties import NOW, ROUND
from tests.support.publishing import RELEASE, Publisher, approved, resealed
from tests.support.rounds import take


def test_tampered_certificates_stop_the_release(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    approved(publisher, tmp_path / "pakket")
    with publisher.releases.database.transaction() as tx:
        row = tx.session.get_one(InternalDocumentRow, (RELEASE, "certificates"))
        assert row.box is not None
        row.box = row.box[:-1] + bytes([row.box[-1] ^ 1])
    with pytest.raises(TrustError, match="document-altered"):
        publisher.releases.publish(RELEASE, publisher.region.agreements)
    assert publisher.state() is ReleaseState.APPROVED


def test_other_bytes_than_were_approved_are_not_published(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    approved(publisher, tmp_path / "pakket")
    with publisher.releases.database.transaction() as tx:
        row = tx.session.get_one(ReleasedTableRow, (RELEASE, "pupils_and_clients"))
        assert row.data is not None
        table = ReleasedTable.from_bytes(row.table_id, row.title, row.data)
        values = table.cells["value"].to_pylist()
        values[next(i for i, v in enumerate(values) if v)] += 1
        position = table.cells.schema.get_field_index("value")
        cells = table.cells.set_column(position, "value", pa.array(values, pa.int64()))
        row.data = ReleasedTable.make(row.table_id, row.title, cells).to_bytes()
    with pytest.raises(TrustError, match="released-bytes-differ"):
        publisher.releases.publish(RELEASE, publisher.region.agreements)


def test_what_was_approved_and_signed_is_what_is_published(
    publisher: Publisher, tmp_path: Path
) -> None:
    """Whoever can write in the database can still not publish other bytes or without approvals."""
    publisher.releases.stage(ROUND)
    approved(publisher, tmp_path / "pakket")
    with publisher.releases.database.reading() as session:
        row = session.get_one(ReleaseRow, RELEASE)
    statement = Statement.from_bytes(row.statement)
    forged = replace(statement, body=statement.body.replace(b"Jeugdhulp op", b"Jeugdzorg op"))
    assert forged.body != statement.body

    def write(**values: object) -> None:
        with publisher.releases.database.transaction() as tx:
            tx.session.execute(update(ReleaseRow).values(**values))

    write(statement=forged.to_bytes(), sha256=forged.sha256)
    with pytest.raises(TrustError, match="signature-invalid"):
        publisher.releases.publish(RELEASE, publisher.region.agreements)
    resigned = Statement.make(
        Kind.RELEASE, forged.read(Kind.RELEASE, Manifest), publisher.releases.identity
    )
    write(statement=resigned.to_bytes(), sha256=resigned.sha256)
    with pytest.raises(TrustError, match="approval-of-other-bytes"):
        publisher.releases.publish(RELEASE, publisher.region.agreements)
    write(statement=statement.to_bytes(), sha256=statement.sha256)
    publisher.releases.publish(RELEASE, publisher.region.agreements)


def test_a_state_without_approvals_publishes_nothing(publisher: Publisher) -> None:
    publisher.releases.stage(ROUND)
    with publisher.releases.database.transaction() as tx:
        tx.session.get_one(ReleaseRow, RELEASE).state = ReleaseState.APPROVED
    with pytest.raises(PolicyError, match="approvals-missing"):
        publisher.releases.publish(RELEASE, publisher.region.agreements)


def test_a_rate_that_does_not_follow_from_its_counts_is_refused(publisher: Publisher) -> None:
    publisher.releases.stage(ROUND)
    with publisher.releases.database.reading() as session:
        release = read_release(session, session.get_one(ReleaseRow, RELEASE))
        round_ = find_round(session, ROUND).read()
        document = session.get_one(InternalDocumentRow, (RELEASE, "certificates"))
    assert document.box is not None
    key = publisher.releases.keys.storage_key(ROUND)
    proofs = from_json_lines(open_document(key, RELEASE, "certificates", document.box))
    rounding = rounding_key(publisher.releases.identity.sign_seed)
    check_release(round_, publisher.tally, release.tables, proofs, rounding)
    table = release.table_by_id["pupils_and_clients"]
    rows = table.cells.to_pylist()
    rate = next(r for r in rows if r["measure"] == "clients_per_100_pupils" and r["value"])
    rate["value"] += 1
    cells = pa.Table.from_pylist(rows, schema=table.cells.schema)
    changed = [ReleasedTable.make(table.id, table.title, cells), *release.tables[1:]]
    with pytest.raises(ProtectionError, match="quotient-differs"):
        check_release(round_, publisher.tally, changed, proofs, rounding)


def test_an_approver_reads_the_summary_that_the_manifest_pins(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    (folder / "samenvatting.txt").write_text("Alles veilig.\n")
    with pytest.raises(TrustError, match="released-bytes-differ"):
        publisher.sign("goedkeurder-a", folder)


def test_a_proposer_is_somebody_whom_the_agreements_name(publisher: Publisher) -> None:
    publisher.releases.stage(ROUND)
    for proposer in ("onbekend", "goedkeurder-a "):
        with pytest.raises(PolicyError, match="proposer-unknown"):
            publisher.releases.submit(RELEASE, proposer, publisher.region.agreements)


def test_an_approver_with_an_expired_card_does_not_count(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    old = publisher.region.identities["goedkeurder-a"]
    expired = old.card.model_copy(update={"valid_until": NOW.date() - timedelta(days=1)})
    publisher.region.identities["goedkeurder-a"] = replace(old, card=expired)
    with pytest.raises(TrustError, match="card-not-valid"):
        publisher.record(publisher.sign("goedkeurder-a", folder), "goedkeurder-a")


def test_the_ledger_names_each_approval(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    with publisher.releases.database.reading() as session:
        events = [entry.event.value for entry in entries(session.connection())]
    assert events == [
        "round_opened", "tally_received", "release_staged", "release_submitted",
        "approval_recorded", "approval_recorded", "release_approved", "release_published",
    ]  # fmt: skip


def test_no_tally_is_taken_into_a_round_that_is_being_destroyed(publisher: Publisher) -> None:
    intake = Intake(
        publisher.releases.database, publisher.releases.identity, publisher.releases.keys
    )
    header = publisher.tally.header.model_copy(update={"revision": 2})
    envelope = resealed(publisher, Tally(header, publisher.tally.cells), revision=2)
    size = read_header(envelope).size
    admitted = intake.admit(read_header(envelope).sha256, envelope[:size])
    with publisher.releases.database.transaction() as tx:
        find_round(tx.session, ROUND).state = RoundState.DESTROYING
    with pytest.raises(StateError, match="round-not-open"):
        intake.store(admitted, envelope[size:])


def test_a_withdrawal_has_a_reason_and_can_be_had_again(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    with pytest.raises(InputError, match="reason-missing"):
        publisher.releases.withdraw(RELEASE, "  ")
    first = publisher.releases.withdraw(RELEASE, "verkeerd bestand")
    assert publisher.releases.withdraw(RELEASE, "iets anders") == first


def test_a_release_without_its_synthetic_mark_is_not_published(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    approved(publisher, tmp_path / "pakket")
    with publisher.releases.database.transaction() as tx:
        row = tx.session.get_one(ReleaseRow, RELEASE)
        manifest = Statement.from_bytes(row.statement).read(Kind.RELEASE, Manifest)
        unmarked = manifest.model_copy(update={"synthetic": False})
        statement = Statement.make(Kind.RELEASE, unmarked, publisher.releases.identity)
        row.statement, row.sha256 = statement.to_bytes(), statement.sha256
    with pytest.raises(PolicyError, match="mark-missing"):
        publisher.releases.publish(RELEASE, publisher.region.agreements)
    assert publisher.state() is ReleaseState.APPROVED


def test_a_second_release_supersedes_the_first_and_both_keep_their_permalink(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    manifest = publisher.releases.stage(ROUND)
    assert (manifest.release_id, manifest.supersedes) == (f"{ROUND}-v1.1", RELEASE)
    second = f"{ROUND}-v1.1"
    folder = publisher.submit(tmp_path / "pakket-2", release_id=second)
    for party in ("goedkeurder-a", "goedkeurder-b"):
        publisher.record(publisher.sign(party, folder), party)
    publisher.releases.publish(second, publisher.region.agreements)
    reader = DatabaseReader(publisher.releases.database)
    latest, first = reader.latest(), reader.find(RELEASE)
    assert latest is not None
    assert latest.manifest.release_id == second
    assert first is not None
    assert first.state == "superseded"
    assert len(reader.list()) == 2


def test_a_published_period_is_not_published_again_with_other_figures(
    publisher: Publisher, tmp_path: Path
) -> None:
    """Subtracting two releases would give the children of a correction away."""
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    rows = publisher.tally.cells.to_pylist()
    for row in rows:
        if (row["unit"], row["measure"]) in {("99ZZ00", "pupils"), ("total", "pupils")}:
            row["value"] += 1
        if (row["level"], row["unit"], row["measure"]) in {
            ("elsewhere", "VO", "pupils"), ("residence", "GM0197", "pupils"),
        }:  # fmt: skip
            row["value"] += 1
    header = publisher.tally.header.model_copy(update={"revision": 2})
    cells = pa.Table.from_pylist(rows, schema=publisher.tally.cells.schema)
    take(publisher.releases, resealed(publisher, Tally(header, cells), revision=2))
    with pytest.raises(ProtectionError, match="correction-waits"):
        publisher.releases.stage(ROUND)


def test_a_withdrawn_release_stays_known_and_is_not_the_latest(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    statement = publisher.releases.withdraw(RELEASE, "verkeerd bronbestand")
    statement.check_signed_by(publisher.region.identities["publicist"].card)
    reader = DatabaseReader(publisher.releases.database)
    assert reader.latest() is None
    found = reader.find(RELEASE)
    assert found is not None
    assert found.state == "withdrawn"


def test_the_moves_of_a_release_are_total_and_end() -> None:
    assert set(MOVES) == set(ReleaseState)
    assert not MOVES[ReleaseState.EXPIRED]
    assert not may_move(ReleaseState.STAGED, ReleaseState.PUBLISHED)
    assert not may_move(ReleaseState.SUBMITTED, ReleaseState.PUBLISHED)
