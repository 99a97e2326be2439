"""The door to the printer of PDFs, which needs a library of the system that may be absent.

WeasyPrint sets its lines with Pango. A publisher without it starts and shows every page; it only
offers no report.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from shared.errors import ConfigurationError


@cache
def may_print() -> bool:
    """Whether this machine can make a PDF."""
    try:
        import publisher.dashboard.reports.engine  # noqa: F401  # loads Pango
    except OSError:
        return False
    return True


def to_pdf(html: str, images: Mapping[str, bytes]) -> bytes:
    """A tagged PDF; the same HTML and images give the same bytes on the same fonts.

    Args:
        html: a whole document with language and title.
        images: SVG or PNG by name.

    Raises:
        ConfigurationError: ``pango-absent``.
    """
    if not may_print():
        raise ConfigurationError(
            "pango-absent",
            "expected the library Pango on this machine, found none",
            hint="Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
        )
    from publisher.dashboard.reports.engine import write_pdf  # loads Pango

    return write_pdf(html, images)
