"""Objections: the supplier's own list is sealed at rest, shown by count only, and reapplied."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shared.envelope import open_body, read_header
from shared.errors import MonitorError
from shared.hashing.delivering.own_list import FILE_NAME, OwnList, load_own_list, save_own_list
from shared.hashing.delivering.packed import load_header
from shared.hashing.pseudonym import pseudonyms
from shared.statement import Statement
from tests.support.desk import (
    LINKER,
    NUMBERS,
    Desk,
    make_desk,
    sha256_of_last_part,
    write_care,
)
from tests.support.parties import ROUND, MiniRegion


@pytest.fixture
def desk(region: MiniRegion, accepted: Statement, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A municipality that imported the round."""
    return make_desk(region, accepted, monkeypatch)


def typed(*numbers: str) -> str:
    return "".join(f"{number}\n" for number in numbers)


def listed(desk: Desk) -> OwnList:
    return load_own_list(desk.home.folder, desk.home.identity())


def test_a_typed_number_is_added_unseen_and_once(desk: Desk) -> None:
    said = desk.run("object", "--round", ROUND, typed=typed("999.000.007", "999.000.007"))
    assert said.code == 0
    assert "Toegevoegd. Aantal op uw lijst: 1." in said.out
    assert f"hasher object seal --round {ROUND}" in said.out
    again = desk.run("object", "add", typed=typed(NUMBERS[0], NUMBERS[0]))
    assert "Stond al op uw lijst" in again.out
    assert listed(desk).numbers == [f"bsn:{NUMBERS[0]}"]
    assert not any(n in each for n in ("999000007", "999.000.007")
                   for each in (said.out, said.err, again.out, again.err))  # fmt: skip


def test_nothing_of_the_list_is_readable_at_rest(desk: Desk) -> None:
    desk.run("object", "add", "--from-stdin", stdin=typed(NUMBERS[0]))
    path = desk.home.folder / FILE_NAME
    one = path.read_bytes()
    desk.run("object", "add", "--from-stdin", stdin=typed(*NUMBERS))
    more = path.read_bytes()
    assert len(one) == len(more)
    assert path.stat().st_mode & 0o077 == 0
    for number in NUMBERS:
        for file in desk.home.folder.rglob("*"):
            assert not file.is_file() or number.encode() not in file.read_bytes()


def test_a_number_on_the_command_line_is_refused_and_not_repeated(desk: Desk) -> None:
    for words in (
        ("object", NUMBERS[0]),
        ("object", "add", NUMBERS[0]),
        ("object", "--round", ROUND, "999 000 007"),
        ("object", "remove", NUMBERS[0]),
    ):
        said = desk.run(*words, typed=typed(NUMBERS[1], NUMBERS[1]))
        assert (said.code, "number-on-command-line" in said.err) == (2, True), words
        assert NUMBERS[0] not in said.out + said.err
    assert not (desk.home.folder / FILE_NAME).exists()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("999000008", "number-checksum"),
        ("99900", "number-length"),
        ("Jansen", "number-characters"),
        ("111111110", "number-sentinel"),
    ],
)
def test_a_number_that_cannot_be_right_is_refused_and_not_repeated(
    desk: Desk, number: str, code: str
) -> None:
    said = desk.run("object", "add", "--from-stdin", stdin=typed(NUMBERS[0], number))
    assert (said.code, code in said.err) == (2, True)
    assert number not in said.out + said.err
    assert not (desk.home.folder / FILE_NAME).exists()


def test_nobody_is_asked_where_nobody_sits(desk: Desk) -> None:
    said = desk.run("object", "add")
    assert (said.code, "number-needs-terminal" in said.err) == (2, True)


def test_a_rehearsal_adds_nobody(desk: Desk) -> None:
    said = desk.run("object", "add", "--from-stdin", "--dry-run", stdin=typed(*NUMBERS))
    assert (said.code, "zouden bij komen: 3" in said.out) == (0, True)
    assert not (desk.home.folder / FILE_NAME).exists()


def test_the_list_shows_counts_and_dates_only(desk: Desk) -> None:
    desk.run("object", "add", "--from-stdin", stdin=typed(*NUMBERS))
    said = desk.run("object", "list")
    assert "Aantal op uw lijst: 3." in said.out
    assert said.out.count("erbij gekomen op 2026-10-05") == 3
    body = desk.run("object", "list", "--json").json
    assert body == {"count": 3, "added_on": ["2026-10-05"] * 3, "sealed": []}


def test_somebody_who_withdraws_is_taken_off(desk: Desk) -> None:
    desk.run("object", "add", "--from-stdin", stdin=typed(*NUMBERS))
    said = desk.run("object", "remove", typed=typed(NUMBERS[1]))
    assert "Aantal op uw lijst: 2." in said.out
    said = desk.run("object", "remove", typed=typed(NUMBERS[1]))
    assert (said.code, "objection-not-listed" in said.err) == (2, True)
    assert len(listed(desk).entries) == 2


def test_the_sealed_list_holds_the_pseudonyms_of_this_round(desk: Desk, tmp_path: Path) -> None:
    desk.run("object", "add", "--from-stdin", stdin=typed(*NUMBERS))
    out = tmp_path / "bezwaren"
    said = desk.run("object", "seal", "--round", ROUND, "--out", out, "--json")
    (name,) = said.json["files"]
    data = (out / name).read_bytes()
    header = read_header(data)
    keys = desk.region.linker_keys
    plain = open_body(header, data[header.size :], keys.opening_key(ROUND))
    found = set(pq.read_table(io.BytesIO(plain)).column("pseudonym").to_pylist())
    key = desk.home.open_round(ROUND, desk.region.clock().date()).key.reveal()
    wanted = pseudonyms(key, pa.array([f"bsn:{number}" for number in NUMBERS])).to_pylist()
    assert set(wanted) < found
    assert len(found) == 25
    assert header.context.rows == 0


def test_a_rehearsal_seals_nothing(desk: Desk, tmp_path: Path) -> None:
    out = tmp_path / "bezwaren"
    said = desk.run("object", "seal", "--round", ROUND, "--out", out, "--dry-run")
    assert (said.code, "er is niets geschreven" in said.out, out.exists()) == (0, True, False)
    assert listed(desk).sealed == ()


def test_a_later_list_replaces_the_one_that_was_sent(desk: Desk, tmp_path: Path) -> None:
    with desk.linker():
        for number, folder in zip(NUMBERS, ("a", "b", "c"), strict=True):
            desk.run("object", "add", "--from-stdin", stdin=typed(number))
            out = tmp_path / folder
            sealed = desk.run("object", "seal", "--round", ROUND, "--out", out, "--json").json
            assert bool(sealed["supersedes"]) == (folder != "a")
            digest = sha256_of_last_part(out)
            sent = desk.run("send", out, "--to", LINKER, "--confirm", digest)
            assert (sent.code, "aangenomen" in sent.out) == (0, True), sent.err
            back = desk.run("receipt", out, "--to", LINKER)
            assert "Aangenomen." in back.out
            assert "Ontvangen:" not in back.out
    assert [once.sent for once in listed(desk).sealed] == [True] * 3


def test_a_list_that_was_sealed_and_not_sent_replaces_nothing(desk: Desk, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        out = tmp_path / folder
        sealed = desk.run("object", "seal", "--round", ROUND, "--out", out, "--json").json
        assert sealed["supersedes"] == ""


def reminds(said_err: str) -> bool:
    return "uw lijst met bezwaren is nog niet verzegeld" in said_err


def test_other_work_reminds_of_a_list_that_is_not_sealed_yet(desk: Desk, tmp_path: Path) -> None:
    source = write_care(tmp_path / "jeugdhulp.csv")
    names = iter("abcdef")

    def sealing() -> str:
        out = tmp_path / next(names)
        return desk.run("seal", "care/1", source, "--round", ROUND, "--out", out).err

    assert not reminds(sealing())
    desk.run("object", "add", "--from-stdin", stdin=typed(NUMBERS[0]))
    assert reminds(sealing())
    desk.run("object", "seal", "--round", ROUND, "--out", tmp_path / "bezwaren")
    assert not reminds(sealing())
    desk.run("object", "remove", "--from-stdin", stdin=typed(NUMBERS[0]))
    assert reminds(sealing())


def test_a_list_with_nobody_on_it_looks_like_one_with_somebody(desk: Desk, tmp_path: Path) -> None:
    """So every supplier can send one, and sending tells nobody whether somebody objects."""
    sizes = []
    for name in ("leeg", "een"):
        assert desk.run("object", "seal", "--round", ROUND, "--out", tmp_path / name).code == 0
        (sealed,) = (tmp_path / name).glob("*.moj")
        sizes.append(load_header(sealed).seal.bytes)
        desk.run("object", "add", "--from-stdin", stdin=typed(NUMBERS[0]))
    assert sizes[0] == sizes[1]


def test_importing_a_round_reminds_too(desk: Desk) -> None:
    desk.run("object", "add", "--from-stdin", stdin=typed(NUMBERS[0]))
    folder = desk.home.round_folder(ROUND)
    words: list[str | Path] = []
    for option, name in (("--round", "round.json"), ("--register", "register.json"),
                         ("--policy", "policy.toml"), ("--grant", "grant.moj")):  # fmt: skip
        words += [option, folder / name]
    said = desk.run("key", "import", *words)
    assert (said.code, reminds(said.err)) == (0, True)


def altered(desk: Desk) -> Iterator[tuple[bytes, str]]:
    path = desk.home.folder / FILE_NAME
    whole = path.read_bytes()
    yield whole[:-1] + bytes([whole[-1] ^ 1]), "own-list-altered"
    yield whole[:100], "own-list-altered"
    yield b"", "own-list-altered"
    other = desk.region.identities["gm0222"]
    save_own_list(desk.home.folder, OwnList(), other)
    yield path.read_bytes(), "own-list-of-other"


def test_a_list_that_was_altered_or_is_of_another_is_refused_and_stays(desk: Desk) -> None:
    desk.run("object", "add", "--from-stdin", stdin=typed(NUMBERS[0]))
    path = desk.home.folder / FILE_NAME
    for data, code in altered(desk):
        path.write_bytes(data)
        said = desk.run("object", "add", "--from-stdin", stdin=typed(NUMBERS[1]))
        assert (said.code, code in said.err) == (3, True)
        assert path.read_bytes() == data


def test_a_list_that_somebody_else_sealed_to_us_is_refused(desk: Desk) -> None:
    """Anybody has the public key; the signature shows that the supplier itself wrote the list."""
    ours, other = desk.home.identity(), desk.region.identities["gm0222"]
    forged = type(ours)(ours.card, other.sign_seed, ours.seal_seed)
    save_own_list(desk.home.folder, OwnList(), forged)
    with pytest.raises(MonitorError, match="own-list-altered"):
        load_own_list(desk.home.folder, ours)


def test_a_round_that_expects_no_objections_is_refused(
    region: MiniRegion, accepted: Statement, desk: Desk, tmp_path: Path
) -> None:
    home = type(desk.home)(region.folder / "duo" / "moj")
    home.folder.mkdir(parents=True, mode=0o700)
    home.write_pins(desk.home.pins())
    region.identities["duo"].save(home.identity_path)
    home.import_round(
        accepted.to_bytes(), region.register.to_bytes(), region.policy_bytes,
        region.grant("duo", accepted), region.clock().date(),
    )  # fmt: skip
    duo = Desk(region, home, desk.patch)
    assert duo.run("object", "add", "--from-stdin", stdin=typed(NUMBERS[0])).code == 0
    assert "object seal" not in duo.run("doctor").out
    for words in (("seal", "--round", ROUND, "--out", tmp_path / "uit"), ("add", "--round", ROUND)):
        said = duo.run("object", *words, typed=typed(NUMBERS[0], NUMBERS[0]))
        assert (said.code, "schema-not-expected" in said.err) == (4, True)


def test_a_number_that_was_not_typed_twice_the_same_is_asked_again(desk: Desk) -> None:
    typed = f"{NUMBERS[0]}\n{NUMBERS[1]}\n{NUMBERS[0]}\n{NUMBERS[0]}\n"
    said = desk.run("object", "add", typed=typed)
    assert said.code == 0
    assert "Dat was niet twee keer hetzelfde." in said.err
    assert not any(number in said.out + said.err for number in NUMBERS)
