"""The style and the icon of plain pages: two files beside the pages, from the same host."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Response

from shared.service.markup import ICON, STYLE, icon_path

CSS: Final = "text/css; charset=utf-8"
SVG: Final = "image/svg+xml"


def add_looks(router: APIRouter, style_path: str) -> None:
    """Answer with the style at ``style_path``, and with the icon that pages name beside it.

    A browser that finds no icon named on a page asks for one at an address of its own choice, and
    complains when there is none.
    """

    @router.get(style_path)
    def get_style() -> Response:
        """How the pages look."""
        return Response(STYLE, media_type=CSS)

    @router.get(icon_path(style_path))
    def get_icon() -> Response:
        """The icon in the tab of the browser."""
        return Response(ICON, media_type=SVG)
