"""Back up or restore the state of one service: its database, settings, policy and agreements.

Never in a backup: the folder with round keys, for then destruction would destroy nothing, and the
private identity, of which a sealed copy lies in a safe. Standard library only: copy this one file
to the server. ``moj_backup.py backup SETTINGS FOLDER --keep-days 35``, ``moj_backup.py prune FOLDER
--keep-days 35`` and ``moj_backup.py restore FOLDER SETTINGS``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

SQLITE, POSTGRESQL = "sqlite:///", "postgresql"
DATABASES = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
MANIFEST = "manifest.json"
DOCUMENTS = ("policy", "agreements")
MOMENT = "%Y%m%dT%H%M%SZ"
"""How a backup is named; what is named otherwise was not made here and is left alone."""
MAX_SILENCE = timedelta(days=7)
"""As for every destruction: after a longer silence a person confirms the date."""


class BackupError(Exception):
    """What stands in the way; the message says what to do."""


def backup(settings: Path, folder: Path) -> Path:
    """Write a backup in a new folder below ``folder``; a consistent one, while the service runs.

    Raises:
        BackupError: the settings, the database or the place are not fit for it.
    """
    document, base = _settings(settings), settings.resolve().parent
    keys = (base / str(document.get("key_folder", "sleutels"))).resolve()
    if folder.resolve().is_relative_to(keys):
        raise BackupError("een back-up komt nooit in de map met sleutels; noem een andere map")
    moment = datetime.now(UTC).strftime(MOMENT)
    target, made = folder / moment, folder / f".{moment}.partial"
    if target.exists() or made.exists():
        raise BackupError(f"{target.name} bestaat al; wacht een seconde")
    made.mkdir(parents=True, mode=0o700)
    kind = _copy_out(str(document["database_url"]), base, made)
    shutil.copyfile(settings, made / "settings.toml")
    for name in DOCUMENTS:
        shutil.copyfile(base / str(document[name]), made / f"{name}.toml")
    files = {path.name: _sha256(path) for path in sorted(made.iterdir())}
    manifest = {"made_at": moment, "database": kind, "files": files}
    (made / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    for path in made.iterdir():
        path.chmod(0o600)
        _flush(path)
    made.rename(target)
    return target


def prune(
    folder: Path, keep_days: int, now: datetime, *, clock_confirmed: bool = False
) -> list[str]:
    """Delete every backup that is older, and what was left of a run that stopped; their names.

    What was destroyed or taken back since is still in them. The newest backup stays, however old.

    Raises:
        BackupError: the days are none, or the clock may be wrong; nothing was deleted.
    """
    if keep_days < 1:
        raise BackupError("--keep-days is minstens 1")
    made = sorted((at, path) for path in folder.iterdir() if (at := _made_at(path)) is not None)
    whole = [(at, path) for at, path in made if not _is_partial(path)]
    if len(whole) > 1 and whole[-1][0] - whole[-2][0] > MAX_SILENCE and not clock_confirmed:
        raise BackupError(
            f"er is niets gewist: de vorige back-up is van {whole[-2][0]:%Y-%m-%d}. Klopt de datum "
            "van deze computer? Geef dan `prune` met --confirm-clock"
        )
    last_day, newest = now - timedelta(days=keep_days), whole[-1:]
    gone = [path for at, path in made if at < last_day and (at, path) not in newest]
    for path in gone:
        shutil.rmtree(path)
    return [path.name for path in gone]


def _made_at(path: Path) -> datetime | None:
    """When this program began to write a folder; None of anything else."""
    name = path.name.removeprefix(".").removesuffix(".partial") if _is_partial(path) else path.name
    try:
        moment = datetime.strptime(name, MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
    is_own = _is_partial(path) or (path / MANIFEST).is_file()
    return moment if is_own and path.is_dir() and not path.is_symlink() else None


def _is_partial(path: Path) -> bool:
    return path.name.startswith(".") and path.name.endswith(".partial")


def restore(folder: Path, settings: Path) -> str:
    """Put the database of a backup where ``settings`` says; what is there is never written over.

    Raises:
        BackupError: the backup is damaged, or there is a database already.
    """
    manifest = _checked(folder)
    kind = str(manifest["database"])
    document, base = _settings(settings), settings.resolve().parent
    url = str(document["database_url"])
    if _kind(url) != kind:
        raise BackupError(f"de back-up is van {kind}, de instellingen noemen iets anders")
    copy = folder / DATABASES[kind]
    if kind == "sqlite":
        _put_sqlite(copy, _sqlite_path(url, base))
    else:
        _run("pg_restore", "--exit-on-error", "--single-transaction", "--dbname", _plain(url), copy)
    return str(manifest["made_at"])


def _settings(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BackupError(f"{path.name} is niet te lezen als instellingen") from error
    missing = [name for name in ("database_url", *DOCUMENTS) if name not in document]
    if missing:
        raise BackupError(f"in {path.name} ontbreekt {', '.join(missing)}")
    return document


def _kind(url: str) -> str:
    if url.startswith(SQLITE):
        return "sqlite"
    if url.startswith(POSTGRESQL):
        return "postgresql"
    raise BackupError("database_url is geen adres van SQLite of PostgreSQL")


def _sqlite_path(url: str, base: Path) -> Path:
    return base / url.removeprefix(SQLITE)


def _plain(url: str) -> str:
    """The address as PostgreSQL's own programs take it."""
    return "postgresql://" + url.partition("://")[2]


def _copy_out(url: str, base: Path, made: Path) -> str:
    kind = _kind(url)
    copy = made / DATABASES[kind]
    if kind == "postgresql":
        _run("pg_dump", "--format=custom", "--file", copy, "--dbname", _plain(url))
        return kind
    source = _sqlite_path(url, base)
    if not source.is_file():
        raise BackupError(f"er is geen database {source.name}; draai eerst `migrate`")
    copy.touch(mode=0o600)
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(copy)) as saved,
    ):
        live.backup(saved)
        _check_sqlite(saved)
    return kind


def _put_sqlite(copy: Path, target: Path) -> None:
    if target.exists():
        raise BackupError(f"{target.name} bestaat al; zet die eerst apart, gooi niets weg")
    partial = target.with_name(f".{target.name}.partial")
    partial.touch(mode=0o600)
    with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as saved:
        _check_sqlite(saved)
    shutil.copyfile(copy, partial)
    _flush(partial)
    partial.rename(target)


def _check_sqlite(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        raise BackupError("de database is beschadigd; neem een eerdere back-up")


def _checked(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        wanted = manifest["files"]
        found = {name: _sha256(folder / name) for name in wanted}
    except (OSError, ValueError, KeyError) as error:
        raise BackupError("dit is geen hele back-up; neem een andere") from error
    damaged = sorted(name for name in wanted if found[name] != wanted[name])
    if damaged or manifest.get("database") not in DATABASES:
        raise BackupError(f"de back-up is beschadigd: {', '.join(damaged) or MANIFEST}")
    return manifest


def _run(program: str, *arguments: str | Path) -> None:
    found = shutil.which(program)
    if found is None:
        raise BackupError(f"{program} is niet geïnstalleerd; het hoort bij PostgreSQL")
    done = subprocess.run([found, *map(str, arguments)], check=False, capture_output=True)
    if done.returncode:
        # Not its output: an error of a database can show a row.
        raise BackupError(f"{program} eindigde met code {done.returncode}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def main(arguments: list[str] | None = None) -> int:
    """Parse, do and tell; 0 where it went well."""
    parser = argparse.ArgumentParser(description="Back-up van een dienst, zonder sleutels")
    commands = parser.add_subparsers(dest="command", required=True)
    out = commands.add_parser("backup", help="maak een back-up")
    out.add_argument("settings", type=Path)
    out.add_argument("folder", type=Path)
    out.add_argument("--keep-days", type=int, help="wis daarna wat ouder is")
    away = commands.add_parser("prune", help="wis back-ups die te oud zijn")
    away.add_argument("folder", type=Path)
    away.add_argument("--keep-days", type=int, required=True, help="wis wat ouder is")
    away.add_argument("--confirm-clock", action="store_true", help="de datum klopt")
    back = commands.add_parser("restore", help="zet een back-up terug")
    back.add_argument("folder", type=Path)
    back.add_argument("settings", type=Path)
    given = parser.parse_args(arguments)
    try:
        for said in _do(given):
            print(said)  # noqa: T201 - a program of its own
    except BackupError as error:
        print(f"fout: {error}", file=sys.stderr)  # noqa: T201 - a program of its own
        return 1
    return 0


def _do(given: argparse.Namespace) -> Iterator[str]:
    """Do what was asked; a line for each thing that was done."""
    now = datetime.now(UTC)
    if given.command == "restore":
        moment = restore(given.folder, given.settings)
        yield f"back-up van {moment} teruggezet; geef nu `migrate` en kijk het logboek na"
        return
    is_confirmed = given.command == "prune" and given.confirm_clock
    if given.command == "backup":
        yield f"back-up in {backup(given.settings, given.folder)}"
    if given.keep_days is not None:
        for name in prune(given.folder, given.keep_days, now, clock_confirmed=is_confirmed):
            yield f"gewist: {name}"


if __name__ == "__main__":
    sys.exit(main())
