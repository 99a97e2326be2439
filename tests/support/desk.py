"""A municipality's desk: its home folder, and the real command line with what is typed into it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import httpx2
import pytest
from click.testing import CliRunner

import shared.cli
from linker.rounds.lifecycle import accept_round
from shared.clock import today
from shared.hashing import cli
from shared.hashing.custody.home import Home, OwnPins
from shared.hashing.delivering.packed import parts_in
from shared.hashing.explaining import explain_error
from shared.hashing.language import Language, choose, translate
from shared.statement import Statement
from tests.support.parties import MiniRegion, make_region

NUMBERS = ("999000007", "999000019", "999000020")
HEADER = (
    "bsn;geboortedatum;geslacht;gemeentecode;toewijzingnummer;aanbieder_agb;aanbieder_naam;"
    "productcategorie;productcode;ingangsdatum;einddatum;datum_start_zorg;datum_stop_zorg;"
    "reden_beeindiging;reden_wijziging;verwijzer;leveringsvorm;volume;eenheid;frequentie;"
    "budget_ct;juridische_status"
)
LINKER = "http://127.0.0.1:9"
"""An address that passes for the linker of the tests; nothing listens there."""


def care_row(number: str) -> str:
    return f"{number};01-02-2016;1;0197;1;98000001;Zorg;45;45A49;01-09-2025;;;;;;02;ZIN;1;01;2;100;"


def write_care(path: Path, numbers: tuple[str, ...] = NUMBERS) -> Path:
    """An export of assignments with a row for each number."""
    path.write_text("\r\n".join((HEADER, *map(care_row, numbers))) + "\r\n")
    return path


class Keyboard(io.RawIOBase):
    """A person who types line by line, and looks at the screen before some of them."""

    def __init__(self, lines: Iterable[str | Callable[[], str]]) -> None:
        self._lines = iter(lines)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """The next line, made at the moment that it is asked for."""
        line = next(self._lines, None) if len(buffer) else None  # 0 only asks what we are
        if line is None:
            return 0
        data = f"{line if isinstance(line, str) else line()}\n".encode()
        buffer[: len(data)] = data
        return len(data)


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout."""
        body: dict[str, Any] = json.loads(self.out)
        return body


@dataclass(frozen=True)
class Desk:
    """One supplier at its own computer."""

    region: MiniRegion
    home: Home
    patch: pytest.MonkeyPatch

    def run(
        self, *arguments: str | Path, typed: str | Keyboard | None = None, stdin: str = ""
    ) -> Said:
        """Run the real command line.

        Args:
            typed: what a person types at a terminal; None where nobody sits there.
            stdin: what another program sends, where nobody sits there.
        """
        argv = ["hasher", "--home", str(self.home.folder), *map(str, arguments)]
        with self.patch.context() as patch:
            patch.setattr("sys.argv", argv)
            patch.setattr(cli, "is_interactive", lambda: typed is not None)
            for module in ("send", "objections"):
                asked = f"shared.hashing.commands.{module}.is_interactive"
                patch.setattr(asked, lambda: typed is not None)
            given = cast("str | IO[Any]", typed or stdin)  # typeshed's IO is nominal
            with CliRunner().isolation(input=given) as (out, err, _both):
                code = _exit_code()
                return Said(code, out.getvalue().decode(), err.getvalue().decode())

    @contextmanager
    def linker(self) -> Iterator[list[str]]:
        """Let the hasher reach the linker of this process; gives the requests that it makes."""
        with self.region.linker_client() as client, self.patch.context() as patch:
            asked: list[str] = []
            patch.setattr(
                "shared.hashing.delivering.connection.connect", lambda *_: Reached(client, asked)
            )
            yield asked


class Reached:
    """The linker's own test client, as the hasher would use a connection."""

    def __init__(self, client: httpx2.Client, asked: list[str]) -> None:
        self._client, self._asked = client, asked

    def __enter__(self) -> Reached:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def get(self, url: str) -> httpx2.Response:
        self._asked.append(f"GET {url.removeprefix(LINKER)}")
        return self._client.get(url.removeprefix(LINKER))

    def put(
        self, url: str, *, content: Iterator[bytes], headers: dict[str, str]
    ) -> httpx2.Response:
        self._asked.append(f"PUT {url.removeprefix(LINKER)}")
        return self._client.put(url.removeprefix(LINKER), content=content, headers=headers)


def _exit_code() -> int:
    try:
        shared.cli.run(cli.hasher, "hasher", explain_error)
    except SystemExit as error:
        return int(error.code or 0)
    finally:  # other tests share this process, and expect Dutch
        choose(Language.NL)
        translate(cli.hasher)
    return 0


def make_desk(region: MiniRegion, accepted: Statement, patch: pytest.MonkeyPatch) -> Desk:
    """A municipality that imported the round, on a Dutch computer, on the day of the tests."""
    patch.setattr(cli, "system_clock", region.clock)
    patch.setenv("MOJ_LANG", "nl")
    patch.delenv("MOJ_PASSPHRASE", raising=False)
    home = Home(region.folder / "gm0197" / "moj")
    home.folder.mkdir(parents=True, mode=0o700)
    home.write_pins(OwnPins(pins=region.pins(), agreement="demo-1"))
    region.identities["gm0197"].save(home.identity_path)
    home.import_round(
        accepted.to_bytes(),
        region.register.to_bytes(),
        region.policy_bytes,
        region.grant("gm0197", accepted),
        today(region.clock),
    )
    return Desk(region, home, patch)


@contextmanager
def shared_desk(folder: Path) -> Iterator[Desk]:
    """A desk that several tests share; none of them may change its home or its clock."""
    region = make_region(folder)
    database = region.linker_database()
    try:
        accepted = accept_round(
            database,
            region.identities["koppelaar"],
            region.linker_keys,
            region.files(),
            region.pinned_agreements,
            region.clock,
        )
    finally:
        database.close()
    with pytest.MonkeyPatch.context() as patch:
        yield make_desk(region, accepted, patch)


def sha256_of_last_part(folder: Path) -> str:
    """What a person reads from the screen of ``hasher show``."""
    return parts_in(folder)[-1].header.sha256
