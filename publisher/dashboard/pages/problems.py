"""Pages for when there is nothing to show: say what is the matter and where to go."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from publisher.dashboard.rendering import HOME, Crumb, Page, show


def not_found(request: Request, title: str, explanation: str, way: Crumb) -> Response:
    """A page for an address that names nothing that was released."""
    page = Page(title=title, section=way.href, status=404)
    ways = (way, Crumb("Zoek een school", "/scholen"), Crumb("Naar de voorpagina", HOME.href))
    return show(request, "problem.html", page, explanation=explanation, ways=ways)


def none_yet(request: Request, section: str) -> Response:
    """The page in place of figures while no release is published."""
    page = Page(title="Er zijn nu geen cijfers", section=section)
    explanation = (
        "Er is nu geen uitgave met cijfers. Dat kan komen doordat de eerste uitgave nog wordt "
        "gemaakt, of doordat een uitgave is ingetrokken."
    )
    ways = (Crumb("Bekijk alle uitgaven", "/releases"), Crumb("Lees de uitleg", "/methode"))
    return show(request, "problem.html", page, explanation=explanation, ways=ways)
