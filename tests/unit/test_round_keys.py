"""The key folder: what may become a path in it, and when a key counts as destroyed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.errors import InputError, StateError
from shared.files import check_round_id, shred
from shared.round import RoundId
from shared.state.round_keys import MARKER, RoundKeys

ROUND = "proef-2026"
OUTSIDE = b"of somebody else"
BAD_IDS = (
    "", "..", ".", "ab", "../proef", "a/b/c", "/etc", "a\\b\\c", "Proef", "-proef", "proef.seed",
    "proef\n", "proef\x00", "a" * 42, "prœf", MARKER,
)  # fmt: skip


@pytest.fixture
def keys(tmp_path: Path) -> RoundKeys:
    made = RoundKeys(tmp_path / "keys")
    made.create(ROUND)
    return made


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    path = tmp_path / "outside"
    path.write_bytes(OUTSIDE)
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- round ids ---------------------------------------------------------------------------------


@pytest.mark.parametrize("round_id", BAD_IDS)
def test_what_is_no_round_id_never_becomes_a_path(keys: RoundKeys, round_id: str) -> None:
    for use in (keys.create, keys.exists, keys.storage_key, keys.destroy):
        with pytest.raises(InputError, match="round-id-invalid"):
            use(round_id)
    assert sorted(path.name for path in keys.folder.iterdir()) == [MARKER, ROUND]


@pytest.mark.parametrize("round_id", [*BAD_IDS, "abc", "0-1", ROUND, "a" * 41, "2026--"])
def test_a_path_allows_exactly_the_ids_that_a_round_allows(round_id: str) -> None:
    try:
        TypeAdapter(RoundId).validate_python(round_id)
    except ValidationError:
        with pytest.raises(InputError):
            check_round_id(round_id)
    else:
        assert check_round_id(round_id) == round_id


# --- making ------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_the_owner_enters_the_key_folder(keys: RoundKeys) -> None:
    folders = (keys.folder, keys.folder / ROUND)
    assert [mode(path) for path in folders] == [0o700, 0o700]
    files = (keys.folder / MARKER, keys.folder / ROUND / "round.seed")
    assert [mode(path) for path in files] == [0o600, 0o600]


def test_a_second_round_finds_the_marker_there(keys: RoundKeys) -> None:
    keys.create("volgende-2027")
    assert keys.exists(ROUND)
    assert keys.exists("volgende-2027")


def test_a_key_behind_a_link_is_no_key_of_this_folder(keys: RoundKeys, tmp_path: Path) -> None:
    seed = keys.folder / ROUND / "round.seed"
    seed.rename(tmp_path / "moved.seed")
    seed.symlink_to(tmp_path / "moved.seed")
    assert not keys.exists(ROUND)
    with pytest.raises(StateError, match="round-key-absent"):
        keys.storage_key(ROUND)


# --- destroying --------------------------------------------------------------------------------


def test_a_destroyed_key_is_gone_and_the_folder_stays(keys: RoundKeys) -> None:
    keys.destroy(ROUND)
    assert [path.name for path in keys.folder.iterdir()] == [MARKER]
    keys.destroy(ROUND)


@pytest.mark.parametrize("empty", [True, False], ids=["empty", "none"])
def test_a_folder_that_is_not_mounted_destroys_nothing(tmp_path: Path, empty: bool) -> None:
    folder = tmp_path / "keys"
    if empty:
        folder.mkdir()
    with pytest.raises(StateError, match="key-folder-absent"):
        RoundKeys(folder).destroy(ROUND)


def test_what_a_crash_left_beside_the_seed_is_shredded(
    keys: RoundKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = keys.folder / ROUND / ".round.seed.0a1b2c3d.part"
    part.write_bytes(bytes(32))
    shredded = []

    def watched(path: Path) -> None:
        shredded.append(path.name)
        shred(path)

    monkeypatch.setattr("shared.state.round_keys.shred", watched)
    keys.destroy(ROUND)
    assert sorted(shredded) == [part.name, "round.seed"]
    assert not part.parent.exists()


def test_a_link_in_the_folder_of_a_round_is_unlinked_and_not_followed(
    keys: RoundKeys, outside: Path
) -> None:
    (keys.folder / ROUND / "link").symlink_to(outside)
    (keys.folder / ROUND / "dangling").symlink_to(outside.with_name("nothing"))
    keys.destroy(ROUND)
    assert not (keys.folder / ROUND).exists()
    assert outside.read_bytes() == OUTSIDE


def test_a_folder_of_a_round_that_is_a_link_is_unlinked_and_not_followed(
    keys: RoundKeys, outside: Path
) -> None:
    (keys.folder / "elders-2026").symlink_to(outside.parent)
    keys.destroy("elders-2026")
    assert not (keys.folder / "elders-2026").is_symlink()
    assert outside.read_bytes() == OUTSIDE
    assert keys.exists(ROUND)


def test_something_that_cannot_be_shredded_is_said(keys: RoundKeys) -> None:
    (keys.folder / ROUND / "folder").mkdir()
    with pytest.raises(StateError, match="round-folder-not-empty"):
        keys.destroy(ROUND)
    assert not keys.exists(ROUND)


def test_shredding_a_link_leaves_what_it_points_at(outside: Path) -> None:
    link = outside.with_name("link")
    link.symlink_to(outside)
    shred(link)
    assert not link.is_symlink()
    assert outside.read_bytes() == OUTSIDE


def test_shredding_overwrites_the_bytes_in_place(outside: Path) -> None:
    other_name = outside.with_name("other-name")
    os.link(outside, other_name)
    shred(outside)
    assert not outside.exists()
    left = other_name.read_bytes()
    assert len(left) == len(OUTSIDE)
    assert left != OUTSIDE
