"""The script that becomes the standalone executable; see standalone.md."""

from __future__ import annotations

from shared.hashing.cli import main

if __name__ == "__main__":
    main()
