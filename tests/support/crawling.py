"""Everything that a reader can ask of the web layer: pages, their forms, charts, files, the API.

Addresses are found where a reader finds them: in links, in forms and in documents of the API.
Of each kind of address as many are asked as the caller wants, the first ones found.
"""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import httpx2
from fastapi.testclient import TestClient

from shared.service.logs import REQUEST_ID

ORIGIN = "http://testserver"
CHARTS = "/grafieken/"
SEEDS = ("/", "/api/v1/releases", "/api/v1/releases/latest", "/api/v1/openapi.json")
_OPAQUE = re.compile("/statement|/openapi.json")
"""Documents that name no address to follow."""
_UNIT = re.compile(r"(?<=/)[^/]*[0-9*][^/]*")


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers and body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass
class _Page(HTMLParser):
    links: list[str] = field(default_factory=list)
    fields: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    _select: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.links += [found[name] for name in ("href", "src", "action") if name in found]
        self.links += [part.split()[0] for part in found.get("srcset", "").split(",") if part]
        if tag == "form" and found.get("method", "get").lower() == "get":
            self.fields.append((found.get("action", ""), {}))
        elif tag == "select":
            self._select = found.get("name", "")
        elif self.fields and tag == "option" and self._select:
            self.fields[-1][1].setdefault(self._select, []).append(found.get("value", ""))
        elif self.fields and tag == "input" and found.get("name"):
            self.fields[-1][1].setdefault(found["name"], []).append(found.get("value", ""))


def crawl(client: TestClient, of_each_kind: int) -> dict[str, Answer]:
    """Ask everything; the answers by address."""
    answers: dict[str, Answer] = {}
    kinds: Counter[str] = Counter()
    waiting = deque(SEEDS)
    while waiting:
        address = waiting.popleft()
        kind = _kind(address)
        if address in answers or kinds[kind] >= of_each_kind:
            continue
        kinds[kind] += 1
        reply = client.get(address, follow_redirects=False)
        answers[address] = answer_of(reply)
        waiting.extend(_found_in(address, reply.headers.get("content-type", ""), reply.content))
        if "location" in reply.headers:
            waiting.extend(_local(address, reply.headers["location"]))
    return answers


def answer_of(reply: httpx2.Response) -> Answer:
    """What came back, without the number that every request draws for its own line in the log."""
    headers = sorted((name.lower(), value) for name, value in reply.headers.items())
    kept = tuple(pair for pair in headers if pair[0] != REQUEST_ID)
    return Answer(reply.status_code, kept, reply.content)


def _kind(address: str) -> str:
    """The shape of an address: its path without names of units, and the names it asks by.

    Drawing is dear: a chart's shape is what is drawn and as which kind of file.
    """
    parts = urlsplit(address)
    if parts.path.startswith(CHARTS):
        return f"{CHARTS}{parts.path.split('/')[3]}.{parts.path.rpartition('.')[2]}"
    keys = sorted(f"{key}={value}" if key in _CHOICES else key
                  for key, value in parse_qsl(parts.query, keep_blank_values=True))  # fmt: skip
    return f"{_UNIT.sub('*', parts.path)}.{parts.path.rpartition('.')[2][:8]}?{'&'.join(keys)}"


_CHOICES = {"order", "orde", "volgorde", "sort", "measure", "maat", "format", "formaat"}


def _found_in(address: str, kind: str, body: bytes) -> Iterator[str]:
    if "html" in kind:
        page = _Page()
        page.feed(body.decode())
        for link in page.links:
            yield from _local(address, link)
        for action, fields in page.fields:
            for name, values in fields.items():
                for value in values:
                    query = urlencode({name: value})
                    yield from _local(address, f"{action or urlsplit(address).path}?{query}")
    elif "json" in kind and len(body) < 2_000_000 and not _OPAQUE.search(address):
        yield from (link for text in _texts(json.loads(body)) for link in _local(address, text))


def _texts(document: object) -> Iterator[str]:
    if isinstance(document, dict):
        for value in document.values():
            yield from _texts(value)
    elif isinstance(document, list):
        for value in document:
            yield from _texts(value)
    elif isinstance(document, str) and document.startswith(("/", ORIGIN)) and "{" not in document:
        yield document


def _local(address: str, link: str) -> Iterator[str]:
    whole = urlsplit(urljoin(f"{ORIGIN}{address}", link))
    if f"{whole.scheme}://{whole.netloc}" == ORIGIN:
        yield whole._replace(scheme="", netloc="", fragment="").geturl() or "/"
