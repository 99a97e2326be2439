"""Pages of a long list: which part is asked for, and where the other parts are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Request

from shared.errors import NotFoundError

MAX_PAGE_SIZE = 10_000
PAGE_SIZE = 1_000


@dataclass(frozen=True, slots=True)
class Page:
    """The page that is asked for; the first is 1."""

    number: int
    size: int

    @property
    def start(self) -> int:
        """Place of its first row, from 0."""
        return (self.number - 1) * self.size

    def last(self, rows: int) -> int:
        """The number of the last page of so many rows; there always is one."""
        return max(1, -(-rows // self.size))

    def check(self, rows: int) -> None:
        """Refuse a page beyond the last.

        Raises:
            NotFoundError: ``page-unknown``.
        """
        if self.number > self.last(rows):
            raise NotFoundError(
                "page-unknown",
                "expected a page up to the last one",
                hint="the header Link of the first page names the last",
            )


def asked_page(
    page: Annotated[int, Query(description="number of the page", ge=1, le=1_000_000)] = 1,
    pageSize: Annotated[  # noqa: N803 - wire name
        int, Query(description="rows per page", ge=1, le=MAX_PAGE_SIZE)
    ] = PAGE_SIZE,
) -> Page:
    """The page, as it came in."""
    return Page(page, pageSize)


def links(request: Request, page: Page, rows: int) -> str:
    """The header Link to the first, previous, next and last page.

    Only the path and the known keys of the request, all of which were checked, stand in it.

    Source: RFC 8288.
    """
    last = page.last(rows)
    wanted = {"first": 1, "prev": page.number - 1, "next": page.number + 1, "last": last}
    known = [(key, value) for key, value in request.query_params.items() if key != "page"]
    found = []
    for relation, number in wanted.items():
        if 1 <= number <= last:
            url = request.url.include_query_params(**dict(known), page=number)
            found.append(f'<{url.path}?{url.query}>; rel="{relation}"')
    return ", ".join(found)
