"""A planted mistake for every number of the table, given to the real ``hasher check``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.clock import today
from shared.hashing.checks import BY_CODE, Check
from shared.hashing.custody.home import Home, OwnPins
from shared.hashing.roles import MAIN_ROLE, ROLE_OPTIONS, FileRole
from shared.statement import Statement
from tests.support.desk import Desk, Said, shared_desk
from tests.support.hostile_desk import runs
from tests.support.mistakes import Mistake, mistakes
from tests.support.parties import ROUND

YEARS_LATER = 3
"""From the years of the planted files to those of the round."""
MISTAKES = mistakes()
NO_FILE_GIVEN = Check.ROLE_MISSING
"""The command line does not let anybody forget the main file; its own test stands below."""


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Desk]]:
    """A municipality and DUO, by what they deliver."""
    with shared_desk(tmp_path_factory.mktemp("regio")) as municipality:
        duo = Desk(municipality.region, _import_at_duo(municipality), municipality.patch)
        yield {"care/1": municipality, "objection/1": municipality, "enrolment/1": duo}


def _import_at_duo(desk: Desk) -> Home:
    region = desk.region
    accepted = Statement.load(desk.home.round_folder(ROUND) / "round.json")
    home = Home(region.folder / "duo" / "moj")
    home.folder.mkdir(parents=True, mode=0o700)
    home.write_pins(OwnPins(pins=region.pins(), agreement="demo-1"))
    region.identities["duo"].save(home.identity_path)
    home.import_round(
        accepted.to_bytes(),
        region.register.to_bytes(),
        region.policy_bytes,
        region.grant("duo", accepted),
        today(region.clock),
    )
    return home


def arguments(mistake: Mistake, written: dict[str, list[Path]]) -> list[str | Path]:
    main = MAIN_ROLE[mistake.schema]
    beside = [
        part
        for role, paths in written.items()
        if role != main.value
        for path in paths
        for part in (ROLE_OPTIONS[FileRole(role)], path)
    ]
    profile = ["--profile", mistake.profile] if mistake.profile else []
    return [mistake.schema, *written[main.value], *beside, *profile, "--round", ROUND]


def check(desk: Desk, folder: Path, mistake: Mistake) -> Said:
    written = mistake.write(folder, YEARS_LATER)
    return desk.run("check", *arguments(mistake, written))


def found(said: Said) -> dict[int, str]:
    """What the report says below each number, on one line."""
    sections = re.findall(r"^(\d{4}) (.*?)(?=^\d{4} |^\S|^$)", said.out, re.MULTILINE | re.DOTALL)
    return {int(code): " ".join(text.split()) for code, text in sections}


def secrets(written: Mistake) -> set[str]:
    """Every run of 8 or 9 digits in the files, also where separators stand between them."""
    texts = (content for contents in written.files.values() for content in contents if content)
    return set().union(*(runs(content.decode("latin-1")) for content in texts))


def test_every_number_of_the_table_has_a_planted_mistake() -> None:
    assert sorted(each.code for each in (*MISTAKES, NO_FILE_GIVEN)) == sorted(BY_CODE)


@pytest.mark.parametrize("planted", MISTAKES, ids=lambda each: f"{each.code}-{each.slug}")
def test_a_mistake_is_named_with_what_to_do(
    desks: dict[str, Desk], tmp_path: Path, planted: Check
) -> None:
    mistake = MISTAKES[planted]
    said = check(desks[mistake.schema], tmp_path, mistake)
    told = found(said)
    assert planted.code in told, said.out
    assert told[planted.code].startswith(f"{planted.text} → {planted.fix}")
    assert told.keys() - {each.code for each in mistake.also} == {planted.code}
    fatal = any(code // 1000 == 2 for code in told)
    assert said.code == (2 if fatal else 0)
    assert ("NIET worden verzegeld" in said.out) == fatal
    assert ("delivery-not-sealable" in said.err) == fatal
    assert not {digits for digits in secrets(mistake) if digits in said.out + said.err}


def test_forgetting_the_main_file_is_told_before_anything_is_read(
    desks: dict[str, Desk], tmp_path: Path
) -> None:
    mistake = MISTAKES[Check.LINE_ZERO]
    (declarations,) = mistake.write(tmp_path, YEARS_LATER)["declarations"]
    said = desks["care/1"].run("check", "care/1", "--declarations", declarations, "--round", ROUND)
    assert (said.code, said.out) == (2, "")
    assert "BESTANDEN" in said.err
    assert "--help" in said.err
