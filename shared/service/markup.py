"""The parts of a plain page: one style, tables, cells. Every value is escaped where it enters."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

STYLE: Final = """\
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0 2rem; width: 100%; }
caption { font-weight: bold; text-align: left; }
th, td { border-bottom: 1px solid #767676; padding: .4rem .6rem; text-align: left;
  vertical-align: top; }
td.number { text-align: right; }
td.hash { font: .8rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.crumbs { display: flex; flex-wrap: wrap; gap: .25rem; list-style: none; margin: 0; padding: 0; }
.crumbs li:not(:last-child)::after { content: " /" / ""; }
.skip { position: absolute; top: -5rem; }
.skip:focus { top: .5rem; }
.alarm { border-left: .4rem solid #a10000; padding-left: 1rem; }
"""


def page(title: str, style_path: str, content: str) -> str:
    """A page in Dutch; ``content`` is markup."""
    return f"""<!DOCTYPE html>
<html lang="nl">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="stylesheet" href="{escape(style_path)}">
</head>
<body>
<a class="skip" href="#inhoud">Naar de inhoud</a>
<main id="inhoud" tabindex="-1">
{content}
</main>
</body>
</html>
"""


def crumbs(steps: Iterable[tuple[str, str]], here: str) -> str:
    """The way back up: the address and name of each step, and the name of this page."""
    links = (f'<li><a href="{escape(way)}">{escape(name)}</a></li>' for way, name in steps)
    last = f'<li aria-current="page">{escape(here)}</li>'
    return f'<nav aria-label="Kruimelpad"><ol class="crumbs">{"".join(links)}{last}</ol></nav>'


def table(caption: str, heads: Iterable[str], rows: Iterable[tuple[str, ...]], empty: str) -> str:
    """A table of cells; where there is no row, a heading and the sentence ``empty``."""
    body = "\n".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    if not body:
        return f"<h2>{escape(caption)}</h2><p>{escape(empty)}</p>"
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    return (
        f"<table><caption>{escape(caption)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"
    )


def number(value: int) -> str:
    """A number with a point per thousand, as it is written in Dutch."""
    return f"{value:,}".replace(",", ".")


def cell(text: str, kind: str = "") -> str:
    """One cell with a text."""
    return f'<td class="{kind}">{escape(text)}</td>' if kind else f"<td>{escape(text)}</td>"


def lines_cell(texts: Iterable[str], kind: str = "") -> str:
    """One cell with a text on each line."""
    said = "<br>".join(escape(text) for text in texts)
    return f'<td class="{kind}">{said}</td>' if kind else f"<td>{said}</td>"
