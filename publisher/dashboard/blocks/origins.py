"""Where figures come from: their unit, day, release, permanent link and files."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from publisher.dashboard.findings import Findings
from publisher.dashboard.language import _, day
from publisher.dashboard.topics import Part, leading_of
from publisher.dashboard.words import unit_words
from publisher.downloads.addresses import download_address
from publisher.downloads.extract import EVERYTHING, Filters
from publisher.downloads.formats import FORMATS
from shared.reference import Level


@dataclass(frozen=True, slots=True)
class FileLink:
    """A file that readers can take away."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class FileGroup:
    """The files of one table, in every format."""

    title: str
    links: tuple[FileLink, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where figures come from, and how to cite them and take them away.

    Attributes:
        unit: what is counted.
        permalink: a page that shows these figures of this release, whatever comes after it.
        has_more: that page has categories that are not among those of a part.
    """

    about: str
    unit: str
    reference_on: str
    release: str
    permalink: str
    has_more: bool
    files: tuple[FileLink, ...]


def origin_of(
    findings: Findings, part: Part, level: Level | None = None, unit: str | None = None
) -> Origin:
    """Where the figures of a part come from, about a unit, a level or everything."""
    manifest, filters = findings.manifest, Filters(level=level, unit=unit)
    held = (
        part.measures if level is None else findings.measures_of(part.table, level, part.measures)
    )
    units = dict.fromkeys(filter(None, (unit_words(findings, measure) for measure in held)))
    title = _(findings.shelves[part.table].table.title)
    return Origin(
        about=title,
        unit=", ".join(units),
        reference_on=day(findings.latest.reference_on),
        release=manifest.release_id,
        permalink=permalink(manifest.release_id, part.table, level, unit),
        has_more=part.split
        and len(leading_of(findings, part, level, unit)) < len(findings.categories_of(part.table)),
        files=_links(manifest.release_id, part.table, filters),
    )


def permalink(release_id: str, table: str, level: Level | None, unit: str | None) -> str:
    """The page that shows figures of one release and no other."""
    wanted = {"uitgave": release_id, "tabel": table, "niveau": level or "", "eenheid": unit or ""}
    return f"/verkennen?{urlencode({name: value for name, value in wanted.items() if value})}"


def release_files(findings: Findings) -> tuple[FileGroup, ...]:
    """Files with every row of every table."""
    return tuple(
        FileGroup(_(entry.title), _links(findings.manifest.release_id, entry.id, EVERYTHING))
        for entry in findings.manifest.tables
    )


def _links(release_id: str, table: str, filters: Filters) -> tuple[FileLink, ...]:
    return tuple(
        FileLink(format_.label, download_address(release_id, table, format_.id, filters))
        for format_ in FORMATS
    )
