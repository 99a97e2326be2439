"""The figures that the services made about rounds and releases, as they lie beside the DPIA."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from linker.oversight.dpia_figures import LinkerFigures
from publisher.oversight.dpia_figures import PublisherFigures
from shared.errors import ConfigurationError
from shared.policy import explain

FOLDER: Final = "cijfers"


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of every round and release that was kept, in the order of their ids."""

    rounds: tuple[LinkerFigures, ...] = ()
    releases: tuple[PublisherFigures, ...] = ()


def read_figures(folder: Path) -> Figures:
    """Read every file of a folder; none where it does not exist.

    Raises:
        ConfigurationError: ``dpia-figures-invalid``, or ``dpia-figures-twice``.
    """
    rounds, releases = [], []
    for path in sorted(folder.glob("*.json")):
        found = _read(path)
        if isinstance(found, LinkerFigures):
            rounds.append(found)
        else:
            releases.append(found)
    for ids in ([each.round_id for each in rounds], [each.release_id for each in releases]):
        if len(ids) != len(set(ids)):
            raise ConfigurationError(
                "dpia-figures-twice",
                f"expected one file per round and release in {folder.name}, found two of one",
                hint="keep the newest",
            )
    return Figures(
        tuple(sorted(rounds, key=lambda each: each.round_id)),
        tuple(sorted(releases, key=lambda each: each.release_id)),
    )


def _read(path: Path) -> LinkerFigures | PublisherFigures:
    data = path.read_bytes()
    model = LinkerFigures if b"dpia-figures linker" in data else PublisherFigures
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise ConfigurationError(
            "dpia-figures-invalid",
            f"expected figures as a service wrote them in {path.name}: {explain(error)}",
            hint="make the file again with `linker dpia-figures` or `publisher dpia-figures`",
        ) from error
