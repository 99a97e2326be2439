"""What a crash left while a key was made goes when it is offered again; the key itself stays."""

from __future__ import annotations

from pathlib import Path

from shared.identity import Role
from shared.state.round_acceptance import make_offer
from shared.state.round_keys import MARKER, RoundKeys
from tests.support.parties import ROUND, Clock, identity


def test_an_offer_clears_what_a_crash_left_beside_the_key(tmp_path: Path) -> None:
    keys, linker, clock = RoundKeys(tmp_path / "keys"), identity("koppelaar", Role.LINKER), Clock()
    offer = make_offer(linker, keys, ROUND, clock)
    seed = keys.folder / ROUND / "round.seed"
    (seed.parent / ".round.seed.0a1b2c3d.part").hardlink_to(seed)
    (seed.parent / ".round.seed.4e5f6a7b.part").write_bytes(b"half")
    (keys.folder / f".{MARKER}.0a1b2c3d.part").write_bytes(b"half")
    before = seed.read_bytes()
    assert make_offer(linker, keys, ROUND, clock) == offer
    assert seed.read_bytes() == before
    left = {path.name for path in keys.folder.rglob("*")}
    assert left == {MARKER, ROUND, "round.seed"}
