"""The language that a page speaks: its texts, its numbers and its dates.

Texts in the code are Dutch and are the keys of a catalogue per other language
(``locale/en.po``). A request speaks one language from its first to its last line: the router
sets it, and whatever makes a text asks for it here.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the pages.

    Attributes:
        code: as in ``lang``.
        locale: for numbers and dates.
        prefix: before every address of a page in this language.
        name: in the language itself.
        chart_locale: the name that the drawing library knows it by.
    """

    code: str
    locale: str
    prefix: str
    name: str
    chart_locale: Literal["nl-NL", "en-GB"]


DUTCH = Language("nl", "nl_NL", "", "Nederlands", "nl-NL")
ENGLISH = Language("en", "en_GB", "/en", "English", "en-GB")
LANGUAGES = (DUTCH, ENGLISH)
"""Every language, the main one first; a further one is a line here and a catalogue."""

_SPOKEN: ContextVar[Language] = ContextVar("language", default=DUTCH)
_NO_PAGES = ("/api/", "/static/")


def spoken() -> Language:
    """The language that this request speaks."""
    return _SPOKEN.get()


def speak(language: Language) -> None:
    """Let this request speak a language from now on."""
    _SPOKEN.set(language)


def spoken_by(language: Language) -> Callable[[], Awaitable[None]]:
    """A dependency of routes whose requests speak a language."""

    # Asynchronous, so that it runs in the request's own context and not in a copy of it.
    async def set_language() -> None:
        speak(language)

    return set_language


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Speak a language for a while."""
    token = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def msg(text: str) -> str:
    """Mark a constant as a text that pages will translate; it stays as it is."""
    return text


def _(text: str, /, **values: object) -> str:
    """A text in the spoken language, with ``values`` in its places.

    A text without a translation, such as the name of a school, stays as it is.
    """
    told = _texts(spoken()).gettext(text) if text else ""
    return told.format(**values) if values else told


def counted(one: str, more: str, count: int) -> str:
    """A text about a number of things: ``one`` for 1, else ``more``; ``{n}`` is the number."""
    return _texts(spoken()).ngettext(one, more, count).format(n=number(count))


def number(value: int, decimals: int = 0) -> str:
    """A whole number of units of 10 ** -decimals, exactly: 1.234,5 or 1,234.5."""
    digits = "." + "0" * decimals if decimals else ""
    scaled = Decimal(value).scaleb(-decimals)
    return format_decimal(scaled, format=f"#,##0{digits}", locale=spoken().locale)


def day(moment: date) -> str:
    """``2 maart 2026`` or ``2 March 2026``."""
    return format_date(moment, "d MMMM y", locale=spoken().locale)


def here(address: str) -> str:
    """The address of a page in the spoken language; what has no language stays as it is."""
    if address.startswith("#") or address.startswith(_NO_PAGES):
        return address
    return spoken().prefix + address


def elsewhere(address: str, language: Language) -> str:
    """The same page in another language."""
    return language.prefix + address


@cache
def _texts(language: Language) -> gettext.NullTranslations:
    if language is DUTCH:
        return gettext.NullTranslations()
    source = files("publisher.dashboard") / "locale" / f"{language.code}.po"
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source.read_bytes()), locale=language.code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
