"""The web layer over releases in memory, and a plain reading of its HTML."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from fastapi import FastAPI
from fastapi.testclient import TestClient

from publisher.api import api_router
from publisher.dashboard import dashboard_router
from publisher.dashboard.problem_pages import ProblemPages
from publisher.dashboard.site import ReferenceOf
from publisher.released import Release, ReleaseReader
from shared.reference import Reference
from shared.service.headers import SecurityHeaders
from shared.service.problems import install_problem_handlers
from tests.support.releases import MemoryReader, reference


def client_of(reader: ReleaseReader, reference_of: ReferenceOf | None = None) -> TestClient:
    """A client of the pages and the API, put together as the publisher does."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    install_problem_handlers(app)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(ProblemPages)
    app.include_router(api_router(reader))
    if reference_of is None:
        app.include_router(dashboard_router(reader))
    else:
        app.include_router(dashboard_router(reader, reference_of))
    return TestClient(app, raise_server_exceptions=False)


def web(*releases: Release, book: Reference | None = None) -> TestClient:
    """A client over releases in memory, newest first."""
    return client_of(MemoryReader(releases), lambda _release: book or reference())


def bare_web(*releases: Release) -> TestClient:
    """The same without a reference bundle: pages then do not know where a school stands."""
    return client_of(MemoryReader(releases))


@dataclass
class ChangingReader:
    """A reader of one release whose state can change."""

    release: Release

    def latest(self) -> Release | None:
        return self.release if self.release.state == "published" else None

    def find(self, release_id: str) -> Release | None:
        return self.release if release_id == self.release.manifest.release_id else None

    def list(self) -> tuple[Release, ...]:
        return (self.release,)


@dataclass
class Element:
    """An element as it was opened."""

    tag: str
    attributes: dict[str, str]


@dataclass
class Html(HTMLParser):
    """Elements, headings and tables of a page; refuses what is not well nested."""

    elements: list[Element] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)
    text: str = ""
    _open: list[str] = field(default_factory=list)

    _VOID = frozenset({"meta", "link", "input", "img", "source", "br"})

    def __post_init__(self) -> None:
        super().__init__()

    @classmethod
    def of(cls, text: str) -> Html:
        """Read a page."""
        page = cls()
        page.feed(text)
        page.close()
        assert page._open == [], f"elements left open: {page._open}"
        return page

    @classmethod
    def at(cls, client: TestClient, address: str) -> Html:
        """Read the page at an address, which is there."""
        answer = client.get(address)
        assert answer.status_code == 200, address
        return cls.of(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))
        if tag not in self._VOID:
            self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"{tag} closes another element"

    def handle_data(self, data: str) -> None:
        self.text += data
        if {"td", "th"} & set(self._open):
            self.tables[-1][-1][-1] += data

    def all(self, tag: str) -> list[Element]:
        """Every element with a tag."""
        return [element for element in self.elements if element.tag == tag]

    def attributes(self, tag: str, name: str) -> list[str]:
        """One attribute of every element with a tag that has it."""
        return [each.attributes[name] for each in self.all(tag) if name in each.attributes]

    def row(self, first: str) -> list[str]:
        """The only row whose first cell reads ``first``."""
        (found,) = [
            row for table in self.tables for row in table if row and row[0].strip() == first
        ]
        return [cell.strip() for cell in found]
