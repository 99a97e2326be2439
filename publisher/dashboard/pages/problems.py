"""Pages for when there is nothing to show: say what is the matter and where to go."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from publisher.dashboard.rendering import HOME, Crumb, Page, show


def not_found(request: Request, title: str, explanation: str, back: Crumb) -> Response:
    """A page for an address that names nothing that was released."""
    page = Page(title=title, section=back.href, crumbs=(HOME,), status=404)
    return show(request, "problem.html", page, explanation=explanation, back=back)


def none_yet(request: Request, section: str) -> Response:
    """The page in place of figures while no release is published."""
    page = Page(title="Er zijn nog geen cijfers", section=section)
    explanation = (
        "Er is nu geen uitgave met cijfers. Dat kan komen doordat de eerste uitgave nog wordt "
        "gemaakt, of doordat een uitgave is ingetrokken."
    )
    back = Crumb("Alle uitgaven bekijken", "/releases")
    return show(request, "problem.html", page, explanation=explanation, back=back)
