"""Checks against the release that readers have now."""

from __future__ import annotations

from publisher.changes import (
    BREAKING,
    FIRST_VERSION,
    Contents,
    changes_between,
    is_higher,
    next_version,
)
from publisher.screening.subject import KEY, Places, Screened, frame_of, places

_JUMP, _AT_LEAST = 0.10, 10


def supersedes(it: Screened) -> Places:
    """The manifest names the release that this one takes the place of."""
    expected = it.previous.manifest.release_id if it.previous else ""
    if it.manifest.supersedes != expected:
        yield "manifest"


def _expected_version(it: Screened) -> str:
    if it.previous is None:
        return FIRST_VERSION
    changes = changes_between(Contents.of(it.previous), Contents.of(it.release))
    return next_version(it.previous.manifest.version, changes)


def version_higher(it: Screened) -> Places:
    """The version is above the one before."""
    if it.previous and not is_higher(it.manifest.version, it.previous.manifest.version):
        yield "manifest"


def version_fits(it: Screened) -> Places:
    """The version says whether something was removed or redefined."""
    if it.manifest.version != _expected_version(it):
        yield "manifest"


def changes_listed(it: Screened) -> Places:
    """The list of changes is what a comparison gives."""
    found = (
        changes_between(Contents.of(it.previous), Contents.of(it.release)) if it.previous else ()
    )
    if it.manifest.changes != found:
        yield "manifest"


def breaking(it: Screened) -> Places:
    """Nothing that readers use was removed or redefined."""
    for change in it.manifest.changes:
        if change.kind in BREAKING:
            yield f"{change.table}: {change.kind} {change.what}".strip()


def corrected(it: Screened) -> Places:
    """A published figure that changes much."""
    if it.previous is None:
        return
    for table in it.previous.tables:
        before = frame_of(table).set_index(KEY)["value"]
        rows = it.cells.join(before.rename("before"), on=KEY, how="inner")
        change = (rows["value"] - rows["before"]).abs()
        large = (change > _AT_LEAST) & (change > rows["before"].abs() * _JUMP)
        yield from places(rows[large.fillna(False)])


def final_again(it: Screened) -> Places:
    """After definitive figures no provisional ones of the same periods."""
    if it.previous is None or it.previous.manifest.provisional or not it.manifest.provisional:
        return
    final = {period.code for period in it.previous.manifest.periods}
    yield from (each.label for each in it.manifest.periods if each.code in final)


def embargo(it: Screened) -> Places:
    """An embargo ends after the release was made."""
    if it.manifest.not_before is not None and it.manifest.not_before <= it.manifest.made_at:
        yield "manifest"
