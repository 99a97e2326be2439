"""Files that are whole or absent, and names and files that are safe to touch.

A file is written beside its target, flushed, then given its name: a new one, or over an old one.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from pathlib import Path

from shared.errors import ConfigurationError, InputError

PRIVATE = 0o600
PUBLIC = 0o644
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES}
"""What a file system says that cannot give a file a second name."""
ROUND_ID = re.compile(r"[a-z0-9][a-z0-9-]{2,40}")
"""The whole of a round id, as shared/round.py has it; safe as the name of a folder."""


def check_round_id(round_id: str) -> str:
    """Refuse a round id before it becomes a part of a path; the id itself.

    Raises:
        InputError: ``round-id-invalid``.
    """
    if ROUND_ID.fullmatch(round_id) is None:
        raise InputError(
            "round-id-invalid",
            "expected a round id of 3 to 41 lower-case letters, digits and hyphens that does not "
            f"start with a hyphen, found {len(round_id)} characters that do not fit",
            hint="copy the id from the round of the key office",
        )
    return round_id


def write_whole(path: Path, data: bytes, *, mode: int = PUBLIC, replace: bool = False) -> None:
    """Write ``data`` so that a crash leaves the old file or the new one, never a half.

    Raises:
        InputError: ``file-exists`` unless ``replace``.
    """
    if path.exists() and not replace:
        raise _exists(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        if replace:
            temporary.replace(path)
        else:
            _move_to_new(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _exists(path: Path) -> InputError:
    return InputError(
        "file-exists",
        f"expected no file at {path.name}, found one",
        hint="choose another name, or remove the file if you no longer need it",
        about=path.name,
    )


def _move_to_new(temporary: Path, path: Path) -> None:
    """Give a file a name that nothing has, even when two do so at the same moment.

    A rename would take the place of what another wrote since it was looked for.
    """
    try:
        if os.name == "nt":  # where a rename never replaces
            temporary.rename(path)
            return
        try:
            path.hardlink_to(temporary)
            temporary.unlink()
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _replace_empty(temporary, path)
    except FileExistsError as error:
        raise _exists(path) from error


def _replace_empty(temporary: Path, path: Path) -> None:
    """On a disk without links, such as a memory stick: an empty file holds the name first.

    Here alone a crash can leave an empty file; it is in nobody's place.
    """
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
    try:
        temporary.replace(path)
    except BaseException:
        path.unlink()
        raise


def sync_folder(folder: Path) -> None:
    """Make a rename or unlink in ``folder`` durable, where the system can."""
    if os.name == "nt":  # Windows has no descriptor of a folder; its rename is journalled
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_file(path: Path, what: str) -> bytes:
    """The bytes of ``path``.

    Raises:
        InputError: ``file-missing``, naming ``what`` was expected.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            "file-missing",
            f"expected {what} at {path.name}, found no readable file",
            hint="check the name and the folder",
            about=path.name,
        ) from error


def file_mark(path: Path) -> tuple[int, int, int] | None:
    """What tells two contents of a file apart without reading it; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def check_private(path: Path) -> None:
    """Refuse a secret file that others can read.

    Raises:
        ConfigurationError: ``secret-readable``.
    """
    if os.name != "nt" and path.stat().st_mode & 0o077:
        raise ConfigurationError(
            "secret-readable",
            f"expected only the owner to read {path.name}, found that others can",
            hint=f"run: chmod 600 {path.name}",
            about=path.name,
        )


def shred(path: Path) -> None:
    """Overwrite a small secret file once, unlink it and make that durable.

    A symbolic link is unlinked and never followed: what it points at is not this party's to
    overwrite, and stays. A copy that the file system or the disk kept is beyond this; therefore
    the key folder lies on a volume of its own, outside backups and snapshots.
    """
    if path.is_symlink():
        path.unlink()
        sync_folder(path.parent)
        return
    if not path.exists():
        return
    size = path.stat().st_size
    with path.open("r+b") as handle:
        handle.write(secrets.token_bytes(size))
        handle.flush()
        os.fsync(handle.fileno())
    path.unlink()
    sync_folder(path.parent)
