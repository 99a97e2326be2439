"""A report as one page that stands alone: no script, no picture, nothing from elsewhere.

The page states its own content security policy and holds no more than the text does.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from shared import __version__
from shared.hashing.checking.findings import FileCounts
from shared.hashing.checking.report_view import Group, Place, Section, View, heading_of, number
from shared.hashing.language import chosen, tr

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
:root { color-scheme: light; }
body { font: 1rem/1.5 system-ui, "Segoe UI", Arial, sans-serif; color: #1b1b1b;
  background: #fff; margin: 0; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; border-bottom: 2px solid #1b1b1b; }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .25rem; }
p { margin: .25rem 0 .75rem; max-width: 46rem; }
.verdict { border-left: .5rem solid; padding: .75rem 1rem; margin: 0 0 1.5rem; }
.verdict p { margin: 0; }
.verdict .said { font-size: 1.15rem; font-weight: 700; }
.yes { border-color: #1c6b2a; background: #eef7ef; }
.no { border-color: #b3261e; background: #fdefee; }
.code { font-variant-numeric: tabular-nums; margin-right: .5rem; }
table { border-collapse: collapse; margin: .25rem 0 1rem; width: 100%; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0;
  border-bottom: 1px solid #8a8a8a; }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.places { table-layout: fixed; }
.places th:nth-child(1) { width: 24%; }
.places th:nth-child(2) { width: 24%; }
.places th:nth-child(3) { width: 10%; }
.places td { overflow-wrap: anywhere; }
tfoot th, tfoot td { font-weight: 700; border-bottom: 0; }
code { font-family: Consolas, "DejaVu Sans Mono", monospace; }
footer { margin-top: 3rem; border-top: 1px solid #8a8a8a; padding-top: .75rem; }
@media print {
  main { max-width: none; padding: 0; }
  body { font-size: 10pt; }
  h2, h3 { break-after: avoid; }
  tr, .verdict { break-inside: avoid; }
  section.code-section { break-inside: avoid-page; }
}
"""


def as_html(view: View) -> str:
    """The report as a page in the chosen language."""
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{chosen()}">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{escape(view.title)}</title>",
            f"<style>{_STYLE}</style>",
            "</head>",
            "<body>",
            "<main>",
            *_body(view),
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _body(view: View) -> Iterator[str]:
    yield f"<h1>{escape(view.title)}</h1>"
    yield f'<div class="verdict {"yes" if view.sealable else "no"}">'
    yield f'<p class="said">{escape(view.verdict)}</p>'
    yield f"<p>{escape(view.advice)}</p>"
    yield "</div>"
    yield f"<h2>{escape(tr('Wat er is gelezen'))}</h2>"
    yield from _files(view)
    for group in view.groups:
        yield from _group(group)
    if view.not_shown:
        yield f"<p>{escape(view.not_shown_note)}</p>"
    yield "<footer>"
    if view.has_shapes:
        yield f"<p>{escape(view.shape_note)}</p>"
    privacy = tr("In dit verslag staan geen gegevens van personen en geen namen van bestanden.")
    yield f"<p>{escape(privacy)}</p>"
    yield f"<p>hasher {escape(__version__)}</p>"
    yield "</footer>"


def _files(view: View) -> Iterator[str]:
    heads = (tr("Gelezen"), tr("Gebruikt"), tr("Afgekeurd"), tr("Overgeslagen"))
    yield "<table>"
    yield f"<caption>{escape(tr('Rijen per bestand'))}</caption>"
    numbers = "".join(f'<th scope="col" class="n">{escape(head)}</th>' for head in heads)
    yield f'<thead><tr><th scope="col">{escape(tr("Bestand"))}</th>{numbers}</tr></thead>'
    yield "<tbody>"
    for file in view.files:
        yield _counts(file.label, file)
    yield "</tbody>"
    yield f"<tfoot>{_counts(tr('samen'), view.total)}</tfoot>"
    yield "</table>"
    rows = tr("Rijen in de levering: {rows}", rows=number(view.rows))
    yield f"<p><strong>{escape(rows)}</strong></p>"


def _counts(label: str, file: FileCounts) -> str:
    cells = (file.read, file.kept, file.refused, file.left_out)
    numbers = "".join(f'<td class="n">{number(each)}</td>' for each in cells)
    return f'<tr><th scope="row">{escape(_sentence(label))}</th>{numbers}</tr>'


def _group(group: Group) -> Iterator[str]:
    yield f"<h2>{escape(heading_of(group.effect))}</h2>"
    for section in group.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    check = section.check
    yield '<section class="code-section">'
    yield f'<h3><span class="code">{check.code}</span>{escape(check.text)}</h3>'
    yield f"<p>{escape(check.fix)}</p>"
    heads = (tr("Bestand"), tr("Kolom"), tr("Aantal"), tr("Rijen"))
    yield '<table class="places">'
    yield f"<caption>{escape(tr('Waar staat melding {code}?', code=check.code))}</caption>"
    head = "".join(
        f'<th scope="col"{_numeric(index == 2)}>{escape(each)}</th>'
        for index, each in enumerate(heads)
    )
    yield f"<thead><tr>{head}</tr></thead>"
    yield "<tbody>"
    for place in section.places:
        yield _place(place)
    yield "</tbody>"
    yield "</table>"
    if section.hidden:
        more = tr("Nog meer kolommen of bestanden: {count}", count=number(section.hidden))
        yield f"<p>{escape(more)}</p>"
    yield "</section>"


def _place(place: Place) -> str:
    rows = "; ".join(
        ", ".join(map(str, numbers)) + (f" <code>({escape(form)})</code>" if form else "")
        for form, numbers in place.rows
    )
    more = " …" if place.more else ""
    return (
        f'<tr><th scope="row">{escape(_sentence(place.label))}</th>'
        f"<td>{escape(place.column) or '–'}</td>"
        f'<td class="n">{number(place.count)}</td>'
        f"<td>{rows or '–'}{more}</td></tr>"
    )


def _numeric(is_number: bool) -> str:
    return ' class="n"' if is_number else ""


def _sentence(text: str) -> str:
    """With a capital, as at the start of a sentence."""
    return text[:1].upper() + text[1:]
