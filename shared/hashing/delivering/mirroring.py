"""Reading the linker's mirror of a delivery, and saying what it says.

What is fetched is believed only when the pinned linker signed it and it is about this delivery.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx2

from shared.envelope import Header
from shared.errors import TrustError
from shared.hashing.delivering.connection import unreachable
from shared.hashing.delivering.sending import refused
from shared.hashing.language import tr
from shared.identity import Card
from shared.mirror import Mirror, NoRate, Standing
from shared.statement import Kind, Statement


def fetch_mirror(url: str, header: Header, linker: Card, client: httpx2.Client) -> Mirror:
    """How the delivery of a sent part stands now.

    Args:
        url: address of the linker, without a slash at its end.
        header: of any part of the delivery that was sent.
        linker: the pinned card whose signature the mirror must have.

    Raises:
        StateError: ``linker-unreachable`` or ``linker-refused``.
        NotFoundError: ``envelope-unknown``.
        GoneError: ``round-destroyed``.
        TrustError: the mirror is not the linker's, or about something else, or it came over a
            connection that is not trusted.
        InputError: ``statement-invalid``.
    """
    try:
        answer = client.get(f"{url}/envelopes/{header.sha256}/mirror")
    except httpx2.HTTPError as error:
        raise unreachable(error) from error
    if answer.status_code != httpx2.codes.OK:
        raise refused(answer)
    return check_mirror(Statement.from_bytes(answer.content), header, linker)


def check_mirror(statement: Statement, header: Header, linker: Card) -> Mirror:
    """A mirror that is the linker's and about the delivery of this part.

    Raises:
        TrustError: ``signature-missing``, ``signature-invalid`` or ``mirror-differs``.
        InputError: ``statement-invalid``.
    """
    statement.check_signed_by(linker)
    mirror = statement.read(Kind.MIRROR, Mirror)
    context = header.context
    expected = (
        header.sha256,
        context.sender,
        context.round_id,
        context.schema_name,
        context.delivery,
        linker.party,
    )
    found = (
        mirror.envelope,
        mirror.supplier,
        mirror.round_id,
        mirror.schema_name,
        mirror.delivery,
        mirror.service,
    )
    if found != expected:
        raise TrustError(
            "mirror-differs",
            "expected a mirror of the delivery that was sent, found one of something else",
            hint="check the address of the linker",
        )
    return mirror


def describe(mirror: Mirror) -> Iterator[str]:
    """What a mirror says, a sentence or two per line, in the chosen language."""
    yield _standing(mirror.standing)
    if mirror.standing is Standing.ACCEPTED:  # objections: no more is said
        return
    yield tr(
        "Ontvangen: {rows} rijen. Geweigerd: {refused} rijen.",
        rows=mirror.rows_received or 0,
        refused=mirror.rows_refused or 0,
    )
    for upload in mirror.refused_uploads:
        yield tr(
            "Geweigerde pogingen van uw organisatie in deze ronde: {count} keer {code}.",
            count=upload.count,
            code=upload.code,
        )
    yield _rate(mirror)
    yield tr(
        "Dit is de stand van {day} om {time} uur (UTC).",
        day=mirror.as_of.strftime("%d-%m-%Y"),
        time=mirror.as_of.strftime("%H:%M"),
    )


def _standing(standing: Standing) -> str:
    match standing:
        case Standing.INCOMPLETE:
            return tr("De levering is nog niet compleet. Stuur de delen die nog missen.")
        case Standing.HELD:
            return tr("De levering is aangehouden. De koppelaar kijkt er eerst naar.")
        case Standing.CURRENT:
            return tr("De levering is aangenomen en telt mee.")
        case Standing.SUPERSEDED:
            return tr("De levering is vervangen door een latere. De inhoud is gewist.")
        case Standing.REJECTED:
            return tr("De levering is afgewezen. De inhoud is gewist. Bel de koppelaar.")
        case Standing.ACCEPTED:
            return tr("Aangenomen.")


def _rate(mirror: Mirror) -> str:
    match mirror.no_match_percent:
        case None:
            return tr(
                "Gekoppeld: ongeveer {percent} % van de personen in uw levering. Het getal is "
                "met opzet niet precies: zo zegt het niets over één kind.",
                percent=mirror.match_percent or 0,
            )
        case NoRate.TOO_FEW_PERSONS:
            return tr(
                "Er is geen koppelpercentage. Dat geven wij alleen bij 1.000 personen of meer."
            )
        case NoRate.NOT_COUNTED:
            return tr("Er is geen koppelpercentage, want deze levering telt niet mee.")
        case NoRate.BEFORE_LINKING | NoRate.OBJECTIONS:
            return tr(
                "Er is nog geen koppelpercentage. Dat komt als de ronde is gesloten en gekoppeld."
            )
