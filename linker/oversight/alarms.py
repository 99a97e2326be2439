"""What an operator must look at after a linkage: compared with bands and with the previous round.

An alarm names suppliers, schools and columns, and whole per cents over many rows; never a count.

Source: DESIGN 5.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from linker.linkage.quality import SMALLEST_BASE
from linker.tallying.linkages import LINKED, ROWS, UNKNOWN, Figures, figures_of
from linker.tallying.quality import Report
from shared.round import SchemaName

Percent = Annotated[int, Field(ge=0, le=100)]
MOST_SCHOOLS = 10
"""Schools that one alarm names."""


class Severity(StrEnum):
    """How much it matters."""

    NOTICE = "notice"  # to know
    WARNING = "warning"  # look, before the tally is sent
    ALARM = "alarm"  # do not send before it is understood


class Kind(StrEnum):
    """What is the matter."""

    SUPPLIER_MISSING = "supplier-missing"
    MATCH_LOW = "match-low"
    MATCH_DIFFERS = "match-differs"
    UNKNOWN_CODES = "unknown-codes"
    UNKNOWN_RISES = "unknown-rises"
    LATE_MUTATIONS = "late-mutations"
    COVERAGE_CHANGES = "coverage-changes"
    SCHOOL_GONE = "school-gone"
    SCHOOL_EMPTIED = "school-emptied"


class AlarmBands(BaseModel):
    """From which figures there is an alarm; an operator sets them in the settings.

    Attributes:
        match_low_percent: care deliveries of which a smaller share is linked get an alarm.
        match_points: percentage points from the share in the previous round: a warning.
        match_alarm_points: an alarm.
        unknown_percent: share of unknown codes in a column: a warning.
        unknown_alarm_percent: an alarm.
        unknown_points: percentage points more than in the previous round: a warning.
        late_percent: by how many per cent the rows of an earlier period differ from those in the
            previous round: a notice.
        late_warning_percent: a warning.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    match_low_percent: Percent = 40
    match_points: Percent = 5
    match_alarm_points: Percent = 15
    unknown_percent: Percent = 10
    unknown_alarm_percent: Percent = 30
    unknown_points: Percent = 5
    late_percent: Percent = 2
    late_warning_percent: Percent = 10


DEFAULT_ALARM_BANDS = AlarmBands()


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing to look at.

    Attributes:
        about: the supplier and the schema; empty where it is about the round.
        places: what belongs in its sentence: columns, per cents, periods, schools.
    """

    kind: Kind
    severity: Severity
    about: tuple[str, ...] = ()
    places: tuple[str | int, ...] = ()

    def document(self) -> dict[str, Any]:
        """The alarm as JSON."""
        return {
            "kind": self.kind.value,
            "severity": self.severity.value,
            "about": list(self.about),
            "text": in_english(self),
        }


def find_alarms(
    report: Report,
    before: Figures | None,
    schools_gone: Collection[str],
    bands: AlarmBands,
) -> tuple[Alarm, ...]:
    """Everything that must be looked at, the gravest first.

    Args:
        before: figures of the round that was linked before this one; None in the first.
        schools_gone: schools of the region in that round's reference that are not in this one's.
    """
    found = [
        *(Alarm(Kind.SUPPLIER_MISSING, Severity.ALARM, each) for each in report.missing),
        *_by_itself(report, bands),
        *(_by_before(report, before, bands) if before is not None else ()),
        *_schools(Kind.SCHOOL_GONE, schools_gone),
        *_schools(Kind.SCHOOL_EMPTIED, report.emptied),
    ]
    return tuple(sorted(found, key=lambda each: list(Severity).index(each.severity), reverse=True))


def _by_itself(report: Report, bands: AlarmBands) -> Iterator[Alarm]:
    for line in report.lines:
        about = (line.supplier, line.schema_name)
        share = line.linked_percent
        is_care = line.schema_name == SchemaName.CARE.value
        if is_care and share is not None and share < bands.match_low_percent:
            yield Alarm(Kind.MATCH_LOW, Severity.ALARM, about, (share,))
        for column, percent in line.unknown.items():
            if (severity := _severity(percent, bands.unknown_percent,
                                      bands.unknown_alarm_percent)) is not None:  # fmt: skip
                yield Alarm(Kind.UNKNOWN_CODES, severity, about, (column, percent or 0))
    covered = {each.covered for each in report.coverage}
    if len(covered) > 1:
        yield Alarm(Kind.COVERAGE_CHANGES, Severity.WARNING)


def _by_before(report: Report, before: Figures, bands: AlarmBands) -> Iterator[Alarm]:
    for (supplier, schema, name), now in figures_of(report).items():
        then = before.get((supplier, schema, name))
        if then is None:
            continue
        about = (supplier, schema)
        if name == LINKED:
            severity = _severity(abs(now - then), bands.match_points, bands.match_alarm_points)
            if severity is not None:
                yield Alarm(Kind.MATCH_DIFFERS, severity, about, (now, then))
        elif name.startswith(ROWS) and min(now, then) >= SMALLEST_BASE:
            percent = 100 * abs(now - then) // then
            if percent >= bands.late_percent:
                is_large = percent >= bands.late_warning_percent
                severity = Severity.WARNING if is_large else Severity.NOTICE
                places = (2000 + int(name.removeprefix(ROWS)), percent)
                yield Alarm(Kind.LATE_MUTATIONS, severity, about, places)
        elif name.startswith(UNKNOWN) and then + bands.unknown_points <= now:
            column = name.removeprefix(UNKNOWN)
            yield Alarm(Kind.UNKNOWN_RISES, Severity.WARNING, about, (column, now, then))


def _severity(figure: int | None, warning: int, alarm: int) -> Severity | None:
    if figure is None or figure < warning:
        return None
    return Severity.ALARM if figure >= alarm else Severity.WARNING


def _schools(kind: Kind, schools: Collection[str]) -> Iterator[Alarm]:
    named = sorted(schools)
    if named:
        more = max(0, len(named) - MOST_SCHOOLS)
        yield Alarm(kind, Severity.WARNING, (), (", ".join(named[:MOST_SCHOOLS]), more))


_ENGLISH = {
    Kind.SUPPLIER_MISSING: "no delivery: its children are not counted",
    Kind.MATCH_LOW: "only {0} % of the persons with care are linked",
    Kind.MATCH_DIFFERS: "{0} % linked, {1} % in the previous round",
    Kind.UNKNOWN_CODES: "column {0}: {1} % of the rows have an unknown code",
    Kind.UNKNOWN_RISES: "column {0}: {1} % of the rows have an unknown code, {2} % before",
    Kind.LATE_MUTATIONS: "period from {0}: {1} % more or fewer rows than in the previous round",
    Kind.COVERAGE_CHANGES: "not every period has the same municipalities: a trend breaks there",
    Kind.SCHOOL_GONE: "schools of the previous round that the reference has no more: {0}{more}",
    Kind.SCHOOL_EMPTIED: "schools without pupils in the last period: {0}{more}",
}
_DUTCH = {
    Kind.SUPPLIER_MISSING: "geen levering: deze kinderen tellen niet mee",
    Kind.MATCH_LOW: "maar {0} % van de personen met hulp is gekoppeld",
    Kind.MATCH_DIFFERS: "{0} % gekoppeld, in de vorige ronde {1} %",
    Kind.UNKNOWN_CODES: "kolom {0}: {1} % van de rijen heeft een onbekende code",
    Kind.UNKNOWN_RISES: "kolom {0}: {1} % van de rijen heeft een onbekende code, eerst {2} %",
    Kind.LATE_MUTATIONS: "periode vanaf {0}: {1} % meer of minder rijen dan in de vorige ronde",
    Kind.COVERAGE_CHANGES: "niet elke periode heeft dezelfde gemeenten: daar breekt een trend",
    Kind.SCHOOL_GONE: "scholen uit de vorige ronde die niet meer in de lijst staan: {0}{more}",
    Kind.SCHOOL_EMPTIED: "scholen zonder leerlingen in de laatste periode: {0}{more}",
}


def in_english(alarm: Alarm) -> str:
    """What is the matter, for the command line."""
    return _in_words(alarm, _ENGLISH, "and {} more")


def in_dutch(alarm: Alarm) -> str:
    """What is the matter, for a page."""
    return _in_words(alarm, _DUTCH, "en nog {}")


def _in_words(alarm: Alarm, words: dict[Kind, str], and_more: str) -> str:
    left = alarm.places[1] if alarm.kind in (Kind.SCHOOL_GONE, Kind.SCHOOL_EMPTIED) else 0
    more = f" {and_more.format(left)}" if left else ""
    return words[alarm.kind].format(*alarm.places, more=more)
