"""docs/handleiding/gemeente.md shows what the hasher really says, and says nothing of a person."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from deploy.guide.marks import Marks, shortened, without_rows
from deploy.make_guide import CAPTURES, GUIDE, make_guide
from shared.hashing.checking.report_view import heading_of
from shared.hashing.checks import Effect
from shared.hashing.cli import exit_codes
from shared.hashing.commands.send import outcome_words
from shared.hashing.delivering.mirroring import describe
from shared.mirror import Mirror, Standing
from shared.receipt import Outcome, Receipt
from tests.support.markdown import ROOT, flat, table

TEXT = GUIDE.read_text(encoding="utf-8")
SHOWN = re.findall(
    r"<!-- capture: ([a-z-]+) -->\n```text\n(.*?)\n```\n<!-- end -->", TEXT, re.DOTALL
)

DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2})?|[0-9]{2}-[0-9]{2}-[0-9]{4}"


def test_every_capture_is_what_the_screen_shows() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "deploy.make_guide", "--print"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    assert made.stdout == TEXT, "run python -m deploy.make_guide"


def test_every_capture_is_there_and_shows_no_number_of_a_person() -> None:
    assert [name for name, _ in SHOWN] == list(CAPTURES)
    assert TEXT.count("<!-- capture:") == len(SHOWN)
    for name, shown in SHOWN:
        assert not re.search(r"[0-9]{8}", re.sub(r"[.-]", "", re.sub(DAY, "", shown))), name


def test_the_tables_say_what_the_program_says() -> None:
    codes = {row[0]: row[1] for row in table(TEXT, "Getal").rows}
    for code, meaning in exit_codes().items():
        if code == 6:  # no supplier can see it
            continue
        assert codes.pop(str(code)).startswith(meaning)
    assert not codes
    words = {row[0] for row in table(TEXT, "Op het scherm").rows}
    said = {outcome_words(Receipt.model_construct(outcome=each)) for each in Outcome}
    assert words == said - {"ontvangen"}  # that is what the publisher says of a tally
    headings = [row[0] for row in table(TEXT, "In het verslag").rows]
    assert sorted(headings) == sorted(
        heading_of(effect).partition(":")[0].lower() for effect in Effect
    )


def test_the_sentence_about_the_match_rate_is_the_real_one() -> None:
    mirror = Mirror.model_construct(
        standing=Standing.CURRENT,
        rows_received=1_500,
        rows_refused=0,
        refused_uploads=(),
        match_percent=97,
        no_match_percent=None,
        as_of=datetime(2027, 4, 1, tzinfo=UTC),
    )
    said = "\n".join(describe(mirror))
    quoted = re.search(r"\*(Gekoppeld: [^*]*)\*", flat(TEXT))
    assert quoted is not None
    assert quoted[1] in said


def test_a_guide_without_a_capture_that_is_made_is_refused() -> None:
    with pytest.raises(RuntimeError, match="expected the captures"):
        make_guide(TEXT.replace("capture: tonen", "capture: anders"))


def test_a_value_has_the_same_mark_wherever_it_stands_whole_or_short() -> None:
    marks = Marks()
    long, short = "0f" * 32, "0f" * 8
    said = marks.put(f"sha256 {long}\nlogboek {short}…\nander {'ab' * 32}  \n\n\n\neinde")
    first, second, third, *_ = said.splitlines()
    mark = first.removeprefix("sha256 ")
    assert len(mark) == 64
    assert mark != long
    assert second == f"logboek {mark[:16]}…"
    assert mark[:8] not in third
    assert said.endswith("\n\neinde")
    assert marks.put(f"care-1-{long[:8]}-0001.moj") == f"care-1-{mark[:8]}-0001.moj"


def test_what_differs_between_machines_has_a_mark() -> None:
    said = "Python 3.11; 13279 bytes; 512 MB; naar http://127.0.0.1:40123"
    assert Marks().put(said) == ("Python 3.12; … bytes; … MB; naar https://koppelaar.voorbeeld.nl")


def test_rows_of_people_are_left_out() -> None:
    title = "De eerste rijen, met het pseudoniem ingekort (alleen hier op het scherm):"
    said = f"van\n{title}\n  pseudonym  form\n  1a2b3c…  2\n  4d5e6f…  3\n\ncare-1"
    assert without_rows(said) == f"van\n{title}\n  pseudonym  form\n  …\n  …\n\ncare-1"
    assert without_rows("niets") == "niets"


def test_a_part_is_left_out_from_a_line_to_before_another() -> None:
    assert shortened("a\nb 1\nc\nd", [("b", "d")]) == "a\n[…]\n\nd"
    with pytest.raises(RuntimeError, match="starts with 'x'"):
        shortened("a", [("x", "y")])
