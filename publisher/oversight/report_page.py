"""The report on protection as one page of HTML: for approvers and the auditor only.

A file without a link to anything else. No address serves it: the web layer knows released tables
only, so the operator writes the page and hands it over.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from publisher.downloads.words import LEVEL_WORDS, MARK
from publisher.oversight.loss_picture import loss_picture
from publisher.oversight.protection_report import Loss, ReleaseReport, TableLoss
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
from shared.service.markup import STYLE, cell, lines_cell, name_cell, table

_OWN_STYLE = """\
svg { background: #fff; display: block; height: auto; margin: 1rem 0 2rem; max-width: 100%; }
.good { border-left: .4rem solid #0b6b2d; padding-left: 1rem; }
.alarm { background: var(--mark); border-left: .4rem solid var(--mark-line); color: var(--on-mark);
  padding: .5rem 1rem; }
"""


def report_page(report: ReleaseReport) -> str:
    """The whole page, in Dutch."""
    title = f"Bescherming van uitgave {report.release_id}"
    return f"""<!DOCTYPE html>
<html lang="nl">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{escape(title)}</title>
<style>
{STYLE}{_OWN_STYLE}</style>
</head>
<body>
<main>
{_content(title, report)}
</main>
</body>
</html>
"""


def _content(title: str, report: ReleaseReport) -> str:
    mark = f"<p><strong>{escape(MARK)}</strong></p>" if report.synthetic else ""
    tables = "".join(
        _levels(report.titles.get(name, name), each) for name, each in report.sealed.tables.items()
    )
    return (
        f"<h1>{escape(title)}</h1>{mark}"
        f"<p>{escape(report.title)}. Stand: {escape(STATES.get(report.state, report.state))}.</p>"
        "<p><strong>Alleen voor goedkeurders en de auditor.</strong> Deze pagina zegt waarom "
        "cijfers niet worden getoond. Lezers zien dat niet, want het zou cijfers verraden. Geef de "
        "pagina niet door en wis haar na gebruik.</p>"
        f"{_verdict(report)}"
        f"{_tables(report)}"
        f"<h2>Waar informatie verloren gaat</h2>{loss_picture(report.per_level())}"
        f"{tables}"
        f"{_rules(report)}"
    )


def _verdict(report: ReleaseReport) -> str:
    sealed = report.sealed
    found = sealed.total.audit
    good = report.nothing_found
    said = (
        "Geen enkel verborgen cijfer is te berekenen, en alle bewijzen zijn nagerekend."
        if good
        else "Deze uitgave is niet in orde. Keur haar niet goed."
    )
    union = "geen" if sealed.smallest_union is None else whole(sealed.smallest_union)
    rows = (
        ("bewijzen gemaakt", whole(sealed.certificates.issued)),
        ("bewijzen nagerekend, zonder het zoekprogramma", whole(sealed.certificates.verified)),
        ("aanval: cijfers die precies te berekenen zijn", whole(found.exact)),
        ("aanval: cijfers die te nauw te schatten zijn", whole(found.too_narrow)),
        ("aanval: groepen zonder eigen cijfer, te nauw", whole(sealed.latent_too_narrow)),
        ("kleinste som van verborgen delen van een getoond totaal", union),
        ("kleinste getoonde aantal personen", smallest(sealed.total)),
        (FEW_OTHERS, whole(sealed.total.few_others)),
        (SUBTRACTING, whole(sealed.total.subtracting)),
    )
    return f'<div class="{"good" if good else "alarm"}"><p>{escape(said)}</p></div>' + table(
        "Oordeel",
        ("Wat", "Aantal"),
        ((name_cell(what), cell(count, "num")) for what, count in rows),
        "Niets.",
    )


def _tables(report: ReleaseReport) -> str:
    named = [(report.titles.get(name, name), each) for name, each in report.sealed.tables.items()]
    return table(
        "Per tabel",
        ("Tabel", "Cellen", "Niet getoond", "Aandeel", "Waarom",
         "Personen in extra verborgen cellen", "Kleinste getoonde"),
        (_row(name, loss) for name, loss in (*named, ("alle tabellen", report.sealed.total))),
        "Geen tabel.",
    )  # fmt: skip


def _levels(title: str, loss: TableLoss) -> str:
    rows = (
        _row(LEVEL_WORDS[level], loss.levels[level.value])
        for level in LEVEL_WORDS
        if level.value in loss.levels
    )
    return table(
        f"{title}, per niveau",
        ("Niveau", "Cellen", "Niet getoond", "Aandeel", "Waarom",
         "Personen in extra verborgen cellen", "Kleinste getoonde"),
        rows,
        "Geen niveau.",
    )  # fmt: skip


def _row(name: str, loss: Loss) -> tuple[str, ...]:
    numbers: Iterable[str] = (
        whole(loss.cells),
        whole(loss.withheld),
        per_cent(loss.withheld_per_10000),
    )
    return (
        name_cell(name),
        *(cell(number, "num") for number in numbers),
        lines_cell(reasons(loss) or ["niets verborgen"]),
        cell(per_cent(loss.hidden_value_per_10000), "num"),
        cell(smallest(loss), "num"),
    )


def _rules(report: ReleaseReport) -> str:
    rules = sorted(report.sealed.rules.items())
    return table(
        "Regels in gebruik",
        ("Regel", "Waarde"),
        ((name_cell(name), cell(value_of(value))) for name, value in rules),
        "Geen regel.",
    )
