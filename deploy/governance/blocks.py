"""The tables that a ``{{name}}`` in the DPIA stands for, in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pydantic import BaseModel

from deploy.governance.sources import Sources
from shared.errors import ConfigurationError

NOT_YET = "nog geen tabel"


def markdown(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    head = list(columns)
    lines = [head, *(list(row) for row in rows)]
    drawn = [f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines]
    return "\n".join([drawn[0], f"|{'---|' * len(head)}", *drawn[1:]])


def attributes(sources: Sources) -> str:
    """Per schema every attribute that may be delivered."""
    found = []
    for schema in sources.policy.schemas:
        rows = [
            (
                f"`{each.name}`",
                each.label,
                each.category,
                ", ".join(each.purposes),
                each.why,
                _tables(sources.needed_by.get((schema.name, each.name), ())),
            )
            for each in schema.attributes
        ]
        columns = ("Attribuut", "Omschrijving", "Type", "Doelen", "Waarom nodig", "Gebruikt in")
        found.append(f"#### `{schema.name}`\n\nBron: {schema.source}.\n\n{markdown(columns, rows)}")
    return "\n\n".join(found)


def _tables(ids: Iterable[str]) -> str:
    return ", ".join(f"`{each}`" for each in ids) or NOT_YET


def unused(sources: Sources) -> str:
    """One sentence about attributes that no published table needs."""
    if not sources.one_too_many:
        return "In deze versie heeft elk attribuut zo'n tabel."
    names = ", ".join(f"`{name}` ({schema})" for schema, name in sources.one_too_many)
    return f"In deze versie is er nog geen tabel voor: {names}."


def _few(sources: Sources) -> str:
    """How many attributes have no table yet; which ones stands at question 14."""
    if not sources.one_too_many:
        return "In deze versie heeft elk attribuut zo'n tabel."
    declared = sum(len(schema.attributes) for schema in sources.policy.schemas)
    return f"Voor {len(sources.one_too_many)} van de {declared} is die er nog niet (vraag 14)."


def _processings(sources: Sources) -> str:
    rows = [
        (each.id, each.what, each.by, each.takes, each.gives)
        for each in sources.answers.processings
    ]
    columns = ("Nr.", "Verwerking", "Door wie", "Wat gaat erin", "Wat komt eruit")
    return markdown(columns, rows)


def _purposes(sources: Sources) -> str:
    return markdown(("Doel", "Wat"), ((each.id, each.text) for each in sources.policy.purposes))


def _parties(sources: Sources) -> str:
    everything = {each.id for each in sources.answers.processings}
    rows = [
        (
            each.who,
            each.role,
            "alle" if set(each.processings) == everything else ", ".join(each.processings),
            each.has,
            each.never_has,
        )
        for each in sources.answers.parties
    ]
    columns = ("Partij", "Rol in de AVG", "Verwerkingen", "Wat zij heeft", "Wat zij nooit heeft")
    return markdown(columns, rows)


def _recipients(sources: Sources) -> str:
    rows = [
        (
            f"`{each.id}`",
            each.who,
            _tables(table.id for table in sources.policy.tables if each.id in table.recipients),
        )
        for each in sources.answers.recipients
    ]
    return markdown(("Ontvanger", "Wie", "Tabellen"), rows)


def _interests(sources: Sources) -> str:
    return markdown(
        ("Wie", "Belang"),
        [(each.who, each.text) for each in sources.answers.interests]
        + [(each.who, each.interest) for each in sources.answers.parties],
    )


def _laws(sources: Sources) -> str:
    rows = ((each.source, each.what_for, each.checked) for each in sources.answers.laws)
    return markdown(("Bron", "Waarvoor", "Nagekeken"), rows)


def _grounds(sources: Sources) -> str:
    rows = ((each.processings, each.ground, each.why) for each in sources.answers.grounds)
    return markdown(("Verwerking", "Rechtsgrond", "Toelichting"), rows)


def _compatibility(sources: Sources) -> str:
    rows = ((each.data, each.original, each.why) for each in sources.answers.compatibility)
    return markdown(("Gegevens", "Oorspronkelijk doel", "Beoordeling"), rows)


def _rights(sources: Sources) -> str:
    rows = ((each.name, each.how, each.limit) for each in sources.answers.rights)
    return markdown(("Recht", "Hoe", "Beperking"), rows)


def _risks(sources: Sources) -> str:
    rows = (
        (each.id, each.text, each.origin, each.chance, each.impact, each.level)
        for each in sources.answers.risks
    )
    why = (
        (each.id, each.chance_why, each.impact_why, each.level_why)
        for each in sources.answers.risks
    )
    columns = ("Nr.", "Risico voor betrokkenen", "Oorsprong", "Kans", "Impact", "Niveau")
    reasons = ("Nr.", "Waarom deze kans", "Waarom deze impact", "Waarom dit niveau")
    return f"{markdown(columns, rows)}\n\n{markdown(reasons, why)}"


def _measures(sources: Sources) -> str:
    rows = ((each.id, each.measures, each.owner, each.residual) for each in sources.answers.risks)
    shown = (
        (each.id, ", ".join(f"`{test}`" for test in each.shown_by))
        for each in sources.answers.risks
    )
    return (
        f"{markdown(('Risico', 'Maatregelen', 'Beheerder', 'Restrisico'), rows)}\n\n"
        "Van elk risico is hieronder te zien welke test een maatregel laat werken. Een test hoort "
        "bij de software; wat mensen moeten doen, kan geen test laten zien.\n\n"
        f"{markdown(('Risico', 'Test'), shown)}"
    )


def _settings(sources: Sources, *parts: BaseModel) -> str:
    rows = []
    for part in parts:
        for name, value in part:
            if name not in sources.answers.reasons:
                raise ConfigurationError(
                    "dpia-invalid",
                    f"expected a reason for {name} under [reasons] in dpia.toml, found none",
                    hint="say why this setting is as it is; a new setting needs a reason",
                )
            said = ", ".join(value) if isinstance(value, tuple) else str(value).lower()
            rows.append((f"`{name}`", said, sources.answers.reasons[name]))
    return markdown(("Instelling", "Waarde", "Reden"), rows)


def _protection(sources: Sources) -> str:
    return _settings(sources, sources.policy.protection, sources.policy.corrections)


def _approval(sources: Sources) -> str:
    return _settings(sources, sources.policy.approval, sources.policy.limits)


BLOCKS: Mapping[str, Callable[[Sources], str]] = {
    "approval": _approval,
    "attributes": attributes,
    "compatibility": _compatibility,
    "few": _few,
    "grounds": _grounds,
    "interests": _interests,
    "laws": _laws,
    "measures": _measures,
    "parties": _parties,
    "processings": _processings,
    "protection": _protection,
    "purposes": _purposes,
    "recipients": _recipients,
    "rights": _rights,
    "risks": _risks,
    "unused": unused,
}
"""Every name that the DPIA may put between ``{{`` and ``}}``."""
