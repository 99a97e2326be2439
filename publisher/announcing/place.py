"""Where a publisher is on the web, and who it is: what every announcement has to name."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from publisher.settings import Settings
from shared.identity import Identity

FEED = "/uitgaven.atom"
CATALOGUE = "/catalogus.jsonld"


@dataclass(frozen=True, slots=True)
class Place:
    """A publisher as readers find it.

    Attributes:
        base: address without a slash at its end.
        organisation: who publishes.
        contact: address of a page or mailbox for questions.
        licence: under which terms figures may be used; an address.
        is_closed: whether figures are for known readers only.
    """

    base: str
    organisation: str
    contact: str
    licence: str
    is_closed: bool

    def absolute(self, path: str) -> str:
        """The whole address of a path of this service."""
        return f"{self.base}{path}"

    def permalink(self, release_id: str) -> str:
        """Where a release stays, whatever becomes of it."""
        return self.absolute(f"/releases/{quote(release_id)}")


def place_of(settings: Settings, identity: Identity) -> Place:
    """Where this publisher is, from what the operator set."""
    here = f"http://{settings.host}:{settings.port}"
    return Place(
        base=(settings.public_address or here).rstrip("/"),
        organisation=identity.card.organisation,
        contact=settings.contact_address,
        licence=settings.data_licence,
        is_closed=settings.access == "closed",
    )
