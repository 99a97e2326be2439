"""A person at a terminal: the real ``hasher`` in a pseudo-terminal, with what is typed into it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, cast
from unittest.mock import patch

import shared.cli
from shared.clock import Clock
from shared.hashing import cli
from shared.identity import PASSPHRASE

ROWS, COLUMNS = 50, 100
PATIENCE_SECONDS = 60.0
Keys = str | Callable[[Path], str]
"""What is typed; it may depend on what lies in the working folder by then."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person types when a question is on the screen."""

    question: str
    keys: Keys


@dataclass(frozen=True, slots=True)
class Terminal:
    """A window of one party, in its working folder, on the day of the scene.

    Attributes:
        home: its own folder, as in ``MOJ_HOME``.
    """

    folder: Path
    home: Path
    clock: Clock

    def run(self, *arguments: str, answers: Sequence[Answer] = (), code: int = 0) -> str:
        """Type ``hasher`` with these arguments and give what the screen showed.

        Args:
            answers: what is typed, in order, each as soon as its question is there.
            code: the exit code that must follow.

        Raises:
            RuntimeError: another exit code, or a question that did not come.
        """
        sys.stdout.flush()
        sys.stderr.flush()
        pid, screen = pty.fork()
        if pid == 0:
            self._be_hasher(arguments)
        shown = _Screen(screen, self.folder)
        try:
            for answer in answers:
                shown.type(answer)
            shown.read_to_end()
        finally:
            os.close(screen)
            ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if ended != code:
            name = " ".join(arguments)
            raise RuntimeError(f"hasher {name}: expected {code}, got {ended}:\n{shown.text}")
        return shown.text

    def _be_hasher(self, arguments: Sequence[str]) -> None:
        """What the new process does: nothing of it comes back."""
        status = 1
        try:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.chdir(self.folder)
            # A plain screen, in Dutch, without what the maker's own machine has set.
            os.environ.update(MOJ_HOME=str(self.home), MOJ_LANG="nl", TERM="dumb")
            for name in _unset(os.environ):
                del os.environ[name]
            sys.stdin = _stream(0, "r")
            sys.stdout, sys.stderr = _stream(1, "w"), _stream(2, "w")
            sys.argv = ["hasher", *arguments]
            with (
                patch.object(cli, "system_clock", self.clock),
                patch.object(shared.cli, "system_clock", self.clock),
            ):
                cli.main()
            status = 0
        except SystemExit as ended:
            status = int(ended.code or 0)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)


def _unset(environ: Mapping[str, str]) -> list[str]:
    """What the maker of the guide may have set and the person in it did not."""
    return [name for name in environ if name.lower().endswith("_proxy") or name == PASSPHRASE]


def _stream(number: int, mode: str) -> TextIO:
    # It lasts as long as the process, like the stream that it stands in for.
    return cast("TextIO", open(number, mode, encoding="utf-8", closefd=False))


class _Screen:
    """What came out of a pseudo-terminal so far."""

    def __init__(self, screen: int, folder: Path) -> None:
        self._screen, self._folder = screen, folder
        self._shown = bytearray()
        self._asked = 0

    @property
    def text(self) -> str:
        """The screen as lines."""
        return self._shown.decode("utf-8", errors="replace").replace("\r\n", "\n")

    def type(self, answer: Answer) -> None:
        """Wait for the question, then type."""
        while (found := self.text.find(answer.question, self._asked)) < 0:
            if not self._read():
                raise RuntimeError(f"expected {answer.question!r} on the screen:\n{self.text}")
        self._asked = found + len(answer.question)
        keys = answer.keys if isinstance(answer.keys, str) else answer.keys(self._folder)
        os.write(self._screen, f"{keys}\n".encode())

    def read_to_end(self) -> None:
        """Read until the program is done."""
        while self._read():
            pass

    def _read(self) -> bool:
        """Read what there is; False at the end."""
        ready, _, _ = select.select([self._screen], [], [], PATIENCE_SECONDS)
        if not ready:
            raise RuntimeError(f"expected an end within {PATIENCE_SECONDS} seconds:\n{self.text}")
        try:
            data = os.read(self._screen, 65_536)
        except OSError:  # Linux says so when the other side has gone
            return False
        self._shown += data
        return bool(data)
