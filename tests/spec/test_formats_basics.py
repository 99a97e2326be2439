"""docs/formats.md, sections 1, 2, 6 and 7: bytes, identities, numbers and keys."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from linker.linkage.rekey import link_ids, link_key
from shared.canonical import canonical_json, pae, parse_canonical
from shared.hashing.normalise import normalise
from shared.hashing.pseudonym import CANARIES, calibration, derive_key, pseudonyms
from shared.identity import (
    Identity,
    Role,
    check_pinned,
    load_card,
    sealing_public_bytes,
)
from shared.redaction import Secret
from shared.state.round_keys import RoundKeys
from tests.support import vectors as second
from tests.support.formats import (
    CARDS,
    SEEDS,
    VECTORS,
    card_of,
    cases,
    identity_of,
    refused,
)
from tests.support.vectors import Json

# --- primitives --------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("canonical-json", "valid"), ids=lambda each: each["bytes"])
def test_a_value_has_one_spelling(case: Json) -> None:
    data = case["bytes"].encode()
    for encode in (canonical_json, second.encode):
        assert encode(case["value"]) == data
    for decode in (parse_canonical, second.decode):
        assert decode(data) == case["value"]


@pytest.mark.parametrize("case", cases("canonical-json", "invalid"), ids=lambda each: each["why"])
def test_another_spelling_is_refused(case: Json) -> None:
    for decode in (parse_canonical, second.decode):
        code = refused(lambda decode=decode: decode(bytes.fromhex(case["hex"])))  # type: ignore[misc]
        assert code == VECTORS["canonical-json"]["refused"]


def test_pre_authentication_encoding() -> None:
    for case in cases("pre-authentication-encoding"):
        pieces = [bytes.fromhex(piece) for piece in case["pieces"]]
        assert pae(*pieces) == second.pae(*pieces) == bytes.fromhex(case["bytes"])


@pytest.mark.parametrize("party", CARDS)
def test_an_identity_follows_from_its_seeds(party: str) -> None:
    case, card = SEEDS[party], CARDS[party]
    sign, opening = bytes.fromhex(case["sign_seed"]), bytes.fromhex(case["seal_seed"])
    assert hashlib.shake_256(opening).hexdigest(96) == case["seal_stream"]
    public = base64.b64decode(card["seal_key"])
    assert sealing_public_bytes(Secret(opening)) == second.seal_key(opening) == public
    assert second.sign_key(sign).hex() == card["sign_key"]
    card_of(party).verify(b"bericht", second.sign(sign, b"bericht"))
    second.verify(card, b"bericht", identity_of(party).sign(b"bericht"))
    assert card_of(party).model_dump(mode="json") == card
    assert card_of(party).fingerprint == second.fingerprint(card) == case["fingerprint"]
    assert refused(lambda: second.check_card(card)) == ""


def test_private_files_open(tmp_path: Path) -> None:
    files, passphrase = VECTORS["identities"]["files"], VECTORS["identities"]["passphrase"]
    expected, (sign, opening) = identity_of("gm0197"), (
        bytes.fromhex(SEEDS["gm0197"][name]) for name in ("sign_seed", "seal_seed")
    )  # fmt: skip
    for name, given in (("plain", None), ("locked", passphrase)):
        path = tmp_path / f"{name}.json"
        path.write_text(files[name] + "\n")
        path.chmod(0o600)
        assert Identity.load(path, given) == expected
        assert second.read_identity(files[name], given) == (CARDS["gm0197"], sign, opening)
    expected.save(tmp_path / "made.json")
    assert (tmp_path / "made.json").read_text() == files["plain"] + "\n"
    for given, code_ in ((None, "passphrase-needed"), ("een ander", "passphrase-wrong")):
        assert refused(lambda given=given: Identity.load(path, given)) == code_  # type: ignore[misc]
        assert refused(lambda given=given: second.read_identity(files["locked"], given)) == code_  # type: ignore[misc]


def test_cards_days_and_pins(tmp_path: Path) -> None:
    card, path = CARDS[VECTORS["cards"]["party"]], tmp_path / "card.json"
    for case in cases("cards", "refused_fields"):
        changed = {**card, **case["change"]}
        path.write_bytes(canonical_json(changed) + b"\n")
        assert refused(lambda: load_card(path)) == case["refused"], case
        again = refused(lambda changed=changed: second.check_card(changed))  # type: ignore[misc]
        assert again == case["refused"], case
    for case in cases("cards", "days"):
        day = date.fromisoformat(case["day"])
        assert refused(lambda day=day: card_of("gm0197").check_valid_on(day)) == case["refused"]  # type: ignore[misc]
        assert refused(lambda case=case: second.check_day(card, case["day"])) == case["refused"]  # type: ignore[misc]
    for case in cases("cards", "pins"):
        role = Role(case["role"])
        assert refused(
            lambda case=case, role=role: check_pinned(  # type: ignore[misc]
                card_of("gm0197"), case["fingerprint"], role=role
            )
        ) == case["refused"]  # fmt: skip


# --- numbers and keys --------------------------------------------------------------------------


@pytest.mark.parametrize("place", range(len(cases("numbers"))))
def test_a_number_has_one_spelling_or_a_reason(place: int) -> None:
    case = cases("numbers")[place]
    for each in (normalise, second.normalise):
        assert refused(lambda each=each: each(case["raw"])) == case["refused"]  # type: ignore[misc]
        assert case["refused"] or each(case["raw"]) == case["number"]


def test_pseudonyms_and_calibration() -> None:
    vector = VECTORS["pseudonyms"]
    secret, key = bytes.fromhex(vector["secret"]), bytes.fromhex(vector["key"])
    assert derive_key(secret, vector["round_id"]) == key
    assert second.pseudonym_key(secret, vector["round_id"]) == key
    assert [each["raw"] for each in vector["canaries"]] == list(CANARIES)
    numbers = [each["number"] for each in vector["canaries"]]
    assert [second.normalise(each) for each in CANARIES] == numbers
    expected = [bytes.fromhex(each["pseudonym"]) for each in vector["canaries"]]
    assert pseudonyms(key, pa.array(numbers, pa.string())).to_pylist() == expected
    assert [second.pseudonym(key, each) for each in numbers] == expected
    assert calibration(key) == vector["calibration"]
    assert hashlib.sha256(b"".join(expected)).hexdigest() == vector["calibration"]
    for case in vector["refused_secrets"]:
        wrong = bytes.fromhex(case["hex"])
        for derive in (derive_key, second.pseudonym_key):
            assert refused(lambda derive=derive, wrong=wrong: derive(wrong, "r")) == case["refused"]  # type: ignore[misc]


def test_round_keys_and_link_ids(tmp_path: Path) -> None:
    vector = VECTORS["round-keys"]
    seed, round_id = bytes.fromhex(vector["round_seed"]), vector["round_id"]
    keys = RoundKeys(tmp_path / "keys")
    keys.create(round_id)
    (tmp_path / "keys" / round_id / "round.seed").write_bytes(seed)
    sealing = second.round_secret(seed, "seal", round_id)
    assert sealing.hex() == vector["seal_seed"]
    assert keys.public_bytes(round_id) == second.seal_key(sealing)
    assert base64.b64encode(keys.public_bytes(round_id)).decode() == vector["seal_key"]
    assert keys.storage_key(round_id).reveal().hex() == vector["storage_key"]
    assert second.round_secret(seed, "storage", round_id).hex() == vector["storage_key"]
    link_seed = second.round_secret(seed, "relink", round_id)
    assert keys.link_seed(round_id).reveal() == link_seed == bytes.fromhex(vector["link_seed"])
    key = link_key(link_seed, round_id)
    assert key == second.link_key(link_seed, round_id) == bytes.fromhex(vector["link_key"])
    pseudonym = bytes.fromhex(vector["pseudonym"])
    (link_id,) = link_ids(key, pa.array([pseudonym], pa.binary(32))).to_pylist()
    assert link_id.hex() == vector["link_id"]
    assert second.hkdf_extract(key, pseudonym)[:16] == link_id  # HMAC-SHA-256
