"""Reading a mirror: whose it is, about what, and what it says in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

from shared.envelope import Header, read_header
from shared.errors import GoneError, InputError, NotFoundError, StateError, TrustError
from shared.hashing.delivering.mirroring import check_mirror, describe, fetch_mirror
from shared.hashing.language import Language, choose
from shared.identity import Role
from shared.ledger import Head
from shared.mirror import Mirror, NoRate, RefusedUploads, Standing
from shared.receipt import Outcome, sign_receipt
from shared.round import TrustedRound
from shared.service.problems import MEDIA_TYPE
from shared.statement import Kind, Statement
from tests.support.parties import MiniRegion, care_table, identity, pseudonym, seal_letter

AS_OF = datetime(2026, 12, 1, 8, 5, tzinfo=UTC)
URL = "https://koppelaar.voorbeeld.nl"


@pytest.fixture
def header(region: MiniRegion, trusted: TrustedRound) -> Header:
    table = care_table([{"pseudonym": pseudonym(1)}])
    return read_header(seal_letter(region, trusted, "gm0197", table, "care/1").data)


@pytest.fixture
def mirror(header: Header) -> Mirror:
    return about(header)


@pytest.fixture(params=list(Language))
def language(request: pytest.FixtureRequest) -> Iterator[Language]:
    choose(request.param)
    yield request.param
    choose(Language.NL)


def about(header: Header, **changes: Any) -> Mirror:
    """A mirror of a delivery that counts, before the linkage."""
    context = header.context
    values: dict[str, Any] = {
        "service": "koppelaar",
        "supplier": context.sender,
        "round_id": context.round_id,
        "schema_name": context.schema_name,
        "delivery": context.delivery,
        "envelope": header.sha256,
        "standing": Standing.CURRENT,
        "parts_received": 1,
        "rows_received": 1_234,
        "rows_refused": 0,
        "refused_uploads": (),
        "revision": 0,
        "match_percent": None,
        "no_match_percent": NoRate.BEFORE_LINKING,
        "as_of": AS_OF,
    }
    return Mirror.model_validate({**values, **changes})


OF_OBJECTIONS: dict[str, Any] = {
    "standing": Standing.ACCEPTED,
    "parts_received": None,
    "rows_received": None,
    "rows_refused": None,
    "no_match_percent": NoRate.OBJECTIONS,
}
LINKED: dict[str, Any] = {"match_percent": 93, "no_match_percent": None, "revision": 1}


def signed(region: MiniRegion, mirror: Mirror) -> Statement:
    return Statement.make(Kind.MIRROR, mirror, region.identities["koppelaar"])


# --- trust -------------------------------------------------------------------------------------


def test_a_mirror_of_the_pinned_linker_about_this_delivery_is_believed(
    region: MiniRegion, header: Header, mirror: Mirror
) -> None:
    card = region.identities["koppelaar"].card
    assert check_mirror(signed(region, mirror), header, card) == mirror


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("envelope", "0" * 64),
        ("supplier", "gm0222"),
        ("round_id", "andere-ronde"),
        ("schema_name", "enrolment/1"),
        ("delivery", "0" * 32),
        ("service", "publicist"),
    ],
)
def test_a_mirror_of_something_else_is_refused(
    region: MiniRegion, header: Header, field: str, value: str
) -> None:
    other = signed(region, about(header, **{field: value}))
    with pytest.raises(TrustError, match="mirror-differs"):
        check_mirror(other, header, region.identities["koppelaar"].card)


def test_a_mirror_that_another_signed_or_that_was_altered_is_refused(
    region: MiniRegion, header: Header, mirror: Mirror
) -> None:
    card = region.identities["koppelaar"].card
    forged = Statement.make(Kind.MIRROR, mirror, identity("koppelaar", Role.LINKER))
    with pytest.raises(TrustError, match="signature-missing"):
        check_mirror(forged, header, card)
    document = signed(region, mirror).document()
    document["body"]["rows_received"] = 1_235
    with pytest.raises(TrustError, match="signature-invalid"):
        check_mirror(Statement.from_document(document), header, card)


def test_a_receipt_is_no_mirror(region: MiniRegion, header: Header) -> None:
    linker = region.identities["koppelaar"]
    head = Head(1, "0" * 64)
    receipt = sign_receipt(header, Outcome.DELIVERY_CURRENT, AS_OF, head, linker)
    with pytest.raises(InputError, match="statement-invalid"):
        check_mirror(Statement.from_bytes(receipt), header, linker.card)


# --- over the wire -----------------------------------------------------------------------------


def answering(status: int, content: bytes) -> httpx2.Client:
    headers = {"content-type": MEDIA_TYPE}
    answer = httpx2.Response(status, content=content, headers=headers)
    return httpx2.Client(transport=httpx2.MockTransport(lambda _request: answer))


def test_a_mirror_is_asked_for_at_the_address_of_the_envelope(
    region: MiniRegion, header: Header, mirror: Mirror
) -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(200, content=signed(region, mirror).to_bytes())

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        card = region.identities["koppelaar"].card
        assert fetch_mirror(URL, header, card, client) == mirror
    assert asked == [f"{URL}/envelopes/{header.sha256}/mirror"]


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (404, "envelope-unknown", NotFoundError),
        (410, "round-destroyed", GoneError),
        (500, "unexpected", StateError),
    ],
)
def test_a_refusal_keeps_its_code(
    region: MiniRegion, header: Header, status: int, code: str, error: type[Exception]
) -> None:
    problem = b'{"code":"%s","detail":"gone"}' % code.encode()
    with answering(status, problem) as client, pytest.raises(error, match=code):
        fetch_mirror(URL, header, region.identities["koppelaar"].card, client)


def test_no_answer_is_told(region: MiniRegion, header: Header) -> None:
    def down(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("down")

    with (
        httpx2.Client(transport=httpx2.MockTransport(down)) as client,
        pytest.raises(StateError, match="linker-unreachable"),
    ):
        fetch_mirror(URL, header, region.identities["koppelaar"].card, client)


def test_the_mirror_of_a_real_service_is_read(region: MiniRegion, trusted: TrustedRound) -> None:
    table = care_table([{"pseudonym": pseudonym(1)}])
    letter = seal_letter(region, trusted, "gm0197", table, "care/1")
    with region.linker_client() as client:
        client.put(f"/envelopes/{letter.address}", content=letter.data)
        card = region.identities["koppelaar"].card
        found = fetch_mirror("http://testserver", read_header(letter.data), card, client)
    assert (found.standing, found.rows_received) == (Standing.CURRENT, 1)


# --- what a mirror can say ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"no_match_percent": None},
        {**LINKED, "no_match_percent": NoRate.NOT_COUNTED},
        {**LINKED, "revision": 0},
        {"revision": 1},
        {**LINKED, "match_percent": 101},
        {"rows_received": None},
        {"rows_received": -1},
        {**OF_OBJECTIONS, "rows_received": 0},
        {**OF_OBJECTIONS, "parts_received": 1},
        {**OF_OBJECTIONS, **LINKED},
        {**OF_OBJECTIONS, "no_match_percent": NoRate.BEFORE_LINKING},
        {**OF_OBJECTIONS, "refused_uploads": (RefusedUploads(code="x", count=1),)},
        {"objections": 3},
    ],
)
def test_a_mirror_that_says_too_much_or_too_little_cannot_be_made(
    header: Header, changes: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        about(header, **changes)


def test_a_mirror_in_words(header: Header) -> None:
    refused = (RefusedUploads(code="policy-differs", count=2),)
    mirror = about(header, **LINKED, refused_uploads=refused)
    assert list(describe(mirror)) == [
        "De levering is aangenomen en telt mee.",
        "Ontvangen: 1234 rijen. Geweigerd: 0 rijen.",
        "Geweigerde pogingen van uw organisatie in deze ronde: 2 keer policy-differs.",
        "Gekoppeld: ongeveer 93 % van de personen in uw levering. Het getal is met opzet niet "
        "precies: zo zegt het niets over één kind.",
        "Dit is de stand van 01-12-2026 om 08:05 uur (UTC).",
    ]


def test_of_objections_one_word_is_said(header: Header) -> None:
    assert list(describe(about(header, **OF_OBJECTIONS))) == ["Aangenomen."]


def test_every_standing_and_reason_has_its_own_words(header: Header, language: Language) -> None:
    mirrors = [about(header, standing=each) for each in Standing if each is not Standing.ACCEPTED]
    standings = {next(describe(each)) for each in (*mirrors, about(header, **OF_OBJECTIONS))}
    reasons = {
        list(describe(about(header, no_match_percent=each)))[-2]
        for each in NoRate
        if each is not NoRate.OBJECTIONS
    }
    assert (len(standings), len(reasons)) == (len(Standing), len(NoRate) - 1)
    dutch = any("levering" in each for each in standings | reasons)
    assert dutch == (language is Language.NL)
