"""What leaves the building: an envelope's header in words, and the page about a delivery.

The page has no value of a person: columns, counts, and who may open it. The first rows, with
pseudonyms cut short, are for the screen of the person who has the source files anyway; they are
written to no file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.contract.deliveries import SCHEMAS
from shared.envelope import EnvelopeKind, Header
from shared.hashing.checking.report import FileCounts, Report
from shared.hashing.custody.home import OpenRound
from shared.hashing.language import tr
from shared.hashing.roles import FileRole
from shared.hashing.systems.profile import Profile
from shared.round import SchemaName

if TYPE_CHECKING:
    import pyarrow as pa

PREVIEW_ROWS = 3
_SHOWN_BYTES = {"pseudonym": 3, "provider": 2}
"""How much is shown of what could be looked up: an AGB code has as many digits as a number."""
_WIDTH = 15


@dataclass(frozen=True, slots=True)
class Leaving:
    """A delivery as it is about to leave, or would.

    Attributes:
        parts: envelopes that it makes.
        rows: rows in them, noise among objections not counted.
    """

    opened: OpenRound
    sender: str
    schema: SchemaName
    profile: Profile
    report: Report
    parts: int
    supersedes: str

    @property
    def rows(self) -> int:
        """Rows of the delivery."""
        return self.report.rows


def describe(header: Header) -> Iterator[str]:
    """An envelope in words, from its public header only."""
    context = header.context
    if context.synthetic:
        yield tr("SYNTHETISCH – geen echte cijfers")
    yield _line(tr("soort"), f"{context.kind.value} ({context.schema_name})")
    yield _line(tr("van"), context.sender)
    yield _line(
        tr("aan"), tr("{party}; alleen deze partij kan het openen", party=context.recipient)
    )
    yield _line(tr("ronde"), context.round_id)
    yield _line(tr("beleid"), f"{context.policy[:16]}…")
    yield _line(tr("overeenkomst"), context.agreement or tr("n.v.t."))
    last = tr(" (laatste)") if context.last else ""
    part = tr("{delivery}, deel {part}", delivery=context.delivery, part=context.part)
    yield _line(tr("levering"), part + last)
    if context.supersedes:
        yield _line(tr("vervangt"), context.supersedes)
    if context.kind is EnvelopeKind.DELIVERY and context.schema_name in SCHEMAS:
        yield _line(tr("rijen"), str(context.rows or tr("staat er niet in")))
        columns = (column.label for column in SCHEMAS[context.schema_name].columns)
        yield _line(tr("gegevens"), "; ".join(columns))
    yield _line(tr("grootte"), tr("{n} bytes, versleuteld", n=header.seal.bytes))
    yield _line("sha256", header.sha256)


def header_document(header: Header) -> dict[str, Any]:
    """The public header for machines."""
    body: dict[str, Any] = header.context.model_dump(mode="json")
    return body | {"bytes": header.seal.bytes, "sha256": header.sha256}


def page(leaving: Leaving) -> Iterator[str]:
    """What leaves the building, for the person who decides whether it may."""
    body = leaving.opened.trusted.body
    linker = leaving.opened.trusted.linker_offer.card
    policy = leaving.opened.policy
    if body.synthetic:
        yield tr("SYNTHETISCH – geen echte cijfers")
    yield tr("Dit verlaat het gebouw")
    yield ""
    yield _line(tr("van"), leaving.sender)
    yield _line(tr("aan"), tr("{party}; alleen deze partij kan het openen", party=linker.party))
    yield _line("", f"{linker.organisation}, {linker.fingerprint[:16]}…")
    yield _line(
        tr("ronde"),
        tr(
            "{round_id}, open tot en met {day}",
            round_id=body.round_id,
            day=body.closes_on.isoformat(),
        ),
    )
    yield _line(
        tr("beleid"),
        tr(
            "{id} versie {version}, DPIA {dpia}, sha256 {sha256}…",
            id=policy.policy.id,
            version=policy.policy.version,
            dpia=policy.policy.dpia_version,
            sha256=policy.sha256[:16],
        ),
    )
    yield _line(tr("overeenkomst"), leaving.opened.agreement or tr("n.v.t."))
    yield _line(tr("profiel"), leaving.profile.title)
    if leaving.supersedes:
        yield _line(tr("vervangt"), leaving.supersedes)
    yield _line(tr("rijen"), str(_told_rows(leaving) or tr("staat er niet in")))
    if leaving.parts:
        yield _line(tr("enveloppen"), str(leaving.parts))
    yield ""
    yield from _read(leaving)
    yield ""
    yield from _made(leaving.schema)
    yield ""
    yield tr("Nooit in de envelop: BSN, onderwijsnummer, naam, geboortedatum, adres, vrije tekst.")


def page_document(leaving: Leaving) -> dict[str, Any]:
    """The same page for machines."""
    body = leaving.opened.trusted.body
    linker = leaving.opened.trusted.linker_offer.card
    policy = leaving.opened.policy
    return {
        "from": leaving.sender,
        "to": linker.party,
        "to_fingerprint": linker.fingerprint,
        "round": body.round_id,
        "closes_on": body.closes_on.isoformat(),
        "synthetic": body.synthetic,
        "policy": policy.sha256,
        "policy_version": policy.policy.version,
        "agreement": leaving.opened.agreement,
        "profile": leaving.profile.title,
        "supersedes": leaving.supersedes,
        "rows": _told_rows(leaving),
        "parts": leaving.parts,
        "files": [
            {
                "role": counts.role,
                "file": counts.file,
                "columns_read": list(counts.columns),
                "columns_left": counts.unread,
            }
            for counts in leaving.report.files
        ],
        "columns_out": [column.name for column in SCHEMAS[leaving.schema.value].columns],
    }


def preview(table: pa.Table) -> Iterator[str]:
    """The first rows as they will be sealed, with pseudonyms cut to a few characters."""
    yield "  ".join(table.column_names)
    for row in table.slice(0, PREVIEW_ROWS).to_pylist():
        yield "  ".join(_cell(name, value) for name, value in row.items())


def _told_rows(leaving: Leaving) -> int:
    """Rows, and 0 for objections: how many people object is nobody's business."""
    return 0 if leaving.schema is SchemaName.OBJECTION else leaving.rows


def _read(leaving: Leaving) -> Iterator[str]:
    """Which columns of each file are used, and how many stay behind."""
    yield tr("Uit uw bestanden gelezen (namen zoals in het profiel):")
    for counts in leaving.report.files:
        yield f"  {FileRole(counts.role).label} {counts.file}: " + _shown(counts, leaving.profile)
        yield tr("    niet gelezen: {n} andere kolommen", n=counts.unread)


def _shown(counts: FileCounts, profile: Profile) -> str:
    layout = profile.layouts[FileRole(counts.role)]
    return ", ".join(layout.shown(field) for field in counts.columns) or tr("niets")


def _made(schema: SchemaName) -> Iterator[str]:
    """Every column that leaves, and where it comes from."""
    yield tr("In de envelop:")
    for column in SCHEMAS[schema.value].columns:
        yield f"  {column.label}: {origin(schema, column.name)}"


def origin(schema: SchemaName, column: str) -> str:
    """Where a column that leaves comes from, in words."""
    if column in {"pseudonym", "period"}:
        return {
            "pseudonym": tr("afgeleid van het nummer, met het geheim van deze ronde"),
            "period": tr("afgeleid van de datums"),
        }[column]
    return (_enrolment_origins() if schema is SchemaName.ENROLMENT else _care_origins())[column]


def _enrolment_origins() -> dict[str, str]:
    return {
        "school": tr("overgenomen"),
        "education": tr("overgenomen, als code"),
        "residence": tr("overgenomen"),
        "age": tr("afgeleid van de geboortedatum"),
        "linkable": tr("afgeleid van het soort nummer"),
        "main": tr("overgenomen"),
    }


def _care_origins() -> dict[str, str]:
    from_dates = tr("afgeleid van de datums")
    return {
        "form": tr("afgeleid van categorie en productcode"),
        "domain": tr("afgeleid van categorie en productcode"),
        "provider": tr("overgenomen"),
        "referrer": tr("overgenomen, als code"),
        "funding": tr("overgenomen, als code"),
        "started": from_dates,
        "first": from_dates,
        "ended": from_dates,
        "end_reason": tr("overgenomen, als code"),
        "days_in_period": from_dates,
        "days_since_start": from_dates,
        "age_at_start": tr("afgeleid van de geboortedatum"),
        "cost_eur": tr("afgeleid van de bedragen, in hele euro's"),
        "half_days": tr("afgeleid van de gedeclareerde eenheden"),
        "arrangement": tr("afgeleid van productcode of kolom; 0 is geen"),
    }


def _line(what: str, text: str) -> str:
    return f"{what:<{_WIDTH}}{text}"


def _cell(name: str, value: object) -> str:
    if isinstance(value, bytes):
        shown = value[: _SHOWN_BYTES.get(name, len(value))]
        text = shown.hex() if name == "pseudonym" else shown.decode("ascii", errors="replace")
        return text if shown == value else f"{text}…"
    if isinstance(value, bool):
        return tr("ja") if value else tr("nee")
    return str(value)


def page_text(leaving: Leaving) -> str:
    """The page as a file."""
    return "\n".join(page(leaving)) + "\n"
