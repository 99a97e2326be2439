"""The publisher's own service over a database with the releases, on one processor core.

``python -m benchmarks.publisher.service SETTINGS CORE`` serves until it is stopped.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from benchmarks.publisher.releases import (
    EXPORT,
    ROUND,
    VALID,
    Made,
    export_release,
    reference,
    region_release,
)
from deploy.demo.documents import policy_text, shipped_policy
from publisher.app import create_app
from publisher.policies import ReleaseState
from publisher.settings import Settings
from publisher.store import ReleasedTableRow, ReleaseRow, RoundRow, RoundState
from shared.canonical import sha256_hex
from shared.identity import Identity, Role
from shared.service.serving import serve
from shared.settings import load_settings
from shared.state.database import open_engine
from shared.state.migrating import migrate

DPIA = Path(__file__).parents[2] / "docs" / "dpia"
WITHOUT_LIMIT = 1_000_000_000
"""Requests a second of one address: all readers of a measurement have the same."""


def write_service(folder: Path, schools: int, rows: int, port: int) -> Path:
    """A folder with everything that the service needs; its settings."""
    folder.mkdir(parents=True)
    signer = Identity.create(
        party="publicist", name="publicist", role=Role.PUBLISHER, organisation="meting",
        valid_from=VALID[0], valid_until=VALID[1],
    )  # fmt: skip
    signer.save(folder / "publicist.key")
    (folder / "keys").mkdir()
    url = f"sqlite:///{folder / 'publisher.db'}"
    migrate(url, "publisher")
    book = reference(schools)
    engine = open_engine(url)
    with Session(engine) as session, session.begin():
        session.add(_round(book.to_bytes()))
        session.flush()
        for place, made in enumerate(
            (region_release(book, signer), export_release(book, signer, rows))
        ):
            session.add(_release(made, place))
            session.flush()
            session.add_all(_tables(made))
    engine.dispose()
    settings = folder / "publisher.toml"
    settings.write_text(
        f'database_url = "{url}"\n'
        'key_folder = "keys"\nidentity = "publicist.key"\n'
        f'policy = "{DPIA / "policy.toml"}"\nagreements = "{DPIA / "agreements.toml"}"\n'
        f"port = {port}\n"
        f"requests_per_second = {WITHOUT_LIMIT}\nrequest_burst = {WITHOUT_LIMIT}\n",
        encoding="utf-8",
    )
    return settings


def _round(book: bytes) -> RoundRow:
    return RoundRow(
        round_id=ROUND, statement=b"", register_statement=b"", reference=book,
        policy=policy_text(shipped_policy()).encode(), state=RoundState.KNOWN,
        accepted_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def _release(made: Made, place: int) -> ReleaseRow:
    old = made.release_id == EXPORT
    return ReleaseRow(
        release_id=made.release_id,
        round_id=ROUND,
        revision=1 + place,
        state=ReleaseState.SUPERSEDED if old else ReleaseState.PUBLISHED,
        statement=made.statement.to_bytes(),
        sha256=made.statement.sha256,
        staged_at=datetime(2026, 2, 1, tzinfo=UTC),
        published_at=datetime(2026, 2, 1 if old else 2, tzinfo=UTC),
    )


def _tables(made: Made) -> list[ReleasedTableRow]:
    found = []
    for position, table in enumerate(made.tables):
        data = table.to_bytes()
        found.append(
            ReleasedTableRow(
                release_id=made.release_id, table_id=table.id, position=position,
                title=table.title, sha256=sha256_hex(data), data=data,
            )
        )  # fmt: skip
    return found


def use_one_core(core: int) -> None:
    """Run on one of the cores that this process may use, from 0; all its threads too."""
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {allowed[core % len(allowed)]})


def main(settings: Path, core: int) -> None:
    """Serve on one core until stopped."""
    use_one_core(core)
    read = load_settings(settings, Settings)
    serve(create_app(read), read.host, read.port)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
