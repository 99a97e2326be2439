"""An edition: how a staged release is offered to readers, and how it follows the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.changes import FIRST_VERSION, Contents, changes_between, next_version
from publisher.released import Change, Manifest, Release, ReleasedTable
from shared.errors import InputError, StateError


@dataclass(frozen=True, slots=True)
class Edition:
    """What the publisher decides about a release besides its figures.

    Attributes:
        provisional: the figures may still change in a later release.
        not_before: the embargo: the instant before which readers may not see it.
    """

    provisional: bool = False
    not_before: datetime | None = None

    def __post_init__(self) -> None:
        if self.not_before is not None and self.not_before.tzinfo is None:
            raise InputError(
                "embargo-without-zone",
                "expected an instant with its time zone, found one without",
                hint="write it as 2027-01-15T09:00:00+01:00",
            )


DEFINITIVE = Edition()
"""Definitive figures without an embargo."""


def with_edition(
    manifest: Manifest,
    tables: Sequence[ReleasedTable],
    previous: Release | None,
    edition: Edition,
) -> Manifest:
    """The manifest with its version, its list of changes and what the publisher decided."""
    version = FIRST_VERSION
    changes: tuple[Change, ...] = ()
    if previous is not None:
        after = Contents.made(tables, manifest.measures)
        changes = changes_between(Contents.of(previous), after)
        version = next_version(previous.manifest.version, changes)
    return manifest.model_copy(
        update={
            "version": version,
            "changes": changes,
            "provisional": edition.provisional,
            "not_before": edition.not_before,
        }
    )


def check_embargo(manifest: Manifest, now: datetime) -> None:
    """Refuse to show a release to readers before its embargo ends.

    Raises:
        StateError: ``embargo-not-over``.
    """
    if manifest.not_before is not None and now < manifest.not_before:
        raise StateError(
            "embargo-not-over",
            f"expected {manifest.not_before.isoformat()} or later, found {now.isoformat()}",
            hint="publish the release when its embargo has ended",
        )
