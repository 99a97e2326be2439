"""A sealed delivery on disk: its parts, whole and in order, and the receipts beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shared.envelope import MAX_HEADER_BYTES, EnvelopeKind, Header, check_body, read_header
from shared.errors import InputError
from shared.files import read_file

SUFFIX = ".moj"

CONFIRMED_CHARACTERS = 8
"""How many characters of a hash a person reads from one screen and types on another."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A sealed part on disk; its body is read when it is needed."""

    path: Path
    header: Header

    @property
    def receipt_path(self) -> Path:
        """Where the receipt of the part is kept: beside it."""
        return self.path.with_suffix(".receipt.json")

    def read(self) -> bytes:
        """The whole envelope, checked against its own header.

        Raises:
            TrustError: ``body-altered``.
        """
        data = read_file(self.path, "an envelope")
        check_body(self.header, data[self.header.size :])
        return data


def load_header(path: Path) -> Header:
    """The header of an envelope, whose body is not read.

    Raises:
        InputError: ``header-invalid`` or ``file-missing``.
    """
    try:
        with path.open("rb") as file:
            return read_header(file.read(MAX_HEADER_BYTES))
    except OSError:
        return read_header(read_file(path, "an envelope"))


def parts_in(folder: Path) -> list[Packed]:
    """The parts of the one delivery in a folder, in order.

    Raises:
        InputError: ``nothing-to-send``, ``several-deliveries`` or ``parts-missing``.
    """
    packed = [Packed(path, load_header(path)) for path in sorted(folder.glob(f"*{SUFFIX}"))]
    packed = [each for each in packed if each.header.context.kind is EnvelopeKind.DELIVERY]
    if not packed:
        raise InputError(
            "nothing-to-send",
            f"expected sealed parts (*{SUFFIX}) in {folder.name}, found none",
            hint="make them with `hasher seal`",
            about=folder.name,
        )
    if len({each.header.context.delivery for each in packed}) != 1:
        raise InputError(
            "several-deliveries",
            f"expected the parts of one delivery in {folder.name}, found more",
            hint="give the folder of one delivery",
            about=folder.name,
        )
    packed.sort(key=lambda each: each.header.context.part)
    _check_whole(packed, folder)
    return packed


def _check_whole(packed: list[Packed], folder: Path) -> None:
    """Refuse parts that are not numbered 1 to the last, each after the one that it names."""
    previous = ""
    for number, each in enumerate(packed, start=1):
        context = each.header.context
        is_last = number == len(packed)
        if (context.part, context.previous, bool(context.last)) != (number, previous, is_last):
            raise InputError(
                "parts-missing",
                f"expected every part of the delivery in {folder.name}, found a gap at {number}",
                hint="put all parts back, or seal the delivery again",
                about=folder.name,
            )
        previous = each.header.sha256


def check_confirmed(given: str, packed: list[Packed]) -> None:
    """Refuse to go on unless ``given`` begins the hash of the last part.

    Raises:
        InputError: ``not-confirmed``.
    """
    typed = given.strip().lower()
    if len(typed) < CONFIRMED_CHARACTERS or not packed[-1].header.sha256.startswith(typed):
        raise InputError(
            "not-confirmed",
            f"expected the first {CONFIRMED_CHARACTERS} or more characters of the hash of the "
            "last part, got others",
            hint="read them with `hasher show`",
        )


def check_new_folder(folder: Path) -> None:
    """Refuse a folder for a delivery that has something in it, or that is a file.

    Raises:
        InputError: ``folder-not-empty``.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        # Not by name: it may be a source file, and its name may hold a number.
        raise InputError(
            "folder-not-empty",
            "expected an empty folder for the sealed delivery, found a file or a folder with files",
            hint="choose a new folder for each delivery",
        )
