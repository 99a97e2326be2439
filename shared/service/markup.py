"""The parts of a plain page: one style, tables, cells. Every value is escaped where it enters.

The style is that of the dashboard too, which adds its own parts to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from typing import Final

STYLE: Final = (files("shared.service") / "plain.css").read_text(encoding="utf-8")
ICON: Final = (files("shared.service") / "icon.svg").read_bytes()
NARROW_COLUMNS: Final = 3
"""Columns that a narrow screen can show at once."""
_HINT = '<span class="hint">Schuif de tabel opzij om alle kolommen te zien.</span>'


def page(title: str, style_path: str, content: str, *, site: str = "", mark: str = "") -> str:
    """A page in Dutch; ``content`` is markup.

    Args:
        site: whose pages these are, above each of them.
        mark: what must be known before anything else, such as that no figure is real.
    """
    above = f'<aside class="mark" aria-label="Let op">{escape(mark)}</aside>\n' if mark else ""
    if site:
        above += f'<header class="top"><p class="site">{escape(site)}</p></header>\n'
    return f"""<!DOCTYPE html>
<html lang="nl">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="stylesheet" href="{escape(style_path)}">
<link rel="icon" href="{escape(icon_path(style_path))}" type="image/svg+xml">
</head>
<body>
<a class="skip" href="#inhoud">Naar de inhoud</a>
{above}<main id="inhoud" tabindex="-1">
{content}
</main>
</body>
</html>
"""


def icon_path(style_path: str) -> str:
    """Where the icon is of pages whose style is at ``style_path``: beside it."""
    return f"{style_path.rpartition('/')[0]}/icoon.svg"


def crumbs(steps: Iterable[tuple[str, str]], here: str) -> str:
    """The way back up: the address and name of each step, and the name of this page."""
    links = (f'<li><a href="{escape(way)}">{escape(name)}</a></li>' for way, name in steps)
    last = f'<li aria-current="page">{escape(here)}</li>'
    return f'<nav class="crumbs" aria-label="Kruimelpad"><ol>{"".join(links)}{last}</ol></nav>'


def section(title: str, *parts: str) -> str:
    """A part of a page under a heading; each part is markup."""
    return f"<section>\n<h2>{escape(title)}</h2>\n{''.join(parts)}\n</section>\n"


def sentence(text: str, kind: str = "") -> str:
    """A paragraph."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def box(title: str, lines: Iterable[str], *, is_warning: bool = False) -> str:
    """What stands out on a page: some lines under a heading."""
    said = "".join(f"<li>{escape(line)}</li>" for line in lines)
    kind = "box warn" if is_warning else "box"
    return f'<section class="{kind}"><h2>{escape(title)}</h2><ul>{said}</ul></section>\n'


def facts(known: Iterable[tuple[str, str]]) -> str:
    """Names and what belongs to them, below each other."""
    said = "".join(f"<dt>{escape(name)}</dt><dd>{escape(what)}</dd>" for name, what in known)
    return f'<dl class="facts">{said}</dl>\n'


def table(caption: str, heads: Iterable[str], rows: Iterable[tuple[str, ...]], empty: str) -> str:
    """A table of cells; where there is no row, a heading and the sentence ``empty``."""
    found = list(rows)
    if not found:
        return f"<h3>{escape(caption)}</h3><p>{escape(empty)}</p>"
    titles = tuple(heads)
    head = "".join(_heading(title, under) for title, under in zip(titles, found[0], strict=True))
    body = "\n".join(f"<tr>{''.join(row)}</tr>" for row in found)
    hint = f" {_HINT}" if len(titles) > NARROW_COLUMNS else ""
    # Whoever moves by keyboard must reach a table that scrolls.
    return (
        f'<div class="scroll full" role="region" aria-label="{escape(caption)}" tabindex="0">\n'
        f"<table><caption><span>{escape(caption)}{hint}</span></caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>\n</div>\n"
    )


def _heading(title: str, under: str) -> str:
    """The heading of a column, on the side on which the cells under it stand."""
    side = ' class="num"' if under.startswith('<td class="num"') else ""
    return f'<th scope="col"{side}>{escape(title)}</th>'


def number(value: int) -> str:
    """A number with a point per thousand, as it is written in Dutch."""
    return f"{value:,}".replace(",", ".")


def name_cell(text: str) -> str:
    """The first cell of a row: what the row is about."""
    return f'<th scope="row">{escape(text)}</th>'


def cell(text: str, kind: str = "") -> str:
    """One cell with a text."""
    return lines_cell((text,), kind)


def lines_cell(texts: Iterable[str], kind: str = "") -> str:
    """One cell with a text on each line."""
    said = "<br>".join(escape(text) for text in texts)
    return f'<td class="{kind}">{said}</td>' if kind else f"<td>{said}</td>"
