"""A page about the latest release, or the one that says why there is none."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from fastapi import Request
from fastapi.responses import Response

from publisher.dashboard.findings import Findings
from publisher.dashboard.pages.problems import none_yet
from publisher.dashboard.rendering import reply
from publisher.dashboard.site import Site


def page_of_latest(
    request: Request, site: Site, section: str, key: Hashable, make: Callable[[Findings], bytes]
) -> Response:
    """Answer with what ``make`` makes of the latest release.

    Args:
        section: entry of the menu under which a page without figures falls.
        key: of what was made before.
    """
    findings = site.latest()
    if findings is None:
        return none_yet(request, section, site)
    return reply(request, site.page(findings, key, lambda: make(findings)))
