"""The profile verbs through the real command line: a made profile reads the file it is made for."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.hashing.systems.profile import SHIPPED
from tests.support.care_files import START
from tests.support.desk import HEADER, Desk, shared_desk, write_care
from tests.support.hashing import write_table
from tests.support.parties import ROUND

OWN_NAMES = {
    "bsn": "BSN cliënt",
    "geboortedatum": "Geboorte datum",
    "aanbieder_agb": "AGB-code",
    "ingangsdatum": "Ingangs-datum",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A municipality that imported the round; nothing here changes its home."""
    with shared_desk(tmp_path_factory.mktemp("regio")) as desk:
        yield desk


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """An export of a system that calls its columns otherwise."""
    path = write_care(tmp_path / "zorg.csv")
    text, header = path.read_text(encoding="utf-8"), HEADER
    for name, own in OWN_NAMES.items():
        header = header.replace(name, own, 1)
    path.write_text(text.replace(HEADER, header), encoding="utf-8")
    return path


def test_a_file_with_other_names_is_read_with_the_profile_made_for_it(
    desk: Desk, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "zorg.toml"
    check = ("check", "care/1", source, "--round", ROUND)
    assert desk.run(*check).code == 2
    made = desk.run("profile", "new", source, "--out", out, "--yes")
    assert made.code == 0, made.err
    said = desk.run(*check, "--profile", out)
    assert said.code == 0, said.err + said.out
    assert "3 rijen" in said.out


def test_what_is_missing_ends_with_two_and_is_told_by_name(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("bsn;toewijzingnummer;aanbieder_agb\r\n999000007;1;73731234\r\n")
    out = tmp_path / "x.toml"
    said = desk.run("profile", "new", path, "--out", out, "--yes")
    assert said.code == 2
    assert "profile-incomplete" in said.err
    assert "geboortedatum" in said.err or "gedeclareerde periode" in said.err
    assert "ONTBREEKT" in out.read_text(encoding="utf-8")
    assert "999000007" not in said.out + said.err + out.read_text(encoding="utf-8")


def test_start_messages_go_beside_the_assignments(desk: Desk, tmp_path: Path) -> None:
    source = write_care(tmp_path / "jeugdhulp.csv")
    starts = write_table(tmp_path / "starts.csv", START, [{"toewijzingnummer": "1"}])
    said = desk.run("check", "care/1", source, "--starts", starts, "--round", ROUND)
    assert said.code == 0, said.err
    assert "start- en stopberichten" in said.out


def test_shipped_profiles_are_listed_and_can_be_copied(desk: Desk, tmp_path: Path) -> None:
    listed = desk.run("profile", "list").out
    assert all(name in listed for name in SHIPPED)
    shown = desk.run("profile", "show", "ijw-jeugdhulp")
    copy = tmp_path / "kopie.toml"
    copy.write_text(shown.out, encoding="utf-8")
    source = write_care(tmp_path / "jeugdhulp.csv")
    said = desk.run("check", "care/1", source, "--round", ROUND, "--profile", copy)
    assert said.code == 0, said.err
    assert desk.run("profile", "show", "weg").code == 7


def test_no_socket_is_opened(
    desk: Desk, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    assert desk.run("profile", "new", source, "--out", tmp_path / "p.toml", "--yes").code == 0
    request = ("--scope", "regio", "--code", "13", "--date", "2026-10-01", "--out", tmp_path / "a")
    assert desk.run("duo", "request", *request).code == 0
