"""The page with the quality report of a linkage, in Dutch: for the operator only."""

from __future__ import annotations

from linker.oversight.alarms import Severity, in_dutch
from linker.oversight.assessing import Assessed
from linker.tallying.causes import Cause
from linker.tallying.quality import Line
from linker.tallying.told import TOGETHER
from shared.service.markup import (
    cell,
    facts,
    lines_cell,
    name_cell,
    number,
    section,
    sentence,
    table,
)

SEVERITIES = {
    Severity.NOTICE: "bericht",
    Severity.WARNING: "waarschuwing",
    Severity.ALARM: "alarm",
}
CAUSES = {
    Cause.REPEATED: "een andere rij van dezelfde leerling telt",
    Cause.NOT_LINKABLE: "leerling zonder BSN",
    Cause.NOT_COVERED: "woont waar geen leerlingen of geen jeugdhulp zijn geleverd",
    Cause.NO_CARE: "geen jeugdhulp bekend in deze periode",
    Cause.TOO_YOUNG: "niet ingeschreven: jonger dan 4",
    Cause.GROWN_UP: "niet ingeschreven: 18 of ouder",
    Cause.OTHER_PERIOD: "niet ingeschreven in deze periode, wel in een andere",
    Cause.ABSENT: "van schoolleeftijd, en op geen school bekend",
}
TOGETHER_TEXT = "andere oorzaken samen"
COLUMNS = {
    "school": "school",
    "domain": "soort hulp",
    "referrer": "verwijzer",
    "provider": "aanbieder",
    "arrangement": "arrangement",
}
FEW, NONE = "minder dan 10", "–"
_WHY_COVERED = (
    "Een gemeente telt in een periode mee als zij leerlingen én jeugdhulp heeft geleverd. De "
    "percentages zeggen welk deel van de leerlingen daardoor meetelt."
)


def quality_page(assessed: Assessed, schemas: dict[str, str]) -> str:
    """The content of the page.

    Args:
        schemas: what each schema is called.
    """
    report = assessed.report
    return (
        sentence("Deze pagina is alleen voor u: geef er niets van door.", "lead")
        + facts(
            (
                ("Koppeling", number(report.revision)),
                ("Kinderen bij twee gemeenten", _count(report.double_claims)),
            )
        )
        + section("Waar u naar kijkt", _alarms(assessed))
        + section(
            "Leveringen",
            sentence(
                "Niet elke rij hoort bij een leerling in de telling. Kijk vooral naar een oorzaak "
                "die veel vaker voorkomt dan bij andere leveranciers of in de vorige ronde."
            ),
            _deliveries(assessed, schemas),
        )
        + section("Dekking", sentence(_WHY_COVERED), _coverage(assessed))
    )


def _deliveries(assessed: Assessed, schemas: dict[str, str]) -> str:
    lines = assessed.report.lines
    return table(
        "Leveringen, en wat ervan is gekoppeld",
        ("Leverancier", "Wat", "Rijen", "Personen", "Gekoppeld", "Vorige ronde",
         "Niet gekoppelde rijen, naar oorzaak", "Onbekende codes", "Herhaalde rijen"),
        (_line(line, assessed.linked_before(line), schemas) for line in lines),
        "Niets.",
    )  # fmt: skip


def _alarms(assessed: Assessed) -> str:
    rows = (
        (
            name_cell(SEVERITIES[each.severity]),
            cell(" ".join(each.about) or "de ronde"),
            cell(in_dutch(each)),
        )
        for each in assessed.alarms
    )
    return table(
        "Meldingen over deze koppeling", ("Hoe erg", "Waarover", "Wat"), rows, "Niets bijzonders."
    )


def _line(line: Line, before: int | None, schemas: dict[str, str]) -> tuple[str, ...]:
    causes = [f"{_count(line.unlinked_rows)} in totaal"]
    for cause, rows in line.unlinked or ():
        words = TOGETHER_TEXT if cause == TOGETHER else CAUSES[Cause(cause)]
        causes.append(f"{number(rows)} {words}")
    return (
        name_cell(line.supplier),
        cell(schemas[line.schema_name]),
        cell(number(line.rows), "num"),
        cell(_count(line.persons), "num"),
        cell(_percent(line.linked_percent), "num"),
        cell(_percent(before), "num"),
        lines_cell(causes),
        lines_cell(f"{COLUMNS[name]} {_percent(share)}" for name, share in line.unknown.items()),
        cell(_count(line.repeats), "num"),
    )


def _coverage(assessed: Assessed) -> str:
    rows = (
        (
            name_cell(each.period),
            cell(str(len(each.covered)), "num"),
            cell(", ".join(f"GM{code:04d}" for code in each.not_covered) or "geen"),
            cell(_percent(each.pupils_percent), "num"),
            cell(_percent(each.duo_percent), "num"),
        )
        for each in assessed.report.coverage
    )
    heads = ("Periode", "Gemeenten die meetellen", "Gemeenten die niet meetellen",
             "Van de geleverde leerlingen", "Van de leerlingen volgens DUO")  # fmt: skip
    return table("Dekking per periode", heads, rows, "Niets.")


def _count(value: int | None) -> str:
    return FEW if value is None else number(value)


def _percent(value: int | None) -> str:
    return NONE if value is None else f"{value} %"
