"""Says what this machine lacks, before anything is installed; runs on any Python 3."""

from __future__ import annotations

import importlib.util
import shutil
import sys

NEEDED = (3, 11)


def missing() -> list[str]:
    """What is missing, each with what to do about it."""
    found = []
    if sys.version_info < NEEDED:
        version = ".".join(str(part) for part in sys.version_info[:3])
        found.append(
            f"Python 3.11 or newer (found {version}): install it, or run make PYTHON=python3.12"
        )
    for module, package in (("venv", "python3-venv"), ("ensurepip", "python3-venv")):
        if importlib.util.find_spec(module) is None:
            found.append(f"the module {module}: on Debian and Ubuntu, apt install {package}")
    if shutil.which("make") is None:
        found.append("make: on Debian and Ubuntu, apt install make")
    return found


if __name__ == "__main__":
    absent = missing()
    sys.stderr.writelines("missing: " + line + "\n" for line in absent)
    sys.exit(1 if absent else 0)
