"""On which volume shards are staged, and what an operator declares of it.

``LINK_STAGING`` names the folder in which the staged file lies; the system's temporary folder
without it. ``LINK_STAGING_VOLUME=encrypted`` declares that its volume is encrypted, so that chunks
are written there as they are. That is believed only where the kernel says it too.

Source: DESIGN 5.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.errors import ConfigurationError

ENCRYPTED = "encrypted"
_DEVICES = Path("/sys/dev/block")
_CRYPT = "CRYPT-"
"""How the device mapper names what dm-crypt encrypts."""


@dataclass(frozen=True, slots=True)
class Staging:
    """Where shards are staged.

    Attributes:
        folder: on whose volume; the system's temporary folder if None.
        sealed: whether chunks are sealed here; else the volume encrypts them.
    """

    folder: Path | None = None
    sealed: bool = True


def staging_of(environment: Mapping[str, str], devices: Path = _DEVICES) -> Staging:
    """Where the environment says that shards are staged.

    Args:
        environment: of this process.
        devices: where the kernel tells of block devices.

    Raises:
        ConfigurationError: ``staging-folder-missing``, ``staging-unknown`` or
            ``staging-not-encrypted``.
    """
    named, declared = (
        environment.get(each, "") for each in ("LINK_STAGING", "LINK_STAGING_VOLUME")
    )
    if named and not Path(named).is_dir():
        raise ConfigurationError(
            "staging-folder-missing",
            "expected LINK_STAGING to be a folder, found none there",
            hint="make the folder, or leave LINK_STAGING out",
        )
    if declared not in ("", ENCRYPTED):
        raise ConfigurationError(
            "staging-unknown",
            f"expected LINK_STAGING_VOLUME to be {ENCRYPTED} or left out, found another text",
            hint="leave it out: the linker then seals what it stages itself",
        )
    if not declared:
        return Staging(Path(named) if named else None)
    if not named or not is_encrypted(Path(named), devices):
        raise ConfigurationError(
            "staging-not-encrypted",
            "expected LINK_STAGING on a volume that this computer encrypts, found no such volume",
            hint="leave LINK_STAGING_VOLUME out: the linker then seals what it stages itself",
        )
    return Staging(Path(named), sealed=False)


def is_encrypted(folder: Path, devices: Path = _DEVICES) -> bool:
    """Whether every device under the volume of a folder is encrypted by dm-crypt."""
    device = folder.stat().st_dev
    return _is_encrypted(devices / f"{os.major(device)}:{os.minor(device)}")


def _is_encrypted(device: Path) -> bool:
    name = device / "dm" / "uuid"
    if name.is_file() and name.read_text(encoding="ascii").startswith(_CRYPT):
        return True
    beneath = device / "slaves"
    under = list(beneath.iterdir()) if beneath.is_dir() else []
    return bool(under) and all(map(_is_encrypted, under))
