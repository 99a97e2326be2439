"""Programs of others that look at the same files, each where it is at hand."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.check.everything import Checked
from deploy.check.findings import ROOT

CONTAINERFILES: Final = tuple(
    f"deploy/{component}/Containerfile" for component in ("hasher", "linker", "publisher")
)
COMPOSE: Final = ("deploy/compose.yaml", "deploy/compose.postgresql.yaml")


@dataclass(frozen=True, slots=True)
class Program:
    """A program, and what to give it.

    Attributes:
        what: what is said to whoever checks.
        probe: words with which it ends with 0 where it can be used; none where being there is
            enough.
    """

    what: str
    name: str
    words: tuple[str, ...]
    probe: tuple[str, ...] = ()


PROGRAMS: Final = (
    Program("hadolint", "hadolint", ("--no-color", *CONTAINERFILES)),
    Program(
        "schema of the Compose specification",
        "check-jsonschema",
        ("--builtin-schema", "vendor.compose-spec", *COMPOSE),
    ),
    Program(
        "docker compose config",
        "docker",
        ("compose", "-f", COMPOSE[0], "-f", COMPOSE[1], "config", "--quiet"),
        ("compose", "version"),
    ),
)


def programs(folder: Path = Path(sys.executable).parent) -> Iterator[Checked]:
    """What each program says, or that it is not at hand.

    Args:
        folder: where the development environment has its programs; the path comes after it.
    """
    for each in PROGRAMS:
        found = shutil.which(each.name, path=str(folder)) or shutil.which(each.name)
        if found is None or (each.probe and _run(found, each.probe).returncode):
            yield Checked(each.what, (), at_hand=False)
            continue
        done = _run(found, each.words)
        lines = (done.stdout + done.stderr).splitlines() or [f"ended with {done.returncode}"]
        yield Checked(each.what, tuple(lines) if done.returncode else ())


def _run(program: str, words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, *words], cwd=ROOT, check=False, capture_output=True, text=True)
