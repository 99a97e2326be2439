"""The parties of the demonstration: each its own folder, keys and environment."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


class StepFailedError(Exception):
    """A command of the demonstration ended with an error."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Where the three command lines are installed, each in an environment of its own."""

    hasher: Path
    linker: Path
    publisher: Path

    @classmethod
    def in_environments(cls, folder: Path) -> Commands:
        """The environments that ``make demo-environments`` made."""
        return cls(*(folder / name / "bin" / name for name in ("hasher", "linker", "publisher")))

    @classmethod
    def in_one(cls, bin_folder: Path) -> Commands:
        """One environment with everything, for tests of the chain itself."""
        return cls(*(bin_folder / name for name in ("hasher", "linker", "publisher")))


@dataclass(frozen=True, slots=True)
class Party:
    """One party: its id, its folder, and the command line that it uses."""

    id: str
    folder: Path
    command: Path

    def run(self, *arguments: str | Path, expect: int = 0) -> str:
        """Run this party's command line as its user would, in its own folder.

        Args:
            expect: the exit code that must follow.

        Returns:
            What it printed on stdout.

        Raises:
            StepFailedError: with what it printed on stderr.
        """
        done = subprocess.run(
            [self.command, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != expect:
            name = f"{self.id}: {self.command.name} {arguments[0]}"
            raise StepFailedError(f"{name} ended with {done.returncode}:\n{done.stderr}")
        return done.stdout

    def environment(self) -> dict[str, str]:
        """Only what a command needs; nothing of another party."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        return {
            **kept,
            "HOME": str(self.folder),
            "MOJ_HOME": str(self.folder / "moj"),
            "PYTHONUTF8": "1",
        }

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a service; its log goes to a file in this party's folder."""
        log = (self.folder / "service.log").open("ab")
        try:
            return subprocess.Popen(
                [self.command, *arguments],
                cwd=self.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        finally:
            log.close()


@dataclass(frozen=True, slots=True)
class Region:
    """Every party of the demonstration."""

    folder: Path
    key_office: Party
    linker: Party
    publisher: Party
    suppliers: tuple[Party, ...]
    approvers: tuple[Party, ...]

    @classmethod
    def lay_out(cls, folder: Path, commands: Commands, municipalities: tuple[int, ...]) -> Region:
        """Make a folder for every party."""

        def party(id_: str, command: Path) -> Party:
            own = folder / id_
            own.mkdir(parents=True, exist_ok=True)
            return Party(id_, own, command)

        suppliers = ("duo", *(f"gm{code:04d}" for code in municipalities))
        return cls(
            folder,
            party("sleutelbeheer", commands.hasher),
            party("koppelaar", commands.linker),
            party("publicist", commands.publisher),
            tuple(party(id_, commands.hasher) for id_ in suppliers),
            tuple(party(id_, commands.publisher) for id_ in ("goedkeurder-a", "goedkeurder-b")),
        )

    @property
    def every(self) -> tuple[Party, ...]:
        """Every party."""
        return (
            self.key_office,
            self.linker,
            self.publisher,
            *self.suppliers,
            *self.approvers,
        )
