"""The commands of a guide, in its order, and a shell that gives them as its reader would."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.markdown import read

_BLOCK = re.compile(r"^( *)```sh\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a guide, with the chapter in which it stands."""

    chapter: str
    text: str


def commands(guide: str) -> tuple[Command, ...]:
    """Every command of a guide; one that goes on on the next line is one."""
    return tuple(_commands(read(f"docs/handleiding/{guide}.md")))


def _commands(text: str) -> Iterator[Command]:
    headings = list(_HEADING.finditer(text))
    for block in _BLOCK.finditer(text):
        before = [each[1] for each in headings if each.start() < block.start()]
        joined = re.sub(r" \\\n\s*", " ", block[2])
        for line in joined.splitlines():
            if line.strip():
                yield Command(before[-1] if before else "", line.strip())


@dataclass
class Shell:
    """Somebody at a server: a folder, and only the programs that the guide installs.

    Attributes:
        instead: what stands in capitals in the guide, and what is given in its place.
    """

    folder: Path
    programs: Path
    instead: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def environment(self) -> Mapping[str, str]:
        """Nothing of whoever runs the tests."""
        return {
            "PATH": os.pathsep.join([str(self.programs), os.defpath]),
            "HOME": str(self.folder),
            "PYTHONUTF8": "1",
        }

    def give(self, text: str) -> str:
        """Give a command; what it said on stdout.

        Raises:
            AssertionError: it failed, with what it said.
        """
        done = self._run(text)
        assert done.returncode == 0, f"{done.args[-1]}\n{done.stdout}{done.stderr}"
        return done.stdout

    def is_refused(self, text: str, code: str) -> None:
        """Give a command that is to be refused, with this code.

        Raises:
            AssertionError: it was not, or for another reason.
        """
        done = self._run(text)
        assert done.returncode != 0, f"{done.args[-1]} was not refused"
        assert code in done.stderr, f"{done.args[-1]}\n{done.stderr}"

    def _run(self, text: str) -> subprocess.CompletedProcess[str]:
        for capitals, value in self.instead.items():
            text = text.replace(capitals, value)
        self.said.append(text)
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
