"""Sending and asking back, against the linker itself and against one that fails."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from shared.errors import MonitorError
from shared.hashing.delivering.connection import check_address, connect
from shared.hashing.delivering.packed import parts_in
from shared.hashing.delivering.replacing import Part
from shared.hashing.delivering.sealing import seal_delivery
from shared.hashing.delivering.sending import ATTEMPTS, Linker, retry_after, send
from shared.round import SchemaName, TrustedRound
from shared.statement import Statement
from tests.support.desk import LINKER, Desk, Reached, make_desk, sha256_of_last_part, shared_desk
from tests.support.parties import ROUND, MiniRegion, care_table, pseudonym, seal_letter

Answer = Callable[[httpx2.Request], httpx2.Response]


@pytest.fixture
def desk(region: MiniRegion, accepted: Statement, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A municipality that imported the round."""
    return make_desk(region, accepted, monkeypatch)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The same, for tests that neither reach the linker nor change the home."""
    with shared_desk(tmp_path_factory.mktemp("regio")) as desk:
        yield desk


@pytest.fixture
def sealed(desk: Desk, tmp_path: Path) -> Path:
    """A delivery of two parts, as ``hasher seal`` writes it."""
    return seal_two(desk, tmp_path)


@pytest.fixture
def lying(still: Desk, tmp_path: Path) -> Path:
    """The same on the desk that tests share."""
    return seal_two(still, tmp_path)


def seal_two(desk: Desk, tmp_path: Path) -> Path:
    opened = desk.home.open_round(ROUND, desk.region.clock().date())
    tables = [care_table([{"pseudonym": pseudonym(number)}]) for number in (1, 2)]
    parts = [Part(tables[0], last=False), Part(tables[1], last=True)]
    seal_delivery(parts, SchemaName.CARE, opened, desk.home.identity(), tmp_path / "uit")
    return tmp_path / "uit"


def linker_of(desk: Desk, answer: Answer, waited: list[float]) -> Linker:
    """A linker of which a test decides every answer."""
    card = desk.region.identities["koppelaar"].card
    client = httpx2.Client(transport=httpx2.MockTransport(answer))
    return Linker(LINKER, card, client, waited.append)


def drain(sent: Iterator[object]) -> int:
    return len(list(sent))


def test_a_folder_is_sent_once_and_asked_back(desk: Desk, sealed: Path) -> None:
    digest = sha256_of_last_part(sealed)
    with desk.linker() as asked:
        first = desk.run("send", sealed, "--to", LINKER, "--confirm", digest[:8])
        assert (first.code, first.err) == (0, "")
        assert "ontvangen; er komen nog delen" in first.out
        assert "ontvangen en in orde" in first.out
        assert "2 van de 2 delen nu verstuurd" in first.out
        assert [line.split("/")[0] for line in asked] == ["PUT ", "PUT "]
        again = desk.run("send", sealed, "--to", LINKER, "--confirm", digest[:8])
        assert "0 van de 2 delen nu verstuurd, 2 al eerder" in again.out
        assert len(asked) == 2
        back = desk.run("receipt", sealed, "--to", LINKER)
        assert back.code == 0
        assert "De levering is aangenomen" in back.out
    assert len(list(sealed.glob("*.receipt.json"))) == 2


def test_a_lost_receipt_is_fetched_and_kept_again(desk: Desk, sealed: Path) -> None:
    digest = sha256_of_last_part(sealed)
    with desk.linker():
        desk.run("send", sealed, "--to", LINKER, "--confirm", digest)
        kept = {path: path.read_bytes() for path in sealed.glob("*.receipt.json")}
        for path in kept:
            path.unlink()
        body = desk.run("receipt", sealed, "--to", LINKER, "--json").json
    assert {path: path.read_bytes() for path in kept} == kept
    assert [part["outcome"] for part in body["parts"]] == ["part_stored", "delivery_current"]
    assert (body["mirror"]["standing"], body["complete"]) == ("current", True)


def test_sending_gives_one_json_object(desk: Desk, sealed: Path) -> None:
    digest = sha256_of_last_part(sealed)
    with desk.linker():
        said = desk.run("send", sealed, "--to", LINKER, "--confirm", digest, "--json")
    assert said.json["parts"][1]["sha256"] == digest
    assert [part["sent"] for part in said.json["parts"]] == [True, True]


def test_nothing_is_sent_without_the_first_characters_of_the_hash(desk: Desk, sealed: Path) -> None:
    with desk.linker() as asked:
        for given in ("0" * 8, "abc", sha256_of_last_part(sealed)[:7]):
            said = desk.run("send", sealed, "--to", LINKER, "--confirm", given)
            assert (said.code, "not-confirmed" in said.err) == (2, True)
        said = desk.run("send", sealed, "--to", LINKER)
        assert (said.code, "confirm-missing" in said.err) == (2, True)
        said = desk.run("send", sealed, "--to", LINKER, typed="00000000\n")
        assert (said.code, "not-confirmed" in said.err) == (2, True)
        assert asked == []
        typed = f" {sha256_of_last_part(sealed)[:8].upper()} \n"
        said = desk.run("send", sealed, "--to", LINKER, typed=typed)
        assert said.code == 0
        assert "Eerste 8 tekens" not in said.out


def test_a_rehearsal_sends_nothing(still: Desk, lying: Path) -> None:
    with still.linker() as asked:
        said = still.run("send", lying, "--to", LINKER, "--dry-run")
        assert (said.code, asked) == (0, [])
        assert "zouden 2 delen gaan" in said.out
        body = still.run("send", lying, "--to", LINKER, "--dry-run", "--json").json
    assert (body["dry_run"], body["complete"]) == (True, False)


def test_only_https_or_this_very_machine(still: Desk, lying: Path) -> None:
    for url, code in (
        ("http://koppelaar.voorbeeld.nl", "address-not-safe"),
        ("ftp://127.0.0.1", "address-not-safe"),
        ("http://127.0.0.1.voorbeeld.nl", "address-not-safe"),
        ("https://iemand:geheim@koppelaar.nl", "address-invalid"),
        ("koppelaar", "address-invalid"),
    ):
        said = still.run("send", lying, "--to", url, "--confirm", "00000000")
        assert (said.code, code in said.err) == (2, True), url
        assert "geheim" not in said.err
    for url in ("https://koppelaar.nl/", "http://[::1]:8", "http://localhost:8"):
        assert check_address(url) == url.rstrip("/")


def test_a_refusal_is_told_in_dutch_with_the_code_of_the_linker(desk: Desk, sealed: Path) -> None:
    desk.region.clock.forward(31)
    with desk.linker():
        said = desk.run("send", sealed, "--to", LINKER, "--confirm", sha256_of_last_part(sealed))
    assert (said.code, said.err.startswith("hasher: round-past-closing: ")) == (5, True)
    assert "the linker refused" not in said.err


def test_failures_pass_and_every_part_is_sent_once(desk: Desk, sealed: Path) -> None:
    waited: list[float] = []
    seen: list[str] = []
    with desk.region.linker_client() as client:

        def answer(request: httpx2.Request) -> httpx2.Response:
            seen.append(request.url.path)
            if len(seen) == 1:
                raise httpx2.ConnectError("down")
            if len(seen) == 2:
                return httpx2.Response(503, headers={"Retry-After": "7"})
            if len(seen) == 4:
                client.put(request.url.path, content=request.read())
                raise httpx2.ReadError("the answer was lost")
            given = client.put(request.url.path, content=request.read())
            return httpx2.Response(given.status_code, content=given.content)

        told: list[tuple[int, int]] = []
        parts = parts_in(sealed)
        delivered = list(send(parts, linker_of(desk, answer, waited), lambda *at: told.append(at)))
    assert waited == [1.0, 7.0, 1.0]
    assert [each.receipt.outcome for each in delivered] == ["part_stored", "delivery_current"]
    total = sum(each.path.stat().st_size for each in parts)
    assert told[-1] == (total, total)
    assert all(went <= total == of for went, of in told)


@pytest.mark.parametrize(
    ("status", "headers", "code"),
    [
        (500, {}, "linker-busy"),
        (429, {"Retry-After": "100000"}, "linker-busy"),
        (302, {"Location": "https://elders.nl"}, "linker-refused"),
        (404, {}, "linker-refused"),
    ],
)
def test_what_does_not_pass_ends_with_a_code(
    still: Desk, lying: Path, status: int, headers: dict[str, str], code: str
) -> None:
    waited: list[float] = []
    linker = linker_of(still, lambda _: httpx2.Response(status, headers=headers), waited)
    with pytest.raises(MonitorError) as caught:
        drain(send(parts_in(lying), linker, lambda *_: None))
    assert caught.value.code == code
    assert waited == ([2.0**power for power in range(ATTEMPTS - 1)] if status == 500 else [])
    assert not list(lying.glob("*.receipt.json"))


def test_what_the_linker_says_reaches_the_screen_without_control_characters(
    still: Desk, lying: Path
) -> None:
    body = {"code": "round-not-open", "detail": "\x1b[2Jdicht " + "x" * 999, "hint": "\x07bel"}
    linker = linker_of(still, lambda _: httpx2.Response(409, json=body), [])
    with pytest.raises(MonitorError) as caught:
        drain(send(parts_in(lying), linker, lambda *_: None))
    assert caught.value.code == "round-not-open"
    assert caught.value.hint == "bel"
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 500


def test_a_certificate_that_is_not_trusted_is_not_tried_again(still: Desk, lying: Path) -> None:
    waited: list[float] = []

    def answer(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("tls") from ssl.SSLCertVerificationError(1, "unknown issuer")

    with pytest.raises(MonitorError) as caught:
        drain(send(parts_in(lying), linker_of(still, answer, waited), lambda *_: None))
    assert (caught.value.code, caught.value.exit_code, waited) == ("linker-certificate", 3, [])


def test_a_receipt_of_somebody_else_is_not_kept(still: Desk, lying: Path) -> None:
    forged = Statement.from_bytes(b'{"body":{},"kind":"receipt","signatures":[]}\n')
    linker = linker_of(still, lambda _: httpx2.Response(201, content=forged.to_bytes()), [])
    with pytest.raises(MonitorError) as caught:
        drain(send(parts_in(lying), linker, lambda *_: None))
    assert caught.value.code == "signature-missing"
    assert not list(lying.glob("*.receipt.json"))


def test_parts_are_whole_and_complete_before_anything_is_sent(still: Desk, lying: Path) -> None:
    first, last = sorted(lying.glob("*.moj"))
    whole = first.read_bytes()
    for data, code in ((whole[:-1], "body-altered"), (b"", "header-invalid")):
        first.write_bytes(data)
        said = still.run("send", lying, "--to", LINKER, "--dry-run")
        assert (said.code in {2, 3}, code in said.err) == (True, True)
    for missing, kept in ((first, last), (last, first)):
        first.write_bytes(whole)
        data = missing.read_bytes()
        missing.unlink()
        said = still.run("send", lying, "--to", LINKER, "--dry-run")
        assert (said.code, "parts-missing" in said.err) == (2, True), kept
        missing.write_bytes(data)


def test_a_part_of_another_sealing_is_found(
    desk: Desk, trusted: TrustedRound, tmp_path: Path
) -> None:
    table = care_table([{"pseudonym": pseudonym(1)}])
    first = seal_letter(desk.region, trusted, "gm0197", table, "care/1", last=0)
    for previous, fits in ((first.address, True), ("0" * 64, False)):
        changes: dict[str, Any] = {
            "part": 2,
            "previous": previous,
            "delivery": first.context.delivery,
        }
        second = seal_letter(desk.region, trusted, "gm0197", table, "care/1", **changes)
        (tmp_path / "1.moj").write_bytes(first.data)
        (tmp_path / "2.moj").write_bytes(second.data)
        said = desk.run("send", tmp_path, "--to", LINKER, "--dry-run")
        assert (said.code, "parts-missing" in said.err) == ((0, False) if fits else (2, True))


def test_the_environment_decides_nothing_about_the_connection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.voorbeeld.nl:1")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent.pem"))
    with connect() as client:
        assert not client.trust_env
        assert client._mounts == {}
    with connect("http://proxy.voorbeeld.nl:8080") as client:
        assert len(client._mounts) == 1
    bad = tmp_path / "ca.pem"
    bad.write_text("geen certificaat")
    for arguments in (("", bad), ("dit is geen adres", None)):
        with pytest.raises(MonitorError, match=r"ca-invalid|proxy-invalid"):
            connect(*arguments)


def test_retry_after_is_seconds_or_a_date() -> None:
    now = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
    for text, seconds in (
        ("30", 30.0),
        ("Mon, 05 Oct 2026 09:02:00 GMT", 120.0),
        ("Mon, 05 Oct 2026 08:00:00 GMT", 0.0),
        ("straks", 0.0),
        ("", 0.0),
    ):
        answer = httpx2.Response(503, headers={"Retry-After": text})
        assert retry_after(answer, now) == seconds


def test_stopping_half_way_keeps_what_was_received(
    desk: Desk, sealed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = sha256_of_last_part(sealed)
    with desk.linker() as asked:
        put = Reached.put

        def interrupted(
            self: Reached, url: str, *, content: Iterator[bytes], headers: dict[str, str]
        ) -> httpx2.Response:
            if asked:
                raise KeyboardInterrupt
            return put(self, url, content=content, headers=headers)

        with monkeypatch.context() as patch:
            patch.setattr(Reached, "put", interrupted)
            said = desk.run("send", sealed, "--to", LINKER, "--confirm", digest)
        assert said.code == 130
        assert len(list(sealed.glob("*.receipt.json"))) == 1
        assert desk.run("send", sealed, "--to", LINKER, "--confirm", digest).code == 0
    assert len(asked) == 2
