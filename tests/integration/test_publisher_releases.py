"""From a sealed tally to a published release, and everything that must stop it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import select, update

from publisher.approvals import Approval, approve, read_package, write_package
from publisher.intake import Intake
from publisher.internal import open_document
from publisher.policies import MOVES, ReleaseState, may_move
from publisher.protection import from_json_lines
from publisher.reading import DatabaseReader, read_release
from publisher.released import CellStatus, Manifest, ReleasedTable
from publisher.releases import Releases
from publisher.retention import Retention
from publisher.staging import check_release
from publisher.store import (
    InternalDocumentRow,
    ReleasedTableRow,
    ReleaseRow,
    RoundState,
    TallyRow,
    find_round,
)
from shared.contract.tally import Tally
from shared.envelope import Context, read_header, seal
from shared.errors import (
    ConfigurationError,
    InputError,
    MonitorError,
    PolicyError,
    ProtectionError,
    StateError,
    TrustError,
)
from shared.identity import Role
from shared.receipt import Outcome, Receipt
from shared.round import TrustedRound
from shared.state.ledger_table import entries
from shared.statement import Kind, Statement
from tests.support.parties import NOW, ROUND, MiniRegion, identity
from tests.support.rounds import children, linked, publisher_of, take

RELEASE = f"{ROUND}-v1.0"


@dataclass
class Publisher:
    """A publisher with the region that it belongs to."""

    region: MiniRegion
    releases: Releases
    tally: Tally
    envelope: bytes

    def sign(self, party: str, folder: Path) -> Statement:
        fingerprint = self.region.identities["publicist"].card.fingerprint
        card = self.region.identities["publicist"].card
        package = read_package(folder, card, fingerprint)
        return approve(package, self.region.identities[party], self.region.clock())

    def record(self, statement: Statement, party: str) -> ReleaseState:
        card = self.region.identities[party].card
        return self.releases.record_approval(statement, card, self.region.pinned_agreements)

    def state(self, release_id: str = RELEASE) -> ReleaseState:
        with self.releases.database.reading() as session:
            return session.get_one(ReleaseRow, release_id).state

    def submit(self, folder: Path, proposer: str = "publicist", release_id: str = RELEASE) -> Path:
        release, summary = self.releases.submit(release_id, proposer, self.region.agreements)
        statement = Statement.from_bytes(release.statement)
        write_package(folder, statement, release.tables, summary)
        return folder

    def publish(self, folder: Path) -> None:
        self.submit(folder)
        for party in ("goedkeurder-a", "goedkeurder-b"):
            self.record(self.sign(party, folder), party)
        self.releases.publish(RELEASE, self.region.agreements)


@pytest.fixture
def publisher(
    region: MiniRegion, accepted: Statement, trusted: TrustedRound
) -> Iterator[Publisher]:
    tally, envelope = linked(region, trusted, children())
    releases = publisher_of(region, accepted)
    take(releases, envelope)
    yield Publisher(region, releases, tally, envelope)
    releases.database.close()


def resealed(publisher: Publisher, tally: Tally, **changes: object) -> bytes:
    """Another tally in the linker's name."""
    header = read_header(publisher.envelope)
    context = Context.model_validate({**header.context.model_dump(), **changes})
    key = publisher.region.trusted_offer("publicist").sealing_key()
    return seal(context, tally.to_bytes(), publisher.region.identities["koppelaar"], key)


# --- intake ------------------------------------------------------------------------------------


def test_a_tally_is_taken_once_and_acknowledged(publisher: Publisher) -> None:
    again = take(publisher.releases, publisher.envelope)
    statement = Statement.from_bytes(again)
    statement.check_signed_by(publisher.region.identities["publicist"].card)
    receipt = statement.read(Kind.RECEIPT, Receipt)
    assert (receipt.outcome, receipt.rows) == (Outcome.TALLY_STORED, 0)
    with publisher.releases.database.reading() as session:
        rows = session.scalars(select(TallyRow)).all()
    assert [(row.revision, row.envelope) for row in rows] == [(1, publisher.envelope)]


def test_other_bytes_for_a_revision_that_is_here_are_refused(publisher: Publisher) -> None:
    with pytest.raises(StateError, match="revision-not-higher"):
        take(publisher.releases, resealed(publisher, publisher.tally))


def test_a_tally_without_the_synthetic_mark_is_refused(publisher: Publisher) -> None:
    unmarked = resealed(publisher, publisher.tally, synthetic=0, revision=2)
    with pytest.raises(PolicyError, match="synthetic-differs"):
        take(publisher.releases, unmarked)


def test_a_tally_whose_content_lacks_the_mark_is_refused(publisher: Publisher) -> None:
    header = publisher.tally.header.model_copy(update={"synthetic": False, "revision": 2})
    unmarked = resealed(publisher, Tally(header, publisher.tally.cells), revision=2)
    with pytest.raises(PolicyError, match="tally-differs"):
        take(publisher.releases, unmarked)


def test_a_tally_of_another_sender_is_refused(publisher: Publisher) -> None:
    header = read_header(publisher.envelope)
    key = publisher.region.trusted_offer("publicist").sealing_key()
    forger = identity("koppelaar", Role.LINKER)
    forged = seal(header.context, publisher.tally.to_bytes(), forger, key)
    with pytest.raises(TrustError, match="signature-invalid"):
        take(publisher.releases, forged)


# --- staging -----------------------------------------------------------------------------------


def test_a_staged_release_holds_exactly_what_policy_allows(publisher: Publisher) -> None:
    manifest = publisher.releases.stage(ROUND)
    assert manifest.release_id == RELEASE
    assert manifest.synthetic
    allowed = {t.id: {level.value for level in t.levels}
               for t in publisher.region.policy.policy.tables}  # fmt: skip
    publisher.submit(publisher.region.folder / "pakket")
    with publisher.releases.database.reading() as session:
        stored = session.scalars(select(ReleasedTableRow)).all()
    assert {row.table_id for row in stored} <= set(allowed)
    for row in stored:
        assert row.data is not None
        table = ReleasedTable.from_bytes(row.table_id, row.title, row.data)
        assert set(table.cells["level"].to_pylist()) <= allowed[row.table_id]


def test_no_withheld_cell_has_a_value_and_no_small_count_is_shown(publisher: Publisher) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(publisher.region.folder / "pakket")
    threshold = publisher.region.policy.policy.protection.threshold
    shown = 0
    for path in sorted(folder.glob("*.parquet")):
        table = ReleasedTable.from_bytes(path.stem, path.stem, path.read_bytes())
        for row in table.cells.to_pylist():
            if row["status"] == CellStatus.WITHHELD.value:
                assert row["value"] is None
            elif row["measure"] == "clients":
                assert not 1 <= row["value"] < threshold
                shown += 1
    assert shown > 20


def test_counts_that_are_not_released_are_sealed_at_rest(publisher: Publisher) -> None:
    publisher.releases.stage(ROUND)
    with publisher.releases.database.reading() as session:
        boxes = [row.box for row in session.scalars(select(InternalDocumentRow))]
    assert len(boxes) == 2
    assert all(box and b'"cell"' not in box and b'"rules"' not in box for box in boxes)


def test_the_manifest_says_what_the_auditor_found(publisher: Publisher) -> None:
    manifest = publisher.releases.stage(ROUND)
    proof = manifest.proof
    assert (proof.exactly_exposed, proof.too_narrow) == (0, 0)
    assert proof.verified
    assert publisher.releases.verify(RELEASE) > 0


# --- approval ----------------------------------------------------------------------------------


def test_two_organisations_sign_and_then_it_is_published(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    reader = DatabaseReader(publisher.releases.database)
    assert publisher.record(publisher.sign("goedkeurder-a", folder), "goedkeurder-a") is (
        ReleaseState.SUBMITTED
    )
    with pytest.raises(StateError, match="release-state"):
        publisher.releases.publish(RELEASE, publisher.region.agreements)
    assert reader.latest() is None
    assert reader.find(RELEASE) is None
    assert publisher.record(publisher.sign("goedkeurder-b", folder), "goedkeurder-b") is (
        ReleaseState.APPROVED
    )
    publisher.releases.publish(RELEASE, publisher.region.agreements)
    latest = reader.latest()
    assert latest is not None
    assert latest.manifest.release_id == RELEASE
    assert latest.state == "published"


def test_one_approver_twice_is_one_approver(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    for _ in range(2):
        state = publisher.record(publisher.sign("goedkeurder-a", folder), "goedkeurder-a")
    assert state is ReleaseState.SUBMITTED


def test_two_approvers_of_one_organisation_are_one(publisher: Publisher, tmp_path: Path) -> None:
    region = publisher.region
    one, two = (region.identities[f"goedkeurder-{letter}"] for letter in "ab")
    text = region.agreements_path.read_text()
    region.agreements_path.write_text(text.replace(two.card.organisation, one.card.organisation))
    card = two.card.model_copy(update={"organisation": one.card.organisation})
    region.identities["goedkeurder-b"] = type(two)(card, two.sign_seed, two.seal_seed)
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    for party in ("goedkeurder-a", "goedkeurder-b"):
        state = publisher.record(publisher.sign(party, folder), party)
    assert state is ReleaseState.SUBMITTED


def test_the_proposer_never_approves(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket", proposer="goedkeurder-a")
    with pytest.raises(PolicyError, match="approver-is-proposer"):
        publisher.record(publisher.sign("goedkeurder-a", folder), "goedkeurder-a")


def test_an_unknown_approver_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    publisher.region.identities["vreemde"] = identity("vreemde", Role.APPROVER)
    with pytest.raises(PolicyError, match="agreement-missing"):
        publisher.record(publisher.sign("vreemde", folder), "vreemde")


def test_an_approval_with_another_key_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    publisher.region.identities["goedkeurder-a"] = identity("goedkeurder-a", Role.APPROVER)
    with pytest.raises(TrustError, match="card-not-pinned"):
        publisher.record(publisher.sign("goedkeurder-a", folder), "goedkeurder-a")


def test_an_approval_of_other_bytes_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    publisher.submit(tmp_path / "pakket")
    approver = publisher.region.identities["goedkeurder-a"]
    body = Approval(
        release_id=RELEASE,
        release="0" * 64,
        approver=approver.party,
        organisation=approver.card.organisation,
        decided_at=publisher.region.clock(),
    )
    with pytest.raises(TrustError, match="approval-of-other-bytes"):
        publisher.record(Statement.make(Kind.APPROVAL, body, approver), approver.party)


def test_an_approver_sees_when_a_table_was_changed(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    path = folder / "pupils_and_clients.parquet"
    table = ReleasedTable.from_bytes("pupils_and_clients", "", path.read_bytes())
    shorter = ReleasedTable.make("pupils_and_clients", "", table.cells.slice(1))
    path.write_bytes(shorter.to_bytes())
    with pytest.raises(TrustError, match="released-bytes-differ"):
        publisher.sign("goedkeurder-a", folder)


def test_an_approver_trusts_the_pinned_publisher_only(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    card = publisher.region.identities["publicist"].card
    with pytest.raises(TrustError, match="card-not-pinned"):
        read_package(folder, card, "0" * 64)
    false = identity("publicist", Role.PUBLISHER).card
    with pytest.raises(TrustError, match="signature-missing"):
        read_package(folder, false, false.fingerprint)


def test_the_summary_tells_what_an_approver_must_know(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    summary = (folder / "samenvatting.txt").read_text()
    for words in ("SYNTHETISCH", "niet getoond", "precies te berekenen 0", "geen vorige uitgave"):
        assert words in summary


# --- publishing --------------------------------------------------------------------------------


def approved(publisher: Publisher, folder: Path) -> None:
    publisher.submit(folder)
    for party in ("goedkeurder-a", "goedkeurder-b"):
        publisher.record(publisher.sign(party, folder), party)


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
    check_release(round_, publisher.tally, release.tables, proofs)
    table = release.table_by_id["pupils_and_clients"]
    rows = table.cells.to_pylist()
    rate = next(r for r in rows if r["measure"] == "clients_per_100_pupils" and r["value"])
    rate["value"] += 1
    cells = pa.Table.from_pylist(rows, schema=table.cells.schema)
    changed = [ReleasedTable.make(table.id, table.title, cells), *release.tables[1:]]
    with pytest.raises(ProtectionError, match="quotient-differs"):
        check_release(round_, publisher.tally, changed, proofs)


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
    with publisher.releases.database.transaction() as tx:
        row = tx.session.get_one(ReleaseRow, RELEASE)
        manifest = Statement.from_bytes(row.statement).read(Kind.RELEASE, Manifest)
        unmarked = manifest.model_copy(update={"synthetic": False})
        statement = Statement.make(Kind.RELEASE, unmarked, publisher.releases.identity)
        row.statement, row.sha256 = statement.to_bytes(), statement.sha256
    approved(publisher, tmp_path / "pakket")
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
    with pytest.raises(ProtectionError, match="history-differs"):
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


# --- retention ---------------------------------------------------------------------------------


def retention(publisher: Publisher) -> Retention:
    releases = publisher.releases
    return Retention(releases.database, releases.keys, releases.identity)


def test_at_its_term_a_tally_and_its_proof_are_destroyed_and_the_release_stays(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    days = publisher.region.policy.policy.retention.tally_after_receipt_days
    clock = publisher.region.clock
    clock.forward(days - 1)
    assert list(retention(publisher).retain(clock(), clock_confirmed=True)) == []
    clock.forward(1)
    with pytest.raises(ConfigurationError, match="clock-ahead"):
        list(retention(publisher).retain(clock()))
    statements = list(retention(publisher).retain(clock(), clock_confirmed=True))
    assert len(statements) == 1
    statements[0].check_signed_by(publisher.region.identities["publicist"].card)
    assert not publisher.releases.keys.exists(ROUND)
    with publisher.releases.database.reading() as session:
        assert session.scalars(select(TallyRow)).one().envelope is None
        assert {row.box for row in session.scalars(select(InternalDocumentRow))} == {None}
    latest = DatabaseReader(publisher.releases.database).latest()
    assert latest is not None
    with pytest.raises(MonitorError):
        publisher.releases.verify(RELEASE)


def test_at_its_own_term_a_release_expires_and_stays_known(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    clock = publisher.region.clock
    clock.forward(publisher.region.policy.policy.retention.release_after_publication_days)
    list(retention(publisher).retain(clock(), clock_confirmed=True))
    assert publisher.state() is ReleaseState.EXPIRED
    found = DatabaseReader(publisher.releases.database).find(RELEASE)
    assert found is not None
    assert found.tables == ()
