"""Which kind of thing stands at an address; what is not named here is a page of the dashboard.

A new address is closed by itself: in a closed publisher only what ``OPEN`` names needs nobody.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from publisher.access.refusals import another_area, not_plain
from publisher.access.roles import Resource

SIGN_IN = "/aanmelden"
"""Where people sign in; everything below it is about that."""
TARGET_KEY = "naar"
"""Query key of the page where somebody wants to be after signing in."""
APPROVALS = "/goedkeuren"
"""Where approvers look at releases."""

OPEN = (
    re.compile(r"(GET|HEAD) /healthz"),
    re.compile(r"(GET|HEAD) /static/[a-z.]+"),  # what the page for signing in looks like
    re.compile(rf"(GET|HEAD|POST) (/en)?{SIGN_IN}(/[a-z]+)?"),
    re.compile(r"PUT /tallies/[^/]+"),  # the envelope is the credential
)
"""What a closed publisher answers to anybody."""

_RESOURCES = (
    (re.compile(r"/metrics"), Resource.METRICS),
    (re.compile(r"/toezicht(/.*)?"), Resource.OVERSIGHT),
    (re.compile(rf"(/en)?{APPROVALS}(/.*)?"), Resource.APPROVAL),
    (re.compile(r"/api/v1/releases/.*/downloads/[^/]+"), Resource.DOWNLOADS),
    (re.compile(r"/api/.*"), Resource.API),
    (re.compile(r".*", re.DOTALL), Resource.PAGES),
)
_WITH_ROWS = re.compile(
    r"/api/v1/releases/[^/]+/(downloads/[^/]+|tables/[^/]+(/observations|/downloads/[^/]+)?)"
)
_WITHOUT_ROWS = re.compile(
    r"/api/v1/(openapi\.json|releases(/[^/]+(/(statement|tables|indicators|areas))?)?)"
)
"""What says about a release that it is there, and what its rows mean."""

HOME = "/"
MAX_TARGET = 200
# A text fits in one way only: else one that nearly fits would be tried in ever so many.
_TARGET = re.compile(r"/|(/[A-Za-z0-9._-]+)+/?")

NEVER_PUBLIC = frozenset({Resource.APPROVAL})
"""What nobody sees without a role, not even of a public publisher."""


def check_plain(path: str) -> None:
    """Refuse an address with a line end or the like, at which nothing stands.

    The routes would take ``/toezicht`` with a line end for ``/toezicht``, and the patterns here
    take it for a page. What is asked has one meaning, or none.

    Raises:
        NotFoundError: ``address-not-plain``.
    """
    if not path.isprintable():
        raise not_plain()


def is_open(method: str, path: str) -> bool:
    """Whether anybody may ask this of a closed publisher."""
    return any(each.fullmatch(f"{method} {path}") for each in OPEN)


def resource_at(path: str) -> Resource:
    """What stands at an address."""
    return next(resource for pattern, resource in _RESOURCES if pattern.fullmatch(path))


def within_area(path: str, query: bytes, area: str) -> bytes:
    """The query of somebody who sees the rows of one area: the same, about that area.

    So it is the resource itself that selects the rows, and the bytes are those that anybody gets
    who asks for this area.

    Raises:
        PolicyError: ``area-not-yours``.
    """
    if _WITHOUT_ROWS.fullmatch(path):
        return query
    if not _WITH_ROWS.fullmatch(path):
        raise another_area()
    asked = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    named = [value for key, value in asked if key == "area"]
    if not named:
        return query + (b"&" if query else b"") + b"area=" + area.encode()
    if named != [area]:
        raise another_area()
    return query


def own_page(target: str) -> str:
    """A page of this service to go to after signing in; the front page where it is none."""
    if len(target) <= MAX_TARGET and _TARGET.fullmatch(target) and not target.startswith("//"):
        return target
    return HOME
