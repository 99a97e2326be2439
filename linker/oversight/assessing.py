"""A linkage as its operator sees it: the report, beside the previous round, with alarms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from linker.oversight.alarms import Alarm, AlarmBands, find_alarms, in_english
from linker.store import LinkageRow, find_round
from linker.tallying.causes import Cause
from linker.tallying.linkages import (
    LINKED,
    Figures,
    figures_before,
    find_linkage,
    linked_before,
    open_report,
)
from linker.tallying.quality import Coverage, Line, Report
from linker.tallying.told import TOGETHER
from shared.clock import instant
from shared.reference import Reference
from shared.state.database import Database
from shared.state.round_keys import RoundKeys

FEW = "fewer than 10"

CAUSES = {
    Cause.REPEATED: "another row of the same pupil counts",
    Cause.NOT_LINKABLE: "a pupil without a citizen number",
    Cause.NOT_COVERED: "lives where enrolment or care was not delivered",
    Cause.NO_CARE: "no youth care known in the period",
    Cause.TOO_YOUNG: "not enrolled: younger than 4",
    Cause.GROWN_UP: "not enrolled: 18 or older",
    Cause.OTHER_PERIOD: "not enrolled in this period, but in another of the round",
    Cause.ABSENT: "of school age, and not known at a school",
}
"""Each cause in words, for the command line."""


@dataclass(frozen=True, slots=True)
class Assessed:
    """A report with what an operator must look at.

    Attributes:
        before: figures of the previous round; None in the first.
    """

    report: Report
    made_at: datetime
    before: Figures | None
    alarms: tuple[Alarm, ...]

    def linked_before(self, line: Line) -> int | None:
        """The share of a delivery that was linked in the previous round."""
        return (self.before or {}).get((line.supplier, line.schema_name, LINKED))

    def document(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            **self.report.model_dump(mode="json"),
            "made_at": instant(self.made_at),
            "alarms": [each.document() for each in self.alarms],
        }


def assess(
    database: Database,
    keys: RoundKeys,
    round_id: str,
    bands: AlarmBands,
    revision: int | None = None,
) -> Assessed:
    """The report of a linkage, with its alarms.

    Raises:
        StateError: ``round-unknown``, ``round-not-linked`` or ``round-key-absent``.
        GoneError: ``round-destroyed``.
    """
    with database.reading() as session:
        row = find_linkage(session, round_id, revision)
        report = open_report(row, keys)
        before = figures_before(session, row, synthetic=report.synthetic)
        gone = _schools_gone(session, row, synthetic=report.synthetic)
    return Assessed(report, row.made_at, before, find_alarms(report, before, gone, bands))


def _schools_gone(session: Session, row: LinkageRow, *, synthetic: bool) -> set[str]:
    """Schools of the region that the previous round's reference has and this one's has not."""
    before = linked_before(session, row, synthetic=synthetic)
    if before is None:
        return set()
    then, now = (
        {school.code for school in Reference.from_bytes(each.reference).schools if school.in_region}
        for each in (before, find_round(session, row.round_id))
    )
    return then - now


def as_text(assessed: Assessed) -> Iterator[str]:
    """The report as lines for a terminal."""
    report = assessed.report
    yield f"quality of {report.round_id} revision {report.revision}"
    for alarm in assessed.alarms:
        about = f"{' '.join(alarm.about)}: " if alarm.about else ""
        yield f"  {alarm.severity.value.upper()} {alarm.kind}: {about}{in_english(alarm)}"
    for line in report.lines:
        yield from _line(line, assessed.linked_before(line))
    for each in report.coverage:
        yield f"  {_coverage(each)}"
    yield f"  children claimed by two municipalities: {_count(report.double_claims)}"


def _line(line: Line, before: int | None) -> Iterator[str]:
    then = "" if before is None else f" (previous round {before} %)"
    yield (
        f"  {line.supplier:<16} {line.schema_name:<12} {line.rows:>8} rows, "
        f"{_count(line.persons)} persons, linked {_percent(line.linked_percent)}{then}"
    )
    yield f"    rows not linked: {_count(line.unlinked_rows)}"
    for cause, rows in line.unlinked or ():
        words = "other causes together" if cause == TOGETHER else CAUSES[Cause(cause)]
        yield f"      {rows:>8} {words}"
    shares = ", ".join(f"{name} {_percent(percent)}" for name, percent in line.unknown.items())
    yield f"    unknown codes: {shares}; repeated rows: {_count(line.repeats)}"


def _coverage(found: Coverage) -> str:
    absent = ", ".join(f"GM{code:04d}" for code in found.not_covered)
    return (
        f"{found.period}: {len(found.covered)} municipalities covered"
        + (f", not {absent}" if absent else "")
        + f"; {_percent(found.pupils_percent)} of the pupils delivered, "
        f"{_percent(found.duo_percent)} of DUO's pupils at schools of the region"
    )


def _count(value: int | None) -> str:
    return FEW if value is None else str(value)


def _percent(value: int | None) -> str:
    return "-" if value is None else f"{value} %"
