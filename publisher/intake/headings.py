"""Whether the header of a tally says of its round what the round itself says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.contract.tally import TallyHeader
from shared.envelope import Context
from shared.errors import PolicyError
from shared.round import SchemaName
from shared.state.round_documents import KnownRound

_SHA256 = re.compile(r"^[0-9a-f]{64}$")


def check_heading(found: TallyHeader, context: Context, opened: KnownRound) -> None:
    """Compare every field of a tally's header with the envelope and the round.

    Raises:
        PolicyError: ``tally-differs``, naming the fields.
    """
    names = ", ".join(_differences(found, context, opened))
    if names:
        raise PolicyError(
            "tally-differs",
            f"expected a tally of the round and revision in the header, found others in: {names}",
            hint="link the round again with the version of this round",
        )


def _differences(found: TallyHeader, context: Context, opened: KnownRound) -> Iterator[str]:
    body = opened.body
    for name, told, expected in (
        ("round_id", found.round_id, body.round_id),
        ("round_statement", found.round_statement, opened.sha256),
        ("revision", found.revision, context.revision),
        ("synthetic", found.synthetic, body.synthetic),
        ("policy", found.policy, body.policy),
        ("reference", found.reference, body.reference),
        ("periods", found.periods, body.periods),
        ("linker_version", f"linker {found.linker_version}", context.tool),
    ):
        if told != expected:
            yield name
    if not _covers_only_what_is_delivered(found, opened):
        yield "covered"
    expected_deliveries = {
        (supplier.party, each.schema_name.value)
        for supplier in body.suppliers
        for each in supplier.expected
        if each.schema_name is not SchemaName.OBJECTION
    }
    told_deliveries = [(each.supplier, each.schema_name) for each in found.quality]
    if len(set(told_deliveries)) != len(told_deliveries) or not (
        set(told_deliveries) <= expected_deliveries
    ):
        yield "quality"
    is_sorted = list(found.inputs) == sorted(set(found.inputs))
    if not found.inputs or not is_sorted or not all(map(_SHA256.match, found.inputs)):
        yield "inputs"
    if len({table.id for table in found.tables}) != len(found.tables):
        yield "tables"


def _covers_only_what_is_delivered(found: TallyHeader, opened: KnownRound) -> bool:
    """Every period is there, with municipalities of which both schemas are expected."""
    places: dict[SchemaName, set[int]] = {SchemaName.ENROLMENT: set(), SchemaName.CARE: set()}
    for supplier in opened.body.suppliers:
        for each in supplier.expected:
            if each.schema_name in places:
                places[each.schema_name].update(each.municipalities)
    known = places[SchemaName.ENROLMENT] & places[SchemaName.CARE]
    return set(found.covered) == {str(period.code) for period in opened.body.periods} and all(
        set(covered) <= known for covered in found.covered.values()
    )
