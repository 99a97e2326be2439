"""docs/handleiding/profielen.md says what the profiles and the commands really are."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from shared.clock import system_clock
from shared.hashing.commands import profiles as cli_profiles
from shared.hashing.commands.common import Session
from shared.hashing.commands.profiles import duo, profile
from shared.hashing.custody.home import Home
from shared.hashing.roles import ONE_OF, OPTIONAL, REQUIRED, ROLE_OPTIONS, FileRole
from shared.hashing.systems.draft_toml import LABELS
from shared.hashing.systems.profile import (
    SHIPPED,
    CodeLists,
    Profile,
    load_profile,
    shipped_profile,
)
from tests.support.hashing import write_table
from tests.support.markdown import read

GUIDE = "docs/handleiding/profielen.md"
ANSWERS = "1\n1\n14\n"
CELLS = {
    "BSN cliënt": "999000007",
    "Geb. datum": "15-03-2012",
    "AGB aanbieder": "73731234",
    "Productcategorie": "45",
    "Productcode": "45A49",
    "Startdatum zorg": "01-09-2022",
    "Einddatum": "31-12-2022",
    "Leveringsvorm": "ZIN",
    "Bedrag": "900,00",
}


def session(folder: Path) -> Session:
    return Session(Home(folder / "home"), False, system_clock)


def section(role: FileRole) -> str:
    text = read(GUIDE)
    start = text.index(f"`[files.{role.value}]`")
    end = re.search(r"^##", text[start:], re.MULTILINE)
    return text[start : start + end.start()] if end else text[start:]


@pytest.mark.parametrize("role", FileRole)
def test_every_field_is_explained_with_its_role(role: FileRole) -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| .* \| ([^|]*) \|$", section(role), re.MULTILINE))
    choice = set(ONE_OF.get(role, ()))
    assert set(rows) == REQUIRED[role] | OPTIONAL[role] | choice
    for field, needed in rows.items():
        expected = "ja" if field in REQUIRED[role] else "een van beide" if field in choice else ""
        assert needed.strip() == expected
        assert LABELS[field] in section(role)


def test_profiles_options_and_code_lists_are_named() -> None:
    text = read(GUIDE)
    for name in (*SHIPPED, *ROLE_OPTIONS.values()):
        assert f"`{name}`" in text
    top = ("referrer", "end_reason", "funding", "education", "youth_care_kinds")
    assert set(top) <= Profile.model_fields.keys()
    lists = [f"codes.{name}" for name in CodeLists.model_fields if name != "not_youth_care"]
    for name in (*top, *lists, "not_youth_care"):
        assert f"`{name}`" in text


def test_the_conversation_in_the_guide_is_the_real_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli_profiles, "is_interactive", lambda: True)
    rows = [{"BSN cliënt": f"{number}", "Productcategorie": category}
            for number in ("999000007", "999000019", "999000020")
            for category in ("45", "60") * 5]  # fmt: skip
    write_table(Path("zorg.csv"), CELLS, rows)
    command = ["new", "zorg.csv", "--out", "zorg.toml", "--name", "zorg"]
    result = CliRunner().invoke(profile, command, obj=session(tmp_path), input=ANSWERS)
    assert result.exit_code == 0, result.output
    assert f"```\n{result.output}```" in read(GUIDE)
    assert ";".join(CELLS) in read(GUIDE)
    assert load_profile(Path("zorg.toml")).codes.form_by_category["60"] == 14


def test_the_checklist_in_the_guide_is_the_real_one(tmp_path: Path) -> None:
    day = date(2026, 10, 1).isoformat()
    command = ["request", "--scope", "gemeente", "--code", "0222", "--date", day, "--out"]
    result = CliRunner().invoke(duo, [*command, str(tmp_path / "x")], obj=session(tmp_path))
    assert result.exit_code == 0, result.output
    assert f"```\n{result.output}```" in read(GUIDE)


def test_the_municipal_list_in_the_guide_is_valid(tmp_path: Path) -> None:
    block = re.search(r"```toml\n(.*?)```", read(GUIDE), re.DOTALL)
    assert block is not None
    path = tmp_path / "p.toml"
    path.write_text(cli_text() + block[1], encoding="utf-8")
    (own, _) = load_profile(path).code_lists(222)
    assert own.form_by_product == {"45A49": 4}


def cli_text() -> str:
    result = CliRunner().invoke(profile, ["show", "ijw-jeugdhulp"])
    assert result.exit_code == 0
    return result.output


def test_the_columns_and_words_of_the_plain_list_are_those_of_its_profile() -> None:
    plain = shipped_profile("eenvoudig")
    names = {name for headers in plain.files[FileRole.ASSIGNMENTS].values() for name in headers}
    text = read(GUIDE)
    header = re.search(r"^(bsn;.*)$", text, re.MULTILINE)
    assert header is not None
    assert set(header[1].split(";")) <= names
    words = re.search(r"woord typen: ([\w, ]+)\.", text)
    assert words is not None
    for word in re.split(r", | of ", words[1]):
        assert word.upper() in plain.codes.form
