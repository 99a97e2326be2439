"""Documents about a release: what changed, what is measured, and about whom."""

from __future__ import annotations

from datetime import date

from publisher.api.documents import Document
from publisher.api.paging import Page
from publisher.changes import Contents, changes_between, next_version
from publisher.downloads.areas import area_labels
from publisher.downloads.columns import bounds_of
from publisher.downloads.extract import Extract
from publisher.released import Announcement, Cell, Change, MeasureNote, Release, cells_of
from shared.reference import Reference, School, municipality_key


class ChangeDocument(Document):
    """One change of a table."""

    table: str
    kind: str
    what: str
    cells: int

    @classmethod
    def of(cls, change: Change) -> ChangeDocument:
        """Describe a change."""
        return cls(table=change.table, kind=change.kind, what=change.what, cells=change.cells)


class ChangeList(Document):
    """What changed since another release; empty ``since`` for a first release."""

    release_id: str
    version: str
    since: str
    breaking: bool
    changes: tuple[ChangeDocument, ...]

    @classmethod
    def between(cls, release: Release, since: Release | None) -> ChangeList:
        """Compare two releases, or give the list that was signed with the release."""
        manifest = release.manifest
        if since is None:
            changes, before = manifest.changes, manifest.supersedes
        else:
            changes = changes_between(Contents.of(since), Contents.of(release))
            before = since.manifest.release_id
        return cls(
            release_id=manifest.release_id,
            version=manifest.version,
            since=before,
            breaking=next_version("1.0", changes) != "1.1",
            changes=tuple(ChangeDocument.of(change) for change in changes),
        )


class Indicator(Document):
    """What a measure means, and in which tables it stands."""

    id: str
    label: str
    unit: str
    definition: str
    caution: str
    tables: tuple[str, ...]


class IndicatorList(Document):
    """The measures of a release."""

    release_id: str
    indicators: tuple[Indicator, ...]

    @classmethod
    def of(cls, release: Release) -> IndicatorList:
        """Every measure, with the tables that have it."""
        having = {
            table.id: set(table.cells["measure"].unique().to_pylist()) for table in release.tables
        }
        return cls(
            release_id=release.manifest.release_id,
            indicators=tuple(
                _indicator(note, tuple(id_ for id_, found in having.items() if note.id in found))
                for note in release.manifest.measures
            ),
        )


def _indicator(note: MeasureNote, tables: tuple[str, ...]) -> Indicator:
    return Indicator(
        id=note.id,
        label=note.label,
        unit=note.unit,
        definition=note.definition,
        caution=note.caution,
        tables=tables,
    )


class AreaSummary(Document):
    """A municipality or samenwerkingsverband; ``area`` of a table or download takes its code."""

    code: str
    name: str


class AreaList(Document):
    """The region of a release and the areas in it."""

    release_id: str
    region: str
    region_name: str
    areas: tuple[AreaSummary, ...]

    @classmethod
    def of(cls, release: Release, reference: Reference | None) -> AreaList:
        """Every area in the region."""
        return cls(
            release_id=release.manifest.release_id,
            region=release.manifest.region,
            region_name=release.manifest.region_name,
            areas=tuple(AreaSummary(code=c, name=n) for c, n in area_labels(reference)),
        )


class SchoolSummary(Document):
    """A school location in the region, with the units above it; empty where it has none."""

    code: str
    name: str
    type: str
    municipality: str
    board: str
    swv_po: str
    swv_vo: str

    @classmethod
    def of(cls, school: School) -> SchoolSummary:
        """Describe a school from the public reference bundle."""
        return cls(
            code=school.code,
            name=school.name,
            type=school.type.value,
            municipality=municipality_key(school.municipality),
            board=school.board,
            swv_po=school.swv_po,
            swv_vo=school.swv_vo,
        )


class SchoolList(Document):
    """Schools in the region, by code."""

    release_id: str
    schools: tuple[SchoolSummary, ...]


def schools_of(reference: Reference | None) -> list[School]:
    """The schools in the region, by code."""
    schools = reference.schools if reference is not None else ()
    return sorted((each for each in schools if each.in_region), key=lambda each: each.code)


class Observation(Document):
    """One released cell, by its codes."""

    level: str
    unit: str
    period: int
    category: str
    measure: str
    value: float | None
    lower: float | None
    upper: float | None
    status: str

    @classmethod
    def of(cls, cell: Cell) -> Observation:
        """Describe a cell."""
        low, high = (None, None) if cell.value is None else bounds_of(cell.value, cell.status.value)
        return cls(
            level=cell.level.value,
            unit=cell.unit,
            period=cell.period,
            category=cell.category,
            measure=cell.measure,
            value=_scaled(cell.value, cell.decimals),
            lower=_scaled(low, cell.decimals),
            upper=_scaled(high, cell.decimals),
            status=cell.status.value,
        )


def _scaled(value: int | None, decimals: int) -> float | None:
    return None if value is None else value / 10**decimals


class ObservationPage(Document):
    """A page of released cells in released order; ``total`` counts those that fit the filters."""

    release_id: str
    table_id: str
    synthetic: bool
    mark: str
    total: int
    page: int
    page_size: int
    observations: tuple[Observation, ...]


def observation_page(part: Extract, total: int, page: Page) -> ObservationPage:
    """A page of the cells that fit the filters."""
    return ObservationPage(
        release_id=part.manifest.release_id,
        table_id=part.table.id,
        synthetic=part.manifest.synthetic,
        mark=part.mark,
        total=total,
        page=page.number,
        page_size=page.size,
        observations=tuple(Observation.of(cell) for cell in cells_of(part.rows)),
    )


class Expected(Document):
    """A line of the release calendar; ``movedFrom`` is the day that was announced before."""

    title: str
    expected_on: date
    provisional: bool
    moved_from: date | None


class Calendar(Document):
    """Releases that are announced and not yet published."""

    expected: tuple[Expected, ...]

    @classmethod
    def of(cls, announced: tuple[Announcement, ...]) -> Calendar:
        """The lines of the calendar."""
        return cls(
            expected=tuple(
                Expected(
                    title=each.title,
                    expected_on=each.expected_on,
                    provisional=each.provisional,
                    moved_from=each.moved_from,
                )
                for each in announced
            )
        )


class GovernanceDocument(Document):
    """A document that the service obeys, named by the hash of its bytes."""

    id: str
    title: str
    version: str
    status: str
    sha256: str


class GovernanceList(Document):
    """The documents in force."""

    documents: tuple[GovernanceDocument, ...]
