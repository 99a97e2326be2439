"""Builds the offline installation of the hasher: one zip for Windows and one for Linux.

    python -m deploy.make_wheelhouse --wheels dist/hasher --out dist/wheelhouse --cyclonedx PROGRAM

Only the download of the locked wheels needs a network, and every one is checked against the
lock. From the same wheels come the same bytes.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from deploy.hasher.wheelhouse.bundle import place_text, write_sums, write_zip
from deploy.hasher.wheelhouse.lock import (
    Pin,
    needed_on,
    read_lock,
    with_hashes_of,
    write_lock,
)
from deploy.hasher.wheelhouse.sbom import write_sbom
from deploy.hasher.wheelhouse.targets import PLATFORMS, Platform, Target, targets
from deploy.hasher.wheelhouse.wheels import (
    Wheel,
    check_closed,
    chosen_on,
    read_wheel,
    read_wheels,
)
from shared.errors import ConfigurationError, MonitorError

HASHER = Path(__file__).parent / "hasher"
OFFLINE = HASHER / "offline"
LOCK = "requirements.lock"
SCRIPTS = {
    "windows": ("installeer.cmd", "installeer.ps1", "geschikt.py"),
    "linux": ("installeer.sh", "geschikt.py"),
}


@dataclass(frozen=True, slots=True)
class Build:
    """What every platform's zip is made from.

    Attributes:
        own: the hasher's own wheel.
        pins: the lock of what it needs.
        cyclonedx: the program ``cyclonedx-py``.
    """

    own: Wheel
    pins: tuple[Pin, ...]
    cyclonedx: Path


def main() -> int:
    """Build both zips, with a list of their hashes; 0 when all went well."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--wheels", type=Path, required=True, help="folder of the own wheel")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cyclonedx", type=Path, required=True, help="program cyclonedx-py")
    options = parser.parse_args()
    try:
        build = Build(own_wheel(options.wheels), read_lock(HASHER / LOCK), options.cyclonedx)
        options.out.mkdir(parents=True, exist_ok=True)
        for platform in PLATFORMS:
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch) / f"moj-hasher-{build.own.version}-{platform.name}"
                (folder / "wheels").mkdir(parents=True)
                for target in targets(platform):
                    download(build.pins, target, folder / "wheels", Path(scratch))
                fill(build, platform, folder, Path(scratch))
                zipped = options.out / f"{folder.name}.zip"
                write_zip(folder, zipped)
            sys.stdout.write(f"{zipped} ({zipped.stat().st_size / 1e6:.1f} MB)\n")
        write_sums(options.out)
    except MonitorError as error:
        sys.stderr.write(f"{error}\n  {error.hint}\n")
        return error.exit_code
    return 0


def own_wheel(folder: Path) -> Wheel:
    """The one wheel that was built of the hasher.

    Raises:
        ConfigurationError: ``own-wheel-missing``.
    """
    found = sorted(folder.glob("*.whl"))
    if len(found) != 1:
        raise ConfigurationError(
            "own-wheel-missing",
            f"expected one wheel in {folder.name}, found {len(found)}",
            hint="build it with `make wheels`",
        )
    return read_wheel(found[0])


def download(pins: tuple[Pin, ...], target: Target, wheels: Path, scratch: Path) -> None:
    """Download the wheels of one target; pip refuses a file whose hash is not in the lock."""
    asked = scratch / "asked.lock"
    write_lock(needed_on(pins, target), asked, with_markers=False)
    subprocess.run(
        [
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
            "--no-deps", "--require-hashes", *target.pip_options(),
            "--dest", str(wheels), "--requirement", str(asked),
        ],
        check=True,
    )  # fmt: skip


def fill(build: Build, platform: Platform, folder: Path, scratch: Path) -> None:
    """Add all that stands beside the downloaded wheels, and check that they are complete."""
    shutil.copyfile(build.own.path, folder / "wheels" / build.own.path.name)
    wheels = read_wheels(folder / "wheels")
    pins = (build.own.to_pin(), *build.pins)
    (folder / "sbom").mkdir()
    for target in targets(platform):
        chosen = chosen_on(target, needed_on(pins, target), wheels)
        check_closed(target, chosen)
        write_sbom(
            chosen,
            build.own.name,
            HASHER / "pyproject.toml",
            build.cyclonedx,
            scratch / f"sbom-{target.version}",
            folder / "sbom" / f"python-{target.version}.cdx.json",
        )
    # The installing machine is the target, so there pip may evaluate the markers itself.
    present = frozenset(wheel.sha256 for wheel in wheels)
    write_lock(with_hashes_of(pins, present), folder / LOCK, with_markers=True)
    windows = platform.name == "windows"
    for name in SCRIPTS[platform.name]:
        place_text(OFFLINE / name, folder / name, windows=windows)
    place_text(
        OFFLINE / f"LEESMIJ-{platform.name}.txt",
        folder / "LEESMIJ.txt",
        windows=windows,
        version=str(build.own.version),
    )
    shutil.copyfile(HASHER.parent.parent / "LICENSE", folder / "LICENSE")
    write_sums(folder)


if __name__ == "__main__":
    sys.exit(main())
