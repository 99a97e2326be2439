"""A command says what was asked of it and nothing else, at its end neither."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["linker.cli", "publisher.cli", "shared.hashing.cli"])
def test_a_command_ends_without_a_word_on_stderr(module: str) -> None:
    """Libraries call what the garbage collector may not look at a leak."""
    program = f"import sys; from {module} import main; sys.argv = ['x', '--help']; main()"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
