"""Haal cijfers op uit de monitor: per gemeente, in een regel per periode.

Gebruik: ``python cijfers.py https://adres-van-de-monitor``. Er is niets nodig dan Python zelf.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

RELEASE = "latest"  # of de naam van een uitgave, zodat het antwoord nooit verandert
TABLE = "pupils_and_clients"


def get(base: str, path: str, **query: object) -> dict[str, Any]:
    """Een document van de API."""
    address = f"{base}/api/v1{path}?{urlencode(query)}"
    with urlopen(Request(address, headers={"Accept": "application/json"})) as answer:  # noqa: S310 - van wie leest
        document: dict[str, Any] = json.load(answer)
    return document


def observations(base: str, **filters: object) -> Iterator[dict[str, Any]]:
    """Alle cijfers die bij de filters passen, bladzijde na bladzijde."""
    path = f"/releases/{RELEASE}/tables/{TABLE}/observations"
    number, seen, total = 1, 0, 1
    while seen < total:
        page = get(base, path, page=number, **filters)
        yield from page["observations"]
        number, seen, total = number + 1, seen + len(page["observations"]), page["total"]


def main(base: str) -> None:
    """Schrijf per gemeente en periode het aantal leerlingen met jeugdhulp per 100 leerlingen."""
    release = get(base, f"/releases/{RELEASE}")
    names = {
        area["code"]: area["name"] for area in get(base, f"/releases/{RELEASE}/areas")["areas"]
    }
    print(f"{release['mark']} {release['title']}, versie {release['version']}".strip())  # noqa: T201 - voor wie leest
    for cell in observations(base, level="municipality", measure="clients_per_100_pupils"):
        # Een leeg cijfer is niet getoond (status c) of kan niet bestaan: lees het nooit als nul.
        shown = cell["value"] if cell["value"] is not None else f"({cell['status']})"
        print(names[cell["unit"]], 2000 + cell["period"], shown, sep="\t")  # noqa: T201 - voor wie leest


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
