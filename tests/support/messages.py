"""Every text of the dashboard that can be translated, found where it stands in the code."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from linker.linkage.definitions import definitions
from linker.linkage.indicators import categories_of
from publisher.downloads.words import LEVEL_WORDS, MARK, STATUS_WORDS
from shared.contract.codes import SchoolType
from shared.reference import UNKNOWN_TYPE, Level, Reference
from tests.support.dashboards import governance

_ROOM = Path(str(files("publisher.dashboard")))
_KEYWORDS: dict[str, Any] = {
    "_": None, "msg": None, "counted": (1, 2), "gettext": None, "ngettext": (1, 2),
}  # fmt: skip
_JINJA: dict[str, Any] = {"trimmed": "true", "newstyle_gettext": "true"}


def texts_in_code() -> Iterator[str]:
    """Dutch texts in modules and templates."""
    for path in sorted(_ROOM.rglob("*.py")):
        yield from _texts("python", path, {})
    for path in sorted(_ROOM.rglob("*.html")):
        yield from _texts("jinja2.ext:babel_extract", path, _JINJA)


def _texts(method: str, path: Path, options: dict[str, Any]) -> Iterator[str]:
    with path.open("rb") as file:
        for _line, message, _comments, _context in extract(
            method, file, keywords=_KEYWORDS, options=options
        ):
            yield from ([message] if isinstance(message, str) else message)


def texts_of_releases() -> Iterator[str]:
    """Dutch texts that a release brings along: labels of what the definitions count."""
    found = definitions()
    for measure in (*found.measures, *found.derived):
        yield measure.label
        yield measure.explanation
    yield from (table.title for table in found.tables)
    yield from (table.title for table in governance().policy.tables)
    for breakdown in found.breakdowns:
        yield from (category.label for category in breakdown.categories)
    yield from (kind.label for kind in SchoolType)
    yield from (kind.sector.label for kind in SchoolType)
    yield from LEVEL_WORDS.values()
    yield from (words for words in STATUS_WORDS.values() if words)
    yield MARK
    book = Reference(
        region="r", region_name="", sources=(), municipalities=(), swvs=(), boards=(), schools=()
    )
    for kind in SchoolType:
        yield book.label(Level.ELSEWHERE, kind.value)
    yield book.label(Level.ELSEWHERE, UNKNOWN_TYPE)
    yield book.label(Level.TOTAL, "total")
    for name in ("provider", "arrangement"):
        yield from (label for _, label in categories_of(found.breakdown(name), None))


def english() -> Catalog:
    """The English catalogue."""
    return read_po(io.BytesIO((_ROOM / "locale" / "en.po").read_bytes()), locale="en")
