"""The engine never spills, reaches nothing outside and quotes no value when it fails."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

import pyarrow as pa
import pytest

from linker.linkage.database import ENGINE, Database, EngineSettings, Stage
from shared.errors import ConfigurationError, StateError

SETTINGS = EngineSettings(memory_limit_mb=64, threads=1)


def test_it_has_no_temporary_directory_and_no_way_out() -> None:
    names = ["temp_directory", "enable_external_access", "autoload_known_extensions", "threads"]
    columns = ", ".join(f"current_setting('{name}') AS {name}" for name in names)
    with Database(SETTINGS) as database:
        found = database.fetch(Stage("settings", f"SELECT {columns}")).to_pylist()
    assert found == [
        {
            "temp_directory": "",
            "enable_external_access": False,
            "autoload_known_extensions": False,
            "threads": 1,
        }
    ]


def test_it_reads_no_file(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a\n1\n")
    query = Template("SELECT * FROM read_csv('$path')").substitute(path=tmp_path / "rows.csv")
    with Database(SETTINGS) as database, pytest.raises(RuntimeError, match="PermissionException"):
        database.fetch(Stage("file", query))


def test_its_settings_are_locked() -> None:
    with Database(SETTINGS) as database, pytest.raises(RuntimeError):
        database.fetch(Stage("unlock", "SELECT 1; SET temp_directory = 'elsewhere'"))


def test_too_little_memory_is_an_error_with_a_hint_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    large = "SELECT range AS a, hash(range) AS b, hash(range + 1) AS c FROM range(20000000)"
    with Database(SETTINGS) as database, pytest.raises(StateError) as caught:
        database.define(Stage("large", large))
    assert caught.value.code == "linkage-out-of-memory"
    assert "large" in caught.value.message
    assert "shards" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_failing_stage_is_named_and_quotes_no_value() -> None:
    with Database(SETTINGS) as database, pytest.raises(RuntimeError) as caught:
        database.fetch(Stage("casting", "SELECT CAST('ABCDEFGH' AS INTEGER)"))
    assert str(caught.value) == "stage casting failed: ConversionException"
    assert caught.value.__suppress_context__


def test_a_later_load_or_definition_replaces_the_earlier() -> None:
    with Database(SETTINGS) as database:
        for number, kept in ((1, True), (2, True)):
            database.load("numbers", pa.table({"a": [number]}))
            database.define(Stage("doubled", "SELECT a * 2 AS a FROM numbers", kept))
            found = database.fetch(Stage("found", "SELECT * FROM doubled")).to_pylist()
            assert found == [{"a": 2 * number}]


@pytest.mark.parametrize("field", ["memory_limit_mb", "threads", "shards"])
def test_settings_below_one_are_refused(field: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        EngineSettings(**{field: 0})
    assert caught.value.code == "engine-settings-invalid"


def test_the_engine_is_named_with_its_version() -> None:
    assert re.fullmatch(r"duckdb \d+\.\d+\.\d+", ENGINE)
