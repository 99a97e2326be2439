"""Rows of the care files from spells: assignments, renewals and care beside the main care."""

from __future__ import annotations

from datetime import date, timedelta

from deploy.demo.generator.declarations import declare
from deploy.demo.generator.places import PLACES
from deploy.demo.generator.products import (
    OUTSIDE_YOUTH_CARE,
    PRODUCTS,
    Menu,
    Product,
    draw_referrer,
)
from deploy.demo.generator.providers import Market
from deploy.demo.generator.random_streams import dice
from deploy.demo.generator.spells import Spell
from deploy.demo.generator.truth import Provider, Trajectory

_BESIDE = (0.70, 0.23, 0.07)  # chance of none, one or two rows beside the first
_OUTSIDE, _BUDGET, _RENEWED = 0.05, 0.022, 0.3
_RENEW_AFTER = 450
_NO_START_MESSAGE, _NO_STOP_MESSAGE, _NO_END = 0.10, 0.12, 0.25
# 31 as planned, 34 by agreement, 32 client, 33 provider, 35 external, 38 other provider, 20 pause
_END_REASONS = (("31", "34", "32", "33", "35", "38", "20"), (60, 10, 12, 4, 6, 5, 3))
_CHANGE_REASONS = (("", "03", "04", "05", "12"), (93, 1, 3, 1, 2))


class CareWriter:
    """Makes trajectories; numbers assignments per municipality."""

    def __init__(self, providers: list[Provider], reserved: frozenset[str], seed: int,
                 extracted_on: date) -> None:  # fmt: skip
        self._dice = dice(seed, "care")
        self._market = Market(providers, reserved)
        self._beside = Menu(PRODUCTS)
        self._outside = Menu(OUTSIDE_YOUTH_CARE)
        self._extracted_on = extracted_on
        self._assigned = dict.fromkeys((place.code for place in PLACES), 1_000_000)

    def rows(self, spell: Spell, number: str) -> list[Trajectory]:
        """Everything that one spell leaves in the files."""
        chance = self._dice
        rows = self._main(spell, number)
        # Nothing starts after the day on which the municipality made its extract.
        span = min(spell.ends, self._extracted_on.toordinal()) - spell.starts
        for _ in range(chance.choices((0, 1, 2), _BESIDE)[0]):
            starts = spell.starts + int(span * chance.random() * 0.6)
            ends = min(spell.ends, starts + int(chance.lognormvariate(5.6, 0.9)))
            product = self._beside.draw(spell.age, chance)
            rows.append(self.row(spell, product, starts, ends, number))
        if 4 <= spell.age <= 17 and chance.random() < _OUTSIDE:
            product = self._outside.draw(spell.age, chance)
            rows.append(self.row(spell, product, spell.starts, spell.ends + 90, number))
        return rows

    def _main(self, spell: Spell, number: str) -> list[Trajectory]:
        """The care of the spell itself; long care is often assigned anew, with an overlap."""
        renewed = spell.starts + 365
        too_short = spell.ends - spell.starts < _RENEW_AFTER
        if too_short or renewed > self._extracted_on.toordinal() or self._dice.random() > _RENEWED:
            return [self.row(spell, spell.product, spell.starts, spell.ends, number)]
        supplier = self._market.draw(PLACES[spell.place].code, spell.product.offer, self._dice)
        return [
            self.row(spell, spell.product, spell.starts, renewed, number, supplier),
            self.row(spell, spell.product, renewed, spell.ends, number, supplier),
        ]

    def row(
        self,
        spell: Spell,
        product: Product,
        starts: int,
        ends: int,
        number: str,
        supplier: tuple[Provider, str] | None = None,
        municipality: int | None = None,
    ) -> Trajectory:
        """One assignment with its declarations."""
        chance = self._dice
        code = municipality or PLACES[spell.place].code
        provider, agb = supplier or self._market.draw(code, product.offer, chance)
        first, last = date.fromordinal(starts), date.fromordinal(ends)
        from_, until, started, stopped = self._dates(first, last)
        running = last > self._extracted_on
        in_kind = chance.random() > _BUDGET
        year_ct = int(product.year_eur * 100 * chance.lognormvariate(-0.18, 0.6))
        return Trajectory(
            municipality=code,
            assignment=self.next_assignment(code),
            agb=agb,
            provider=provider.name,
            category=product.category,
            product=product.code,
            assigned_from=from_,
            assigned_until=until,
            started_on=started,
            stopped_on=stopped,
            end_reason="" if running else chance.choices(*_END_REASONS)[0],
            change_reason=chance.choices(*_CHANGE_REASONS)[0],
            referrer=draw_referrer(product, chance),
            funding="ZIN" if in_kind else "PGB",
            volume=product.week_volume,
            unit=product.unit,
            frequency="2",
            budget_ct=year_ct,
            legal_status="",
            declarations=declare(
                first, min(last, self._extracted_on), product.week_volume, year_ct, chance
            )
            if in_kind
            else (),
            written=number,
        )

    def next_assignment(self, municipality: int) -> str:
        """The next assignment number (toewijzingnummer) of a municipality."""
        self._assigned[municipality] += 1
        return str(self._assigned[municipality])

    def _dates(self, first: date, last: date) -> tuple[date, date | None, date | None, date | None]:
        """Assigned from and until, started and stopped, with what is usually missing."""
        chance = self._dice
        if chance.random() < _NO_START_MESSAGE:
            from_, started = first, None
        else:
            from_, started = first - timedelta(days=chance.randrange(15)), first
        no_end = chance.random() < _NO_END
        if last > self._extracted_on:
            return from_, None if no_end else last, started, None
        if not no_end and chance.random() < _NO_STOP_MESSAGE:
            return from_, last, started, None
        later = last + timedelta(days=chance.choice((0, 0, 0, 14, 60)))
        return from_, None if no_end else later, started, last
