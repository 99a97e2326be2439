"""The pages about indicators, made from the definitions that the linkage counts by.

``docs/methodology.md`` says in English what every table and measure is; ``docs/indicatoren.md``
has a fiche in Dutch for every measure.
"""

from __future__ import annotations

from collections.abc import Iterator

from linker.linkage.definitions import (
    Bundle,
    MeasureDefinition,
    Of,
    Quantity,
    TableDefinition,
    definitions,
)
from linker.linkage.indicators import categories_of
from shared.reference import ALL_LEVELS, SCHOOL_LEVELS, Level

BEGIN, END = (
    "<!-- made by deploy/make_pages.py: begin -->",
    "<!-- made by deploy/make_pages.py: end -->",
)
"""Around the part of a page that is made; the rest is written by hand."""

_INTRO = """\
# Indicatoren

Deze pagina zegt van elk cijfer van de monitor wat het betekent en hoe het is gemaakt. Zij is
gemaakt uit dezelfde definities als waarmee wordt geteld (`linker/linkage/definitions`), met
`python -m deploy.make_pages`. Verander haar dus niet met de hand. Welke cijfers worden getoond, en
op welk niveau, staat in het beleid (`docs/dpia/policy.toml`). De Engelse definities staan in
[methodology.md](methodology.md).

## Getelde cijfers
"""
_DERIVED = """\
## Berekende cijfers

Deze cijfers worden niet geteld. De publicist berekent ze uit cijfers die worden getoond.
"""
_UNITS = {
    "persons": "aantal leerlingen",
    "trajectories": "aantal trajecten",
    "days": "dagen",
    "euros": "hele euro's",
    "half-days": "dagdelen (van vier uur)",
    "provider groups": "aantal aanbieders",
    "clients per 100 pupils, one decimal": "aantal per 100 leerlingen, met één decimaal",
    "per cent": "procent",
    "euros, whole": "hele euro's",
    "days, whole": "hele dagen",
    "half-days per client, one decimal": "dagdelen per leerling, met één decimaal",
}
_LEVELS = {
    Level.SCHOOL: "school (vestiging)",
    Level.INSTITUTION: "instelling",
    Level.BOARD: "bestuur",
    Level.TYPE: "schoolsoort",
    Level.SECTOR: "sector",
    Level.MUNICIPALITY: "gemeente van de school",
    Level.TYPE_MUNICIPALITY: "schoolsoort per gemeente",
    Level.SWV_PO: "samenwerkingsverband PO",
    Level.SWV_VO: "samenwerkingsverband VO",
    Level.REGION: "regio",
    Level.ELSEWHERE: "scholen buiten de regio",
    Level.TOTAL: "totaal",
    Level.RESIDENCE: "woongemeente",
    Level.ARRANGEMENT: "scholen van een arrangement",
    Level.COMPARISON: "vergelijkbare scholen",
}
_COUNTED = {
    Quantity.PUPILS: "persons of the population",
    Quantity.NOT_COVERED: "persons outside the population",
    Quantity.PERSONS: "distinct persons with a row for which `{where}`",
    Quantity.TRAJECTORIES: "rows for which `{where}`",
    Quantity.SUM: "sum of `{column}` over rows for which `{where}`",
    Quantity.PROVIDERS: "distinct provider groups of rows for which `{where}`",
    Quantity.LARGEST_PROVIDER: "persons of the largest provider group, of rows for which `{where}`",
    Quantity.PUBLIC: "taken from the reference bundle",
}


def indicators_page() -> str:
    """``docs/indicatoren.md``: a fiche per measure."""
    lines = [_INTRO]
    for measure in definitions().measures:
        lines += _fiche(measure, _basis(measure))
    lines.append(_DERIVED)
    for measure in definitions().derived:
        lines += _fiche(measure, f"Eenheid: {_UNITS[measure.unit]}.")
    return "\n".join(lines).rstrip("\n") + "\n"


def _fiche(measure: MeasureDefinition, basis: str) -> Iterator[str]:
    yield f"### {measure.label[0].upper()}{measure.label[1:]}"
    yield ""
    for heading, text in (
        ("Definitie", measure.definitie),
        ("Toelichting", measure.explanation),
        ("Basisinformatie", f"{basis} Naam in de downloads: `{measure.id}`."),
        ("Uitzondering", measure.uitzondering),
        ("Databron", measure.databron),
        ("Actualisatie", measure.actualisatie),
        ("Validiteit en betrouwbaarheid", measure.validiteit),
    ):
        yield f"- **{heading}:** {text}"
    yield ""


def _basis(measure: MeasureDefinition) -> str:
    tables = [each for each in definitions().tables if measure.id in each.measures]
    found = {each.name: each.label for each in definitions().breakdowns}
    split = [found[each.breakdown] for each in tables if each.breakdown]
    levels = {level for each in tables for level in each.levels}
    listed = [_LEVELS[level] for level in Level if level in levels]
    if levels >= set(ALL_LEVELS):
        listed = ["alle"] if levels == set(ALL_LEVELS) else ["alle, en rond arrangementen"]
    parts = [
        f"Eenheid: {_UNITS[measure.unit]}.",
        "Periode: schooljaar, of kalenderjaar als de ronde dat zegt.",
        f"Niveaus: {', '.join(listed)}.",
    ]
    if split:
        parts.append(f"Uitgesplitst naar: {', '.join(split)}.")
    return " ".join(parts)


def methodology_measures() -> str:
    """The part of ``docs/methodology.md`` about tables and measures."""
    lines = ["### Tables", ""]
    for table in definitions().tables:
        lines += _table(table)
    lines += ["### Counted measures", ""]
    for measure in definitions().measures:
        lines += _definition(measure)
    lines += [
        "### Derived measures",
        "",
        "Quotients are made by the publisher from released counts only. Where a count is withheld, "
        "its quotient is too.",
        "",
    ]
    for measure in definitions().derived:
        lines += _definition(measure)
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(table: TableDefinition) -> Iterator[str]:
    yield f"#### Table `{table.id}`: {table.title}"
    yield ""
    named = {ALL_LEVELS: "every level", SCHOOL_LEVELS: "every level but residence"}
    levels = named.get(table.levels) or ", ".join(f"`{level.value}`" for level in table.levels)
    yield f"Measures: {', '.join(f'`{each}`' for each in table.measures)}. Levels: {levels}."
    if table.breakdown:
        breakdown = definitions().breakdown(table.breakdown)
        listed = ", ".join(f"`{code}` {label}" for code, label in categories_of(breakdown, None))
        if breakdown.bundle is not None:
            what = "provider group" if breakdown.bundle is Bundle.PROVIDERS else "arrangement"
            listed = f"every {what} of the reference bundle, {listed}"
        whose = {Of.CARE: "row of care", Of.CLIENT: "client", Of.PUPIL: "pupil"}[breakdown.of]
        adds = "overlap" if table.overlaps else "exclude each other and add up to the total"
        yield f"Broken down by {breakdown.name} (of the {whose}): {listed}. Categories {adds}."
    yield ""


def _definition(measure: MeasureDefinition) -> Iterator[str]:
    yield f"#### `{measure.id}`: {measure.label}"
    yield ""
    yield "| | |"
    yield "|---|---|"
    told = measure.measure.model_dump(exclude={"id", "label"})
    for name, text in told.items():
        if text:
            yield f"| {name.capitalize()} | {text} |"
    if not measure.denominator:
        where = measure.where or "all rows of youth care"
        counted = _COUNTED[measure.quantity].replace("for which `{where}`", "of youth care") \
            if not measure.where else _COUNTED[measure.quantity]  # fmt: skip
        yield f"| Counted as | {counted.format(where=where, column=measure.column)} |"
    if measure.at_most:
        yield f"| At most | {', '.join(f'`{each}`' for each in measure.at_most)} |"
    yield ""


def with_measures(page: str) -> str:
    """A page with the part between the marks made anew."""
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{methodology_measures()}\n{END}{after}"
