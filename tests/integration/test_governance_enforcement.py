"""What docs/dpia/handhaving.md promises and no other test shows: done, and refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from linker.cli import linker as linker_command
from publisher import staging
from publisher.cli import publisher as publisher_command
from publisher.policies import ReleaseState
from publisher.protection import Rules
from shared.errors import ConfigurationError, MonitorError, ProtectionError, StateError, TrustError
from shared.identity import Role, save_card
from shared.policy import Policy
from shared.service import serving
from shared.settings import ServiceSettings
from shared.statement import Statement
from tests.support.parties import ROUND, MiniRegion, identity
from tests.support.publishing import RELEASE, Publisher

COMMANDS = {"koppelaar": linker_command, "publicist": publisher_command}


def run(command: click.Command, settings: ServiceSettings, *words: str) -> Result:
    """A service's command line over settings that the tests made."""
    values = settings.model_dump(mode="json", exclude_none=True)
    plain = {name: each for name, each in values.items() if not isinstance(each, dict)}
    path = settings.identity.parent / "settings.toml"
    path.write_text("\n".join(f"{name} = {json.dumps(each)}" for name, each in plain.items()))
    return CliRunner().invoke(command, ["--settings", str(path), *words])


def test_a_tally_goes_to_the_publisher_of_the_agreement_only(
    region: MiniRegion, accepted: Statement, tmp_path: Path
) -> None:
    other = identity("publicist", Role.PUBLISHER)
    assert other.card.fingerprint != region.identities["publicist"].card.fingerprint
    save_card(other.card, tmp_path / "andere.card.json")
    done = run(
        linker_command, region.linker_settings, "outbox", "send",
        "--publisher-card", str(tmp_path / "andere.card.json"),
    )  # fmt: skip
    assert isinstance(done.exception, TrustError)
    assert done.exception.code == "card-not-pinned"


def test_a_release_that_was_made_with_laxer_thresholds_is_not_submitted(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As if somebody staged with another program: the gate protects by the policy of the round."""
    real: Callable[[Policy], Rules] = staging.rules_of

    def laxer(policy: Policy) -> Rules:
        return replace(real(policy), threshold=2, split_threshold=2, union=False, group=False)

    with monkeypatch.context() as patched:
        patched.setattr(staging, "rules_of", laxer)
        publisher.releases.stage(ROUND)
    with pytest.raises(ProtectionError):
        publisher.releases.verify(RELEASE)
    with pytest.raises(MonitorError, match="screening-failed"):
        publisher.submit(tmp_path / "pakket")
    assert publisher.state() is ReleaseState.STAGED


def test_without_two_signatures_nothing_is_published(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    for signed in ((), ("goedkeurder-a",)):
        for party in signed:
            publisher.record(publisher.sign(party, folder), party)
        with pytest.raises(StateError, match="release-state"):
            publisher.releases.publish(RELEASE, publisher.region.agreements)
    publisher.record(publisher.sign("goedkeurder-b", folder), "goedkeurder-b")
    publisher.releases.publish(RELEASE, publisher.region.agreements)
    assert publisher.state() is ReleaseState.PUBLISHED


WRONG = {
    "policy-invalid": ("policy", 'linker = "koppelaar"', 'linker = "publicist"'),
    "toml-invalid": ("policy", "[protection]", "[protection"),
    "agreements-invalid": ("agreements", 'status = "definitief"', 'status = "ongeveer"'),
    "agreement-document-missing": ("signed", "", ""),
}


@pytest.mark.parametrize("party", COMMANDS)
@pytest.mark.parametrize("code", WRONG)
def test_a_service_does_not_start_with_documents_that_are_wrong(
    region: MiniRegion, monkeypatch: pytest.MonkeyPatch, party: str, code: str
) -> None:
    started: list[object] = []
    monkeypatch.setattr(serving, "serve", lambda *_: started.append(1))
    settings: ServiceSettings = {
        "koppelaar": region.linker_settings, "publicist": region.publisher_settings
    }[party]  # fmt: skip
    assert run(COMMANDS[party], settings, "migrate").exit_code == 0
    assert run(COMMANDS[party], settings, "serve").exit_code == 0
    assert started == [1]
    which, old, new = WRONG[code]
    if which == "signed":
        settings = settings.model_copy(update={"signed_documents": str(region.folder / "leeg")})
    else:
        path = settings.policy if which == "policy" else settings.agreements
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    done = run(COMMANDS[party], settings, "serve")
    assert isinstance(done.exception, ConfigurationError)
    assert done.exception.code == code
    assert done.exception.hint
    assert started == [1], "nobody can ask a service anything whose documents are wrong"
