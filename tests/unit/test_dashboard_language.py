"""Languages: nothing untranslated, nothing stale, and numbers and dates by locale."""

from __future__ import annotations

import re
from datetime import date

from publisher.dashboard.language import (
    DUTCH,
    ENGLISH,
    LANGUAGES,
    _,
    day,
    here,
    number,
    speaking,
    spoken,
)
from publisher.downloads.words import decimal_text
from tests.support.messages import english, texts_in_code, texts_of_releases

_PLACE = re.compile(r"\{\w+\}|%\(\w+\)s|<[^>]+>")


def test_every_text_has_an_english_one_and_no_english_one_is_left_over() -> None:
    wanted = {text for text in (*texts_in_code(), *texts_of_releases()) if text}
    known = {message.id: message.string for message in english() if message.id}
    assert wanted - {text for text, told in known.items() if told} == set()
    assert set(known) - wanted == set()


def test_places_and_markup_are_the_same_in_both_languages() -> None:
    for message in english():
        if message.id:
            places = [sorted(set(_PLACE.findall(str(t)))) for t in (message.id, message.string)]
            assert places[0] == places[1], message.id


def test_numbers_and_dates_are_spelled_by_locale() -> None:
    spelled = {}
    for language in LANGUAGES:
        with speaking(language):
            spelled[language.code] = (number(1234567), number(12345, 1), number(-5, 2),
                                      day(date(2026, 3, 2)))  # fmt: skip
    assert spelled == {
        "nl": ("1.234.567", "1.234,5", "-0,05", "2 maart 2026"),
        "en": ("1,234,567", "1,234.5", "-0.05", "2 March 2026"),
    }


def test_dutch_numbers_read_as_in_downloads() -> None:
    for value in (0, 7, 999, 1000, -12345, 10**12 + 1):
        for decimals in range(4):
            assert number(value, decimals) == decimal_text(
                value, decimals, comma=",", thousands="."
            )


def test_a_language_is_spoken_for_a_while_and_names_stay_as_they_are() -> None:
    with speaking(ENGLISH):
        assert spoken() is ENGLISH
        assert _("Basisschool De {Linde}") == "Basisschool De {Linde}"
        assert here("/scholen") == "/en/scholen"
        assert [here(each) for each in ("/api/v1/x", "/static/y", "#z")] == [
            "/api/v1/x", "/static/y", "#z",
        ]  # fmt: skip
    assert spoken() is DUTCH
    assert here("/scholen") == "/scholen"
