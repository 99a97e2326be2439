"""The supplier's command line as its user meets it: check, seal and show."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shared.hashing.commands import deliver as cli_deliver
from shared.hashing.custody.home import Home
from shared.hashing.delivering import steps
from tests.support.desk import NUMBERS, Desk, shared_desk, write_care
from tests.support.parties import ROUND


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A municipality that imported the round; nothing here changes its home."""
    with shared_desk(tmp_path_factory.mktemp("regio")) as desk:
        yield desk


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_care(tmp_path / "jeugdhulp.csv")


def test_check_writes_nothing(desk: Desk, source: Path) -> None:
    before = sorted(desk.region.folder.rglob("*"))
    said = desk.run("check", "care/1", source, "--round", ROUND)
    assert said.code == 0
    assert "kan worden verzegeld" in said.out
    assert sorted(desk.region.folder.rglob("*")) == before


def test_check_gives_one_json_object(desk: Desk, source: Path) -> None:
    said = desk.run("check", "care/1", source, "--round", ROUND, "--json")
    assert (said.code, said.json["rows"], said.json["fatal"]) == (0, 3, [])


def test_seal_shows_what_leaves_without_a_number_or_a_whole_pseudonym(
    desk: Desk, source: Path, tmp_path: Path
) -> None:
    said = desk.run("seal", "care/1", source, "--round", ROUND, "--out", tmp_path / "uit",
                    "--report", tmp_path / "rapport.json")  # fmt: skip
    assert said.code == 0
    assert re.search(r"[0-9a-f]{6}…", said.out)
    assert not any(number in said.out + said.err for number in NUMBERS)
    for words in ("SYNTHETISCH", "gm0197", "koppelaar", "care/1", "demo-1", "toewijzingen 1",
                  "afgeleid van de geboortedatum", "niet gelezen"):  # fmt: skip
        assert words in said.out
    assert json.loads((tmp_path / "rapport.json").read_text())["rows"] == 3


def test_the_page_beside_the_envelopes_has_no_row_of_anybody(
    desk: Desk, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "uit"
    said = desk.run("seal", "care/1", source, "--round", ROUND, "--out", out)
    page = (out / "wat-vertrekt.txt").read_text(encoding="utf-8")
    assert page in said.out
    assert "afgeleid van het nummer" in page
    assert re.search(r"rijen +3\n", page)
    shown = said.out.split("alleen hier op het scherm")[1]
    rows = [line.strip() for line in shown.splitlines() if "…" in line]
    assert len(rows) == 3
    assert all(re.match(r"[0-9a-f]{6}…  25  2  1  98…  2  1  ja", row) for row in rows)
    assert "98000001" not in said.out
    assert not any(row.split("…")[0] in page for row in rows)
    assert {path.suffix for path in out.iterdir()} == {".moj", ".txt"}


def test_show_tells_of_an_envelope_and_of_a_folder(
    desk: Desk, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "uit"
    desk.run("seal", "care/1", source, "--round", ROUND, "--out", out)
    (envelope,) = out.glob("*.moj")
    one, folder = desk.run("show", envelope), desk.run("show", out)
    assert (one.code, folder.code) == (0, 0)
    assert one.out == folder.out
    for words in ("SYNTHETISCH", "gm0197", "koppelaar", "care/1", "rijen          3"):
        assert words in one.out
    (header,) = desk.run("show", out, "--json").json["envelopes"]
    assert header["sha256"] == one.out.split()[-1]
    assert header["rows"] == 3


def test_seal_gives_one_json_object(desk: Desk, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "uit"
    said = desk.run("seal", "care/1", source, "--round", ROUND, "--out", out, "--json")
    body = said.json
    (part,) = body["parts"]
    assert (out / part["file"]).exists()
    assert part["rows"] == body["report"]["rows"] == body["leaves"]["rows"] == 3
    assert body["leaves"]["to"] == "koppelaar"
    assert body["leaves"]["files"][0]["columns_left"] > 0
    assert "pseudonym" in body["leaves"]["columns_out"]
    assert not any(number in said.out for number in NUMBERS)


def test_a_rehearsal_says_the_same_and_writes_nothing(
    desk: Desk, source: Path, tmp_path: Path
) -> None:
    out, report = tmp_path / "uit", tmp_path / "rapport.json"
    before = sorted(tmp_path.rglob("*"))
    said = desk.run("seal", "care/1", source, "--round", ROUND, "--out", out, "--dry-run",
                    "--report", report)  # fmt: skip
    assert said.code == 0
    assert "Dit verlaat het gebouw" in said.out
    assert "er is niets geschreven" in said.out
    assert sorted(tmp_path.rglob("*")) == before
    body = desk.run("seal", "care/1", source, "--round", ROUND, "--out", out, "--dry-run",
                    "--json").json  # fmt: skip
    assert (body["dry_run"], body["parts"], body["delivery"]) == (True, [], "")


def test_how_many_people_object_is_not_said(desk: Desk, tmp_path: Path) -> None:
    source, out = tmp_path / "bezwaren.csv", tmp_path / "uit"
    source.write_text("\n".join(("bsn", *NUMBERS)) + "\n")
    said = desk.run("seal", "objection/1", source, "--round", ROUND, "--out", out)
    assert said.code == 0, said.err
    page = (out / "wat-vertrekt.txt").read_text(encoding="utf-8")
    assert re.search(r"rijen +staat er niet in\n", page)
    leaves = desk.run("seal", "objection/1", source, "--round", ROUND, "--out", tmp_path / "uit-2",
                      "--json").json["leaves"]  # fmt: skip
    assert leaves["rows"] == 0


def test_rows_of_people_go_to_a_screen_and_never_to_a_file(
    desk: Desk, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = desk.home.open_round(ROUND, desk.region.clock().date())
    body = opened.trusted.body.model_copy(update={"synthetic": False})
    real = replace(opened, trusted=opened.trusted.model_copy(update={"body": body}))
    monkeypatch.setattr(Home, "open_round", lambda *_: real)
    for number, screen in enumerate((False, True)):
        monkeypatch.setattr(cli_deliver, "is_screen", lambda screen=screen: screen)
        said = desk.run("seal", "care/1", source, "--round", ROUND,
                        "--out", tmp_path / f"uit-{number}")  # fmt: skip
        assert bool(re.search(r"[0-9a-f]{6}…  25", said.out)) == screen
        assert "SYNTHETISCH" not in said.out


def test_a_file_that_cannot_be_used_leaves_a_report_and_no_output(
    desk: Desk, tmp_path: Path
) -> None:
    bad, out, report = tmp_path / "leeg.csv", tmp_path / "uit", tmp_path / "rapport.html"
    bad.write_text("")
    said = desk.run("seal", "care/1", bad, "--round", ROUND, "--out", out, "--report", report)
    assert said.code == 2
    assert "NIET" in said.out
    assert "delivery-not-sealable" in said.err
    assert "→" in said.err
    assert not out.exists()
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_nothing_is_written_over_a_source(desk: Desk, source: Path, tmp_path: Path) -> None:
    before = source.read_bytes()
    for verb in (("check",), ("seal", "--out", tmp_path / "uit")):
        said = desk.run(verb[0], "care/1", source, "--round", ROUND, "--report", source, *verb[1:])
        assert (said.code, "output-is-input" in said.err) == (2, True)
    assert source.read_bytes() == before


def test_a_report_without_a_folder_is_refused_before_reading(
    desk: Desk, source: Path, tmp_path: Path
) -> None:
    out, report = tmp_path / "uit", tmp_path / "weg" / "rapport.html"
    said = desk.run("seal", "care/1", source, "--round", ROUND, "--out", out, "--report", report)
    assert (said.code, "folder-missing" in said.err, out.exists()) == (2, True, False)


def test_a_folder_with_something_in_it_is_refused_before_reading(
    desk: Desk, source: Path, tmp_path: Path
) -> None:
    for extra in ((), ("--dry-run",)):
        said = desk.run("seal", "care/1", source, "--round", ROUND, "--out", tmp_path, *extra)
        assert (said.code, "folder-not-empty" in said.err) == (2, True)
        assert "Controle" not in said.out


def test_wildcards_are_expanded_where_the_shell_does_not(
    desk: Desk, source: Path, tmp_path: Path
) -> None:
    write_care(tmp_path / "jeugdhulp-2.csv", ("999000032",))
    said = desk.run("check", "care/1", tmp_path / "jeugdhulp*.csv", "--round", ROUND, "--json")
    assert [each["read"] for each in said.json["files"]] == [1, 3]


def test_a_file_that_is_not_there_is_named_by_its_place_only(desk: Desk, tmp_path: Path) -> None:
    for name in (NUMBERS[0], f"*{NUMBERS[0]}*"):
        said = desk.run("check", "care/1", tmp_path / name, "--round", ROUND)
        assert (said.code, "source-missing" in said.err) == (2, True)
        assert NUMBERS[0] not in said.out + said.err


def test_a_round_that_was_not_imported_is_named(desk: Desk, source: Path) -> None:
    said = desk.run("check", "care/1", source, "--round", "andere")
    assert said.code == 5
    assert said.err.startswith("hasher: round-not-imported")


def test_a_schema_that_is_not_expected_is_refused_before_reading(desk: Desk, source: Path) -> None:
    said = desk.run("check", "enrolment/1", source, "--round", ROUND)
    assert (said.code, "schema-not-expected" in said.err) == (4, True)


def test_no_socket_is_opened_by_check_seal_show_and_the_like(
    desk: Desk, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("a socket was opened"))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("a name was asked"))
    out = tmp_path / "uit"
    for words in (
        ("check", "care/1", source, "--round", ROUND),
        ("seal", "care/1", source, "--round", ROUND, "--out", out),
        ("show", out),
        ("send", out, "--to", "https://koppelaar.voorbeeld.nl", "--dry-run"),
        ("key", "status"),
        ("object", "list"),
    ):
        assert desk.run(*words).code == 0
    assert desk.run("doctor").code in {0, 7}


def test_an_unexpected_error_shows_no_message_of_another_library(
    desk: Desk, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError(f"row {NUMBERS[0]}")

    monkeypatch.setattr(steps, "prepare", fails)
    said = desk.run("check", "care/1", source, "--round", ROUND)
    assert (said.code, "unexpected" in said.err, "ValueError" in said.err) == (1, True, True)
    assert NUMBERS[0] not in said.out + said.err
