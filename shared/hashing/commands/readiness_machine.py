"""The doctor's look at the machine: Python, characters, disk, the home folder, a proxy."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from shared.hashing.commands.diagnosis import Line, State, Surroundings
from shared.hashing.custody.home import Home
from shared.hashing.language import tr

TRIED_PYTHONS = ((3, 11), (3, 13))
PLENTY_BYTES, NEEDED_BYTES = 2_000_000_000, 200_000_000
SOURCE_SUFFIXES = frozenset({".csv", ".txt", ".tsv", ".xlsx", ".xls", ".xlsb", ".xlsm", ".ods"})
PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY")


def python(version: tuple[int, int]) -> Line:
    """The version of Python, beside those that were tried."""
    said = f"Python {version[0]}.{version[1]}"
    lowest, highest = TRIED_PYTHONS
    if lowest <= version <= highest:
        return Line("python", State.OK, said)
    return Line("python", State.NOTE, said, tr("Beproefd met Python 3.11 tot en met 3.13."))


def encoding(around: Surroundings) -> Iterator[Line]:
    """Whether every character can be shown."""
    name = around.encoding.lower().replace("_", "-")
    said = tr("tekens op het scherm: {name}", name=name or "?")
    if name in {"utf-8", "utf8"}:
        yield Line("encoding", State.OK, said)
    else:
        yield Line(
            "encoding",
            State.NOTE,
            said,
            tr("Staan er vraagtekens op het scherm? Zet de omgevingsvariabele PYTHONUTF8 op 1."),
        )


def disk(home: Home, around: Surroundings) -> Iterator[Line]:
    """Room on the disk, for the home folder, the working folder and the temporary one."""
    places = (
        ("disk-home", tr("uw eigen map"), home.folder),
        ("disk-here", tr("deze map"), around.working_folder),
        ("disk-temporary", tr("de tijdelijke map"), Path(tempfile.gettempdir())),
    )
    for check, what, folder in places:
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
        said = tr("vrije ruimte voor {what}: {mb} MB", what=what, mb=free // 1_000_000)
        if not os.access(folder, os.W_OK):
            yield Line(
                check, State.WRONG, said, tr("U mag hier niet schrijven. Kies een andere map.")
            )
        elif free < NEEDED_BYTES:
            yield Line(check, State.WRONG, said, tr("Maak ruimte vrij op de schijf."))
        elif free < PLENTY_BYTES:
            yield Line(check, State.NOTE, said, tr("Dat is weinig. Maak ruimte vrij op de schijf."))
        else:
            yield Line(check, State.OK, said)


def folder(home: Home) -> Iterator[Line]:
    """The home folder, and whether source files were left in it."""
    if not home.folder.exists():
        yield Line(
            "home",
            State.WRONG,
            tr("uw eigen map is er nog niet"),
            tr("Maak een identiteit met `hasher key identity`, of kijk naar MOJ_HOME."),
        )
        return
    if os.name != "nt" and home.folder.stat().st_mode & 0o077:
        yield Line(
            "home",
            State.NOTE,
            tr("anderen kunnen in uw eigen map kijken"),
            tr("Geef de opdracht: chmod 700 op uw eigen map."),
        )
    else:
        yield Line("home", State.OK, tr("uw eigen map is er"))
    files = (path for path in home.folder.rglob("*") if path.suffix.lower() in SOURCE_SUFFIXES)
    lying = sum(path.is_file() for path in files)
    if lying:
        yield Line(
            "sources",
            State.NOTE,
            tr("bronbestanden in uw eigen map: {n}", n=lying),
            tr("Haal ze daar weg. Verwijder een uittreksel binnen 30 dagen."),
        )
    else:
        yield Line("sources", State.OK, tr("geen bronbestanden in uw eigen map"))


def proxy(environ: Mapping[str, str]) -> Iterator[Line]:
    """A proxy in the environment, which is not used."""
    if any(environ.get(name) for name in PROXY_VARIABLES):
        yield Line(
            "proxy",
            State.NOTE,
            tr("er staat een proxy ingesteld; die wordt niet gebruikt"),
            tr("Hebt u de proxy nodig? Geef hem bij het versturen: --proxy URL."),
        )
    else:
        yield Line("proxy", State.OK, tr("geen proxy ingesteld"))
