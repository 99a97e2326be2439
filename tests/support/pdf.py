"""A PDF read back: its text, its tags and its images, with another library than wrote it."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdf

ABSENT = "Pango is not installed here (Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0)"


@dataclass(frozen=True)
class Pdf:
    """What a reader and a screen reader get.

    Attributes:
        tags: how often each tag stands in the tree of the document.
        alternatives: the words of every figure.
    """

    text: str
    title: str
    language: str
    metadata: str
    tags: Counter[str]
    alternatives: tuple[str, ...]
    fonts: dict[str, bool]

    @classmethod
    def of(cls, data: bytes) -> Pdf:
        """Read a document."""
        reader = pypdf.PdfReader(io.BytesIO(data))
        root: Any = reader.root_object
        assert root["/MarkInfo"]["/Marked"]
        assert root["/ViewerPreferences"]["/DisplayDocTitle"]
        nodes = list(_nodes(root["/StructTreeRoot"]))
        return cls(
            text="\n".join(page.extract_text() for page in reader.pages),
            title=str(reader.metadata.title if reader.metadata else ""),
            language=str(root["/Lang"]),
            metadata=root["/Metadata"].get_data().decode(),
            tags=Counter(str(node["/S"]) for node in nodes),
            alternatives=tuple(str(node["/Alt"]) for node in nodes if node["/S"] == "/Figure"),
            fonts=dict(_fonts(reader)),
        )

    @property
    def words(self) -> str:
        """The text on one line, however it was broken."""
        return " ".join(self.text.split())


def _nodes(node: Any) -> Iterator[Any]:
    children = node.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        found = child.get_object() if hasattr(child, "get_object") else child
        if isinstance(found, dict) and "/S" in found:
            yield found
            yield from _nodes(found)


def _fonts(reader: pypdf.PdfReader) -> Iterator[tuple[str, bool]]:
    """Every font with whether its shapes are in the document."""
    for page in reader.pages:
        resources: Any = page["/Resources"]
        for font in resources.get("/Font", {}).values():
            (descendant,) = font.get_object()["/DescendantFonts"]
            inside = descendant.get_object()["/FontDescriptor"].get_object()
            yield (
                str(font.get_object()["/BaseFont"]),
                any(name in inside for name in ("/FontFile2", "/FontFile3")),
            )
