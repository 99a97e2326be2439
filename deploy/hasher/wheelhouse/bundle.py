"""The folder that becomes the zip: its own list of hashes, and the same bytes every time."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from deploy.hasher.wheelhouse.wheels import sha256_of

SUMS = "SHA256SUMS"
BEGINNING_OF_TIME = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip can name; a real one would make every build another file."""
UNIX = 3
EXECUTABLE, PLAIN = 0o100755, 0o100644
READ_BY_WINDOWS = frozenset({".cmd", ".ps1", ".txt"})


def files_in(folder: Path) -> list[Path]:
    """Every file below a folder, in the order of its name as the zip spells it."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def place_text(source: Path, target: Path, *, windows: bool, **values: str) -> None:
    """Copy a text, with ``@NAME@`` filled in and the line ends of the platform."""
    text = source.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name.upper()}@", value)
    ends = "\r\n" if windows and source.suffix in READ_BY_WINDOWS else "\n"
    target.write_text(text, encoding="utf-8", newline=ends)


def write_sums(folder: Path) -> None:
    """List the hash of every file but the list itself, as ``sha256sum --check`` reads it."""
    lines = [
        f"{sha256_of(path)}  {path.relative_to(folder).as_posix()}\n"
        for path in files_in(folder)
        if path.name != SUMS
    ]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8", newline="\n")


def write_zip(folder: Path, target: Path) -> None:
    """Pack a folder under its own name; the bytes depend on its files and their names only.

    Nothing is compressed: wheels are already, and compressors differ between machines.
    """
    partial = target.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
        for path in files_in(folder):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            info = zipfile.ZipInfo(name, BEGINNING_OF_TIME)
            info.create_system = UNIX
            info.external_attr = (EXECUTABLE if path.suffix == ".sh" else PLAIN) << 16
            archive.writestr(info, path.read_bytes())
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(target)
