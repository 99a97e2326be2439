"""Which municipalities make up a samenwerkingsverband, from the list of postcode areas.

Source: Regeling regio-indeling samenwerkingsverbanden, as a list of four-digit postcodes.
"""

from __future__ import annotations

from collections import defaultdict

from publisher.context.figures import Areas, Checked, SourceNote, SwvArea
from publisher.context.importing.reading import About
from publisher.context.importing.rows import Sheet, read_sheet, wrong
from shared.canonical import sha256_hex
from shared.errors import InputError

AREAS = SourceNote(
    id="swv-gebieden",
    title="Samenwerkingsverbanden per postcode",
    holder="OCW",
    page="https://wetten.overheid.nl/",
    licence="vrij van auteursrecht (artikel 11 Auteurswet)",
    checked=Checked.FILE,
)
"""The source under which such a list is imported."""
_MUNICIPALITY = "gemeente"
_SWVS = {"swv_po": "PO", "swv_vo": "VO"}


def read_areas(data: bytes, about: About) -> Areas:
    """The samenwerkingsverbanden of a list of postcodes.

    Raises:
        InputError: ``context-column-missing``, ``context-area`` or one of ``read_sheet``.
    """
    sheet = read_sheet(data)
    town = next((name for name in sheet.columns if name.startswith(_MUNICIPALITY)), "")
    for needed, found in ((_MUNICIPALITY, town), *((name, name) for name in _SWVS)):
        if found not in sheet.columns or not found:
            raise InputError(
                "context-column-missing",
                f"expected a column {needed} on line 1, found none",
                hint="use the list of postcodes with swv_po and swv_vo",
            )
    swvs = [swv for column in _SWVS for swv in _of(sheet, town, column)]
    if not swvs:
        raise InputError("context-nothing", "expected a samenwerkingsverband, found none")
    return Areas(
        source=AREAS,
        sha256=sha256_hex(data),
        retrieved_on=about.retrieved_on,
        synthetic=about.synthetic,
        swvs=tuple(sorted(swvs, key=lambda swv: swv.code)),
    )


def _of(sheet: Sheet, town: str, column: str) -> list[SwvArea]:
    parts: dict[str, set[str]] = defaultdict(set)
    for row in sheet.rows:
        code, name = row.cells[column], row.cells[town]
        if code and not (len(code) == 6 and code[:2] == _SWVS[column] and code[2:].isdigit()):
            raise wrong("context-area", row.line, column, f"a code such as {_SWVS[column]}2502")
        parts[name].add(code)  # a postcode without one makes its municipality a part only
    codes = {code for found in parts.values() for code in found if code}
    return [
        SwvArea(
            code=code,
            whole=tuple(sorted(name for name, found in parts.items() if found == {code})),
            partly=tuple(
                sorted(name for name, found in parts.items() if code in found and len(found) > 1)
            ),
        )
        for code in sorted(codes)
    ]
