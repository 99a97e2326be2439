"""Commands about releases: what they print, and how they end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import click
import pytest
from click.testing import CliRunner

from publisher.releasing.releases import Releases
from publisher.releasing_commands import announce_command, moment, screen_command
from publisher.screening.screen import Screening, screen
from publisher.screening.subject import Screened
from shared.errors import PolicyError
from tests.support.screening import good, with_manifest


@dataclass
class OneRelease:
    """Stands for the releases of a publisher: it screens one."""

    it: Screened

    def screen(self, release_id: str) -> Screening:
        assert release_id == "uitgave"
        return screen(self.it)


def run(it: Screened, *options: str) -> tuple[str, BaseException | None]:
    command = screen_command(lambda _here: cast(Releases, OneRelease(it)))
    result = CliRunner().invoke(command, ["uitgave", *options])
    return result.stdout, result.exception


def test_a_good_release_is_said_to_be_good() -> None:
    output, error = run(good())
    assert error is None
    assert output.rstrip().endswith("Oordeel: PASS")


def test_the_outcome_can_be_had_as_json() -> None:
    output, error = run(with_manifest(good(), sources=()), "--json")
    assert error is None
    assert json.loads(output)["verdict"] == "ADVISORY"


def test_a_failure_is_printed_and_ends_with_an_error() -> None:
    output, error = run(with_manifest(good(), version="1.0"))
    assert "FAIL version-higher" in output
    assert isinstance(error, PolicyError)
    assert error.code == "screening-failed"


def test_an_instant_is_read_with_its_zone() -> None:
    assert moment(None) is None
    assert moment("2027-01-15T09:00+01:00") == datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
    with pytest.raises(click.BadParameter):
        moment("morgen")


def test_a_day_that_is_none_is_refused_without_repeating_it() -> None:
    result = CliRunner().invoke(announce_command, ["r1", "--title", "T", "--on", "morgen"])
    assert result.exit_code == 2
    assert "morgen" not in result.output
