"""What a municipality must deliver of each child, from the generator's truth.

The rules of a delivery in plain Python, after DESIGN 4 and DOMAIN 1: which rows count, overlapping
care of one form, provider and funding is one trajectory, a row per period, and declarations spread
by day over their own period. Imports nothing of the product.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from deploy.demo.generator.products import ARRANGEMENT_PRODUCTS
from deploy.demo.generator.truth import REFUSED, Declaration, Person, Trajectory
from tests.support.micro_rows import Care
from tests.support.oracle import form_of, known_date

_DOMAINS = {
    "31": 1, "32": 1, "33": 7, "34": 1, "35": 8, "36": 8, "37": 8, "38": 8, "40": 5, "41": 7,
    "43": 8, "44": 8, "45": 1, "46": 6, "50": 10, "51": 2, "52": 3, "53": 9, "54": 3, "55": 11,
}  # fmt: skip
_DYSLEXIA = {"54013": 4}
_END_REASONS = {"31": 1, "34": 2, "32": 3, "33": 4, "35": 5, "02": 8, "20": 8, "36": 8, "37": 8,
                "38": 8, "39": 8}  # fmt: skip
_RUNNING, _REASON_UNKNOWN, _REFERRER_UNKNOWN = 0, 9, 7
_DAY_CARE, _HALF_DAYS = 3, "16"
_LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class _Spell:
    """Care of one form by one provider, with what was declared on it; ``date.max`` runs on."""

    form: int
    provider: str
    funding: int
    starts: date
    ends: date
    domain: int
    referrer: int
    end_reason: int
    arrangement: int
    declared: tuple[tuple[Declaration, str], ...]


def care_rows_of(
    person: Person, who: int, years: Collection[int], municipalities: Collection[int]
) -> list[Care]:
    """The rows that every municipality delivers of a person, whom the rows call ``who``."""
    rows: list[Care] = []
    for municipality in municipalities:
        spells = [
            _spell(row)
            for row in person.trajectories
            if row.municipality == municipality and counts(row)
        ]
        merged = list(_merge(spells))
        first = min((spell.starts for spell in merged), default=date.max)
        for spell in merged:
            rows += _rows_of(spell, person, who, municipality, years, spell.starts == first)
    return rows


def counts(row: Trajectory) -> bool:
    """Whether a row is youth care that was not withdrawn, of a person whom one can know."""
    return not row.dirt & REFUSED and row.change_reason != "13" and form_of(row) is not None


def _spell(row: Trajectory) -> _Spell:
    form = form_of(row)
    starts = known_date(row.started_on) or known_date(row.assigned_from)
    assert form is not None
    assert starts is not None
    ends = known_date(row.stopped_on) or known_date(row.assigned_until) or date.max
    product = row.product.upper()
    return _Spell(
        form=form,
        provider=row.agb,
        funding={"ZIN": 1, "PGB": 2}[row.funding],
        starts=starts,
        ends=ends,
        domain=_DYSLEXIA.get(product, _DOMAINS[row.category]),
        referrer=int(row.referrer or _REFERRER_UNKNOWN),
        end_reason=_END_REASONS.get(row.end_reason, _REASON_UNKNOWN),
        arrangement=ARRANGEMENT_PRODUCTS.get(product, 0),
        declared=tuple((line, row.unit) for line in row.declarations),
    )


def _merge(spells: list[_Spell]) -> Iterator[_Spell]:
    """Overlapping care of one form, provider and funding is one trajectory."""
    kinds = sorted({(spell.form, spell.provider, spell.funding) for spell in spells})
    for kind in kinds:
        alike = [s for s in spells if (s.form, s.provider, s.funding) == kind]
        together: list[_Spell] = []
        for spell in sorted(alike, key=lambda each: (each.starts, each.ends)):
            if together and spell.starts > max(each.ends for each in together):
                yield _one(together)
                together = []
            together.append(spell)
        yield _one(together)


def _one(spells: list[_Spell]) -> _Spell:
    """From the first start to the last end; what is known first counts, the last end says why."""
    ends = max(spell.ends for spell in spells)
    last = [spell.end_reason for spell in spells if spell.ends == ends]
    domain = min(spells, key=lambda each: (each.starts, each.domain)).domain
    referrer = min(spells, key=lambda s: (s.referrer == _REFERRER_UNKNOWN, s.starts, s.referrer))
    arrangement = min(spells, key=lambda s: (s.arrangement == 0, s.starts, s.arrangement))
    return _Spell(
        spells[0].form,
        spells[0].provider,
        spells[0].funding,
        starts=min(spell.starts for spell in spells),
        ends=ends,
        domain=domain,
        referrer=referrer.referrer,
        end_reason=min(last, key=lambda reason: (reason == _REASON_UNKNOWN, reason)),
        arrangement=arrangement.arrangement,
        declared=tuple(line for spell in spells for line in spell.declared),
    )


def _rows_of(
    spell: _Spell,
    person: Person,
    who: int,
    municipality: int,
    years: Collection[int],
    first: bool,
) -> Iterator[Care]:
    """A row for every school year that the care has a day in."""
    in_care = [
        year for year in years if spell.starts <= _closes(year) and spell.ends >= _opens(year)
    ]
    for year in in_care:
        until = min(spell.ends, _closes(year))
        ended = spell.ends <= _closes(year)
        cents, half_days = _declared(spell, year, years, in_care)
        yield Care(
            person=who,
            municipality=municipality,
            form=spell.form,
            period=year - 2000,
            days=(until - max(spell.starts, _opens(year))).days + 1,
            started=spell.starts >= _opens(year),
            ended=ended,
            first=first,
            end_reason=spell.end_reason if ended else _RUNNING,
            domain=spell.domain,
            provider=spell.provider,
            referrer=spell.referrer,
            funding=spell.funding,
            since=min((until - spell.starts).days + 1, _LONGEST),
            age_at_start=_age(person.born_on, spell.starts),
            cost_eur=_whole(cents),
            half_days=max(_whole(half_days), 0),
            arrangement=spell.arrangement,
        )


def _declared(
    spell: _Spell, year: int, years: Collection[int], in_care: list[int]
) -> tuple[int, int]:
    """Cents, and hundredths of half days, that belong to this year's row.

    What falls in a year without care goes to the nearest year that has it, the earlier of two.
    """
    cents = half_days = 0
    for declared_in in years:
        nearest = min(in_care, key=lambda each: (abs(each - declared_in), each))
        if nearest != year:
            continue
        for line, unit in spell.declared:
            sign = -1 if line.credit else 1
            amount = line.submitted_ct if line.granted_ct is None else line.granted_ct
            cents += sign * _part(amount, line, declared_in)
            if unit == _HALF_DAYS and spell.form == _DAY_CARE:
                half_days += sign * _part(round(100 * line.volume), line, declared_in)
    return cents, half_days


def _part(amount: int, line: Declaration, year: int) -> int:
    """What of an amount falls in a school year, by day; the parts of all years add up to it."""
    days = (line.ends_on - line.starts_on).days + 1
    before = min(max((_opens(year) - line.starts_on).days, 0), days)
    until = min(max((_closes(year) - line.starts_on).days + 1, 0), days)
    return amount * until // days - amount * before // days


def _whole(hundredths: int) -> int:
    """Half a unit goes away from zero."""
    whole = (abs(hundredths) + 50) // 100
    return whole if hundredths >= 0 else -whole


def _age(born_on: date, on: date) -> int:
    return max(on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day)), 0)


def _opens(year: int) -> date:
    return date(year, 8, 1)


def _closes(year: int) -> date:
    return date(year + 1, 7, 31)
