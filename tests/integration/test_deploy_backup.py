"""A restore drill: the database comes back whole, the ledger verifies, and no key is in it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.backup import moj_backup
from deploy.backup.moj_backup import BackupError, backup, main, prune, restore
from linker.cli import linker
from shared.identity import save_card
from shared.statement import Statement
from tests.support.databases import PostgreSQL
from tests.support.parties import ROUND, MiniRegion

SCRIPT = Path(moj_backup.__file__)


def settings_of(region: MiniRegion) -> Path:
    """A settings file of the region's linker, as an operator has it."""
    own = region.linker_settings.identity.parent
    shutil.copyfile(region.agreements_path, own / "agreements.toml")
    path = own / "linker.toml"
    path.write_text(
        f'database_url = "{region.linker_settings.database_url}"\n'
        'key_folder = "keys"\nidentity = "identity.json"\npolicy = "policy.toml"\n'
        'agreements = "agreements.toml"\nport = 1\npublisher_url = "http://127.0.0.1:1"\n'
    )
    save_card(region.identities["koppelaar"].card, own / "card.json")
    return path


def on(settings: Path, *words: str) -> str:
    told = CliRunner().invoke(linker, ["--settings", str(settings), *words])
    assert told.exit_code == 0, told.output
    return told.output


def test_a_restored_database_goes_on_where_the_backup_was_made(
    region: MiniRegion, accepted: Statement, tmp_path: Path
) -> None:
    settings = settings_of(region)
    database = settings.parent / "state.db"
    before = on(settings, "ledger", "export", str(tmp_path / "before.jsonl"))
    folder = tmp_path / "backups"
    made = backup(settings, folder)
    damaged = tmp_path / "apart.db"
    database.rename(damaged)  # the disaster
    restore(made, settings)
    on(settings, "migrate")
    after = on(settings, "ledger", "export", str(tmp_path / "after.jsonl"))
    assert (tmp_path / "before.jsonl").read_bytes() == (tmp_path / "after.jsonl").read_bytes()
    assert before.split()[0] == after.split()[0]
    verified = on(
        settings, "ledger", "verify", str(tmp_path / "after.jsonl"),
        "--card", str(settings.parent / "card.json"),
    )  # fmt: skip
    assert "ledger ok" in verified
    assert "open" in on(settings, "round", "status", ROUND)
    assert accepted.signatures


def test_no_key_and_no_identity_is_in_a_backup(
    region: MiniRegion, accepted: Statement, tmp_path: Path
) -> None:
    settings = settings_of(region)
    made = backup(settings, tmp_path / "backups")
    assert sorted(path.name for path in made.iterdir()) == [
        "agreements.toml", "database.sqlite", "manifest.json", "policy.toml", "settings.toml",
    ]  # fmt: skip
    keys = [path for path in (settings.parent / "keys").rglob("*") if path.is_file()]
    secrets = [path.read_bytes() for path in keys if path.name != "KEYS.txt"]
    secrets.append((settings.parent / "identity.json").read_bytes())
    assert len(secrets) > 1
    for path in made.iterdir():
        data = path.read_bytes()
        assert not any(secret in data for secret in secrets), path.name
        assert path.stat().st_mode & 0o077 == 0
    assert made.stat().st_mode & 0o077 == 0
    assert accepted.signatures


def test_a_backup_is_made_while_the_service_writes(
    region: MiniRegion, accepted: Statement, tmp_path: Path
) -> None:
    settings = settings_of(region)
    database = settings.parent / "state.db"
    with closing(sqlite3.connect(database)) as busy:
        busy.execute("BEGIN")
        busy.execute("SELECT count(*) FROM round").fetchall()  # a reader in a transaction
        made = backup(settings, tmp_path / "backups")
    with closing(sqlite3.connect(made / "database.sqlite")) as saved:
        assert saved.execute("SELECT count(*) FROM round").fetchone() == (1,)
    assert accepted.signatures


def test_what_is_there_is_never_written_over(region: MiniRegion, tmp_path: Path) -> None:
    settings = settings_of(region)
    made = backup(settings, tmp_path / "backups")
    with pytest.raises(BackupError, match="bestaat al"):
        restore(made, settings)


@pytest.mark.parametrize("name", ["database.sqlite", "policy.toml"])
def test_a_damaged_backup_is_refused(region: MiniRegion, tmp_path: Path, name: str) -> None:
    settings = settings_of(region)
    made = backup(settings, tmp_path / "backups")
    data = bytearray((made / name).read_bytes())
    data[len(data) // 2] ^= 1
    (made / name).write_bytes(bytes(data))
    (settings.parent / "state.db").unlink()
    with pytest.raises(BackupError, match="beschadigd"):
        restore(made, settings)
    assert not (settings.parent / "state.db").exists()


def test_a_backup_without_its_list_or_of_another_kind_is_refused(
    region: MiniRegion, tmp_path: Path
) -> None:
    settings = settings_of(region)
    made = backup(settings, tmp_path / "backups")
    other = settings.with_name("pg.toml")
    other.write_text(
        settings.read_text().replace(region.linker_settings.database_url, "postgresql://x@/y")
    )
    with pytest.raises(BackupError, match="noemen iets anders"):
        restore(made, other)
    manifest = json.loads((made / "manifest.json").read_text())
    (made / "manifest.json").write_text(json.dumps({**manifest, "files": {"weg": "0"}}))
    with pytest.raises(BackupError, match="geen hele back-up"):
        restore(made, settings)


NOW = datetime(2027, 6, 30, 3, tzinfo=UTC)


def folder_of(parent: Path, days_ago: float, *, partial: bool = False) -> Path:
    """What this program made so long before ``NOW``."""
    name = (NOW - timedelta(days=days_ago)).strftime(moj_backup.MOMENT)
    folder = parent / (f".{name}.partial" if partial else name)
    folder.mkdir(parents=True)
    (folder / ("database.sqlite" if partial else moj_backup.MANIFEST)).write_text("{}")
    return folder


def test_what_is_older_is_deleted_and_nothing_else(tmp_path: Path) -> None:
    kept = [folder_of(tmp_path, days) for days in (0, 1, 7, 34, 35)]
    kept.append(folder_of(tmp_path, 3, partial=True))
    kept.append(folder_of(tmp_path, -400))  # made while the clock was ahead
    kept[-1].rename(tmp_path / "apart")  # as somebody who saw that puts it away
    old = [folder_of(tmp_path, days) for days in (35.001, 36, 400)]
    old.append(folder_of(tmp_path, 36, partial=True))
    others = [tmp_path / "20200101", tmp_path / "bewaren", tmp_path / "20200101T000000Z"]
    for other in others:
        other.mkdir()
        (other / "brief.txt").write_text("van iemand anders")
    elsewhere = tmp_path / "elders" / "20200102T000000Z"
    elsewhere.mkdir(parents=True)
    (elsewhere / moj_backup.MANIFEST).write_text("{}")
    link = tmp_path / elsewhere.name
    link.symlink_to(elsewhere)
    gone = prune(tmp_path, 35, NOW)
    assert sorted(gone) == sorted(path.name for path in old)
    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in (*kept[:-1], *others, link, elsewhere))


@pytest.mark.parametrize("days_ago", [36, 4000])
def test_the_newest_backup_stays_however_old(tmp_path: Path, days_ago: int) -> None:
    folder_of(tmp_path, days_ago + 1)
    newest = folder_of(tmp_path, days_ago)
    folder_of(tmp_path, days_ago - 0.5, partial=True)
    assert len(prune(tmp_path, 35, NOW)) == 2
    assert list(tmp_path.iterdir()) == [newest]
    assert prune(tmp_path, 35, NOW) == []


def test_after_a_silence_a_person_confirms_the_date(tmp_path: Path) -> None:
    """A clock that jumped ahead would delete every backup but the last."""
    made = [folder_of(tmp_path, days) for days in (0, 7.001, 40)]
    with pytest.raises(BackupError, match="er is niets gewist"):
        prune(tmp_path, 35, NOW)
    assert all(path.exists() for path in made)
    assert prune(tmp_path, 35, NOW, clock_confirmed=True) == [made[-1].name]


def test_a_backup_says_which_it_deleted(
    region: MiniRegion, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, folder = settings_of(region), tmp_path / "backups"
    now = datetime.now(UTC)
    for days in (1, 50):
        name = (now - timedelta(days=days)).strftime(moj_backup.MOMENT)
        (folder / name).mkdir(parents=True)
        (folder / name / moj_backup.MANIFEST).write_text("{}")
    assert main(["backup", str(settings), str(folder)]) == 0
    assert len(list(folder.iterdir())) == 3, "nobody asked to delete"
    assert main(["prune", str(folder), "--keep-days", "0"]) == 1
    capsys.readouterr()
    assert main(["prune", str(folder), "--keep-days", "35"]) == 0
    assert capsys.readouterr().out == f"gewist: {name}\n"
    newest = max(folder.iterdir())
    newest.rename(folder / (now - timedelta(days=49)).strftime(moj_backup.MOMENT))
    assert main(["backup", str(settings), str(folder), "--keep-days", "35"]) == 0
    made, deleted = capsys.readouterr().out.splitlines()
    assert made.startswith("back-up in")
    assert deleted.startswith("gewist: ")
    assert len(list(folder.iterdir())) == 2


def test_a_backup_never_goes_into_the_folder_with_keys(region: MiniRegion) -> None:
    settings = settings_of(region)
    with pytest.raises(BackupError, match="map met sleutels"):
        backup(settings, settings.parent / "keys" / "backup")


def test_the_file_works_alone_and_says_what_is_wrong(region: MiniRegion, tmp_path: Path) -> None:
    """It is copied to a server: nothing of the project is beside it there."""
    settings = settings_of(region)
    copy = tmp_path / "moj_backup.py"
    shutil.copyfile(SCRIPT, copy)
    words = [sys.executable, "-I", str(copy)]
    done = subprocess.run(
        [*words, "backup", str(settings), str(tmp_path / "uit")],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert "back-up in" in done.stdout
    assert main(["restore", str(tmp_path / "uit"), str(settings)]) == 1
    wrong = subprocess.run(
        [*words, "backup", str(copy), str(tmp_path)], check=False, capture_output=True, text=True
    )
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("fout: ")


def test_postgresql_is_dumped_and_restored(
    postgresql: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{postgresql.binaries}:/usr/bin:/bin")
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is absent")
    source, target = (postgresql.owner_url(postgresql.bare_database()) for _ in range(2))
    for name in ("policy", "agreements"):
        (tmp_path / f"{name}.toml").write_text("")
    settings = []
    for name, url in (("a", source), ("b", target)):
        path = tmp_path / f"{name}.toml"
        path.write_text(
            f'database_url = "{url}"\npolicy = "policy.toml"\nagreements = "agreements.toml"\n'
            f'port = 1\nkey_folder = "keys"\nidentity = "i.json"\npublisher_url = "http://x"\n'
        )
        settings.append(path)
    psql = [str(postgresql.binaries / "psql"), "--quiet", "--no-align", "--tuples-only"]
    plain = [url.replace("+psycopg", "") for url in (source, target)]
    filled = "CREATE TABLE proef (n int); INSERT INTO proef VALUES (7)"
    subprocess.run([*psql, "--dbname", plain[0], "--command", filled], check=True)
    made = backup(settings[0], tmp_path / "backups")
    assert (made / "database.dump").stat().st_size > 0
    restore(made, settings[1])
    done = subprocess.run(
        [*psql, "--dbname", plain[1], "--command", "SELECT n FROM proef"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.strip() == "7"
