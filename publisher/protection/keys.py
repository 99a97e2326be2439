"""Names of cells, as they stand in certificates; one spelling for both sides of the proof."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

ATOM = "~"
"""Level of an innermost group that no published level shows on its own."""


def key_of(*parts: str) -> str:
    """One string for a cell; parts are escaped, so that no two cells share a key."""
    return "/".join(map(_escaped, parts))


@lru_cache(maxsize=1 << 16)
def _escaped(part: str) -> str:
    return quote(part, safe="*=+~ ")
