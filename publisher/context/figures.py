"""What is kept of an imported file: its figures, with where they come from and what they mean.

A document stands by itself: it says with its figures what the source and the indicators were
called when it was imported, so that a later change of the catalogue changes nothing shown.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from shared.canonical import canonical_json, parse_canonical
from shared.errors import StateError

COUNTRY = "NL"
"""The area that is the whole country; any other is a municipality, such as ``GM0197``."""
AreaCode = Annotated[str, Field(pattern=r"^(NL|GM[0-9]{4})$")]
Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Document(BaseModel):
    """A part of something that is parsed: frozen, and unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Told(Document):
    """A text in both languages of the pages."""

    nl: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]

    def in_language(self, code: str) -> str:
        """The text in a language; in Dutch where there is no other."""
        return self.en if code == "en" else self.nl


class Kind(StrEnum):
    """How the parts of an indicator become a figure, and so whether areas add up."""

    COUNT = "count"  # the numerator; a larger area is the sum
    SHARE = "share"  # per cent of the denominator; a larger area divides the sums
    EUR = "eur"  # the numerator, in euros; a larger area is the sum
    GIVEN = "given"  # as the source gives it; a larger area cannot be known


class Checked(StrEnum):
    """What the layout of a source was checked against."""

    FILE = "file"  # a test reads an original file
    COLUMNS = "columns"  # the names of its columns are documented; no original file was at hand
    ASSUMED = "assumed"  # written down as expected; the first import will tell


class Indicator(Document):
    """What a figure is about.

    Attributes:
        theme: id of the theme under which it stands.
        meaning: what it says, and what it does not.
        decimals: of the figure as it is shown.
        forecast: the figures are expected and not counted.
    """

    id: Id
    theme: Id
    kind: Kind
    label: Told
    unit: Told
    meaning: Told
    decimals: Annotated[int, Field(ge=0, le=2)] = 0
    forecast: bool = False


class SourceNote(Document):
    """Where figures come from, as readers are told."""

    id: Id
    title: str
    holder: str
    page: str
    licence: str
    checked: Checked


class Value(Document):
    """The parts of one figure of one area; None where the source gives none.

    Attributes:
        numerator: of a count or a share whole; of ``given`` in units of 10 ** -decimals.
        denominator: of a share only.
    """

    indicator: Id
    area: AreaCode
    period: Annotated[str, Field(pattern=r"^[0-9]{4}(/[0-9]{4})?$")]
    numerator: int | None
    denominator: int | None = None


class Figures(Document):
    """What was read from one file of open data.

    Attributes:
        sha256: of the original file.
        synthetic: invented for a demonstration.
    """

    format: Literal["MOJ/1 context figures"] = "MOJ/1 context figures"
    source: SourceNote
    sha256: Sha256
    retrieved_on: date
    synthetic: bool
    indicators: Annotated[tuple[Indicator, ...], Field(min_length=1)]
    values: Annotated[tuple[Value, ...], Field(min_length=1)]


class SwvArea(Document):
    """A samenwerkingsverband and the municipalities in which it works.

    Attributes:
        whole: names of municipalities that lie in it with every postcode.
        partly: names of municipalities that it shares with another.
    """

    code: Annotated[str, Field(pattern=r"^(PO|VO)[0-9]{4}$")]
    whole: tuple[str, ...]
    partly: tuple[str, ...]


class Areas(Document):
    """Which municipalities make up which samenwerkingsverband."""

    format: Literal["MOJ/1 context areas"] = "MOJ/1 context areas"
    source: SourceNote
    sha256: Sha256
    retrieved_on: date
    synthetic: bool
    swvs: Annotated[tuple[SwvArea, ...], Field(min_length=1)]


def to_bytes(document: Document) -> bytes:
    """Canonical JSON of a document."""
    return canonical_json(document.model_dump(mode="json"))


AnyDocument = TypeVar("AnyDocument", bound=Document)


def from_bytes(data: bytes, model: type[AnyDocument]) -> AnyDocument:
    """A document as it was kept.

    Raises:
        StateError: ``context-kept-invalid`` when the database holds something else.
    """
    try:
        return model.model_validate(parse_canonical(data))
    except ValueError as error:
        raise StateError(
            "context-kept-invalid",
            "expected context figures as they were kept, found something else",
            hint="withdraw them and import the original file again",
        ) from error
