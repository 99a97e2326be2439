"""Which of the offered media types a reader accepts."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request

from shared.errors import NotAcceptableError

_LONGEST = 1000


def accepted(request: Request, offered: Sequence[str]) -> str:
    """The offered media type that the reader likes best; the first where all are alike.

    A header that is no list of media types counts as no wish, and so does a very long one.

    Raises:
        NotAcceptableError: ``not-acceptable``; never repeats the header.
    """
    header = request.headers.get("accept", "")
    wishes = _wishes(header) if len(header) <= _LONGEST else []
    if not wishes:
        return offered[0]
    best = max(offered, key=lambda each: _quality(wishes, each))
    if _quality(wishes, best) <= 0:
        raise NotAcceptableError(
            "not-acceptable",
            f"expected an Accept header that allows {' or '.join(offered)}",
            hint="leave the header out, or ask for one of these",
        )
    return best


def _wishes(header: str) -> list[tuple[str, float]]:
    """Media ranges with their quality, as far as they can be read."""
    found = []
    for part in header.split(","):
        range_, *parameters = (each.strip().lower() for each in part.split(";"))
        if range_.count("/") == 1:
            found.append((range_, _weight(parameters)))
    return found


def _weight(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0


def _quality(wishes: Sequence[tuple[str, float]], media_type: str) -> float:
    """How much a media type is liked: by the narrowest range that it fits.

    Source: RFC 9110, 12.5.1.
    """
    for range_ in (media_type, f"{media_type.split('/')[0]}/*", "*/*"):
        fitting = [weight for wish, weight in wishes if wish == range_]
        if fitting:
            return max(fitting)
    return 0.0
