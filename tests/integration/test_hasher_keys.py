"""``hasher key`` for a supplier: what it has, its pins, and forgetting a round."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.hashing.custody.home import Home
from shared.statement import Statement
from tests.support.desk import Desk, make_desk
from tests.support.parties import ROUND, MiniRegion


@pytest.fixture
def desk(region: MiniRegion, accepted: Statement, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A municipality that imported the round."""
    return make_desk(region, accepted, monkeypatch)


def test_status_tells_what_is_here_and_what_is_expected(desk: Desk) -> None:
    said = desk.run("key", "status")
    assert said.code == 0
    for words in (
        desk.home.identity().card.fingerprint,
        "kaart geldig tot en met 2029-12-31",
        "overeenkomst: demo-1",
        f"ronde {ROUND}: machtiging",
        "leveren kan tot en met 2026-11-04",
        "van u verwacht: care/1, objection/1",
        "ijking klopt",
    ):
        assert words in said.out
    body = desk.run("key", "status", "--json").json
    (round_,) = body["rounds"]
    assert (round_["calibrated"], round_["grant"], round_["secret"]) == (True, True, False)
    assert round_["expected"] == ["care/1", "objection/1"]
    assert body["agreement"] == "demo-1"


def test_status_of_the_key_office_and_of_a_broken_round(desk: Desk) -> None:
    office = Desk(desk.region, desk.region.office, desk.patch)
    assert f"ronde {ROUND}: geheim (sleutelbeheer)" in office.run("key", "status").out
    (desk.home.round_folder(ROUND) / "policy.toml").write_bytes(b"")
    said = desk.run("key", "status")
    assert (said.code, "kan niet worden gebruikt: policy-" in said.out) == (0, True)
    assert "ijking klopt" not in said.out


def test_a_new_party_has_a_card_and_no_pins(desk: Desk, tmp_path: Path) -> None:
    new = Desk(desk.region, Home(tmp_path / "nieuw"), desk.patch)
    card = tmp_path / "kaart.json"
    words = ("--party", "gm0301", "--name", "Zutphen", "--organisation", "Zutphen", "--card", card)
    assert new.run("key", "identity", *words).code == 0
    assert card.exists()
    assert "nog niet vastgelegd" in new.run("key", "status").out
    assert new.run("key", "status", "--json").json["pins"] is None


def test_pins_come_together_and_the_agreement_may_follow_alone(desk: Desk) -> None:
    before = desk.home.pins()
    assert desk.run("key", "pin", "--agreement", "demo-2").code == 0
    assert (desk.home.pins().pins, desk.home.pins().agreement) == (before.pins, "demo-2")
    one, two, three = ("ab" * 32, "cd" * 32, "ef" * 32)
    said = desk.run("key", "pin", "--linker", one, "--agreement", "demo-3")
    assert (said.code, "pins-incomplete" in said.err) == (2, True)
    said = desk.run("key", "pin", "--key-office", one, "--linker", two, "--publisher", one)
    assert (said.code, "pins-same" in said.err) == (2, True)
    assert desk.home.pins().agreement == "demo-2"
    spaced = " ".join(three.upper()[at : at + 4] for at in range(0, 64, 4))
    said = desk.run("key", "pin", "--key-office", one, "--linker", two, "--publisher", spaced)
    assert (said.code, desk.home.pins().pins.publisher) == (0, three)


def test_forgetting_asks_first(desk: Desk) -> None:
    for answer in ("\n", "nee\n"):
        assert desk.run("key", "forget", ROUND, typed=answer).code == 130
        assert desk.home.rounds() == [ROUND]
    said = desk.run("key", "forget", ROUND, typed="ja\n")
    assert (said.code, "4 bestanden gewist" in said.out) == (0, True)
    assert desk.home.rounds() == []
    assert desk.run("key", "forget", ROUND, "--yes").code == 5
