"""A linker's service whose files may not grow beyond a size: one JSON line per size on stdout.

Run as a process of its own, because the limit holds for a whole process. A limit on the size of a
file is met inside SQLite's writes as a full disk is: somewhere in the journal or in the database,
half-way, and while it undoes.
"""

from __future__ import annotations

import json
import resource
import shutil
import sqlite3
import sys
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from pydantic import BaseModel

from linker.app import create_app
from linker.settings import Settings
from shared.service.logs import Log
from shared.state.database import sqlite_url


class Job(BaseModel):
    """What to try.

    Attributes:
        snapshot: the database before each try.
        letter: the envelope that is sent.
        sizes: in bytes; None for no limit.
    """

    settings: Settings
    now: datetime
    snapshot: Path
    letter: Path
    address: str
    sizes: list[int | None]


def main() -> None:
    job = Job.model_validate_json(Path(sys.argv[1]).read_text())
    for number, size in enumerate(job.sizes):
        path = job.snapshot.with_name(f"{number}.db")
        shutil.copyfile(job.snapshot, path)
        sys.stdout.write(json.dumps(tried(job, path, size)) + "\n")
        path.unlink()


def tried(job: Job, path: Path, size: int | None) -> dict[str, Any]:
    """What the service answers when it is full, and afterwards."""
    settings = job.settings.model_copy(update={"database_url": sqlite_url(path)})
    lines = StringIO()
    app = create_app(settings, clock=lambda: job.now, log=Log("linker", lines))
    before = contents(path)
    with TestClient(app, raise_server_exceptions=False) as client:
        address, letter = f"/envelopes/{job.address}", job.letter.read_bytes()
        limit(size)
        try:
            full = client.put(address, content=letter)
        finally:
            limit(None)
        unchanged = contents(path) == before
        healthy = client.get("/healthz").status_code
        after = [client.put(address, content=letter) for _ in range(2)]
    return {
        "size": size,
        "status": full.status_code,
        "code": full.json().get("code"),
        "unchanged": unchanged,
        "healthy": healthy,
        "after": [each.status_code for each in after],
        "same_receipt": after[0].content == after[1].content,
        "bytes": path.stat().st_size,
        "journal": path.with_name(f"{path.name}-journal").exists(),
        "receipt": after[0].text,
    }


def limit(size: int | None) -> None:
    """How large a file of this process may become; its open files count too."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if size is None else size, hard))


def contents(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        lines = list(connection.iterdump())
    connection.close()
    return lines


if __name__ == "__main__":
    main()
