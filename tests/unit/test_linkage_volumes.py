"""A volume that is declared encrypted is believed when the kernel says so, and only then."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from linker.linkage.volumes import Staging, is_encrypted, staging_of
from shared.errors import ConfigurationError

DECLARED = {"LINK_STAGING_VOLUME": "encrypted"}


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """What the kernel tells of the device under ``tmp_path``."""
    number = tmp_path.stat().st_dev
    folder = tmp_path / "devices" / f"{os.major(number)}:{os.minor(number)}"
    folder.mkdir(parents=True)
    return folder


def encrypt(device: Path, name: str = "CRYPT-LUKS2-abc") -> None:
    (device / "dm").mkdir(parents=True)
    (device / "dm" / "uuid").write_text(f"{name}\n", encoding="ascii")


def declared(folder: Path, device: Path) -> Staging:
    return staging_of({**DECLARED, "LINK_STAGING": str(folder)}, device.parent)


def test_without_a_word_chunks_are_sealed(tmp_path: Path) -> None:
    assert staging_of({}) == Staging(None, sealed=True)
    assert staging_of({"LINK_STAGING": str(tmp_path)}) == Staging(tmp_path, sealed=True)


def test_an_encrypted_volume_is_believed(tmp_path: Path, device: Path) -> None:
    encrypt(device)
    assert declared(tmp_path, device) == Staging(tmp_path, sealed=False)


def test_a_volume_on_encrypted_devices_is_believed(tmp_path: Path, device: Path) -> None:
    encrypt(device, "LVM-abc")
    for name in ("dm-1", "dm-2"):
        encrypt(device / "slaves" / name)
    assert is_encrypted(tmp_path, device.parent)
    (device / "slaves" / "sda1").mkdir()
    assert not is_encrypted(tmp_path, device.parent)


@pytest.mark.parametrize("name", ["", "LVM-abc"])
def test_any_other_volume_is_refused(tmp_path: Path, device: Path, name: str) -> None:
    if name:
        encrypt(device, name)
    with pytest.raises(ConfigurationError) as caught:
        declared(tmp_path, device)
    assert caught.value.code == "staging-not-encrypted"


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        (DECLARED, "staging-not-encrypted"),
        ({"LINK_STAGING_VOLUME": "yes"}, "staging-unknown"),
        ({"LINK_STAGING": "/nowhere/at/all"}, "staging-folder-missing"),
    ],
)
def test_what_says_too_little_or_nothing_known_is_refused(
    environment: dict[str, str], code: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        staging_of(environment)
    assert caught.value.code == code
