"""docs/dpia/cijfers.md: what rounds and releases showed, from the files that the services made.

The files lie in the folder ``cijfers`` beside the DPIA, as ``linker dpia-figures`` and
``publisher dpia-figures`` wrote them. Nothing is counted here but sums and shares of what they say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from deploy.governance.blocks import markdown
from deploy.governance.figures import Figures
from linker.oversight.dpia_figures import LinkerFigures, Received
from publisher.oversight.dpia_figures import PublisherFigures
from shared.holdings import Remains

SYNTHETIC: Final = "SYNTHETISCH – geen echte cijfers"

_INTRO = """\
# Cijfers bij de DPIA

Status: concept. Dit stuk laat zien wat er in de praktijk is gebeurd: wat er is ontvangen, wat nooit
te koppelen was, wat niet is getoond, wat een aanval vond en wat er is vernietigd. Het is gemaakt
uit de bestanden in de map [cijfers](cijfers), met `make pages`. Verander het dus niet met de hand.
De diensten maken die bestanden zelf:

```sh
linker dpia-figures RONDE --out RONDE-koppelaar.json
publisher dpia-figures UITGAVE --out UITGAVE-publicist.json
```

Alles in die bestanden mag naar buiten. Rijen zijn afgerond op honderdtallen, en pas genoemd vanaf
1.000. Percentages zijn hele getallen over minstens 1.000 rijen of personen. Wat gekoppeld is, staat
er zo onnauwkeurig in als de leveranciers het lazen ([DPIA](dpia.md), R15). Van inschrijvingen is
dat het deel met jeugdhulp; van jeugdhulp het deel dat op een school is gevonden. Over een enkele
leverancier staat er niets in. Over bezwaren ook niet: de koppelaar telt daarom alleen enveloppen
met inschrijvingen en jeugdhulp. Een streepje betekent: dit is niet te noemen, of niet meer bekend.

Leg deze cijfers bij het advies van de FG, en bekijk ze na elke ronde opnieuw: blijft er genoeg te
zien, en wordt er niet meer geleverd dan nodig is?"""
_MONTHS: Final = (
    "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september",
    "oktober", "november", "december",
)  # fmt: skip
_COUNTED: Final = (
    "Verzegeld bewaard is bij de koppelaar: enveloppen met inschrijvingen of jeugdhulp. Bij de "
    "publicist: tellingen, en certificaten en redenen van uitgaven."
)
_NONE = "Er is nog geen ronde geweest."
_SCHEMAS = {"enrolment/1": "inschrijvingen", "care/1": "jeugdhulp"}


def figures_page(figures: Figures) -> str:
    """An introduction and a chapter per round, in order of ids; or that there was none yet."""
    parts = [_INTRO]
    ids = {each.round_id for each in figures.rounds}
    ids |= {each.round_id for each in figures.releases}
    for id_ in sorted(ids):
        parts += _round(figures, id_)
    return "\n\n".join([*parts, *([] if ids else [_NONE])]) + "\n"


def _round(figures: Figures, round_id: str) -> Iterator[str]:
    rounds = [each for each in figures.rounds if each.round_id == round_id]
    releases = [each for each in figures.releases if each.round_id == round_id]
    yield f"## Ronde {round_id}"
    if any(each.synthetic for each in rounds) or any(each.synthetic for each in releases):
        yield f"**{SYNTHETIC}**"
    for of_round in rounds:
        yield from _of_round(of_round)
    for of_release in releases:
        yield from _of_release(of_release)
    yield "### Wat er nog is, en wat er is vernietigd"
    yield _COUNTED
    yield _remains([(each.service, each.remains) for each in rounds] + _newest(releases))


def _newest(releases: list[PublisherFigures]) -> list[tuple[str, Remains]]:
    """Of several releases of a round the last file tells what remains of it."""
    if not releases:
        return []
    last = max(releases, key=lambda each: (each.made_on, each.revision, each.release_id))
    return [(last.service, last.remains)]


def _of_round(found: LinkerFigures) -> Iterator[str]:
    yield "### Ontvangen en gekoppeld"
    yield (
        f"Koppeling {found.revision}, DPIA-versie {found.dpia_version}, opgemaakt op "
        f"{_day(found.made_on)}. Geweigerde enveloppen: {found.refused_uploads}."
    )
    yield markdown(
        ("Gegevens", "Leveringen", "Rijen", "Nooit te koppelen", "Gekoppeld"),
        (
            (
                _SCHEMAS[each.schema_name.value],
                str(each.deliveries),
                _number(each.rows),
                "-" if each.unlinkable_percent is None else f"{each.unlinkable_percent} %",
                _linked(each),
            )
            for each in found.received
        ),
    )


def _linked(of: Received) -> str:
    if of.linked_percent is None:
        return "-"
    low, high = of.linked_percent
    return f"ongeveer {low} %" if low == high else f"ongeveer {low} tot {high} % per leverancier"


def _of_release(found: PublisherFigures) -> Iterator[str]:
    yield f"### Getoond en niet getoond: uitgave {found.release_id}"
    yield (
        f"DPIA-versie {found.dpia_version}, opgemaakt op {_day(found.made_on)}. "
        f"Ontvangen tellingen: {found.tallies_received}. Kleinste aantal kinderen dat onafgerond "
        f"is getoond: {_number(_smallest(each.smallest for each in found.tables))}."
    )
    cells, withheld, rounded = (
        sum(getattr(each, name) for each in found.tables)
        for name in ("cells", "withheld", "rounded")
    )
    rows = [
        (each.title, each.cells, each.withheld, each.rounded, each.smallest)
        for each in found.tables
    ]
    rows.append(("samen", cells, withheld, rounded, _smallest(row[4] for row in rows)))
    columns = ("Tabel", "Cellen", "Niet getoond", "Deel", "Afgerond", "Kleinste aantal kinderen")
    yield markdown(
        columns,
        (
            (title, _number(every), _number(hidden), _share(hidden, every), _number(near),
             _number(least))
            for title, every, hidden, near, least in rows
        ),
    )  # fmt: skip
    agreed = "ermee eens" if found.verified else "er niet mee eens"
    yield (
        f"**Aanval.** Het programma rekende zelf na wat een lezer uit alle tabellen samen kan "
        f"halen (regels: {found.rules}). Niet getoonde cellen die precies te berekenen zijn: "
        f"{found.exactly_exposed}. Niet getoonde cellen die te dicht te benaderen zijn: "
        f"{found.too_narrow}. Een apart programma controleerde elk certificaat en was het {agreed}."
    )


def _remains(of: Iterable[tuple[str, Remains]]) -> str:
    rows = (
        (
            f"`{service}`",
            str(each.held),
            _day(each.until),
            str(each.destroyed),
            _day(each.destroyed_at),
            f"sha256 `{each.statement[:16]}`" if each.statement else "-",
        )
        for service, each in of
    )
    columns = ("Dienst", "Verzegeld bewaard", "Uiterlijk tot", "Vernietigd", "Op", "Verklaring")
    return markdown(columns, rows)


def _day(on: date | None) -> str:
    return "-" if on is None else f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def _smallest(values: Iterable[int | None]) -> int | None:
    return min((each for each in values if each is not None), default=None)


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}".replace(",", ".")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %".replace(".", ",") if whole else "-"
