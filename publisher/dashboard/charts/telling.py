"""The words of a chart: what it is about, where its figures come from, and what to know of them."""

from __future__ import annotations

from publisher.dashboard.charts.data import ChartKey
from publisher.dashboard.findings import Findings
from publisher.dashboard.language import _
from publisher.dashboard.units import kind_of, title_of
from publisher.downloads.words import MARK, STATUS_WORDS
from publisher.released import Cell, CellStatus
from shared.contract.periods import Period
from shared.reference import Level


def this_words(level: Level) -> str:
    """How a chart names the line of its own unit."""
    kind = kind_of(level)
    if kind is not None:
        return _(kind.this)
    if level is Level.ARRANGEMENT:
        return _("scholen met het arrangement")
    return _("alle scholen")


def mark_of(findings: Findings) -> str:
    """The synthetic mark, or nothing."""
    return _(MARK) if findings.manifest.synthetic else ""


def source_of(findings: Findings) -> str:
    """The line under a chart that says where it comes from."""
    release = findings.manifest.release_id
    return _("Bron: Monitor Onderwijs-Jeugdhulp, uitgave {release}", release=release)


def unit_title(findings: Findings, key: ChartKey) -> str:
    """The unit of a chart as its title."""
    name = findings.name_of(key.level, key.unit) or key.unit
    if key.level is Level.REGION:
        return _("{name}: alle scholen in de regio", name=name)
    return title_of(key.level, name)


def in_words(text: str, name: str, label: str, years: str) -> str:
    """A chart in words, for whoever cannot see it."""
    told = text.format(name=name, label=label, years=years)
    return f"{told} {_('Dezelfde cijfers staan in de tabel bij deze grafiek.')}"


def label_of(findings: Findings, key: ChartKey) -> str:
    """What the values of a chart are."""
    return _(findings.measure_labels.get(key.measure, key.measure))


def years_of(findings: Findings) -> str:
    """From the first to the last period that is shown."""
    first, last = findings.periods[0].label, findings.latest.label
    return _("{first} tot en met {last}", first=first, last=last)


def start_of(findings: Findings, key: ChartKey) -> str:
    """The day on which the arrangement of a chart starts, as it stands in the bundle."""
    if key.level is not Level.ARRANGEMENT:
        return ""
    joint = (each for each in findings.arrangements if str(each.number) == key.unit)
    return next((each.starts_on for each in joint), "")


def note_of(cell: Cell | None, period: Period, findings: Findings, start: str) -> str:
    """What to know of a period: why there is no value, a trend break, a start."""
    notes = [status_note(cell)]
    if period.code in findings.breaks:
        notes.append(_("trendbreuk"))
    if start and period.starts_on.isoformat() <= start <= period.ends_on.isoformat():
        notes.append(_("start"))
    return ", ".join(note for note in notes if note)


def status_note(cell: Cell | None) -> str:
    """Why there is no value; nothing where there is one."""
    if cell is None:
        return _(STATUS_WORDS[CellStatus.NOT_AVAILABLE])
    return "" if cell.value is not None else _(STATUS_WORDS[cell.status])
