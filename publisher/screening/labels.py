"""Checks of names and texts: there, the same everywhere, and nothing in them that may not be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from publisher.downloads.separated import is_formula
from publisher.screening.subject import Places, Screened
from shared.reference import Level

_LABELS = ("unit_label", "period_label", "category_label", "measure_label")
_CODES = {
    "unit_label": ["level", "unit"],
    "period_label": ["period"],
    "measure_label": ["measure"],
    "category_label": ["table", "category"],
}
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9*_-]{0,39}")
_LONG_NUMBER = re.compile(r"(?<![0-9A-Fa-f])[0-9](?:[ .-]?[0-9]){7,8}(?![0-9A-Fa-f])")
"""Eight or nine digits, as a BSN or an AGB code has, however they are spaced."""
_HEXADECIMAL = re.compile(r"[0-9a-f]{32,}")
_MARKUP = re.compile(r"<[A-Za-z/!]|&[a-z]+;|javascript:", re.IGNORECASE)


def _texts(it: Screened) -> Iterator[tuple[str, str]]:
    """Each text that readers see, with where it stands."""
    for column in (*_LABELS, "unit", "category", "measure"):
        yield from ((f"kolom {column}", text) for text in it.cells[column].unique())
    yield "titel", it.manifest.title
    yield "regio", it.manifest.region_name
    for table in it.release.tables:
        yield f"titel van {table.id}", table.title
    for note in it.manifest.measures:
        for text in (note.label, note.unit, note.definition, note.caution):
            yield f"uitleg van {note.id}", text
    for source in it.manifest.sources:
        yield "bron", source


def present(it: Screened) -> Places:
    """Every unit, period and measure has a name; a category that is not the total has one too."""
    cells = it.cells
    for column in ("unit_label", "period_label", "measure_label"):
        if cells[column].str.strip().eq("").any():
            yield f"kolom {column}"
    if (cells["category_label"].str.strip().eq("") & cells["category"].ne("")).any():
        yield "kolom category_label"


def consistent(it: Screened) -> Places:
    """One code has one name."""
    for label, code in _CODES.items():
        several = it.cells.groupby(code)[label].nunique()
        for key in several.index[several > 1]:
            yield f"{label}: {' '.join(map(str, key)) if isinstance(key, tuple) else key}"


def of_reference(it: Screened) -> Places:
    """The name of a unit is the one in the reference bundle."""
    found = it.cells[["level", "unit", "unit_label"]].drop_duplicates()
    for level, unit, label in found.itertuples(index=False):
        if level in set(Level) and it.reference.label(Level(level), unit) != label:
            yield f"{level} {unit}"


def clean(it: Screened) -> Places:
    """No control characters, and no spaces at the ends."""
    for place, text in _texts(it):
        if text != text.strip() or any(unicodedata.category(each) == "Cc" for each in text):
            yield place


def formulas(it: Screened) -> Places:
    """No text that a spreadsheet takes for a formula; downloads neutralise it."""
    yield from (place for place, text in _texts(it) if is_formula(text))


def markup(it: Screened) -> Places:
    """No text that a browser could take for code; pages escape it."""
    yield from (place for place, text in _texts(it) if _MARKUP.search(text))


def long_numbers(it: Screened) -> Places:
    """No number in a text that could be of a person or of a care provider."""
    yield from (place for place, text in _texts(it) if _LONG_NUMBER.search(text))


def pseudonyms(it: Screened) -> Places:
    """No long hexadecimal text in a label: it could be a pseudonym."""
    yield from (place for place, text in _texts(it) if _HEXADECIMAL.search(text.lower()))


def codes(it: Screened) -> Places:
    """Units, categories and measures have codes of letters and digits."""
    for column in ("unit", "category", "measure"):
        for code in it.cells[column].unique():
            if not _CODE.fullmatch(code) and (column, code) != ("category", ""):
                yield f"kolom {column}"


def measures_explained(it: Screened) -> Places:
    """Every measure has a definition and a unit."""
    explained = {
        note.id for note in it.manifest.measures if note.definition.strip() and note.unit.strip()
    }
    yield from sorted(set(it.cells["measure"]) - explained)


def notes_used(it: Screened) -> Places:
    """No explanation of a measure that is not there."""
    yield from sorted({note.id for note in it.manifest.measures} - set(it.cells["measure"]))


def titles(it: Screened) -> Places:
    """The release and each table have a title, and the manifest has the same."""
    if not it.manifest.title.strip():
        yield "titel"
    for table in it.release.tables:
        if not table.title.strip() or it.entry[table.id].title != table.title:
            yield table.id
