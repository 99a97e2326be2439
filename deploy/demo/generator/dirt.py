"""Dirt as real extracts have it, at known rates; every flaw leaves its mark on the row.

Source of the rates: experience with municipal extracts, as an estimate.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from deploy.demo.generator.care import CareWriter
from deploy.demo.generator.drafts import Draft, days_of
from deploy.demo.generator.numbers import SENTINELS, broken, with_separators
from deploy.demo.generator.places import PLACES
from deploy.demo.generator.traps import claimed_again
from deploy.demo.generator.truth import Dirt, Enrolment, School, Trajectory

INVALID, SENTINEL, SEPARATORS = 0.003, 0.002, 0.015
DUO_SHARE = 0.1  # DUO checks its numbers: a tenth of the invalid ones of the municipalities
ADULT, CANCELLED, NO_REFERRER, LOWER_CASE = 0.005, 0.01, 0.06, 0.01
CLAIMED_TWICE, EMPTY_AS_1900, LOST_ZERO = 0.005, 0.003, 0.05
UNKNOWN_SCHOOL, DOUBLE = 0.002, 0.007
_EMPTY = date(1900, 1, 1)
UNKNOWN_CODES = ("98QA00", "98QB01", "98QC00")
WORKBOOK_MUNICIPALITY = 294


class Soiler:
    """Puts dirt on drafts; leaves those alone that a trap or tracer needs."""

    def __init__(self, schools: list[School], spared: frozenset[str], writer: CareWriter,
                 numbers: Iterator[str], chance: random.Random) -> None:  # fmt: skip
        self._of_kind: dict[str, list[str]] = {}
        self._kind_of = {school.code: school.kind for school in schools}
        for school in schools:
            if school.code not in spared and not school.merges_into:
                self._of_kind.setdefault(school.kind, []).append(school.code)
        self._writer, self._numbers, self._chance = writer, numbers, chance

    def soil(self, drafts: list[Draft]) -> list[Draft]:
        """Soil all rows; returns the parents on whom care was booked."""
        adults: list[Draft] = []
        cancelled: list[Trajectory] = []
        for draft in drafts:
            if not draft.protected:
                self._soil_enrolments(draft)
                adults += self._to_parent(draft)
                cancelled += self._add_cancelled(draft)
                self._claim_twice(draft)
        self._cancelled_of_others(drafts, cancelled)
        for draft in drafts + adults:
            draft.trajectories = [
                self._soil_trajectory(row, draft.protected) for row in draft.trajectories
            ]
        return adults

    def _soil_enrolments(self, draft: Draft) -> None:
        chance = self._chance
        for index, row in enumerate(draft.enrolments):
            value = chance.random()
            if value < UNKNOWN_SCHOOL:
                changed = replace(row, school=chance.choice(UNKNOWN_CODES))
                draft.enrolments[index] = _marked(changed, Dirt.UNKNOWN_SCHOOL)
            elif value < UNKNOWN_SCHOOL + (INVALID + SENTINEL) * DUO_SHARE:
                draft.enrolments[index] = self._refused(row)
            elif value > 1 - DOUBLE and not row.dirt and row.left_on is None:
                draft.enrolments.append(self._second(row))

    def _refused(self, row: Enrolment) -> Enrolment:
        if self._chance.random() < INVALID / (INVALID + SENTINEL):
            return _marked(replace(row, written=broken(row.written)), Dirt.INVALID_NUMBER)
        sentinel = self._chance.choice(SENTINELS)
        return _marked(replace(row, written=sentinel), Dirt.SENTINEL_NUMBER)

    def _second(self, row: Enrolment) -> Enrolment:
        """An enrolment at another school; some claim to be the main one as well."""
        chance = self._chance
        others = self._of_kind[self._kind_of[row.school]]
        other = chance.choice([code for code in others if code != row.school])
        elsewhere = chance.random() < 0.1
        residence = chance.choice(PLACES).code if elsewhere else row.residence
        second = replace(row, school=other, main=chance.random() < 0.3, residence=residence)
        return _marked(second, Dirt.DOUBLE_ENROLMENT)

    def _to_parent(self, draft: Draft) -> list[Draft]:
        adults = []
        for row in list(draft.trajectories):
            if self._chance.random() < ADULT:
                draft.trajectories.remove(row)
                number = next(self._numbers)
                born = draft.born_on - timedelta(days=365 * 30 + self._chance.randrange(2_000))
                moved = replace(row, written=number, dirt=row.dirt | {Dirt.ADULT_NUMBER})
                adults.append(Draft(number, "B", born, self._chance.randint(1, 2), [], [moved]))
        return adults

    def _add_cancelled(self, draft: Draft) -> list[Trajectory]:
        """Cancelled rows beside a real one; returns those meant for another child."""
        for_others = []
        for row in list(draft.trajectories):
            if self._chance.random() < CANCELLED:
                cancelled = self._cancelled(row)
                if self._chance.random() < 0.5:
                    draft.trajectories.append(cancelled)
                else:
                    for_others.append(cancelled)
        return for_others

    def _cancelled(self, row: Trajectory) -> Trajectory:
        first, _ = days_of(row)
        return replace(
            row,
            assignment=self._writer.next_assignment(row.municipality),
            assigned_from=first,
            assigned_until=first,
            started_on=None,
            stopped_on=None,
            end_reason="",
            change_reason="13",
            declarations=(),
            dirt=row.dirt | {Dirt.CANCELLED},
        )

    def _cancelled_of_others(self, drafts: list[Draft], rows: list[Trajectory]) -> None:
        """Give cancelled rows to children without care, who must not become clients."""
        children = [d for d in drafts if d.kind == "B" and not d.trajectories and not d.protected]
        chosen = self._chance.sample(children, min(len(rows), len(children)))
        for row, child in zip(rows, chosen, strict=False):
            child.trajectories.append(replace(row, written=child.number))

    def _claim_twice(self, draft: Draft) -> None:
        if draft.trajectories and self._chance.random() < CLAIMED_TWICE:
            row = claimed_again(draft.trajectories[0], self._writer)
            draft.trajectories.append(replace(row, dirt=row.dirt | {Dirt.CLAIMED_TWICE}))

    def _soil_trajectory(self, row: Trajectory, protected: bool) -> Trajectory:
        marks = set(row.dirt)
        if row.agb.startswith("0") and (
            row.municipality == WORKBOOK_MUNICIPALITY or self._chance.random() < LOST_ZERO
        ):
            # In a workbook the code is a number, so that the zero is always lost.
            marks.add(Dirt.AGB_LOST_ZERO)
        if not protected:
            row, more = self._soil_fields(*self._soil_number(row))
            marks |= more
        return replace(row, dirt=frozenset(marks)) if marks != row.dirt else row

    def _soil_number(self, row: Trajectory) -> tuple[Trajectory, set[Dirt]]:
        value = self._chance.random()
        if value < INVALID:
            return replace(row, written=broken(row.written)), {Dirt.INVALID_NUMBER}
        if value < INVALID + SENTINEL:
            sentinel = self._chance.choice(SENTINELS)
            return replace(row, written=sentinel), {Dirt.SENTINEL_NUMBER}
        if value < INVALID + SENTINEL + SEPARATORS:
            style = self._chance.randint(0, 1)
            return replace(row, written=with_separators(row.written, style)), {Dirt.SEPARATORS}
        return row, set()

    def _soil_fields(self, row: Trajectory, marks: set[Dirt]) -> tuple[Trajectory, set[Dirt]]:
        chance = self._chance
        if chance.random() < NO_REFERRER:
            row = replace(row, referrer="")
            marks.add(Dirt.NO_REFERRER)
        if chance.random() < LOWER_CASE and row.product != row.product.lower():
            row = replace(row, product=row.product.lower())
            marks.add(Dirt.LOWER_CASE_CODE)
        empty = None in (row.assigned_until, row.started_on, row.stopped_on)
        cancelled = Dirt.CANCELLED in row.dirt
        if empty and not cancelled and chance.random() < EMPTY_AS_1900:
            row = replace(
                row,
                assigned_until=row.assigned_until or _EMPTY,
                started_on=row.started_on or _EMPTY,
                stopped_on=row.stopped_on or _EMPTY,
            )
            marks.add(Dirt.EMPTY_AS_1900)
        return row, marks


def _marked(row: Enrolment, mark: Dirt) -> Enrolment:
    return replace(row, dirt=row.dirt | {mark})
