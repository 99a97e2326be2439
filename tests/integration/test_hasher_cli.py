"""The supplier's command line as its user meets it: what it says, and what it leaves behind."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx2
import pytest

import shared.cli
from shared.clock import today
from shared.hashing import cli, cli_keys
from shared.hashing.home import Home, OwnPins
from shared.statement import Statement
from tests.support.parties import ROUND, MiniRegion

NUMBERS = ("999000007", "999000019", "999000020")
HEADER = (
    "bsn;geboortedatum;geslacht;gemeentecode;toewijzingnummer;aanbieder_agb;aanbieder_naam;"
    "productcategorie;productcode;ingangsdatum;einddatum;datum_start_zorg;datum_stop_zorg;"
    "reden_beeindiging;reden_wijziging;verwijzer;leveringsvorm;volume;eenheid;frequentie;"
    "budget_ct;juridische_status"
)


def row(number: str) -> str:
    return f"{number};01-02-2016;1;0197;1;98000001;Zorg;45;45A49;01-09-2025;;;;;;02;ZIN;1;01;2;100;"


@pytest.fixture
def home(region: MiniRegion, accepted: Statement, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A municipality that imported the round."""
    monkeypatch.setattr(cli, "system_clock", region.clock)
    monkeypatch.setattr(cli_keys, "system_clock", region.clock)
    home = Home(region.folder / "gm0197" / "moj")
    home.write_pins(OwnPins(pins=region.pins(), agreement="demo-1"))
    region.identities["gm0197"].save(home.identity_path)
    home.import_round(
        accepted.to_bytes(),
        region.register.to_bytes(),
        region.policy_bytes,
        region.grant("gm0197", accepted),
        today(region.clock),
    )
    return home


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "jeugdhulp.csv"
    path.write_text("\r\n".join((HEADER, *(row(number) for number in NUMBERS))) + "\r\n")
    return path


def run(
    home: Home, *arguments: str | Path, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of the command line."""
    argv = ["hasher", "--home", str(home.folder), *map(str, arguments)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", argv)
        try:
            shared.cli.run(cli.hasher, "hasher")
            code = 0
        except SystemExit as error:
            code = int(error.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_check_writes_nothing(home: Home, source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(home.folder.parent.parent.rglob("*"))
    code, out, _ = run(home, "check", "care/1", source, "--round", ROUND, capsys=capsys)
    assert code == 0
    assert "kan worden verzegeld" in out
    assert sorted(home.folder.parent.parent.rglob("*")) == before


def test_seal_shows_what_leaves_without_a_number_or_a_whole_pseudonym(
    home: Home, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(
        home, "seal", "care/1", source, "--round", ROUND, "--out", tmp_path / "uit",
        "--report", tmp_path / "rapport.json", capsys=capsys,
    )  # fmt: skip
    assert code == 0
    assert re.search(r"[0-9a-f]{6}…", out)
    assert not any(number in out + err for number in NUMBERS)
    assert json.loads((tmp_path / "rapport.json").read_text())["rows"] == 3
    (envelope,) = (tmp_path / "uit").glob("*.moj")
    code, shown, _ = run(home, "show", envelope, capsys=capsys)
    assert code == 0
    for words in ("SYNTHETISCH", "gm0197", "koppelaar", "care/1", "rijen          3"):
        assert words in shown


def test_a_file_that_cannot_be_used_leaves_no_output(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "leeg.csv"
    bad.write_text("")
    code, out, err = run(
        home, "seal", "care/1", bad, "--round", ROUND, "--out", tmp_path / "uit", capsys=capsys
    )
    assert code == 2
    assert "NIET" in out
    assert "delivery-not-sealable" in err
    assert "→" in err
    assert not (tmp_path / "uit").exists()


def test_a_round_that_was_not_imported_is_named(
    home: Home, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(home, "check", "care/1", source, "--round", "andere", capsys=capsys)
    assert code == 5
    assert err.startswith("hasher: round-not-imported")


def test_a_schema_that_is_not_expected_is_refused_before_reading(
    home: Home, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(home, "check", "enrolment/1", source, "--round", ROUND, capsys=capsys)
    assert (code, "schema-not-expected" in err) == (4, True)


def test_sending_needs_the_first_characters_of_the_hash(
    home: Home, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(httpx2, "put", lambda *_, **__: pytest.fail("nothing may be sent"))
    run(home, "seal", "care/1", source, "--round", ROUND, "--out", tmp_path / "uit",
        capsys=capsys)  # fmt: skip
    for given in ("0" * 8, "abc"):
        code, _, err = run(home, "send", tmp_path / "uit", "--to", "http://127.0.0.1:1",
                           "--confirm", given, capsys=capsys)  # fmt: skip
        assert (code, "not-confirmed" in err) == (2, True)


def test_what_is_sent_gets_a_receipt_beside_it_and_is_sent_once(
    home: Home, region: MiniRegion, source: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    out = tmp_path / "uit"
    run(home, "seal", "care/1", source, "--round", ROUND, "--out", out, capsys=capsys)
    (envelope,) = out.glob("*.moj")
    digest = run(home, "show", envelope, capsys=capsys)[1].split()[-1]
    calls = 0
    with region.linker_client() as client:

        def put(url: str, *, content: bytes, timeout: float) -> httpx2.Response:
            nonlocal calls
            calls += 1
            if calls == 1:
                raise httpx2.ConnectError("down")
            return client.put(url.removeprefix("http://koppelaar"), content=content)

        monkeypatch.setattr(httpx2, "put", put)
        monkeypatch.setattr("time.sleep", lambda _: None)
        arguments = ("send", out, "--to", "http://koppelaar", "--confirm", digest[:8])
        for _ in range(2):
            code, said, _err = run(home, *arguments, capsys=capsys)
            assert code == 0
            assert "ontvangen en in orde" in said
    assert calls == 2
    assert (out / envelope.name.replace(".moj", ".receipt.json")).exists()


def test_status_and_forget(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = run(home, "key", "status", capsys=capsys)
    assert (code, f"ronde {ROUND}: machtiging" in said) == (0, True)
    code, said, _ = run(home, "key", "forget", ROUND, "--yes", capsys=capsys)
    assert (code, "4 bestanden gewist" in said) == (0, True)
    assert home.rounds() == []


def test_an_unexpected_error_shows_no_message_of_another_library(
    home: Home, source: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError(f"row {NUMBERS[0]}")

    monkeypatch.setattr(cli, "prepare", fails)
    code, out, err = run(home, "check", "care/1", source, "--round", ROUND, capsys=capsys)
    assert (code, "unexpected: ValueError" in err) == (1, True)
    assert NUMBERS[0] not in out + err
