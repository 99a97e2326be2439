"""What may stand in a note, and the steps that it has been through."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.notes.note import Note, Status, check_note
from publisher.notes.shown import Notes
from shared.errors import InputError
from shared.reference import Level

NOTE = Note(
    id="de-linde-2025",
    version=1,
    level=Level.SCHOOL,
    unit="88BA00",
    status=Status.SIGNAL,
    title="Meer dyslexiezorg dan op andere scholen",
    text="Sinds 2022/2023 stijgt het cijfer. Een groep leerlingen krijgt hulp op 12 scholen.",
    owner="Team Jeugd, gemeente Doetinchem",
    review_on=date(2026, 9, 1),
    written_on=date(2026, 3, 2),
)
THRESHOLD = 5


def _refused(note: Note, threshold: int = THRESHOLD) -> str:
    with pytest.raises(InputError) as caught:
        check_note(note, threshold)
    return caught.value.code


def test_a_plain_note_is_kept() -> None:
    check_note(NOTE, THRESHOLD)
    check_note(replace(NOTE, text="Dit gaat over 5 leerlingen of meer, en over 40 kinderen."), 5)
    check_note(replace(NOTE, text="Een leerling kan meer dan één vorm van hulp krijgen."), 5)


@pytest.mark.parametrize(
    "text",
    [
        "Het gaat om 999900006.",
        "Het gaat om 9999.00.006 bij ons.",
        "geboren op 12-03-2011",
        "te bereiken op 06 12345678",
        "woont op 7001 AB",
        "mail naar jeugd@voorbeeld.nl",
        "zie www.voorbeeld.nl",
        "volgens mevr. Jansen",
        "volgens de heer Jansen",
    ],
)
def test_what_may_be_a_person_is_refused_in_every_field_and_not_repeated(text: str) -> None:
    for field in ("title", "text", "owner"):
        with pytest.raises(InputError) as caught:
            check_note(replace(NOTE, **{field: text}), THRESHOLD)  # type: ignore[arg-type]
        assert caught.value.code == "note-personal"
        assert field in caught.value.message
        assert text not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    "text",
    [
        "Bij 4 leerlingen is dit zo.",
        "Er zijn 3 jonge kinderen met deze hulp.",
        "Van de drie kinderen in de groep",
        "Vier leerlingen",
        "één leerling met dure hulp",
        "Only two pupils",
    ],
)
def test_a_number_of_children_under_the_threshold_is_refused(text: str) -> None:
    assert _refused(replace(NOTE, text=text)) == "note-small-number"


def test_the_threshold_is_that_of_the_policy() -> None:
    note = replace(NOTE, text="Bij 7 leerlingen is dit zo.")
    check_note(note, 5)
    assert _refused(note, 8) == "note-small-number"


@given(
    st.integers(100_000_000, 999_999_999).map(str),
    st.lists(st.sampled_from(["", " ", ".", "-", "/"]), min_size=8, max_size=8),
)
def test_nine_digits_are_found_however_they_are_written(digits: str, between: list[str]) -> None:
    written = digits[0] + "".join(gap + digit for gap, digit in zip(between, digits[1:],
                                                                    strict=True))  # fmt: skip
    with pytest.raises(InputError):
        check_note(replace(NOTE, text=f"Het gaat om {written} bij ons."), THRESHOLD)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "X"},
        {"id": "met spatie"},
        {"level": Level.MUNICIPALITY},
        {"review_on": NOTE.written_on},
        {"title": ""},
        {"title": "x" * 81},
        {"text": "x" * 801},
        {"text": " voor "},
        {"text": "twee\nregels"},
        {"owner": ""},
        {"owner": "\u202eteam"},
    ],
    ids=str,
)
def test_a_note_is_whole_and_not_too_long(change: dict[str, object]) -> None:
    assert _refused(replace(NOTE, **change)) == "note-invalid"  # type: ignore[arg-type]


def test_the_steps_of_a_note_are_told_once_each() -> None:
    later = [
        replace(NOTE, version=2, status=Status.ANALYSIS, written_on=date(2026, 4, 1)),
        replace(NOTE, version=3, status=Status.ANALYSIS, written_on=date(2026, 5, 1)),
        replace(NOTE, version=4, status=Status.MEASURE, written_on=date(2026, 6, 1)),
    ]
    other = replace(NOTE, id="anders", unit="88BB00", review_on=NOTE.review_on + timedelta(9))
    notes = Notes.of((NOTE, other, *later), NOTE.written_on)
    (shown,) = notes.about(Level.SCHOOL, "88BA00")
    assert shown.note == later[-1]
    assert shown.steps == (
        (Status.SIGNAL, NOTE.written_on),
        (Status.ANALYSIS, date(2026, 4, 1)),
        (Status.MEASURE, date(2026, 6, 1)),
    )
    assert not notes.about(Level.ARRANGEMENT, "88BA00")
