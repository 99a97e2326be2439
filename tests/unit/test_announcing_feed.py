"""The feed and the catalogue: read back by other programs, complete, absolute and well-formed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from rdflib import DCAT, DCTERMS, FOAF, RDF, Graph, Literal, Namespace, URIRef

from publisher.announcing.catalogue import catalogue
from publisher.announcing.events import ReleaseEvent
from publisher.announcing.feed import MOST_ENTRIES, NEVER, atom_feed
from publisher.announcing.place import Place
from publisher.downloads.formats import FORMATS, RELEASE_FORMATS
from publisher.released import Release
from shared.ledger import Event
from tests.support.releases import RELEASE_ID, make_release, with_state

# rdflib's own reader of JSON-LD makes a graph of a kind that rdflib calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")
BASE = "https://monitor.example.org"
OLD = "voorbeeld-2024-v1.0"
HERE = Place(BASE, "Voorbeeldregio", "mailto:monitor@example.org",
             "https://creativecommons.org/licenses/by/4.0/", is_closed=False)  # fmt: skip
ATOM = "{http://www.w3.org/2005/Atom}"
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
VERSION = URIRef("http://www.w3.org/ns/dcat#version")  # newer than the list of rdflib
LISTS = "http://publications.europa.eu/resource/authority/"


def happened(seq: int, event: Event, release_id: str = RELEASE_ID) -> ReleaseEvent:
    at = datetime(2026, 3, seq, 9, 30, tzinfo=UTC)
    return ReleaseEvent(seq, f"{seq:064x}", at, event, release_id, "a" * 64)


def feed_of(events: list[ReleaseEvent], *releases: Release) -> ElementTree.Element:
    known = {each.manifest.release_id: each for each in releases}
    return ElementTree.fromstring(atom_feed(events, known, HERE))  # noqa: S314


# --- the feed: RFC 4287 -------------------------------------------------------------------------


def test_a_feed_has_what_the_standard_obliges() -> None:
    feed = feed_of([happened(1, Event.RELEASE_PUBLISHED)], make_release())
    assert feed.tag == f"{ATOM}feed"
    for element in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            (found,) = element.findall(f"{ATOM}{name}")
            assert found.text
        moment = element.findtext(f"{ATOM}updated")
        assert moment is not None
        assert datetime.fromisoformat(moment).tzinfo is not None
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Voorbeeldregio"
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links == {"self": f"{BASE}/uitgaven.atom", "alternate": f"{BASE}/releases"}


def test_everything_that_happened_is_an_entry_newest_first() -> None:
    old = replace(with_state(make_release(release_id=OLD), "withdrawn"), reason="Fout <bestand>.")
    feed = feed_of(
        [
            happened(1, Event.RELEASE_PUBLISHED, OLD),
            happened(2, Event.RELEASE_PUBLISHED),
            happened(3, Event.RELEASE_SUPERSEDED, OLD),
            happened(4, Event.RELEASE_WITHDRAWN, OLD),
        ],
        make_release(),
        old,
    )
    entries = feed.findall(f"{ATOM}entry")
    found = [entry.find(f"{ATOM}category") for entry in entries]
    assert [each.get("term") for each in found if each is not None] == [
        "release_withdrawn", "release_superseded", "release_published", "release_published",
    ]  # fmt: skip
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == 4
    assert feed.findtext(f"{ATOM}updated") == "2026-03-04T09:30:00Z"
    assert "Reden: Fout <bestand>." in str(entries[0].findtext(f"{ATOM}summary"))
    assert "Reden" not in str(entries[1].findtext(f"{ATOM}summary"))
    titles = [str(entry.findtext(f"{ATOM}title")) for entry in entries]
    assert all(title.startswith("[SYNTHETISCH") for title in titles)
    (link,) = entries[0].findall(f"{ATOM}link")
    assert link.get("href") == f"{BASE}/releases/{OLD}"


def test_a_feed_before_the_first_release_is_whole_too() -> None:
    feed = feed_of([])
    assert feed.findtext(f"{ATOM}updated") == NEVER
    assert not feed.findall(f"{ATOM}entry")


def test_a_feed_has_an_end() -> None:
    events = [happened(1 + n % 27, Event.RELEASE_PUBLISHED) for n in range(MOST_ENTRIES + 20)]
    assert len(feed_of(events, make_release()).findall(f"{ATOM}entry")) == MOST_ENTRIES


def test_what_no_xml_can_hold_is_left_out() -> None:
    gone = replace(with_state(make_release(), "withdrawn"), reason="fout\x0b\ufffe bestand")
    feed = feed_of([happened(1, Event.RELEASE_WITHDRAWN)], gone)
    assert "fout" in str(feed.findtext(f"{ATOM}entry/{ATOM}summary"))


# --- the catalogue: DCAT-AP-NL 3.0 ---------------------------------------------------------------

OBLIGED = {
    DCAT.Catalog: {DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCAT.contactPoint,
                   DCAT.dataset},
    DCAT.Dataset: {DCTERMS.title, DCTERMS.description, DCTERMS.identifier, DCTERMS.creator,
                   DCTERMS.publisher, DCTERMS.accessRights, DCAT.contactPoint, DCAT.theme},
    DCAT.Distribution: {DCAT.accessURL, DCTERMS.license},
    DCAT.DataService: {DCTERMS.title, DCTERMS.description, DCTERMS.identifier, DCTERMS.publisher,
                       DCTERMS.accessRights, DCTERMS.license, DCAT.contactPoint, DCAT.theme,
                       DCAT.endpointURL, DCAT.endpointDescription},
    FOAF.Agent: {FOAF.name},
    VCARD.Organization: {VCARD.fn, VCARD.hasEmail},
}  # fmt: skip
"""By class the properties that the profile obliges."""
ONCE = {DCTERMS.identifier, DCTERMS.publisher, DCAT.contactPoint, DCAT.accessURL,
        DCAT.downloadURL, VERSION, DCAT.endpointURL, DCAT.endpointDescription}  # fmt: skip
FROM_LISTS = {DCAT.theme: "data-theme/", DCTERMS.accessRights: "access-right/",
              DCTERMS.language: "language/", DCTERMS.format: "file-type/"}  # fmt: skip


def graph_of(*releases: Release, place: Place = HERE) -> Graph:
    return Graph().parse(data=catalogue(releases, place), format="json-ld")


@pytest.mark.parametrize("kind", OBLIGED, ids=lambda kind: str(kind).rpartition("/")[2])
def test_every_resource_has_what_the_profile_obliges(kind: URIRef) -> None:
    graph = graph_of(make_release())
    things = set(graph.subjects(RDF.type, kind))
    assert things
    for thing in things:
        assert OBLIGED[kind] <= set(graph.predicates(thing))
        for once in ONCE & set(graph.predicates(thing)):
            assert len(set(graph.objects(thing, once))) == 1


def test_values_come_from_the_lists_that_the_profile_names() -> None:
    graph = graph_of(make_release())
    for name, beginning in FROM_LISTS.items():
        values = set(graph.objects(None, name))
        assert values
        assert all(str(value).startswith(f"{LISTS}{beginning}") for value in values)


def test_every_file_of_the_release_is_a_distribution_of_its_data_set() -> None:
    graph = graph_of(make_release())
    (data_set,) = graph.subjects(RDF.type, DCAT.Dataset)
    assert data_set == URIRef(f"{BASE}/releases/{RELEASE_ID}")
    files = set(graph.objects(data_set, DCAT.distribution))
    tables = make_release().manifest.tables
    assert len(files) == len(tables) * len(FORMATS) + len(RELEASE_FORMATS)
    for file in files:
        (address,) = graph.objects(file, DCAT.downloadURL)
        assert str(address).startswith(f"{BASE}/api/v1/releases/{RELEASE_ID}/")
        assert (file, DCTERMS.license, URIRef(HERE.licence)) in graph


def test_a_data_set_says_that_it_is_synthetic() -> None:
    graph = graph_of(make_release())
    (title,) = graph.objects(URIRef(f"{BASE}/releases/{RELEASE_ID}"), DCTERMS.title)
    assert isinstance(title, Literal)
    assert str(title).startswith("SYNTHETISCH")
    assert title.language == "nl"


@pytest.mark.parametrize("state", ["superseded", "withdrawn", "expired"])
def test_only_what_is_published_is_a_data_set(state: str) -> None:
    graph = graph_of(make_release(), with_state(make_release(release_id=OLD), state))
    assert set(graph.subjects(RDF.type, DCAT.Dataset)) == {URIRef(f"{BASE}/releases/{RELEASE_ID}")}
    assert OLD not in catalogue([make_release(), with_state(make_release(release_id=OLD), state)],
                                HERE).decode()  # fmt: skip
    alone = graph_of(with_state(make_release(), state))
    assert not set(alone.subjects(RDF.type, DCAT.Dataset))


def test_a_closed_publisher_says_that_access_is_restricted() -> None:
    graph = graph_of(make_release(), place=replace(HERE, is_closed=True))
    rights = {str(each).rpartition("/")[2] for each in graph.objects(None, DCTERMS.accessRights)}
    assert rights == {"RESTRICTED"}


def test_every_name_in_the_document_means_something() -> None:
    """Nothing is lost on the way to a graph: no key without a meaning."""
    document = json.loads(catalogue([make_release()], HERE))
    prefixes = set(document["@context"])

    def keys(part: object) -> set[str]:
        if isinstance(part, dict):
            own = set(part) - {"@context"}
            return own.union(*(keys(value) for key, value in part.items() if key in own))
        return set().union(*map(keys, part)) if isinstance(part, list) else set()

    assert all(key[0] == "@" or key.partition(":")[0] in prefixes for key in keys(document))
