"""``publisher report``: from the sealed report of a staged release to text, JSON and a page."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from publisher.oversight.commands import report_command
from publisher.protection.rates import DERIVED
from publisher.releasing.keeping import REPORT
from publisher.store import InternalDocumentRow
from shared.errors import StateError
from shared.state.database import Transaction
from tests.support.parties import ROUND
from tests.support.publishing import RELEASE, Publisher


@dataclass
class Desk:
    """The command over a publisher of the tests."""

    publisher: Publisher
    command: click.Command

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(
            self.command, [RELEASE, *arguments], obj=self.publisher, catch_exceptions=False
        )


@pytest.fixture
def desk(publisher: Publisher) -> Desk:
    publisher.releases.stage(ROUND)
    return Desk(publisher, report_command(lambda _: publisher.releases))


def test_text_json_and_page_say_the_same(desk: Desk, tmp_path: Path) -> None:
    text, found = desk.run().output, json.loads(desk.run("--json").output)
    assert found["release"] == RELEASE
    assert found["total"]["audit"] == {"exact": 0, "too_narrow": 0}
    assert f"{found['certificates']['issued']} gemaakt" in text.replace(".", "")
    target = tmp_path / "report.html"
    desk.run("--page", str(target))
    markup = target.read_text(encoding="utf-8")
    for said in ("niets gevonden", "SYNTHETISCH"):
        assert said in text
    assert "Geen enkel verborgen cijfer" in markup
    assert "SYNTHETISCH" in markup
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_withheld_counts_of_the_report_are_those_of_the_release(desk: Desk) -> None:
    found = json.loads(desk.run("--json").output)
    release, _ = desk.publisher.releases.report(RELEASE)
    for table in release.tables:
        rows = table.cells.to_pylist()
        for level, loss in found["tables"][table.id]["levels"].items():
            here = [row for row in rows if row["level"] == level and row["measure"] not in DERIVED]
            assert loss["withheld"] == sum(row["status"] == "c" for row in here), level


def test_no_reader_gets_a_reason(desk: Desk) -> None:
    """Neither the manifest, the tables nor the summary name a rule that withheld a cell."""
    release, report = desk.publisher.releases.report(RELEASE)
    assert b'"primary"' in report
    for shown in (release.statement, *(table.to_bytes() for table in release.tables)):
        assert b"primary" not in shown
        assert b"secondary" not in shown
    assert "secondary" not in desk.publisher.releases.submit(
        RELEASE, "publicist", desk.publisher.region.agreements
    )[1]  # fmt: skip


def test_after_its_term_there_is_no_report(desk: Desk) -> None:
    def scrub(tx: Transaction) -> None:
        tx.session.get_one(InternalDocumentRow, (RELEASE, REPORT)).box = None

    desk.publisher.releases.database.run(scrub)
    with pytest.raises(StateError, match="document-expired"):
        desk.run()
