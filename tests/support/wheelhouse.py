"""Tiny made-up wheels, and an offline installation built from them."""

from __future__ import annotations

import hashlib
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from packaging.markers import Marker

from deploy.hasher.wheelhouse.bundle import write_sums, write_zip
from deploy.hasher.wheelhouse.lock import Pin
from deploy.hasher.wheelhouse.targets import Platform
from deploy.hasher.wheelhouse.wheels import read_wheel
from deploy.make_wheelhouse import Build, fill

HASHER = """\
import small
import sys


def main() -> None:
    print("hasher, version", small.VERSION, *sys.argv[1:])
"""
SBOM_TOOL = """\
#!{python}
import pathlib, sys
words = sys.argv[1:]
target = words[words.index("--output-file") + 1]
found = sorted(each.name for each in pathlib.Path(words[-1]).rglob("*.dist-info"))
pathlib.Path(target).write_text("\\n".join(found))
"""


def make_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    tag: str = "py3-none-any",
    files: Mapping[str, str] | None = None,
    requires: tuple[str, ...] = (),
    python: str = ">=3.11",
    entry: str = "",
) -> Path:
    """Write a wheel that pip can install."""
    inside = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
    contents = {
        **(files or {}),
        f"{inside}/METADATA": (
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            f"Requires-Python: {python}\n{needs}"
        ),
        f"{inside}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    if entry:
        contents[f"{inside}/entry_points.txt"] = f"[console_scripts]\n{entry}\n"
    contents[f"{inside}/RECORD"] = "".join(f"{each},,\n" for each in contents)
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in contents.items():
            archive.writestr(each, text)
    return path


def make_pin(*wheels: Path, marker: str = "") -> Pin:
    """The pin of one version, with the hashes of all of its wheels."""
    pins = [read_wheel(each).to_pin() for each in wheels]
    hashes = tuple(each.sha256[0] for each in pins)
    return replace(pins[0], sha256=hashes, marker=Marker(marker) if marker else None)


def make_folder(scratch: Path, platform: Platform, version: str = "1.0") -> Path:
    """Fill the folder of an offline installation, with made-up wheels in place of the real ones.

    Any Python is found suitable, so that these tests run on every Python that the project does.
    """
    folder = scratch / f"moj-hasher-{version}-{platform.name}"
    (folder / "wheels").mkdir(parents=True)
    own = make_wheel(
        scratch, "moj_hasher", version,
        files={"shared/__init__.py": "", "shared/hashing/__init__.py": "",
               "shared/hashing/cli.py": HASHER},
        requires=("small>=1", "winonly; sys_platform == 'win32'", "old; python_version < '3.12'"),
        entry="hasher = shared.hashing.cli:main",
    )  # fmt: skip
    wheels = folder / "wheels"
    small = make_wheel(wheels, "small", files={"small.py": f"VERSION = {version!r}\n"})
    old = make_wheel(wheels, "old")
    pins = [make_pin(small), make_pin(old, marker="python_full_version < '3.12'")]
    # As in a lock for all platforms: the hash of a wheel that is not downloaded everywhere.
    elsewhere = make_wheel(
        wheels if platform.name == "windows" else scratch, "winonly", tag="py3-none-win_amd64"
    )
    pins.append(make_pin(elsewhere, marker="sys_platform == 'win32'"))
    tool = scratch / "sbom-tool"
    tool.write_text(SBOM_TOOL.format(python=sys.executable))
    tool.chmod(0o700)
    fill(Build(read_wheel(own), tuple(pins), tool), platform, folder, scratch)
    (folder / "geschikt.py").write_text("import sys\nprint(sys.executable)\n")
    write_sums(folder)
    return folder


def unpack(folder: Path, target: Path) -> Path:
    """Zip a folder and unpack it as a user would; where it lands."""
    zipped = target / f"{folder.name}.zip"
    write_zip(folder, zipped)
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(target)
    return target / folder.name


def digest(path: Path) -> str:
    """The hash of a file, by another way than the code's."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
