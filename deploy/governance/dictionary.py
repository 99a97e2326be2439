"""docs/dpia/gegevenswoordenboek.md: every attribute and code that can leave a supplier."""

from __future__ import annotations

import pyarrow as pa

from deploy.governance.blocks import markdown
from deploy.governance.sources import Sources
from shared.contract import codes
from shared.contract.columns import Column
from shared.contract.deliveries import SCHEMAS

_INTRO = """\
# Gegevenswoordenboek

Status: concept. Dit stuk is gemaakt uit het gegevenscontract van de software en uit
[policy.toml](policy.toml), met `make pages`. Verander het dus niet met de hand. Het noemt alles
wat een leverancier kan sturen. Er is geen andere kolom mogelijk: de koppelaar weigert elke andere
naam, elk ander type, elke waarde buiten het bereik en elke code die hieronder niet staat.

Geen enkele kolom is tekst, een datum, een postcode of een naam. Geen enkel getal kan negen
cijfers lang zijn. Waarom een gegeven nodig is, staat bij vraag 2 van de [DPIA](dpia.md).
"""
_LISTS = {
    "education": codes.Education,
    "form": codes.Form,
    "domain": codes.Domain,
    "referrer": codes.Referrer,
    "funding": codes.Funding,
    "end_reason": codes.EndReason,
}


def dictionary_page(sources: Sources) -> str:
    """Every column of every schema, and every code list that they use."""
    parts = [_INTRO.rstrip()]
    for schema in sources.policy.schemas:
        rows = []
        for column, declared in zip(SCHEMAS[schema.name].columns, schema.attributes, strict=True):
            rows.append(
                (f"`{column.name}`", column.label, _form(column), _range(column),
                 declared.category, ", ".join(declared.purposes))
            )  # fmt: skip
        columns = ("Kolom", "Wat", "Vorm", "Bereik", "Type", "Doelen")
        parts += [f"## `{schema.name}`", f"Bron: {schema.source}.", markdown(columns, rows)]
    parts.append("## Codelijsten")
    for name, listed in _LISTS.items():
        meanings = [(str(member.value), member.label) for member in listed]
        parts += [f"### `{name}`", markdown(("Code", "Betekenis"), meanings)]
    parts += ["## Schoolsoorten en sectoren", _schools()]
    return "\n\n".join(parts) + "\n"


def _schools() -> str:
    rows = [(f"`{each.value}`", each.label, each.sector.label) for each in codes.SchoolType]
    return (
        "De schoolsoort staat niet in een levering. Zij hoort bij de vestiging en komt uit de open "
        f"gegevens van DUO.\n\n{markdown(('Schoolsoort', 'Naam', 'Sector'), rows)}"
    )


def _form(column: Column) -> str:
    if pa.types.is_boolean(column.type):
        return "ja of nee"
    if pa.types.is_fixed_size_binary(column.type):
        return f"precies {column.type.byte_width} bytes"
    return "code" if column.codes else "geheel getal"


def _range(column: Column) -> str:
    if column.codes:
        return f"[lijst](#{column.name})"
    if column.low is None:
        return "n.v.t."
    return f"{column.low} tot en met {column.high}"
