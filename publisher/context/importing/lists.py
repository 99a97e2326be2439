"""Several files at once: a list that says of each which source it is, read whole or not at all."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field

from publisher.context.catalogue import Catalogue
from publisher.context.figures import Areas, Document, Figures
from publisher.context.importing.areas import AREAS, read_areas
from publisher.context.importing.reading import About, read_figures
from publisher.context.surveys.outcomes import Outcomes
from publisher.context.surveys.questions import questionnaires
from publisher.context.surveys.reading import read_outcomes
from shared.errors import InputError
from shared.files import read_file

SURVEY = "vragenlijst"
"""The source of a file of counted answers, of any group."""


class ListedFile(Document):
    """A file and what it is.

    Attributes:
        file: its name, in the folder of the list.
        period: of a file that does not say it itself.
    """

    file: Annotated[str, Field(pattern=r"^[^/\\]+$")]
    source: str
    period: str = ""
    retrieved_on: date | None = None


class ImportList(Document):
    """Files to import together."""

    files: Annotated[tuple[ListedFile, ...], Field(min_length=1)]


def load_list(path: Path) -> ImportList:
    """A list of files.

    Raises:
        InputError: ``context-list-invalid``.
    """
    try:
        text = read_file(path, "a list of files").decode("utf-8")
        return ImportList.model_validate(tomllib.loads(text))
    except ValueError as error:
        raise InputError(
            "context-list-invalid",
            f"expected in {path.name} a list of files, each with a file and a source",
            hint="docs/handleiding/context.md has an example",
        ) from error


def read_any(
    data: bytes, source_id: str, about: About, known: Catalogue, threshold: int
) -> Figures | Areas | Outcomes:
    """Whatever a file is, read as its source says.

    Args:
        threshold: the policy's, for counted answers.

    Raises:
        InputError: as the reader of the source does.
        NotFoundError: ``context-source-unknown``.
    """
    if source_id == AREAS.id:
        return read_areas(data, about)
    if source_id == SURVEY:
        return read_outcomes(data, questionnaires(), threshold, synthetic=about.synthetic)
    return read_figures(data, known.source(source_id), known, about)


def read_list(
    path: Path, known: Catalogue, threshold: int, *, today: date, synthetic: bool
) -> tuple[Figures | Areas | Outcomes, ...]:
    """Every file of a list; where one is refused, none is read.

    Args:
        today: when a file was retrieved of which the list says nothing.

    Raises:
        InputError: as ``read_any``; the message names the file.
    """
    found = []
    for each in load_list(path).files:
        about = About(each.retrieved_on or today, each.period, synthetic)
        data = read_file(path.parent / each.file, "a file of the list")
        try:
            found.append(read_any(data, each.source, about, known, threshold))
        except InputError as error:
            raise type(error)(
                error.code, f"{each.file}: {error.message}", hint=error.hint, about=each.file
            ) from error
    return tuple(found)
