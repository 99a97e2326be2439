"""The software bill of materials: what the installation puts on a machine, per Python version.

``cyclonedx-py environment`` describes an environment from the metadata of what is installed. So
an environment is made that holds the metadata of the wheels and nothing else; it needs no code,
and no machine of the platform that the wheels are for.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
import venv
import zipfile
from collections.abc import Iterable
from pathlib import Path

from deploy.hasher.wheelhouse.wheels import Wheel


def write_sbom(
    wheels: Iterable[Wheel], own: str, project: Path, cyclonedx: Path, scratch: Path, target: Path
) -> None:
    """Write a CycloneDX document about wheels, checked against its schema by the tool.

    Args:
        own: name of our own distribution: the subject of the document, so no part of it.
        project: the pyproject.toml that describes it.
        cyclonedx: the program ``cyclonedx-py``.
        scratch: an empty folder to work in.
    """
    environment = scratch / "environment"
    venv.create(environment, with_pip=False)
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(environment)}))
    for wheel in wheels:
        if wheel.name != own:
            _unpack_metadata(wheel.path, packages)
    subprocess.run(
        [
            str(cyclonedx), "environment", "--pyproject", str(project), "--output-reproducible",
            "--output-format", "JSON", "--output-file", str(target), str(environment),
        ],
        check=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip


def _unpack_metadata(wheel: Path, target: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [
            each for each in archive.namelist() if each.split("/", 1)[0].endswith(".dist-info")
        ]
        archive.extractall(target, names)
