"""The page of every check of the screener, made from the table that it runs by."""

from __future__ import annotations

from publisher.screening.checks import CHECKS, Severity

_INTRO = """\
# Controle van een uitgave

Voor een uitgave naar de goedkeurders gaat, loopt het programma een vaste lijst van controles af.
Deze pagina is gemaakt uit die lijst, met `python -m deploy.make_pages`. Verander haar dus niet met
de hand.

```sh
publisher screen achterhoek-2027-v1.0          # wat aandacht vraagt
publisher screen achterhoek-2027-v1.0 --json   # elke controle, voor programma's
```

Een controle heeft een van drie uitkomsten:

- **PASS**: goed.
- **ADVISORY**: let op. De uitgave kan door, maar een goedkeurder moet ernaar kijken.
- **FAIL**: fout. De uitgave kan niet worden ingediend (`publisher submit` weigert met
  `screening-failed`).

De controles kijken naar wat lezers straks zien en naar openbare documenten. Een melding noemt een
plaats: een tabel, een eenheid, een periode, een maat. Zij noemt nooit een cijfer.
"""
_GROUPS = (
    (Severity.FAIL, "Wat een uitgave tegenhoudt"),
    (Severity.ADVISORY, "Waar een goedkeurder naar kijkt"),
)


def screening_page() -> str:
    """The page, in Dutch: per check what should hold, and what to do when it does not."""
    page = [_INTRO]
    for severity, title in _GROUPS:
        page += [f"## {title}", "", "| Controle | Wat klopt | Anders |", "|---|---|---|"]
        page += [
            f"| `{check.id}` | {check.asks} | {check.remedy} |"
            for check in CHECKS
            if check.severity is severity
        ]
        page.append("")
    return "\n".join(page)
