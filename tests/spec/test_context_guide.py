"""docs/handleiding/context.md has every source, question and code that there is, and no other."""

from __future__ import annotations

import re

from deploy.make_pages import raised_codes
from publisher.context.catalogue import catalogue
from publisher.context.figures import Checked
from publisher.context.importing.areas import AREAS
from publisher.context.surveys.questions import questionnaires
from tests.support.markdown import ROOT, code, read, table

GUIDE = "docs/handleiding/context.md"
_WORDS = {
    Checked.FILE: "een echt bestand",
    Checked.COLUMNS: "de beschreven kolommen",
    Checked.ASSUMED: "nog niets",
}


def test_the_guide_has_every_source_with_what_it_was_checked_against() -> None:
    rows = re.findall(
        r"^\| `([a-z0-9-]+)` \|.*\| ([^|]+) \| ([^|]+) \|$", read(GUIDE), re.MULTILINE
    )
    told = {name: (licence, checked) for name, licence, checked in rows}
    notes = [*(source.note for source in catalogue().sources), AREAS]
    assert told == {note.id: (note.licence, _WORDS[note.checked]) for note in notes}


def test_the_guide_has_every_question() -> None:
    text = read(GUIDE)
    for group in questionnaires().groups:
        assert f"### {group.title.nl}\n\n{group.intro.nl}" in text
        for number, question in enumerate(group.questions, start=1):
            assert f"{number}. {question.text.nl}" in text


def test_the_guide_explains_every_code() -> None:
    room = ROOT / "publisher" / "context"
    sources = "".join(path.read_text(encoding="utf-8") for path in room.rglob("*.py"))
    raised = {*raised_codes(room), *re.findall(r'wrong\(\s*"([a-z-]+)"', sources)}
    told = [code(row[0]) for row in table(read(GUIDE), "Wat u ziet").rows]
    assert set(told) == raised
    assert len(told) == len(raised)
