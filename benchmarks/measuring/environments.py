"""An environment of its own for each peer, made once in the work folder and then reused."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

INSTALL_SECONDS = 900


class NotInstalledError(Exception):
    """An environment could not be made; the peer is reported as not run."""


def make_environment(work: Path, name: str, peers: Path) -> Path:
    """The Python of an environment with what ``<peers>/<name>.txt`` pins.

    Raises:
        NotInstalledError: with the step and its exit code; what it printed is in a log beside it.
    """
    pins = (peers / f"{name}.txt").read_bytes()
    stamp = hashlib.sha256(pins + sys.version.encode()).hexdigest()
    folder = work / "environments" / name
    python, marker = folder / "bin" / "python", folder / "made-of"
    if marker.exists() and marker.read_text(encoding="ascii") == stamp:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    log = folder.parent / f"{name}.log"
    with log.open("wb") as sink:
        for step in (
            [sys.executable, "-m", "venv", str(folder)],
            [str(python), "-m", "pip", "install", "--disable-pip-version-check",
             "-r", str(peers / f"{name}.txt")],
        ):  # fmt: skip
            try:
                done = subprocess.run(
                    step, stdout=sink, stderr=sink, timeout=INSTALL_SECONDS, check=False
                )
            except subprocess.TimeoutExpired as error:
                raise NotInstalledError(f"{step[2]} took over {INSTALL_SECONDS} s") from error
            if done.returncode:
                raise NotInstalledError(
                    f"{step[2]} ended with exit code {done.returncode}; see {log.name}"
                )
    marker.write_text(stamp, encoding="ascii")
    return python


def packages(python: Path) -> dict[str, str]:
    """Every installed package with its version, as pip lists them; empty where pip is absent."""
    done = subprocess.run(
        [str(python), "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        return {}
    return {str(each["name"]): str(each["version"]) for each in json.loads(done.stdout)}
