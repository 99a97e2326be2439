"""A new file never takes the place of another, also not of one that appears at the same moment."""

from __future__ import annotations

import errno
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from shared.errors import InputError
from shared.files import PRIVATE, write_whole

RACES = 50
WRITERS = 4


def no_links(_self: Path, _target: Path) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


@pytest.fixture(params=["links", "no links"])
def disk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on a disk that can give a file two names, or cannot."""
    if request.param == "no links":
        monkeypatch.setattr(Path, "hardlink_to", no_links)
    return tmp_path


def write_at_once(path: Path, barrier: Barrier, number: int) -> bool:
    barrier.wait()
    try:
        write_whole(path, bytes([number]) * 1000, mode=PRIVATE)
    except InputError as error:
        return error.code != "file-exists"
    return True


def test_of_several_writers_at_once_exactly_one_writes(disk: Path) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        for race in range(RACES):
            path, barrier = disk / f"{race}.json", Barrier(WRITERS)
            tried = [pool.submit(write_at_once, path, barrier, each) for each in range(WRITERS)]
            (winner,) = (number for number, each in enumerate(tried) if each.result())
            assert path.read_bytes() == bytes([winner]) * 1000
            assert path.stat().st_mode & 0o777 == PRIVATE
    assert len(list(disk.iterdir())) == RACES, "a temporary file was left"


def test_what_appears_after_the_first_look_is_not_replaced(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = disk / "kaart.json"
    path.write_bytes(b"first")
    monkeypatch.setattr(Path, "exists", lambda _self: False)
    with pytest.raises(InputError, match="file-exists"):
        write_whole(path, b"second")
    assert path.read_bytes() == b"first"
    assert [each.name for each in disk.iterdir()] == ["kaart.json"]


def test_a_link_that_points_nowhere_is_not_written_through(disk: Path) -> None:
    (disk / "kaart.json").symlink_to(disk / "elsewhere")
    with pytest.raises(InputError, match="file-exists"):
        write_whole(disk / "kaart.json", b"second")
    assert not (disk / "elsewhere").exists()


def test_replacing_is_asked_for(disk: Path) -> None:
    path = disk / "adres"
    for data in (b"first", b"second"):
        write_whole(path, data, replace=True)
    assert path.read_bytes() == b"second"
    assert [each.name for each in disk.iterdir()] == ["adres"]


def test_a_failed_rename_leaves_no_empty_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_self: Path, _target: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(OSError, match="Input/output error"):
        write_whole(tmp_path / "kaart.json", b"first")
    assert list(tmp_path.iterdir()) == []
