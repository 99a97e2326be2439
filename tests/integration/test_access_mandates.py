"""Roles of accounts: who may give them, and that an approver needs four eyes of two parties."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from publisher.access.four_eyes import AccessMandate, countersign
from publisher.access.holding import mandate_of
from publisher.access.mandates import Mandates, account_of
from publisher.access.roles import AccessRole
from publisher.cli import publisher as command
from shared.errors import MonitorError
from shared.identity import Identity, Role, save_card
from shared.ledger import Event
from shared.state.database import Database
from shared.state.ledger_table import entries
from shared.statement import Kind, Statement
from tests.support.parties import MiniRegion, identity

ACCOUNT, OTHER = "a" * 64, "b" * 64
PARTY, CONFIRMER = "goedkeurder-a", "goedkeurder-b"


@pytest.fixture
def database(region: MiniRegion) -> Iterator[Database]:
    database = region.publisher_database()
    yield database
    database.close()


@pytest.fixture
def mandates(region: MiniRegion, database: Database) -> Mandates:
    return Mandates(database, region.identities["publicist"])


def role_of(mandates: Mandates, region: MiniRegion, account: str = ACCOUNT) -> AccessRole | None:
    with mandates.database.reading() as session:
        found = mandate_of(session, account, mandates.identity, region.clock())
    return None if found is None else found.role


def events(mandates: Mandates) -> list[tuple[Event, dict[str, str]]]:
    with mandates.database.reading() as session:
        return [(each.event, json.loads(each.body)) for each in entries(session.connection())]


def signed(region: MiniRegion, proposal: Statement, by: Identity) -> Statement:
    card = region.identities["publicist"].card
    return countersign(proposal, card, card.fingerprint, by)


def refusal(action: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(MonitorError) as raised:
        action(*arguments)
    assert ACCOUNT not in str(raised.value) + raised.value.hint
    return raised.value.code


def test_the_operator_gives_every_role_but_that_of_an_approver(
    mandates: Mandates, region: MiniRegion
) -> None:
    for number, role in enumerate(AccessRole):
        account = f"{number:064x}"
        if role is AccessRole.APPROVER:
            assert refusal(mandates.give, account, role, "Regio", 10) == "four-eyes-needed"
            assert role_of(mandates, region, account) is None
        else:
            mandates.give(account, role, "Regio", 10)
            assert role_of(mandates, region, account) is role
    assert [event for event, _ in events(mandates)] == [Event.ACCESS_GRANTED] * 3


def test_one_proposes_and_another_organisation_confirms(
    mandates: Mandates, region: MiniRegion
) -> None:
    proposal = mandates.propose(ACCOUNT, PARTY, region.agreements, 100)
    assert role_of(mandates, region) is None
    confirmer = region.identities[CONFIRMER]
    confirmed = signed(region, proposal, confirmer)
    assert confirmed.sha256 == proposal.sha256
    for _ in range(2):  # the same confirmation again changes nothing
        mandates.confirm(confirmed, confirmer.card, region.pinned_agreements)
    assert role_of(mandates, region) is AccessRole.APPROVER
    (proposed, first), (granted, second) = events(mandates)
    assert (proposed, granted) == (Event.ACCESS_PROPOSED, Event.ACCESS_GRANTED)
    assert first["statement"] == second["statement"] == proposal.sha256
    assert (second["party"], second["confirmed_by"]) == (PARTY, CONFIRMER)
    assert ACCOUNT not in json.dumps([first, second])


def test_who_proposes_or_gets_the_role_cannot_confirm_it(
    mandates: Mandates, region: MiniRegion
) -> None:
    proposal = mandates.propose(ACCOUNT, PARTY, region.agreements, 100)
    publicist = region.identities["publicist"]
    colleague = Identity.create(
        party="goedkeurder-b", role=Role.APPROVER, name="x",
        organisation=publicist.card.organisation, valid_from=publicist.card.valid_from,
        valid_until=publicist.card.valid_until,
    )  # fmt: skip
    others = (publicist, region.identities[PARTY], region.identities["koppelaar"],
              region.identities["gm0197"], colleague)  # fmt: skip
    for other in others:
        assert refusal(signed, region, proposal, other) == "confirmer-not-another"
        both = proposal.countersigned(other)
        code = refusal(mandates.confirm, both, other.card, region.pinned_agreements)
        assert code == "confirmer-not-another"
    assert role_of(mandates, region) is None


def test_of_which_organisation_somebody_is_stands_in_the_agreements_and_not_on_a_card(
    mandates: Mandates, region: MiniRegion
) -> None:
    """The fingerprint pins no organisation, so that a card can be rewritten without anyone."""
    publicist, confirmer = (region.identities[each] for each in ("publicist", CONFIRMER))
    proposal = mandates.propose(ACCOUNT, PARTY, region.agreements, 100)
    pinned = region.pinned_agreements
    colleagues = tuple(
        each.model_copy(update={"organisation": f" {publicist.card.organisation.upper()}"})
        if each.party == CONFIRMER
        else each
        for each in pinned.agreements.agreements
    )
    said = pinned.agreements.model_copy(update={"agreements": colleagues})
    confirmed = proposal.countersigned(confirmer)
    altered = replace(pinned, agreements=said)
    code = refusal(mandates.confirm, confirmed, confirmer.card, altered)
    assert code == "confirmer-not-another"
    assert role_of(mandates, region) is None


def test_a_confirmation_that_is_forged_or_of_other_words_is_refused(
    mandates: Mandates, region: MiniRegion
) -> None:
    proposal = mandates.propose(ACCOUNT, PARTY, region.agreements, 100)
    confirmer, pinned = region.identities[CONFIRMER], region.pinned_agreements
    stranger = identity(CONFIRMER, Role.APPROVER)
    forged = proposal.countersigned(stranger)
    assert refusal(mandates.confirm, forged, stranger.card, pinned) == "card-not-pinned"
    assert refusal(mandates.confirm, proposal, confirmer.card, pinned) == "signature-missing"
    body = proposal.read(Kind.ACCESS, AccessMandate).model_copy(update={"account": OTHER})
    other = Statement.make(Kind.ACCESS, body, region.identities["publicist"])
    swapped = other.countersigned(confirmer)
    assert refusal(mandates.confirm, swapped, confirmer.card, pinned) == "proposal-differs"
    own = Statement.make(Kind.ACCESS, body, stranger).countersigned(confirmer)
    assert refusal(mandates.confirm, own, confirmer.card, pinned) == "signature-missing"
    assert role_of(mandates, region) is role_of(mandates, region, OTHER) is None
    assert [event for event, _ in events(mandates)] == [Event.ACCESS_PROPOSED]


def test_a_role_ends_by_revoking_and_by_its_term(mandates: Mandates, region: MiniRegion) -> None:
    mandate = mandates.give(ACCOUNT, AccessRole.ANALYST, "Regio", 2)
    assert refusal(mandates.give, ACCOUNT, AccessRole.AUDITOR, "R", 2) == "account-has-role"
    for _ in range(2):
        mandates.revoke(mandate)
    assert role_of(mandates, region) is None
    assert [event for event, _ in events(mandates)] == [Event.ACCESS_GRANTED, Event.ACCESS_REVOKED]
    mandates.give(ACCOUNT, AccessRole.AUDITOR, "Regio", 2)
    region.clock.forward(2)
    assert role_of(mandates, region) is None
    mandates.give(ACCOUNT, AccessRole.ANALYST, "Regio", 2)
    assert role_of(mandates, region) is AccessRole.ANALYST
    assert refusal(mandates.revoke, "0" * 16) == "mandate-unknown"


def test_a_proposal_that_ended_is_not_confirmed(mandates: Mandates, region: MiniRegion) -> None:
    proposal = mandates.propose(ACCOUNT, PARTY, region.agreements, 100)
    confirmer, pinned = region.identities[CONFIRMER], region.pinned_agreements
    confirmed = signed(region, proposal, confirmer)
    mandates.revoke(proposal.read(Kind.ACCESS, AccessMandate).mandate)
    assert refusal(mandates.confirm, confirmed, confirmer.card, pinned) == "mandate-ended"


def test_an_account_cannot_be_made_without_the_key_of_the_publisher(region: MiniRegion) -> None:
    first, second = region.identities["publicist"], region.identities["koppelaar"]
    made = account_of(first, "https://a", "iemand")
    assert made == account_of(first, "https://a", "iemand")
    assert len({
        made, account_of(second, "https://a", "iemand"), account_of(first, "https://b", "iemand"),
        account_of(first, "https://a", "ander"), account_of(first, "https://ai", "emand"),
    }) == 5  # fmt: skip


@pytest.mark.parametrize("bad", ["", "x" * 64, "a" * 63, "A" * 64, "iemand@voorbeeld.nl"])
def test_only_an_account_gets_a_role(mandates: Mandates, bad: str) -> None:
    with pytest.raises(MonitorError) as raised:
        mandates.give(bad, AccessRole.ANALYST, "Regio", 2)
    assert raised.value.code == "account-invalid"
    assert not bad or bad not in str(raised.value)
    assert events(mandates) == []


# --- on the command line ------------------------------------------------------------------------


def run(region: MiniRegion, *arguments: str) -> str:
    settings = region.folder / "publicist" / "publisher.toml"
    kept = region.publisher_settings
    lines = {name: str(getattr(kept, name)) for name in
             ("database_url", "key_folder", "identity", "policy", "agreements")}  # fmt: skip
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
    settings.write_text(text + "port = 1\n", encoding="utf-8")
    result = CliRunner().invoke(
        command, ["--settings", str(settings), *arguments], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return result.output


def test_tokens_are_made_listed_and_revoked_on_the_command_line(region: MiniRegion) -> None:
    made = run(region, "token", "create", "--organisation", "SWV Proef", "--role", "analyst",
               "--scope", "api", "--scope", "downloads", "--area", "PO2506")  # fmt: skip
    first, secret = made.splitlines()
    token_id = first.split()[1].rstrip(",")
    assert secret.startswith("moj_")
    (listed,) = json.loads(run(region, "token", "list", "--json"))
    assert listed["token"] == token_id
    assert (listed["scopes"], listed["area"]) == (["api", "downloads"], "PO2506")
    assert secret not in run(region, "token", "list")
    run(region, "token", "revoke", token_id)
    assert f"{token_id}  revoked" in run(region, "token", "list")


def test_a_role_is_proposed_confirmed_and_reported_on_the_command_line(
    region: MiniRegion, tmp_path: Path
) -> None:
    proposal, confirmation = tmp_path / "voorstel.json", tmp_path / "bevestigd.json"
    run(region, "access", "propose", ACCOUNT, "--party", PARTY, "--out", str(proposal))
    assert "proposed" in run(region, "access", "list")
    confirmer, publicist = region.identities[CONFIRMER], region.identities["publicist"]
    for each, name in ((confirmer, "b"), (publicist, "p")):
        each.save(tmp_path / f"{name}.json")
        save_card(each.card, tmp_path / f"{name}.card.json")
    said = run(
        region, "access", "countersign", str(proposal), "--private", str(tmp_path / "b.json"),
        "--publisher-card", str(tmp_path / "p.card.json"),
        "--fingerprint", publicist.card.fingerprint, "--out", str(confirmation),
    )  # fmt: skip
    assert f"account {ACCOUNT} may decide for {PARTY}" in said
    run(region, "access", "confirm", str(confirmation), "--card", str(tmp_path / "b.card.json"))
    report = json.loads(run(region, "access", "report", "--json"))
    (line,) = report["access"]
    assert (line["role"], line["confirmed_by_another"]) == ("approver", True)
    assert ACCOUNT not in json.dumps(report)
    mandate_id = line["id"]
    run(region, "access", "revoke", mandate_id)
    assert "with access now\n" in run(region, "access", "report")[-17:]
