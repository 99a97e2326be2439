"""JSON of a released table: the same document as a download and as an API resource."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from publisher.downloads.columns import bounds_of
from publisher.downloads.extract import Extract
from publisher.downloads.legend import footnotes
from publisher.downloads.separated import ROWS_AT_ONCE
from publisher.downloads.words import LEVEL_WORDS, STATUS_WORDS
from publisher.released import Cell, cells_of


def json_(extract: Extract) -> bytes:
    """A table with all that is needed to read it: what, of which release, and its legend."""
    return b"".join(json_parts(extract))


def json_parts(extract: Extract) -> Iterator[bytes]:
    """The same document in pieces."""
    head = _text(_head(extract)).removesuffix("}")
    yield f'{head},"rows":['.encode()
    before = ""
    for part in extract.parts(ROWS_AT_ONCE):
        rows = _text([_row(cell) for cell in cells_of(part.rows)])[1:-1]
        yield f"{before}{rows}".encode()
        before = ","
    yield b"]}"


def _text(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _head(extract: Extract) -> dict[str, Any]:
    """All but the rows, in a fixed order of keys."""
    manifest, table = extract.manifest, extract.table
    entry = next(entry for entry in manifest.tables if entry.id == table.id)
    present = set(extract.rows["measure"].unique().to_pylist())
    return {
        "releaseId": manifest.release_id,
        "synthetic": manifest.synthetic,
        "mark": extract.mark,
        "tableId": table.id,
        "title": table.title,
        "tableSha256": entry.sha256,
        "policyVersion": manifest.policy_version,
        "dpiaVersion": manifest.dpia_version,
        "version": manifest.version,
        "provisional": manifest.provisional,
        "sources": list(manifest.sources),
        "filters": extract.filters.given(),
        "levels": {level.value: words for level, words in LEVEL_WORDS.items()},
        "statuses": {status.value: words for status, words in STATUS_WORDS.items() if words},
        "footnotes": footnotes((extract,)),
        "measures": [
            note.model_dump(mode="json") for note in manifest.measures if note.id in present
        ],
    }


def _row(cell: Cell) -> dict[str, Any]:
    lower, upper = (None, None) if cell.value is None else bounds_of(cell.value, cell.status.value)
    return {
        "level": cell.level.value,
        "unit": cell.unit,
        "unitLabel": cell.unit_label,
        "period": cell.period,
        "periodLabel": cell.period_label,
        "category": cell.category,
        "categoryLabel": cell.category_label,
        "measure": cell.measure,
        "measureLabel": cell.measure_label,
        "value": _value(cell, cell.value),
        "lower": _value(cell, lower),
        "upper": _value(cell, upper),
        "status": cell.status.value,
    }


def _value(cell: Cell, value: int | None) -> int | float | None:
    if value is None or cell.decimals == 0:
        return value
    # The nearest float prints as the shortest text that reads back: 12.3, never 12.2999….
    return float(value / 10**cell.decimals)
