"""The outbox: sealed tallies go to the publisher at least once, and are acknowledged once."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

import httpx2
from sqlalchemy import select
from sqlalchemy.orm import undefer

from linker.store import OutboxRow, RoundState, find_round
from shared.envelope import read_header
from shared.errors import ConfigurationError, MonitorError, StateError
from shared.identity import Card
from shared.ledger import Event
from shared.receipt import check_receipt
from shared.state.database import Database, Transaction
from shared.statement import Statement

TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Connection:
    """How the publisher's proxy is met; what is empty is as this computer has it.

    Attributes:
        ca: PEM file of the only authorities that may sign the publisher's certificate.
        certificate: PEM file with the linker's own certificate and its key.
    """

    ca: str = ""
    certificate: str = ""

    def context(self) -> ssl.SSLContext:
        """What a connection is verified with, and what it shows.

        Raises:
            ConfigurationError: ``certificate-unusable``, naming the setting.
        """
        setting = "publisher_ca"
        try:
            context = ssl.create_default_context(cafile=self.ca or None)
            setting = "client_certificate"
            if self.certificate:
                context.load_cert_chain(self.certificate)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                "certificate-unusable",
                f"expected a PEM file as {setting} in the settings, found none that can be used",
                hint="a client certificate stands in one file with its key, without a passphrase",
                about=setting,
            ) from error
        return context


AS_THIS_COMPUTER = Connection()


def pending(database: Database) -> list[OutboxRow]:
    """Tallies that the publisher did not acknowledge yet, oldest first."""
    query = select(OutboxRow).where(OutboxRow.receipt.is_(None), OutboxRow.envelope.is_not(None))
    query = query.options(undefer(OutboxRow.envelope))  # used when the session is closed
    with database.reading() as session:
        return list(session.scalars(query.order_by(OutboxRow.created_at, OutboxRow.revision)))


def send_pending(
    database: Database,
    publisher_url: str,
    publisher: Card,
    connection: Connection = AS_THIS_COMPUTER,
) -> list[str]:
    """Send every pending tally; the round ids that were acknowledged.

    One that is refused does not keep the later ones: all are tried, then the first error is told.

    Args:
        publisher: the pinned card whose signature the receipt must have.
        connection: certificates to trust and to show.

    Raises:
        ConfigurationError: ``certificate-unusable``.
        StateError: ``publisher-unreachable`` or ``publisher-refused``; the tally stays pending.
        TrustError: the receipt is not the publisher's.
    """
    context = connection.context()
    sent: list[str] = []
    errors: list[MonitorError] = []
    for row in pending(database):
        try:
            if _send(database, row, publisher_url, publisher, context):
                sent.append(row.round_id)
        except MonitorError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return sent


def _send(
    database: Database, row: OutboxRow, publisher_url: str, publisher: Card, tls: ssl.SSLContext
) -> bool:
    """Send one tally, unless its round was reopened or destroyed since it was found pending."""

    def begin(tx: Transaction) -> bool:
        stored = tx.session.get_one(OutboxRow, row.sha256)
        if stored.envelope is None:
            return False
        stored.attempts += 1
        return True

    if not database.run(begin):
        return False
    assert row.envelope is not None
    receipt = _put(f"{publisher_url}/tallies/{row.sha256}", row.envelope, tls)
    check_receipt(receipt, read_header(row.envelope), publisher)

    def acknowledge(tx: Transaction) -> None:
        stored = tx.session.get_one(OutboxRow, row.sha256)
        if stored.receipt is None:
            stored.receipt = receipt.to_bytes()
            round_row = find_round(tx.session, row.round_id)
            # An acknowledgement of a tally that was withdrawn meanwhile says nothing of the next.
            if (round_row.state, round_row.revision) == (RoundState.LINKED, row.revision):
                round_row.move(RoundState.SENT)
            tx.record(Event.TALLY_ACKNOWLEDGED, round=row.round_id, envelope=row.sha256)

    database.run(acknowledge)
    return True


def _put(url: str, envelope: bytes, tls: ssl.SSLContext) -> Statement:
    try:
        answer = httpx2.put(
            url, content=envelope, timeout=TIMEOUT_SECONDS, trust_env=False, verify=tls
        )
    except httpx2.HTTPError as error:
        raise StateError(
            "publisher-unreachable",
            "expected an answer of the publisher, got none",
            hint="check that the publisher is up; the tally stays in the outbox",
        ) from error
    if answer.status_code not in {200, 201}:
        raise StateError(
            "publisher-refused",
            f"expected the publisher to store the tally, got status {answer.status_code} "
            f"({_problem_code(answer)})",
            hint="see the publisher's log; the tally stays in the outbox",
        )
    return Statement.from_bytes(answer.content)


def _problem_code(answer: httpx2.Response) -> str:
    try:
        return str(answer.json().get("code", "no code"))
    except ValueError:
        return "no code"
