"""A note beside the figures of an arrangement or a school, and what may stand in it.

The figures of a release are signed; a note is not, and says whose it is. It is written by people
who may know the children behind a small number, so that its text is looked at before it is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.errors import InputError
from shared.reference import Level

MAX_TITLE = 80
MAX_TEXT = 800
MAX_OWNER = 80
SUBJECTS = (Level.ARRANGEMENT, Level.SCHOOL)
"""What a note can be about: what has a page that shows it."""

_ID = re.compile(r"[a-z][a-z0-9-]{2,39}")
_SCHOOL_YEAR = re.compile(r"\b(?:19|20)\d\d\s?/\s?(?:19|20)\d\d\b")
_LONG_NUMBER = re.compile(r"\d(?:[\s.\-/]?\d){7,}")
_POSTCODE = re.compile(r"\b\d{4}\s?[A-Z]{2}\b")
_ADDRESS = re.compile(r"@|https?:|www\.", re.IGNORECASE)
_SALUTATION = re.compile(r"\b(?:dhr|mevr|mw|mr|mrs|ms|de heer|mevrouw)\b\.?", re.IGNORECASE)
_CHILDREN = (
    r"(?:leerling|kind|jongere|jeugdige|meisje|jongen|cliënt|client|gezin|pupil|child|student|girl"
    r"|boy)"
)
# "een" and "one" are left out: they mostly are no numbers ("een groep leerlingen").
_NUMBERS = ("nul", "één", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien")
_ENGLISH = (
    "zero",
    "single",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
)


class Status(StrEnum):
    """Where a note stands in the cycle; the order is that of the cycle."""

    SIGNAL = "signal"  # something in the figures is worth a question
    ANALYSIS = "analysis"  # people find out what is behind it
    MEASURE = "measure"  # something is done about it
    MONITORING = "monitoring"  # the figures of later periods are looked at


@dataclass(frozen=True, slots=True)
class Note:
    """One version of a note.

    Attributes:
        id: chosen by whoever writes it; the same in every version.
        unit: number of the arrangement or code of the school.
        owner: a function or an organisation, never a person.
        review_on: the day on which the owner looks at it again.
        written_on: the day of this version.
    """

    id: str
    version: int
    level: Level
    unit: str
    status: Status
    title: str
    text: str
    owner: str
    review_on: date
    written_on: date


def check_note(note: Note, threshold: int) -> None:
    """Refuse a note that may tell of a person, or that is not whole.

    The check of the text is a net for slips and no proof: it finds numbers that can be somebody's,
    addresses, titles before a name, and counts of children under the threshold.

    Args:
        threshold: of the policy; a smaller number of children is never published.

    Raises:
        InputError: ``note-invalid``, ``note-personal`` or ``note-small-number``; the field is
            named and nothing of it is repeated.
    """
    if not _ID.fullmatch(note.id):
        raise _invalid("an id of 3 to 40 small letters, digits and dashes")
    if note.level not in SUBJECTS:
        raise _invalid("a note about an arrangement or a school")
    if note.review_on <= note.written_on:
        raise _invalid("a review on a later day than that of the note")
    for name, text, most in (
        ("title", note.title, MAX_TITLE),
        ("text", note.text, MAX_TEXT),
        ("owner", note.owner, MAX_OWNER),
    ):
        if not 1 <= len(text) <= most or text != text.strip() or not _is_plain(text):
            raise _invalid(f"1 to {most} plain characters as {name}")
        _check_text(name, text, threshold)


def _is_plain(text: str) -> bool:
    return all(char.isprintable() for char in text)


def _check_text(name: str, text: str, threshold: int) -> None:
    bare = _SCHOOL_YEAR.sub("", text)
    for pattern in (_LONG_NUMBER, _POSTCODE, _ADDRESS, _SALUTATION):
        if pattern.search(bare):
            raise InputError(
                "note-personal",
                f"expected nothing about a person in {name}, found a long number, a date, a "
                "postcode, an address or a title before a name",
                hint="write about the group; name a function or an organisation",
            )
    if _small_number(threshold).search(bare):
        raise InputError(
            "note-small-number",
            f"expected no number of children under {threshold} in {name}, found one",
            hint="leave the number out; the figures beside the note say what may be said",
        )


def _small_number(threshold: int) -> re.Pattern[str]:
    """A number under the threshold, up to two words before a word for children."""
    words = [str(number) for number in range(threshold)]
    words += [*_NUMBERS[:threshold], *_ENGLISH[:threshold]]
    return re.compile(rf"\b(?:{'|'.join(words)})\s+(?:\w+\s+){{0,2}}{_CHILDREN}", re.IGNORECASE)


def _invalid(expected: str) -> InputError:
    return InputError("note-invalid", f"expected {expected}, found otherwise")
