"""Approvals: an approver signs, offline, the exact bytes that would be published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from publisher.released import Manifest, ReleasedTable
from shared.canonical import sha256_hex
from shared.errors import TrustError
from shared.files import read_file, write_whole
from shared.identity import Card, Identity, PartyId, Role, Sha256, check_pinned
from shared.statement import Body, Kind, Statement

STATEMENT_FILE = "release.json"
SUMMARY_FILE = "samenvatting.txt"


class Approval(Body):
    """Body of an approval statement.

    Attributes:
        release: name of the release statement, which pins every table by its hash.
    """

    release_id: str
    release: Sha256
    approver: PartyId
    organisation: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Package:
    """What an approver looks at: the signed manifest, the tables, and the checker's summary."""

    statement: Statement
    manifest: Manifest
    summary: str


def write_package(
    folder: Path, statement: Statement, tables: tuple[ReleasedTable, ...], summary: str
) -> None:
    """Write a package into an empty folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables:
        write_whole(folder / f"{table.id}.parquet", table.to_bytes())
    write_whole(folder / SUMMARY_FILE, summary.encode())
    statement.save(folder / STATEMENT_FILE)


def read_package(folder: Path, publisher: Card, fingerprint: str) -> Package:
    """Read a package and check that it is whole and the publisher's.

    Args:
        folder: where the package lies.
        publisher: the publisher's card.
        fingerprint: of the publisher, as the approver's own organisation pinned it.

    Raises:
        TrustError: another publisher signed, or a table is not the one in the manifest.
    """
    check_pinned(publisher, fingerprint, role=Role.PUBLISHER)
    statement = Statement.load(folder / STATEMENT_FILE)
    statement.check_signed_by(publisher)
    manifest = statement.read(Kind.RELEASE, Manifest)
    for entry in manifest.tables:
        data = read_file(folder / f"{entry.id}.parquet", f"table {entry.id}")
        _check_pinned_bytes(f"table {entry.id}", data, entry.sha256)
        ReleasedTable.from_bytes(entry.id, entry.title, data)
    summary = read_file(folder / SUMMARY_FILE, "the checker's summary")
    _check_pinned_bytes("the checker's summary", summary, manifest.summary_sha256)
    return Package(statement, manifest, summary.decode())


def _check_pinned_bytes(what: str, data: bytes, sha256: str) -> None:
    if sha256_hex(data) != sha256:
        raise TrustError(
            "released-bytes-differ",
            f"expected {what} as the manifest pins it, found other bytes",
            hint="ask the publisher for the package again",
        )


def approve(package: Package, approver: Identity, decided_at: datetime) -> Statement:
    """State that the release in ``package`` may be published."""
    body = Approval(
        release_id=package.manifest.release_id,
        release=package.statement.sha256,
        approver=approver.party,
        organisation=approver.card.organisation,
        decided_at=decided_at,
    )
    return Statement.make(Kind.APPROVAL, body, approver)
