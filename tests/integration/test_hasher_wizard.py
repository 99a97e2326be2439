"""The wizard from start to end: it asks, calls what the commands call, and can be left."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from shared.hashing import cli
from shared.statement import Statement
from tests.support.desk import (
    LINKER,
    NUMBERS,
    Desk,
    Keyboard,
    make_desk,
    sha256_of_last_part,
    write_care,
)
from tests.support.parties import MiniRegion

FILES = ["", "", "", "", "", "", "", ""]
"""Round, schema, profile, folder; assignments, declarations, starts, pgb: all as proposed."""


@pytest.fixture
def desk(
    region: MiniRegion, accepted: Statement, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Desk:
    """A municipality that imported the round, in a folder with its exports."""
    work = tmp_path / "werk"
    work.mkdir()
    monkeypatch.chdir(work)
    return make_desk(region, accepted, monkeypatch)


def first_characters() -> str:
    """What the person reads from the screen while the wizard waits."""
    return sha256_of_last_part(Path("verzegeld-care"))[:8]


def test_from_start_to_end_with_what_is_proposed(desk: Desk) -> None:
    write_care(Path("jeugdhulp.csv"))
    typed = Keyboard([*FILES, "", "", "", "j", LINKER, first_characters])
    with desk.linker() as asked:
        said = desk.run(typed=typed)
    assert (said.code, len(asked)) == (0, 3), said.err
    for words in ("de ijking klopt", "kan worden verzegeld", "Dit verlaat het gebouw",
                  "ontvangen en in orde", "De levering is aangenomen"):  # fmt: skip
        assert words in said.out
    names = {path.name.split("-")[0] for path in Path("verzegeld-care").iterdir()}
    assert names == {"care", "wat"}
    assert not any(number in said.out + said.err for number in NUMBERS)
    assert desk.home.address() == LINKER


def test_nothing_leaves_without_a_yes(desk: Desk) -> None:
    write_care(Path("jeugdhulp.csv"))
    with desk.linker() as asked:
        said = desk.run("wizard", typed=Keyboard([*FILES, "", "", "", ""]))
    assert (said.code, asked) == (0, [])
    assert "Later versturen: hasher send verzegeld-care" in said.out


def test_nothing_is_written_without_a_yes(desk: Desk) -> None:
    source = write_care(Path("jeugdhulp.csv"))
    said = desk.run("wizard", typed=Keyboard([*FILES, "n"]))
    assert said.code == 0
    assert list(Path().iterdir()) == [source]


def test_leaving_half_way_leaves_nothing(desk: Desk) -> None:
    source = write_care(Path("jeugdhulp.csv"))
    for answers in range(len(FILES) + 2):
        said = desk.run("wizard", typed=Keyboard(FILES[:answers] if answers < 8 else FILES))
        assert said.code == 130
        assert list(Path().iterdir()) == [source]


def test_files_are_mended_and_checked_again(desk: Desk) -> None:
    source = Path("jeugdhulp.csv")
    source.write_text("verkeerd;bestand\n1;2\n")

    def mend() -> str:
        write_care(source)
        return "j"

    said = desk.run("wizard", typed=Keyboard([*FILES, mend, "n"]))
    assert said.code == 0
    assert said.out.index("NIET") < said.out.index("kan worden verzegeld")
    source.write_text("verkeerd;bestand\n1;2\n")
    said = desk.run("wizard", typed=Keyboard([*FILES, "n"]))
    assert (said.code, "er is niets geschreven" in said.out) == (0, True)


def test_wrong_answers_are_asked_again(desk: Desk) -> None:
    write_care(Path("jeugdhulp.csv"))
    Path("vol").mkdir()
    Path("vol", "iets").write_text("")
    typed = Keyboard(
        ["9", "een", "1", "", "bestaat-niet", "", "vol", "", "x", "2", "1,1", "", "", "",
         "", "vol", "verzegeld-care", "", "j", "http://elders.nl", first_characters, "j",
         LINKER, "00000000", "", LINKER, first_characters]
    )  # fmt: skip
    with desk.linker():
        said = desk.run("wizard", typed=typed)
    assert said.code == 0, said.err
    for code in ("profile-unknown", "folder-not-empty", "address-not-safe", "not-confirmed"):
        assert code in said.err
    assert "Daar staan geen CSV- of Excel-bestanden" in said.out
    assert said.err.count("Typ een nummer uit de lijst.") == 2
    assert "Error" not in said.err


def test_a_number_in_the_name_of_a_file_is_not_shown(desk: Desk) -> None:
    write_care(Path(f"kind {NUMBERS[0]}.csv"))
    write_care(Path("kind 999.000.019.csv"))
    said = desk.run("wizard", typed=Keyboard([*FILES, "n"]))
    assert said.code == 0
    assert "kind ….csv" in said.out
    assert not any(number in said.out for number in (NUMBERS[0], "999.000.019"))


def test_without_a_round_it_says_what_comes_first(desk: Desk) -> None:
    desk.home.forget("proef-2026")
    said = desk.run(typed="\n")
    assert said.code == 0
    assert "hasher key import" in said.out


def test_the_name_of_the_program_alone_starts_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.home.forget("proef-2026")
    monkeypatch.setenv("MOJ_HOME", str(desk.home.folder))
    monkeypatch.setattr("sys.argv", ["hasher"])
    monkeypatch.setattr("shared.hashing.cli.is_interactive", lambda: True)
    result = CliRunner().invoke(cli.hasher, [])
    assert (result.exit_code, "hasher key import" in result.output) == (0, True)


def test_without_a_terminal_there_is_help(desk: Desk) -> None:
    said = desk.run()
    assert said.code == 0
    assert said.out.startswith("Gebruik: hasher")
    assert "Uitkomst (exitcode)" in said.out


def test_it_speaks_english(desk: Desk) -> None:
    write_care(Path("jeugdhulp.csv"))
    said = desk.run("--lang", "en", "wizard", typed=Keyboard([*FILES, "n"]))
    assert said.code == 0
    assert "Welcome." in said.out
    assert "Welkom" not in said.out
