"""An Atom feed of releases: every one that came, was replaced, was withdrawn or expired.

Source: RFC 4287.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from publisher.announcing.events import ReleaseEvent
from publisher.announcing.place import FEED, Place
from publisher.downloads.words import MARK
from publisher.released import Release
from shared.clock import instant
from shared.ledger import Event

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"
MOST_ENTRIES = 100
"""The newest; whoever asks less often than that many things happen finds all in the API."""
NEVER = "1970-01-01T00:00:00Z"
"""When a feed without entries was last changed."""

_HAPPENED = {
    Event.RELEASE_PUBLISHED: "Nieuwe uitgave",
    Event.RELEASE_SUPERSEDED: "Vervangen door een nieuwere uitgave",
    Event.RELEASE_WITHDRAWN: "Ingetrokken",
    Event.RELEASE_EXPIRED: "Verlopen",
}


def atom_feed(
    events: Sequence[ReleaseEvent], releases: Mapping[str, Release], place: Place
) -> bytes:
    """The feed, newest first.

    Args:
        events: oldest first.
        releases: by id, every one that was ever published.
        place: where the feed is and who makes it.
    """
    register_namespace("", ATOM)
    newest = [each for each in reversed(events) if each.release_id in releases][:MOST_ENTRIES]
    feed = Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "nl"})
    _text(feed, "id", place.absolute(FEED))
    _text(feed, "title", "Uitgaven van de Monitor Onderwijs-Jeugdhulp")
    _text(feed, "updated", instant(newest[0].at) if newest else NEVER)
    _text(SubElement(feed, f"{{{ATOM}}}author"), "name", place.organisation)
    _link(feed, "self", place.absolute(FEED), MEDIA_TYPE)
    _link(feed, "alternate", place.absolute("/releases"), "text/html")
    for event in newest:
        _entry(feed, event, releases[event.release_id], place)
    document: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def _entry(feed: Element, event: ReleaseEvent, release: Release, place: Place) -> None:
    manifest, entry = release.manifest, SubElement(feed, f"{{{ATOM}}}entry")
    mark = f"[{MARK}] " if manifest.synthetic else ""
    _text(entry, "id", f"urn:sha256:{event.id}")
    _text(entry, "title", f"{mark}{_HAPPENED[event.event]}: {manifest.title}")
    _text(entry, "updated", instant(event.at))
    _link(entry, "alternate", place.permalink(manifest.release_id), "text/html")
    SubElement(entry, f"{{{ATOM}}}category", {"term": event.event.value})
    _text(entry, "summary", _summary(event, release))


def _summary(event: ReleaseEvent, release: Release) -> str:
    manifest = release.manifest
    stand = "voorlopige" if manifest.provisional else "definitieve"
    told = f"Uitgave {manifest.release_id}, versie {manifest.version}, {stand} cijfers."
    if event.event is Event.RELEASE_WITHDRAWN and release.reason:
        return f"{told} Reden: {release.reason}"
    return told


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, f"{{{ATOM}}}{name}").text = _printable(text)


def _link(parent: Element, relation: str, address: str, media_type: str) -> None:
    kept = {"rel": relation, "href": address, "type": media_type}
    SubElement(parent, f"{{{ATOM}}}link", kept)


def _printable(text: str) -> str:
    """Text without the characters that no XML can hold."""
    return "".join(each for each in text if each in "\t\n" or each.isprintable())
