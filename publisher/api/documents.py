"""The JSON documents of the API, as models, so that OpenAPI describes what is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from publisher.downloads.addresses import (
    download_address,
    release_address,
    release_download_address,
    statement_address,
    table_address,
)
from publisher.downloads.formats import FORMATS, RELEASE_FORMATS
from publisher.downloads.words import MARK
from publisher.released import Release, TableEntry


class Document(BaseModel):
    """A document with camelCase keys."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class DownloadLink(Document):
    """A file of a table."""

    format: str
    label: str
    media_type: str
    href: str


class TableSummary(Document):
    """A table of a release; ``sha256`` is of its released bytes."""

    table_id: str
    title: str
    rows: int
    withheld: int
    sha256: str
    href: str
    downloads: tuple[DownloadLink, ...]

    @classmethod
    def of(cls, release_id: str, entry: TableEntry) -> TableSummary:
        """Describe a table from its entry in the manifest."""
        return cls(
            table_id=entry.id,
            title=entry.title,
            rows=entry.rows,
            withheld=entry.withheld,
            sha256=entry.sha256,
            href=table_address(release_id, entry.id),
            downloads=tuple(
                DownloadLink(
                    format=offered.id,
                    label=offered.label,
                    media_type=offered.media_type,
                    href=download_address(release_id, entry.id, offered.id),
                )
                for offered in FORMATS
            ),
        )


class TableList(Document):
    """The tables of a release; ``downloads`` have all of them in one file."""

    release_id: str
    synthetic: bool
    mark: str
    tables: tuple[TableSummary, ...]
    downloads: tuple[DownloadLink, ...]

    @classmethod
    def of(cls, release: Release) -> TableList:
        """List the tables of a release."""
        manifest = release.manifest
        return cls(
            release_id=manifest.release_id,
            synthetic=manifest.synthetic,
            mark=mark_of(release),
            tables=tuple(TableSummary.of(manifest.release_id, entry) for entry in manifest.tables),
            downloads=tuple(
                DownloadLink(
                    format=offered.id,
                    label=offered.label,
                    media_type=offered.media_type,
                    href=release_download_address(manifest.release_id, offered.id),
                )
                for offered in RELEASE_FORMATS
            ),
        )


class PeriodSummary(Document):
    """A period that a release counts in."""

    code: int
    label: str
    starts_on: date
    ends_on: date
    reference_on: date


class Protection(Document):
    """The verdict on protection: never a reason, an interval or a certificate."""

    rules: str
    verified: bool
    exactly_exposed: int
    too_narrow: int


class ReleaseSummary(Document):
    """A release in a list; ``sha256`` names its signed statement, ``reason`` says why it went.

    ``supersedes`` is the release that it replaced, ``supersededBy`` the one that replaced it.
    """

    release_id: str
    title: str
    state: str
    synthetic: bool
    mark: str
    version: str
    provisional: bool
    published_at: datetime
    supersedes: str
    superseded_by: str
    reason: str
    sha256: str
    href: str

    @classmethod
    def of(cls, release: Release, replaced: Mapping[str, str]) -> ReleaseSummary:
        """Describe a release in short; ``replaced`` is of every release (`successors`)."""
        return cls(**_summary(release, replaced))


class ReleaseDetail(ReleaseSummary):
    """A release in full."""

    region: str
    region_name: str
    round_id: str
    revision: int
    policy_version: str
    policy_sha256: str
    dpia_version: str
    reference_sha256: str
    software: str
    periods: tuple[PeriodSummary, ...]
    covered_municipalities: dict[str, tuple[int, ...]]
    sources: tuple[str, ...]
    protection: Protection
    statement: str

    @classmethod
    def of(cls, release: Release, replaced: Mapping[str, str]) -> ReleaseDetail:
        """Describe a release in full; ``replaced`` is of every release (`successors`)."""
        manifest = release.manifest
        return cls(
            **_summary(release, replaced),
            region=manifest.region,
            region_name=manifest.region_name,
            round_id=manifest.round_id,
            revision=manifest.revision,
            policy_version=manifest.policy_version,
            policy_sha256=manifest.policy,
            dpia_version=manifest.dpia_version,
            reference_sha256=manifest.reference,
            software=manifest.software,
            periods=tuple(
                PeriodSummary(
                    code=period.code,
                    label=period.label,
                    starts_on=period.starts_on,
                    ends_on=period.ends_on,
                    reference_on=period.reference_on,
                )
                for period in manifest.periods
            ),
            covered_municipalities=manifest.covered,
            sources=manifest.sources,
            protection=Protection(**manifest.proof.model_dump()),
            statement=statement_address(manifest.release_id),
        )


class ReleaseList(Document):
    """Every release that was ever published, newest first."""

    releases: tuple[ReleaseSummary, ...]


def mark_of(release: Release) -> str:
    """The synthetic mark of a release, or nothing."""
    return MARK if release.manifest.synthetic else ""


def successors(releases: Sequence[Release]) -> dict[str, str]:
    """By which release each was replaced; by the newest, where more than one did.

    Args:
        releases: every one that was ever published, newest first.
    """
    return {
        each.manifest.supersedes: each.manifest.release_id
        for each in reversed(releases)
        if each.manifest.supersedes
    }


def _summary(release: Release, replaced: Mapping[str, str]) -> dict[str, Any]:
    manifest = release.manifest
    return {
        "release_id": manifest.release_id,
        "title": manifest.title,
        "state": release.state,
        "synthetic": manifest.synthetic,
        "mark": mark_of(release),
        "version": manifest.version,
        "provisional": manifest.provisional,
        "published_at": release.published_at,
        "reason": release.reason,
        "supersedes": manifest.supersedes,
        "superseded_by": replaced.get(manifest.release_id, ""),
        "sha256": release.sha256,
        "href": release_address(manifest.release_id),
    }
