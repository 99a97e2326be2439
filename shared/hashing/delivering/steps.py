"""From files to a sealed delivery, as the commands and the wizard both do it.

request   what is asked: schema, round, files by role, profile
begin     the round is opened and checked; nothing is read yet
seal      everything is read, checked, pseudonymised, sealed; or rehearsed without writing
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from shared.errors import InputError, PolicyError
from shared.files import write_whole
from shared.hashing.checking.report import Report
from shared.hashing.custody.home import Home, OpenRound
from shared.hashing.delivering.packed import check_new_folder, load_header
from shared.hashing.delivering.prepare import Preparation, prepare
from shared.hashing.delivering.replacing import Part
from shared.hashing.delivering.sealing import SealedPart, seal_delivery
from shared.hashing.delivering.showing import PREVIEW_ROWS, Leaving, page_text
from shared.hashing.progress import Tell
from shared.hashing.roles import FileRole
from shared.hashing.systems.profile import Profile, load_profile, shipped_profile
from shared.identity import Identity
from shared.round import SchemaName

PAGE_NAME = "wat-vertrekt.txt"
PROFILES = {
    SchemaName.ENROLMENT: "duo-leerplicht",
    SchemaName.CARE: "ijw-jeugdhulp",
    SchemaName.OBJECTION: "bezwaren",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What ``check`` and ``seal`` are asked to read."""

    schema: SchemaName
    round_id: str
    files: Mapping[FileRole, tuple[Path, ...]]
    profile: str = ""

    def load_profile(self) -> Profile:
        """The profile of the source system: a shipped name or a file."""
        name = self.profile or PROFILES[self.schema]
        return load_profile(Path(name)) if name.endswith(".toml") else shipped_profile(name)

    def check_output(self, output: Path | None) -> None:
        """Refuse a file to write that has no folder, or that is one of the files to read.

        Raises:
            InputError: ``folder-missing`` or ``output-is-input``.
        """
        if output is None:
            return
        if not output.parent.is_dir():
            raise InputError(
                "folder-missing",
                f"expected a folder for {output.name}, found none",
                hint="make the folder first, or choose another place",
                about=output.name,
            )
        if output.exists() and any(
            output.samefile(path) for paths in self.files.values() for path in paths
        ):
            raise InputError(
                "output-is-input",
                "expected another file to write than the files that are read, got one of them",
                hint="choose another name for what is written",
            )


def expand(patterns: Sequence[str], role: FileRole) -> tuple[Path, ...]:
    """The files that were meant; ``*`` and ``?`` are tried where no such file exists.

    The command prompt of Windows passes wildcards on as they were typed.

    Raises:
        InputError: ``source-missing``; a name may hold a number of a person and is not repeated.
    """
    found: list[Path] = []
    for number, pattern in enumerate(patterns, start=1):
        matches = [pattern] if Path(pattern).exists() else sorted(glob.glob(pattern))  # noqa: PTH207 - it takes absolute patterns too
        if not matches:
            raise InputError(
                "source-missing",
                f"expected a file for {role.value}, found none for name {number} that was given",
                hint="check the name and the folder; put a name with spaces between quotes",
                about=f"{role.label} {number}",
            )
        found += map(Path, matches)
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Work:
    """A delivery in the making, under the round's own terms."""

    request: Request
    opened: OpenRound
    identity: Identity
    profile: Profile
    preparation: Preparation


def begin(home: Home, request: Request, day: date, tell: Tell) -> Work:
    """Open the round, and say what is to be read.

    Raises:
        PolicyError: ``schema-not-expected``.
    """
    opened, identity = home.open_round(request.round_id, day), home.identity()
    body = opened.trusted.body
    municipalities = body.supplier(identity.party).municipalities(request.schema)
    if municipalities is None:
        raise PolicyError(
            "schema-not-expected",
            f"expected from {identity.party} only what the round names, "
            f"found {request.schema.value}",
            hint="ask the key office what your organisation delivers in this round",
            about=request.schema.value,
        )
    profile = request.load_profile()
    files = {role.value: list(paths) for role, paths in request.files.items() if paths}
    preparation = prepare(request.schema.value, files, profile, body.periods, municipalities, tell)
    return Work(request, opened, identity, profile, preparation)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A delivery that was sealed, or that would be.

    Attributes:
        first: the first rows as they were sealed; for the screen only.
        parts: empty where it was rehearsed.
    """

    leaving: Leaving
    first: pa.Table
    parts: tuple[SealedPart, ...] = ()

    @property
    def delivery(self) -> str:
        """The id of the delivery, empty where it was rehearsed."""
        if not self.parts:
            return ""
        return load_header(self.parts[0].path).context.delivery


def seal(work: Work, out: Path, supersedes: str, *, dry_run: bool = False) -> Sealed:
    """Read, check and seal into ``out``, with the page of what leaves beside the envelopes.

    Raises:
        InputError: ``folder-not-empty`` or ``delivery-not-sealable``; nothing is left behind.
    """
    check_new_folder(out)
    watched = _Watched(work.preparation.parts(work.opened.key.reveal()))
    if dry_run:
        for _part in watched:
            pass
        return Sealed(_leaving(work, watched.count, supersedes), watched.first)
    parts = seal_delivery(
        watched, work.request.schema, work.opened, work.identity, out, supersedes=supersedes
    )
    leaving = _leaving(work, len(parts), supersedes)
    write_whole(out / PAGE_NAME, page_text(leaving).encode())
    return Sealed(leaving, watched.first, tuple(parts))


def _leaving(work: Work, parts: int, supersedes: str) -> Leaving:
    return Leaving(
        opened=work.opened,
        sender=work.identity.party,
        schema=work.request.schema,
        profile=work.profile,
        report=work.preparation.report,
        parts=parts,
        supersedes=supersedes,
    )


class _Watched:
    """Parts on their way, of which the first rows and the number are remembered."""

    def __init__(self, parts: Iterator[Part]) -> None:
        self._parts = parts
        self.count = 0
        self.first = pa.table({})

    def __iter__(self) -> Iterator[Part]:
        for part in self._parts:
            if not self.count:
                # A copy: a slice would keep the whole part in memory.
                self.first = pa.Table.from_pylist(
                    part.table.slice(0, PREVIEW_ROWS).to_pylist(), schema=part.table.schema
                )
            self.count += 1
            yield part


def write_report(report: Report, path: Path) -> None:
    """Write the report in the form that the name of the file asks for."""
    forms = {".html": report.to_html, ".txt": report.to_text}
    form = forms.get(path.suffix.lower(), report.to_json)
    write_whole(path, form().encode(), replace=True)
