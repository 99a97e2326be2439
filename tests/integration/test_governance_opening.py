"""A round opens only under agreements, a policy and a retention that allow it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from deploy.demo.documents import shipped_policy
from linker.rounds.lifecycle import accept_round
from linker.rounds.retention import Retention
from publisher.rounds.lifecycle import accept_round as publisher_accepts
from publisher.rounds.retention import Retention as PublisherRetention
from shared.canonical import sha256_hex
from shared.destruction import Due, Kept
from shared.errors import PolicyError, StateError
from shared.identity import Role
from shared.policy import REVIEW_AFTER
from shared.round import Round
from shared.state.round_acceptance import check_files
from shared.statement import Kind, Statement
from tests.support.parties import ROUND, MiniRegion
from tests.support.publishing import Publisher


def accept(region: MiniRegion) -> Statement:
    database = region.linker_database()
    try:
        return accept_round(
            database, region.identities["koppelaar"], region.linker_keys, region.files(),
            region.pinned_agreements, region.clock,
        )  # fmt: skip
    finally:
        database.close()


def change(region: MiniRegion, old: str, new: str, *, count: int = -1) -> None:
    text = region.agreements_path.read_text()
    assert old in text
    region.agreements_path.write_text(text.replace(old, new, count))


def organisation_of(region: MiniRegion, party: str) -> str:
    return region.identities[party].card.organisation


def test_a_round_opens_with_approvers_of_two_organisations(region: MiniRegion) -> None:
    assert accept(region).signatures


def test_a_round_does_not_open_without_two_organisations(region: MiniRegion) -> None:
    """A municipality that starts alone names a second approver elsewhere."""
    one, other = (organisation_of(region, f"goedkeurder-{each}") for each in "ab")
    assert one != other
    block = f'organisation = "{other}"'
    change(region, block, f'organisation = "{one.upper()} "')
    with pytest.raises(PolicyError, match="approvers-missing") as refused:
        accept(region)
    assert "samenwerkingsverband" in refused.value.hint


def test_an_approver_whose_agreement_ended_is_none(region: MiniRegion) -> None:
    text = region.agreements_path.read_text()
    blocks = text.split("[[agreements]]")
    ended = [
        block.replace('status = "definitief"', 'status = "concept"')
        if 'party = "goedkeurder-b"' in block
        else block
        for block in blocks
    ]
    region.agreements_path.write_text("[[agreements]]".join(ended))
    with pytest.raises(PolicyError, match="approvers-missing"):
        accept(region)


def test_one_municipality_alone_can_open_a_round(region: MiniRegion) -> None:
    """The pilot: one supplier of care; the round of the key office says who delivers."""
    body = region.made.read(Kind.ROUND, Round)
    alone = tuple(
        each.model_copy(
            update={
                "expected": tuple(
                    expected.model_copy(update={"municipalities": (197,)})
                    for expected in each.expected
                )
            }
        )
        for each in body.suppliers
        if each.party != "gm0222"
    )
    office = region.identities["sleutelbeheer"]
    made = Statement.make(Kind.ROUND, body.model_copy(update={"suppliers": alone}), office)
    database = region.linker_database()
    accepted = accept_round(
        database, region.identities["koppelaar"], region.linker_keys,
        region.files(statement=made), region.pinned_agreements, region.clock,
    )  # fmt: skip
    database.close()
    assert [each.party for each in accepted.read(Kind.ROUND, Round).suppliers] == ["duo", "gm0197"]


def test_a_round_does_not_open_while_something_is_past_its_term(
    region: MiniRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = region.clock() - timedelta(days=3)

    def due(*_: object) -> list[Due]:
        return [Due(Kept.ROUND, "vorige", long_ago)]

    monkeypatch.setattr(Retention, "due", due)
    with pytest.raises(StateError, match="retention-overdue") as refused:
        accept(region)
    assert "vorige" in refused.value.message
    assert "linker retain" in refused.value.hint


def accept_at_publisher(region: MiniRegion, accepted: Statement) -> None:
    database = region.publisher_database()
    keeper = PublisherRetention(database, region.publisher_keys, region.identities["publicist"])
    try:
        publisher_accepts(
            keeper, region.files(statement=accepted), region.pinned_agreements, region.clock
        )
    finally:
        database.close()


def test_the_publisher_takes_no_round_while_something_is_past_its_term(
    region: MiniRegion, accepted: Statement, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = Due(Kept.RELEASE, "vorige-v1.0", region.clock() - timedelta(days=3))
    monkeypatch.setattr(PublisherRetention, "due", lambda *_: [due])
    with pytest.raises(StateError, match="retention-overdue") as refused:
        accept_at_publisher(region, accepted)
    assert "vorige-v1.0" in refused.value.message
    assert "publisher retain" in refused.value.hint
    own_key = Due(Kept.OFFER, ROUND, region.clock() - timedelta(days=3))
    monkeypatch.setattr(PublisherRetention, "due", lambda *_: [own_key])
    accept_at_publisher(region, accepted)


def test_the_publisher_stages_nothing_while_something_is_past_its_term(
    publisher: Publisher,
) -> None:
    """By the clock: its own tally a day after its term; a retention run makes room again."""
    region, days = publisher.region, publisher.region.policy.policy.retention
    region.clock.forward(days=days.tally_after_receipt_days)
    assert publisher.releases.stage(ROUND), "its term ended today, and tonight it goes"
    region.clock.forward(days=2)
    with pytest.raises(StateError, match="retention-overdue") as refused:
        publisher.releases.stage(ROUND)
    assert ROUND in refused.value.message
    it = publisher.releases
    keeper = PublisherRetention(it.database, it.keys, it.identity)
    assert [each.id for each in keeper.retain(region.clock(), clock_confirmed=True)] == [ROUND]
    with pytest.raises(StateError, match="tally-expired"):
        publisher.releases.stage(ROUND)


def test_what_reached_its_term_today_waits_for_tonight(
    region: MiniRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def due(*_: object) -> list[Due]:
        return [Due(Kept.ROUND, "vorige", region.clock() - timedelta(hours=1))]

    monkeypatch.setattr(Retention, "due", due)
    assert accept(region).signatures


def real(region: MiniRegion, advice: date, *, locations: bool = True) -> Statement:
    """A real round under a definitive policy, as far as everything before the check goes."""
    text = shipped_policy().replace(
        'status = "concept"', f'status = "definitief"\nfg_advice_on = {advice}', 1
    )
    policy = text.encode()
    if locations:
        for party in ("koppelaar", "publicist"):
            change(region, f'party = "{party}"', f'party = "{party}"\nlocations = ["NL"]', count=1)
    body = region.made.read(Kind.ROUND, Round)
    changed = body.model_copy(update={"synthetic": False, "policy": sha256_hex(policy)})
    made = Statement.make(Kind.ROUND, changed, region.identities["sleutelbeheer"])
    files = replace(region.files(statement=made), policy=policy)
    check_files(
        files, region.pinned_agreements.agreements, region.linker_keys, Role.LINKER,
        region.clock().date(),
    )  # fmt: skip
    return made


def test_a_definitive_policy_with_advice_opens_a_real_round(region: MiniRegion) -> None:
    assert real(region, region.clock().date())


def test_advice_of_a_later_day_opens_no_real_round(region: MiniRegion) -> None:
    with pytest.raises(PolicyError, match="fg-advice-in-future"):
        real(region, region.clock().date() + timedelta(days=1))


def test_advice_of_long_ago_opens_no_real_round(region: MiniRegion) -> None:
    assert REVIEW_AFTER.days <= 1100, "at least every three years"
    assert real(region, region.clock().date() - REVIEW_AFTER)
    with pytest.raises(PolicyError, match="dpia-review-overdue"):
        real(region, region.clock().date() - REVIEW_AFTER - timedelta(days=1), locations=False)


def test_a_processor_without_a_place_opens_no_real_round(region: MiniRegion) -> None:
    with pytest.raises(PolicyError, match="agreement-incomplete"):
        real(region, region.clock().date(), locations=False)
