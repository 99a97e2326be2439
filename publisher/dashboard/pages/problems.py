"""Pages for when there is nothing to show: say what is the matter and where to go."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from publisher.dashboard.language import _, msg
from publisher.dashboard.rendering import HOME, Crumb, Page, render, reply

_SEARCH = Crumb(msg("Alle scholen, met een zoekveld"), "/scholen")
_FRONT = Crumb(msg("De voorpagina"), HOME.href)


def not_found(request: Request, title: str, explanation: str, way: Crumb) -> Response:
    """A page for an address that names nothing that was released."""
    page = Page(title=title, section=way.href)
    ways = (_SEARCH, _FRONT) if way.href == _SEARCH.href else (way, _SEARCH, _FRONT)
    html = render("problem.html", page, explanation=explanation, ways=ways)
    return reply(request, html, status=404)


def none_yet(request: Request, section: str) -> Response:
    """The page in place of figures while no release is published."""
    page = Page(title=_("Er zijn nu geen cijfers"), section=section)
    explanation = _(
        "Er is nu geen uitgave met cijfers. Dat kan komen doordat de eerste uitgave nog wordt "
        "gemaakt, of doordat een uitgave is ingetrokken."
    )
    ways = (
        Crumb(msg("Alle uitgaven"), "/releases"),
        Crumb(msg("Uitleg bij de cijfers"), "/methode"),
    )
    return reply(request, render("problem.html", page, explanation=explanation, ways=ways))
