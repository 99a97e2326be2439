"""WeasyPrint: only what is handed in goes into a PDF, and nothing of the clock.

Imported by ``printing`` alone, and only where Pango is installed.

PDF/UA-1 (ISO 14289-1): headings, tables, lists and images are tagged, the language and the title
are set, and every font is embedded. WeasyPrint fetches what a document names; here it finds the
images that were handed in and nothing else, neither on the network nor on disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from shared.canonical import sha256_hex

IMAGE = "image:"
"""Begin of the address of an image in the HTML; the rest is its name."""
_TYPES = {b"<svg": "image/svg+xml", b"\x89PNG": "image/png"}


class UnknownImageError(FatalURLFetchingError):  # type: ignore[misc]  # WeasyPrint has no types
    """The document names something that was not handed in; stops WeasyPrint at once."""


class _Handed(URLFetcher):  # type: ignore[misc]  # WeasyPrint has no types
    """Finds the images that were handed in."""

    def __init__(self, images: Mapping[str, bytes]) -> None:
        super().__init__(allowed_protocols=())
        self._images = images

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        """One image."""
        data = self._images.get(url.removeprefix(IMAGE)) if url.startswith(IMAGE) else None
        if data is None:
            raise UnknownImageError("expected an image that was handed in, found another address")
        return URLFetcherResponse(url, data, {"Content-Type": _TYPES[data[:4]]})


def write_pdf(html: str, images: Mapping[str, bytes]) -> bytes:
    """A tagged PDF of a document and the images that it names."""
    handed, fonts = _Handed(images), FontConfiguration()
    style = CSS(string=_style(), url_fetcher=handed, font_config=fonts)
    try:
        pdf: bytes = HTML(string=html, url_fetcher=handed).write_pdf(
            stylesheets=[style],
            font_config=fonts,
            pdf_variant="pdf/ua-1",
            pdf_identifier=sha256_hex(html.encode()).encode(),
        )
    except UnknownImageError as error:  # no Exception by birth, so nobody would answer it
        raise RuntimeError("a document names an image that was not handed in") from error
    return pdf


@cache
def _style() -> str:
    return (files("publisher.dashboard") / "static" / "report.css").read_text(encoding="utf-8")
