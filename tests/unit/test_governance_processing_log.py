"""The log of processing has a line per operation, of an activity that the register has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.governance.sources import read_sources
from linker.cli import linker
from shared.ledger import Event
from shared.service.processing_log import ACTIVITIES, processing_lines
from shared.state.ledger_table import entries
from shared.statement import Statement
from tests.support.parties import ROUND, MiniRegion

REGISTER = "https://register.voorbeeld.nl/monitor"
FIELDS = {
    "trace_id", "operation_id", "status_code", "name", "start_time", "end_time", "resource",
    "attributes",
}  # fmt: skip


def test_every_event_has_an_activity_of_the_register_or_none() -> None:
    known = {each.id for each in read_sources().answers.processings}
    assert set(ACTIVITIES) == set(Event)
    assert set(ACTIVITIES.values()) <= known | {None}
    assert known - set(ACTIVITIES.values()) == {"V2", "V5"}  # at the supplier, and within V3 and V4


@pytest.fixture
def lines(region: MiniRegion, accepted: Statement) -> list[str]:
    assert accepted.signatures
    database = region.linker_database()
    with database.reading() as session:
        found = list(processing_lines(entries(session.connection()), REGISTER, "linker"))
        entered = list(entries(session.connection()))
    database.close()
    assert len(found) == sum(ACTIVITIES[each.event] is not None for each in entered)
    return found


def test_a_line_has_the_fields_of_the_standard_and_names_nobody(lines: list[str]) -> None:
    assert lines
    for line in lines:
        said = json.loads(line)
        assert set(said) == FIELDS
        assert len(bytes.fromhex(said["trace_id"])) == 16
        assert len(bytes.fromhex(said["operation_id"])) == 8
        assert said["status_code"] == 1
        (activity,) = said["attributes"].values()
        assert activity.startswith(f"{REGISTER}#V")
        assert "data_subject" not in line


def test_a_round_is_one_trace_and_an_operation_is_named_once(lines: list[str]) -> None:
    said = [json.loads(line) for line in lines]
    opened = [each for each in said if each["name"] == "round_opened"]
    assert len(opened) == 1
    assert ROUND not in "".join(lines)
    assert len({each["operation_id"] for each in said}) == len(said)


def test_the_command_writes_them(region: MiniRegion, accepted: Statement, tmp_path: Path) -> None:
    assert accepted.signatures
    own = region.linker_settings.identity.parent
    (own / "linker.toml").write_text(
        f'database_url = "{region.linker_settings.database_url}"\n'
        'key_folder = "keys"\nidentity = "identity.json"\npolicy = "policy.toml"\n'
        'agreements = "agreements.toml"\nport = 1\npublisher_url = "http://127.0.0.1:1"\n'
    )
    out = tmp_path / "verwerkingen.jsonl"
    told = CliRunner().invoke(
        linker,
        ["--settings", str(own / "linker.toml"), "ledger", "processing-log", str(out),
         "--register", REGISTER],
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    assert len(out.read_text().splitlines()) == int(told.output.split()[0]) > 0
