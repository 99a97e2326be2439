from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from shared.canonical import canonical_json
from shared.errors import ConfigurationError, InputError, TrustError
from shared.identity import (
    Card,
    Identity,
    Role,
    check_pinned,
    load_card,
    save_card,
    sealing_public_bytes,
)
from shared.passphrase import Hardness
from shared.redaction import Secret
from tests.support.parties import identity


def test_an_identity_survives_its_file(tmp_path: Path) -> None:
    made = identity("gm0197", Role.SUPPLIER)
    made.save(tmp_path / "identity.json")
    assert Identity.load(tmp_path / "identity.json") == made
    assert (tmp_path / "identity.json").stat().st_mode & 0o077 == 0


def test_a_passphrase_locks_the_file(tmp_path: Path) -> None:
    made = identity("gm0197", Role.SUPPLIER)
    made.save(tmp_path / "identity.json", "een lange zin")
    assert made.sign_seed.reveal() not in (tmp_path / "identity.json").read_bytes()
    assert Identity.load(tmp_path / "identity.json", "een lange zin") == made
    with pytest.raises(ConfigurationError, match="passphrase-wrong"):
        Identity.load(tmp_path / "identity.json", "een andere zin")
    with pytest.raises(ConfigurationError, match="passphrase-needed"):
        Identity.load(tmp_path / "identity.json")


def test_a_file_says_how_hard_its_passphrase_is_to_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later version may ask for more, and this one reads what it writes."""
    made, path = identity("gm0197", Role.SUPPLIER), tmp_path / "identity.json"
    monkeypatch.setattr("shared.identity.Hardness", lambda *_: Hardness(4, 2, 70_000))
    made.save(path, "een lange zin")
    monkeypatch.undo()
    sealed = json.loads(path.read_bytes())["sealed"]
    assert (sealed["passes"], sealed["lanes"], sealed["memory_kib"]) == (4, 2, 70_000)
    assert Identity.load(path, "een lange zin") == made


@pytest.mark.parametrize(
    "changes",
    [{"passes": 2}, {"passes": 65}, {"lanes": 0}, {"lanes": 65}, {"memory_kib": 65_535},
     {"memory_kib": 4 * 1024 * 1024 + 1}, {"passes": "3"}, {"passes": True}, {"lanes": None}],
    ids=str,
)  # fmt: skip
def test_a_hardness_that_no_version_writes_is_refused(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    path = tmp_path / "identity.json"
    identity("gm0197", Role.SUPPLIER).save(path, "een lange zin")
    document = json.loads(path.read_bytes())
    document["sealed"] |= changes
    path.write_bytes(canonical_json(document))
    with pytest.raises(ConfigurationError, match="identity-invalid"):
        Identity.load(path, "een lange zin")


def test_a_private_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "identity.json"
    identity("gm0197", Role.SUPPLIER).save(path)
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="secret-readable"):
        Identity.load(path)


@pytest.mark.parametrize("damage", [b"", b"{}", b"not json", b'{"card":{},"format":"x"}'])
def test_a_damaged_private_file_is_refused(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "identity.json"
    path.write_bytes(damage)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="identity-invalid"):
        Identity.load(path)


def test_an_identity_is_never_written_over(tmp_path: Path) -> None:
    identity("gm0197", Role.SUPPLIER).save(tmp_path / "identity.json")
    with pytest.raises(InputError, match="file-exists"):
        identity("gm0197", Role.SUPPLIER).save(tmp_path / "identity.json")


def test_the_sealing_key_is_derived_as_the_design_says() -> None:
    seed = bytes(range(32))
    stream = hashlib.shake_256(seed).digest(96)
    expected = (
        MLKEM768PrivateKey.from_seed_bytes(stream[:64]).public_key().public_bytes_raw()
        + X25519PrivateKey.from_private_bytes(stream[64:]).public_key().public_bytes_raw()
    )
    assert sealing_public_bytes(Secret(seed)) == expected
    assert len(expected) == 1184 + 32


def test_a_fingerprint_covers_party_role_and_both_keys() -> None:
    one, other = identity("gm0197", Role.SUPPLIER).card, identity("gm0222", Role.SUPPLIER).card
    changed = [
        one.model_copy(update={field: getattr(other, field)})
        for field in ("party", "sign_key", "seal_key")
    ] + [one.model_copy(update={"role": Role.LINKER})]
    assert len({card.fingerprint for card in (one, *changed)}) == 5
    renamed = one.model_copy(update={"name": "Andere naam"})
    assert renamed.fingerprint == one.fingerprint


def test_a_card_must_be_the_pinned_one_in_its_role() -> None:
    card = identity("koppelaar", Role.LINKER).card
    check_pinned(card, card.fingerprint, role=Role.LINKER)
    with pytest.raises(TrustError, match="card-not-pinned"):
        check_pinned(card, "0" * 64, role=Role.LINKER)
    with pytest.raises(TrustError, match="card-not-pinned"):
        check_pinned(card, card.fingerprint, role=Role.PUBLISHER)


def test_a_card_survives_its_file_and_refuses_others(tmp_path: Path) -> None:
    card = identity("gm0197", Role.SUPPLIER).card
    save_card(card, tmp_path / "card.json")
    assert load_card(tmp_path / "card.json") == card
    (tmp_path / "bad.json").write_text('{"party":"gm0197"}')
    with pytest.raises(InputError, match="card-invalid"):
        load_card(tmp_path / "bad.json")


def test_a_card_is_valid_between_its_days() -> None:
    card = identity("gm0197", Role.SUPPLIER).card
    card.check_valid_on(date(2026, 1, 1))
    for day in (date(2025, 12, 31), date(2030, 1, 1)):
        with pytest.raises(TrustError, match="card-not-valid"):
            card.check_valid_on(day)


def test_a_signature_of_another_is_refused() -> None:
    one, other = identity("gm0197", Role.SUPPLIER), identity("gm0197", Role.SUPPLIER)
    one.card.verify(b"bericht", one.sign(b"bericht"))
    for message, signature in ((b"bericht", other.sign(b"bericht")), (b"x", one.sign(b"bericht"))):
        with pytest.raises(TrustError, match="signature-invalid"):
            one.card.verify(message, signature)


def test_secrets_do_not_show() -> None:
    made = identity("gm0197", Role.SUPPLIER)
    assert made.sign_seed.reveal().hex() not in repr(made)
    assert repr(Secret(b"geheim")) == "Secret(…)"
    with pytest.raises(TypeError):
        hash(Secret(b"geheim"))
    import pickle

    with pytest.raises(TypeError):
        pickle.dumps(Secret(b"geheim"))


def test_parties_have_short_plain_ids() -> None:
    card = identity("gm0197", Role.SUPPLIER).card.model_dump()
    for party in ("", "GM0197", "a b", "../x", "x" * 40):
        with pytest.raises(ValueError, match="party"):
            Card.model_validate({**card, "party": party})
