"""What leaves the building: an envelope's header in words, and a preview of what is inside."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from shared.contract.deliveries import SCHEMAS
from shared.envelope import EnvelopeKind, Header

PREVIEW_ROWS = 3
_SHOWN_BYTES = 3


def describe(header: Header) -> Iterator[str]:
    """An envelope in Dutch words, from its public header only."""
    context = header.context
    if context.synthetic:
        yield "SYNTHETISCH – geen echte cijfers"
    yield f"soort          {context.kind.value} ({context.schema_name})"
    yield f"van            {context.sender}"
    yield f"aan            {context.recipient}; alleen deze partij kan het openen"
    yield f"ronde          {context.round_id}"
    yield f"beleid         {context.policy[:16]}…"
    yield f"overeenkomst   {context.agreement or 'n.v.t.'}"
    yield f"levering       {context.delivery}, deel {context.part}" + (
        " (laatste)" if context.last else ""
    )
    if context.supersedes:
        yield f"vervangt       {context.supersedes}"
    if context.kind is EnvelopeKind.DELIVERY:
        yield f"rijen          {context.rows or 'staat er niet in'}"
        columns = (column.label for column in SCHEMAS[context.schema_name].columns)
        yield f"gegevens       {'; '.join(columns)}"
    yield f"grootte        {header.seal.bytes} bytes, versleuteld"
    yield f"sha256         {header.sha256}"


def preview(table: pa.Table) -> Iterator[str]:
    """The first rows as they will be sealed, with pseudonyms cut to a few characters."""
    yield "  ".join(table.column_names)
    for row in table.slice(0, PREVIEW_ROWS).to_pylist():
        yield "  ".join(_cell(name, value) for name, value in row.items())


def _cell(name: str, value: object) -> str:
    if name == "pseudonym" and isinstance(value, bytes):
        return value[:_SHOWN_BYTES].hex() + "…"
    if isinstance(value, bytes):
        return value.decode("ascii", errors="replace")
    if isinstance(value, bool):
        return "ja" if value else "nee"
    return str(value)
