"""Nobody receives a table, and no service a tally, whom the policy does not name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.demo.documents import policy_text, shipped_policy
from linker.rounds.lifecycle import accept_round
from publisher.app import create_app
from publisher.policies import ReleaseState
from publisher.releasing.recipients import check_recipients, check_shown
from shared.errors import ConfigurationError, PolicyError
from shared.policy import EVERYBODY, Policy, read_policy
from tests.support.parties import ROUND, make_region
from tests.support.publishing import RELEASE, Publisher, publisher_with_tally

NARROW = "providers"
"""The table that is not for everybody in these tests."""


def narrowed() -> str:
    """The policy of a demonstration in which one table is for municipalities only."""
    text = policy_text(shipped_policy())
    at = text.index(f'id = "{NARROW}"')
    head, table = text[:at], text[at:]
    return head + table.replace(f', "{EVERYBODY}"]', "]", 1)


def policy(text: str) -> Policy:
    return read_policy(text.encode()).policy


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[Publisher]:
    """A publisher under that policy, with an approved release."""
    region = make_region(tmp_path, policy=narrowed())
    database = region.linker_database()
    accepted = accept_round(
        database, region.identities["koppelaar"], region.linker_keys, region.files(),
        region.pinned_agreements, region.clock,
    )  # fmt: skip
    database.close()
    for made in publisher_with_tally(region, accepted, region.trusted(accepted)):
        made.releases.stage(ROUND)
        folder = made.submit(tmp_path / "pakket")
        for party in ("goedkeurder-a", "goedkeurder-b"):
            made.record(made.sign(party, folder), party)
        yield made


def test_a_table_that_is_not_for_everybody_is_not_published_openly(narrow: Publisher) -> None:
    with pytest.raises(PolicyError, match="recipients-not-everybody") as refused:
        narrow.releases.publish(RELEASE, narrow.region.agreements)
    assert NARROW in refused.value.message
    assert "publisher.toml" in refused.value.hint
    assert narrow.state() is ReleaseState.APPROVED
    closed = replace(narrow.releases, is_closed=True)
    closed.publish(RELEASE, narrow.region.agreements)
    assert narrow.state() is ReleaseState.PUBLISHED


def test_a_publisher_that_was_closed_does_not_open_with_what_is_for_a_few(
    narrow: Publisher,
) -> None:
    replace(narrow.releases, is_closed=True).publish(RELEASE, narrow.region.agreements)
    with pytest.raises(PolicyError, match="recipients-not-everybody"):
        create_app(narrow.region.publisher_settings)
    with narrow.releases.database.reading() as session:
        check_shown(session, is_closed=True)
    narrow.releases.withdraw(RELEASE, "Niet voor iedereen.")
    with pytest.raises(PolicyError, match="recipients-not-everybody"):
        create_app(narrow.region.publisher_settings)


def test_only_tables_that_are_shown_count() -> None:
    allowed = policy(narrowed())
    check_recipients(allowed, ["pupils_and_clients", "costs"], is_closed=False)
    check_recipients(allowed, [NARROW], is_closed=True)
    with pytest.raises(PolicyError, match="recipients-not-everybody"):
        check_recipients(allowed, ["pupils_and_clients", NARROW], is_closed=False)
    check_recipients(
        policy(policy_text(shipped_policy())), [NARROW, "pupils_and_clients"], is_closed=False
    )


def test_a_recipient_that_nobody_decided_on_is_refused() -> None:
    text = shipped_policy().replace(f'"{EVERYBODY}"]', f'"{EVERYBODY}", "verzekeraars"]', 1)
    with pytest.raises(ConfigurationError, match="policy-invalid") as refused:
        read_policy(text.encode())
    assert "tables.0.recipients" in refused.value.message
    assert "verzekeraars" not in refused.value.message
