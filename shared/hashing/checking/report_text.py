"""A report as plain text, for a terminal or a file."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from shared.hashing.checking.findings import FileCounts
from shared.hashing.checking.report_view import Place, Section, View, heading_of, number
from shared.hashing.language import tr

WIDTH = 98
_INDENT = " " * 5


def as_text(view: View) -> str:
    """The report for people; the verdict stands first, and last where there is more to read."""
    lines = [view.title, "", view.verdict, view.advice, ""]
    lines += [f"{each.label}: {_counts(each)}" for each in view.files]
    if len(view.files) > 1:
        lines.append(f"{tr('samen')}: {_counts(view.total)}")
    lines.append(tr("Rijen in de levering: {rows}", rows=number(view.rows)))
    for group in view.groups:
        lines += ["", heading_of(group.effect).upper()]
        for section in group.sections:
            lines += _section(section)
    if view.not_shown:
        lines += ["", *_wrapped(view.not_shown_note, "")]
    if view.has_shapes:
        lines += ["", *_wrapped(view.shape_note, "")]
    if view.groups:
        lines += ["", view.verdict]
    return "\n".join(lines) + "\n"


def _counts(file: FileCounts) -> str:
    read = tr("{count} rij gelezen") if file.read == 1 else tr("{count} rijen gelezen")
    return tr(
        "{read}, {kept} gebruikt, {refused} afgekeurd, {left_out} overgeslagen",
        read=read.format(count=number(file.read)),
        kept=number(file.kept),
        refused=number(file.refused),
        left_out=number(file.left_out),
    )


def _section(section: Section) -> Iterator[str]:
    check = section.check
    yield from _wrapped(check.text, f"{check.code} ")
    yield from _wrapped(check.fix, f"{_INDENT}→ ")
    for place in section.places:
        yield from _wrapped(_place(place), _INDENT)
    if section.hidden:
        more = tr("Nog meer kolommen of bestanden: {count}", count=number(section.hidden))
        yield f"{_INDENT}{more}"


def _place(place: Place) -> str:
    column = f", {tr('kolom')} {place.column}" if place.column else ""
    times = tr("{count} keer", count=number(place.count))
    if not place.rows:
        return f"{place.label}{column}" + (f": {times}" if place.count > 1 else "")
    text = f"{place.label}{column}: {times}"
    rows = "; ".join(
        ", ".join(map(str, numbers)) + (f" ({form})" if form else "")
        for form, numbers in place.rows
    )
    return f"{text}; {tr('rij')} {rows}{' …' if place.more else ''}"


def _wrapped(text: str, start: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )
