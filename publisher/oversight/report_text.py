"""The report on protection as plain Dutch text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.downloads.words import LEVEL_WORDS, MARK
from publisher.oversight.protection_report import Loss, ReleaseReport
from publisher.oversight.report_words import (
    FEW_OTHERS,
    STATES,
    SUBTRACTING,
    per_cent,
    reasons,
    smallest,
    value_of,
    whole,
)


def report_text(report: ReleaseReport) -> str:
    """The whole report."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: ReleaseReport) -> Iterator[str]:
    sealed = report.sealed
    yield f"Bescherming van uitgave {report.release_id} ({STATES.get(report.state, report.state)})"
    yield "Alleen voor goedkeurders en de auditor: dit rapport zegt waarom cijfers verborgen zijn."
    if report.synthetic:
        yield MARK
    yield ""
    yield f"Oordeel: {'niets gevonden' if report.nothing_found else 'NIET IN ORDE'}"
    yield f"  bewijzen: {whole(sealed.certificates.issued)} gemaakt, "\
          f"{whole(sealed.certificates.verified)} nagerekend"  # fmt: skip
    yield f"  aanval: {whole(sealed.total.audit.exact)} precies te berekenen, "\
          f"{whole(sealed.total.audit.too_narrow)} te nauw, "\
          f"{whole(sealed.latent_too_narrow)} te nauw zonder eigen cijfer"  # fmt: skip
    union = sealed.smallest_union
    yield f"  kleinste som van verborgen delen: {'geen' if union is None else whole(union)}"
    yield f"  kleinste getoonde aantal personen: {smallest(sealed.total)}"
    yield f"  {FEW_OTHERS}: {whole(sealed.total.few_others)}"
    yield f"  {SUBTRACTING}: {whole(sealed.total.subtracting)}"
    for name, table in sealed.tables.items():
        yield ""
        yield f"{report.titles.get(name, name)} ({name})"
        yield from _loss(table)
        for level in LEVEL_WORDS:
            if level.value in table.levels:
                loss = table.levels[level.value]
                yield f"  {LEVEL_WORDS[level]}: {_share(loss)}"
                yield from (f"    {reason}" for reason in reasons(loss))
    yield ""
    yield "Regels in gebruik"
    yield from (f"  {name} = {value_of(value)}" for name, value in sorted(sealed.rules.items()))


def _loss(loss: Loss) -> Iterator[str]:
    yield f"  alles: {_share(loss)}"
    yield f"  aandeel van de getelde personen in extra verborgen cellen: "\
          f"{per_cent(loss.hidden_value_per_10000)}"  # fmt: skip
    yield f"  kleinste getoonde aantal personen: {smallest(loss)}"
    yield f"  {FEW_OTHERS}: {whole(loss.few_others)}"


def _share(loss: Loss) -> str:
    return (
        f"{whole(loss.withheld)} van {whole(loss.cells)} cellen niet getoond "
        f"({per_cent(loss.withheld_per_10000)})"
    )
