"""Compile every lock: hash-pinned for all platforms, without the address of any index."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DEPLOY = Path(__file__).parent
PYTHON = "3.11"
LOCKS = (
    (DEPLOY / "hasher" / "pyproject.toml", DEPLOY / "hasher" / "requirements.lock", ()),
    (DEPLOY / "hasher" / "sbom.in", DEPLOY / "hasher" / "sbom.lock", ()),
    (DEPLOY / "hasher" / "standalone.in", DEPLOY / "hasher" / "standalone.lock", ()),
    (DEPLOY / "linker" / "pyproject.toml", DEPLOY / "linker" / "requirements.lock", ()),
    (DEPLOY / "publisher" / "pyproject.toml", DEPLOY / "publisher" / "requirements.lock", ()),
    (DEPLOY / "demo" / "requirements.in", DEPLOY / "demo" / "requirements.lock", ()),
    (DEPLOY.parent / "pyproject.toml", DEPLOY / "development.lock", ("--group", "dev")),
)


def main() -> None:
    """Write every lock; an existing one is the starting point, so that little changes."""
    for source, lock, more in LOCKS:
        subprocess.run(
            [
                sys.executable, "-m", "uv", "pip", "compile", str(source), "--quiet",
                "--universal", "--python-version", PYTHON, "--generate-hashes",
                "--no-emit-index-url", "--no-annotate", "--no-header", *more,
                "--output-file", str(lock),
            ],
            check=True,
            cwd=DEPLOY.parent,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip


if __name__ == "__main__":
    main()
