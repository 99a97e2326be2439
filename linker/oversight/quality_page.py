"""The page with the quality report of a linkage, in Dutch: for the operator only."""

from __future__ import annotations

from linker.oversight.alarms import Severity, in_dutch
from linker.oversight.assessing import Assessed
from linker.tallying.causes import Cause
from linker.tallying.quality import Line
from linker.tallying.told import TOGETHER
from shared.service.markup import cell, lines_cell, number, table

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


def quality_page(assessed: Assessed, schemas: dict[str, str]) -> str:
    """The content of the page.

    Args:
        schemas: what each schema is called.
    """
    report = assessed.report
    mark = "<p><strong>SYNTHETISCH – geen echte cijfers</strong></p>" if report.synthetic else ""
    return (
        f"{mark}<p>Koppeling {report.revision}. Kinderen bij twee gemeenten: "
        f"{_count(report.double_claims)}. Deze pagina is alleen voor u: geef er niets van door."
        "</p>"
        + _alarms(assessed)
        + table(
            "Leveringen",
            ("Leverancier", "Wat", "Rijen", "Personen", "Gekoppeld", "Vorige ronde",
             "Niet gekoppelde rijen, naar oorzaak", "Onbekende codes", "Herhaalde rijen"),
            (_line(line, assessed.linked_before(line), schemas) for line in report.lines),
            "Niets.",
        )
        + _coverage(assessed)
    )  # fmt: skip


def _alarms(assessed: Assessed) -> str:
    rows = (
        (
            cell(SEVERITIES[each.severity]),
            cell(" ".join(each.about) or "de ronde"),
            cell(in_dutch(each)),
        )
        for each in assessed.alarms
    )
    return table("Waar u naar kijkt", ("Hoe erg", "Waarover", "Wat"), rows, "Niets bijzonders.")


def _line(line: Line, before: int | None, schemas: dict[str, str]) -> tuple[str, ...]:
    causes = [f"{_count(line.unlinked_rows)} in totaal"]
    for cause, rows in line.unlinked or ():
        words = TOGETHER_TEXT if cause == TOGETHER else CAUSES[Cause(cause)]
        causes.append(f"{number(rows)} {words}")
    return (
        cell(line.supplier),
        cell(schemas[line.schema_name]),
        cell(number(line.rows), "number"),
        cell(_count(line.persons), "number"),
        cell(_percent(line.linked_percent), "number"),
        cell(_percent(before), "number"),
        lines_cell(causes),
        lines_cell(f"{COLUMNS[name]} {_percent(share)}" for name, share in line.unknown.items()),
        cell(_count(line.repeats), "number"),
    )


def _coverage(assessed: Assessed) -> str:
    rows = (
        (
            cell(each.period),
            cell(str(len(each.covered)), "number"),
            cell(", ".join(f"GM{code:04d}" for code in each.not_covered) or "geen"),
            cell(_percent(each.pupils_percent), "number"),
            cell(_percent(each.duo_percent), "number"),
        )
        for each in assessed.report.coverage
    )
    heads = ("Periode", "Gemeenten die meetellen", "Gemeenten die niet meetellen",
             "Van de geleverde leerlingen", "Van de leerlingen volgens DUO")  # fmt: skip
    return table("Dekking", heads, rows, "Niets.")


def _count(value: int | None) -> str:
    return FEW if value is None else number(value)


def _percent(value: int | None) -> str:
    return NONE if value is None else f"{value} %"
