"""The doctor finds each thing that can be wrong, says what to do, and opens no connection."""

from __future__ import annotations

import os
import shutil
import socket
from collections import namedtuple
from collections.abc import Callable, Iterator
from datetime import date

import httpx2
import pytest

from shared.hashing.commands.diagnosis import Line, State, Surroundings
from shared.hashing.commands.readiness import examine
from shared.hashing.commands.readiness_network import examine_network
from shared.hashing.custody.home import OwnPins
from shared.hashing.delivering.own_list import FILE_NAME, OwnList, save_own_list
from shared.identity import PASSPHRASE, Identity, Role
from shared.statement import Statement
from tests.support.desk import LINKER, NUMBERS, Desk, make_desk, shared_desk
from tests.support.parties import NOW, ROUND, MiniRegion

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def desk(region: MiniRegion, accepted: Statement, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A municipality that imported the round."""
    return make_desk(region, accepted, monkeypatch)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The same, for tests that change nothing."""
    with shared_desk(tmp_path_factory.mktemp("regio")) as desk:
        yield desk


def around(desk: Desk, **changes: object) -> Surroundings:
    usual: dict[str, object] = {
        "clock": desk.region.clock,
        "environ": {},
        "encoding": "UTF-8",
        "working_folder": desk.region.folder,
        "python": (3, 12),
    }
    return Surroundings(**{**usual, **changes})  # type: ignore[arg-type]


def found(desk: Desk, **changes: object) -> dict[str, Line]:
    return {line.check: line for line in examine(desk.home, around(desk, **changes))}


def test_all_is_well(still: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("a socket was opened"))
    lines = found(still)
    notes = {check for check, line in lines.items() if line.state is not State.OK}
    assert notes <= {"passphrase", "disk-home", "disk-here", "disk-temporary"}
    assert {"version", "python", "encoding", "home", "sources", "proxy", "identity", "card",
            "pins", "agreement", f"round {ROUND}", "clock"} < lines.keys()  # fmt: skip
    assert lines["passphrase"].fix


def test_the_command_ends_with_7_when_something_is_wrong(desk: Desk) -> None:
    assert desk.run("doctor").code == 0
    assert desk.run("doctor", "--json").json["ok"] is True
    (desk.home.folder / "pins.json").unlink()
    said = desk.run("doctor")
    assert (said.code, "pins-missing" in said.out, "→" in said.out) == (7, True, True)
    said = desk.run("doctor", "--json")
    assert (said.code, said.json["ok"]) == (7, False)
    assert next(line["check"] for line in said.json["lines"] if line["state"] == "wrong") == "pins"


@pytest.mark.parametrize(
    ("check", "state", "changes"),
    [
        ("python", State.NOTE, {"python": (3, 14)}),
        ("encoding", State.NOTE, {"encoding": "cp1252"}),
        ("proxy", State.NOTE, {"environ": {"HTTPS_PROXY": "http://proxy:1"}}),
    ],
)
def test_the_machine(still: Desk, check: str, state: State, changes: dict[str, object]) -> None:
    line = found(still, **changes)[check]
    assert (line.state, bool(line.fix)) == (state, True)


@pytest.mark.parametrize(("free", "state"), [(10**8, State.WRONG), (10**9, State.NOTE),
                                             (10**10, State.OK)])  # fmt: skip
def test_room_on_the_disk(
    still: Desk, monkeypatch: pytest.MonkeyPatch, free: int, state: State
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, free))
    lines = found(still)
    for place in ("disk-home", "disk-here", "disk-temporary"):
        assert lines[place].state is state


def test_a_folder_in_which_nothing_may_be_written(
    still: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert found(still)["disk-here"].state is State.WRONG


def no_identity(desk: Desk) -> None:
    desk.home.identity_path.unlink()


def readable_identity(desk: Desk) -> None:
    desk.home.identity_path.chmod(0o644)


def damaged_identity(desk: Desk) -> None:
    desk.home.identity_path.write_bytes(b"{}\n")


def sealed_identity(desk: Desk) -> None:
    identity = desk.home.identity()
    desk.home.identity_path.unlink()
    identity.save(desk.home.identity_path, "geheime zin")


def no_home(desk: Desk) -> None:
    shutil.rmtree(desk.home.folder)


def open_home(desk: Desk) -> None:
    desk.home.folder.chmod(0o755)


def exports_in_home(desk: Desk) -> None:
    (desk.home.folder / f"{NUMBERS[0]}.XLSX").write_bytes(b"")


def no_agreement(desk: Desk) -> None:
    desk.home.write_pins(OwnPins(pins=desk.home.pins().pins, agreement=""))


def no_round(desk: Desk) -> None:
    desk.home.forget(ROUND)


def other_secret(desk: Desk) -> None:
    path = desk.home.round_folder(ROUND) / "grant.moj"
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def past_closing(desk: Desk) -> None:
    desk.region.clock.forward(31)


def clock_behind(desk: Desk) -> None:
    desk.region.clock.forward(-2)


def unsealed_objections(desk: Desk) -> None:
    own = OwnList().with_number(f"bsn:{NUMBERS[0]}", NOW.date())
    save_own_list(desk.home.folder, own, desk.home.identity())


def damaged_objections(desk: Desk) -> None:
    (desk.home.folder / FILE_NAME).write_bytes(b"MOJ/1 own list\n{}\n")


@pytest.mark.parametrize(
    ("change", "check", "state", "says"),
    [
        (no_identity, "identity", State.WRONG, "key identity"),
        (readable_identity, "identity", State.WRONG, "secret-readable"),
        (damaged_identity, "identity", State.WRONG, "identity-invalid"),
        (sealed_identity, "identity", State.WRONG, "passphrase-needed"),
        (no_home, "home", State.WRONG, "MOJ_HOME"),
        (open_home, "home", State.NOTE, "chmod 700"),
        (exports_in_home, "sources", State.NOTE, "30 dagen"),
        (no_agreement, "agreement", State.NOTE, "key pin --agreement"),
        (no_round, "rounds", State.NOTE, "key import"),
        (other_secret, f"round {ROUND}", State.WRONG, "body-altered"),
        (past_closing, f"round {ROUND}", State.NOTE, "key forget"),
        (clock_behind, "clock", State.WRONG, "klok"),
        (unsealed_objections, "objections", State.NOTE, "object seal"),
        (damaged_objections, "objections", State.WRONG, "own-list-altered"),
    ],
)
def test_each_thing_that_can_be_wrong(
    desk: Desk, change: Callable[[Desk], None], check: str, state: State, says: str
) -> None:
    change(desk)
    line = found(desk)[check]
    assert (line.state, bool(line.fix)) == (state, True)
    assert says in f"{line.text} {line.fix}"
    assert NUMBERS[0] not in f"{line.text} {line.fix}"


def test_a_passphrase_is_tried_where_it_is_set(desk: Desk) -> None:
    sealed_identity(desk)
    lines = found(desk, environ={PASSPHRASE: "geheime zin"})
    assert lines["identity"].state is lines["passphrase"].state is State.OK


def test_a_card_that_ends(desk: Desk) -> None:
    for until, state in ((date(2026, 10, 1), State.WRONG), (date(2026, 11, 1), State.NOTE)):
        desk.home.identity_path.unlink()
        Identity.create(
            party="gm0197", role=Role.SUPPLIER, name="x", organisation="x",
            valid_from=date(2026, 1, 1), valid_until=until,
        ).save(desk.home.identity_path)  # fmt: skip
        lines = found(desk)
        assert (lines["card"].state, bool(lines["card"].fix)) == (state, True)


def network(desk: Desk, answer: Callable[[httpx2.Request], httpx2.Response]) -> dict[str, Line]:
    client = httpx2.Client(transport=httpx2.MockTransport(answer))
    return {line.check: line for line in examine_network(LINKER, client, around(desk))}


def test_a_linker_that_answers(desk: Desk) -> None:
    with desk.linker() as asked:
        said = desk.run("doctor", "--to", LINKER)
    assert asked == ["GET /healthz"]
    assert "de koppelaar antwoordt" in said.out


def health(clock: str, code: int = 200, says: str = "ok") -> httpx2.Response:
    return httpx2.Response(code, json={"status": says}, headers={"Date": clock})


def answering(answer: httpx2.Response) -> Callable[[httpx2.Request], httpx2.Response]:
    return lambda _: answer


def test_the_network(still: Desk) -> None:
    right, late = "Mon, 05 Oct 2026 09:01:00 GMT", "Mon, 05 Oct 2026 10:00:00 GMT"
    lines = network(still, lambda _: health(right))
    assert {line.state for line in lines.values()} == {State.OK}
    lines = network(still, lambda _: health(late))
    assert (lines["network-clock"].state, "60 minuten" in lines["network-clock"].text) == (
        State.WRONG,
        True,
    )
    for answer in (health(right, code=500), httpx2.Response(200), health(right, says="bezig")):
        assert network(still, answering(answer))["network"].state is State.WRONG
    assert network(still, lambda _: health(""))["network-clock"].state is State.NOTE

    def down(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("down")

    assert "linker-unreachable" in network(still, down)["network"].text
