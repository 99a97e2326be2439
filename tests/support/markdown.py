"""Reading our own Markdown in tests: headings with the tables that stand under them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_HEADING = re.compile(r"#+ (.+)")
_RULE = re.compile(r"\|[-|]+\|")


@dataclass(frozen=True, slots=True)
class Table:
    """One table: the heading that it stands under, its column names and its rows."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def read(name: str) -> str:
    """A document by its path from the root of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def tables(text: str) -> Iterator[Table]:
    """Every table in order."""
    heading = ""
    block: list[tuple[str, ...]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            if not _RULE.fullmatch(line):
                block.append(tuple(cell.strip() for cell in line.strip("|").split("|")))
            continue
        if block:
            yield Table(heading, block[0], tuple(block[1:]))
            block = []
        if found := _HEADING.fullmatch(line):
            heading = found.group(1)


def table(text: str, *columns: str) -> Table:
    """The one table whose first columns are ``columns``."""
    (found,) = [each for each in tables(text) if each.columns[: len(columns)] == columns]
    return found


def code(cell: str) -> str:
    """The text of a cell that is one piece of code."""
    found = re.fullmatch(r"`([^`]+)`", cell)
    assert found, f"expected one piece of code in a cell, found {cell}"
    return found.group(1)


def flat(text: str) -> str:
    """The text on one line, so that wrapping does not matter."""
    return " ".join(text.split())
