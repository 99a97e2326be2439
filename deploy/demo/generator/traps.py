"""Planted situations that give somebody away when a publication is careless, and tracers.

The plan is made before anybody is simulated; the traps are sprung on the finished drafts.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date

from deploy.demo.generator.care import CareWriter
from deploy.demo.generator.drafts import Draft, overlaps_year, reference_on
from deploy.demo.generator.places import PLACES
from deploy.demo.generator.products import BY_CODE, Product, form_of
from deploy.demo.generator.spells import Spell
from deploy.demo.generator.truth import Provider, School, Tracer, Trajectory, Trap

_PLACE_INDEX = {place.code: index for index, place in enumerate(PLACES)}
_TRACER_PRODUCTS = ("43A13", "44A12", "44A07", "43A22", "41A11", "46A03", "45A01", "45A04")
_REMAINDER, _ONE_PROVIDER_CHILDREN = 3, 6


@dataclass(frozen=True, slots=True)
class TrapPlan:
    """Which schools and which provider play a part; empty where the region has none that fits."""

    residential: tuple[str, ...]
    one_client: str
    remainder: tuple[str, str]
    one_provider: str
    provider: Provider
    boundary: tuple[str, ...]
    merger: tuple[str, str]
    merger_year: int

    @property
    def schools(self) -> frozenset[str]:
        """Every school of which the counts must stay as planted."""
        return frozenset({self.one_client, *self.remainder, self.one_provider, *self.residential})


def plan_traps(
    schools: list[School], providers: list[Provider], first_year: int, years: int
) -> TrapPlan:
    """Choose the schools; the same schools give the same plan."""
    inside = [school for school in schools if school.in_region]
    primary = sorted(
        (school for school in inside if school.kind == "BO"),
        key=lambda school: (school.pupils, school.code),
    )
    special = sorted(
        (school for school in inside if school.kind == "VSO"),
        key=lambda school: (school.pupils, school.code),
    )
    together: dict[tuple[str, int], list[School]] = defaultdict(list)
    for school in inside:
        together[school.kind, school.municipality].append(school)
    pairs = [group for (kind, _), group in together.items() if len(group) == 2 and kind == "VO"]
    pair = min(pairs, key=lambda group: sum(school.pupils for school in group))
    largest = sorted(pair, key=lambda school: (-school.pupils, school.code))
    in_middle = primary[len(primary) // 2]
    merging = [s for s in primary[8:] if s.municipality == in_middle.municipality][:2]
    old, new = (merging[0].code, merging[1].code) if years > 1 else ("", "")
    return TrapPlan(
        residential=tuple(school.code for school in special[:2]),
        one_client=primary[2].code,
        remainder=(largest[0].code, largest[1].code),
        one_provider=primary[len(primary) * 3 // 4].code,
        provider=next(p for p in reversed(providers) if "talk" in p.forms and len(p.agb) == 1),
        boundary=tuple(s.code for s in inside if s.municipality == 1876 and s.swv_po == "PO2501"),
        merger=(old, new),
        merger_year=first_year + max(0, years // 2 - 1),
    )


def with_merger(schools: list[School], plan: TrapPlan) -> list[School]:
    """The schools, of which one closes and goes on at another."""
    old, new = plan.merger
    return [
        replace(school, closes=plan.merger_year, merges_into=new) if school.code == old else school
        for school in schools
    ]


class Trapper:
    """Springs the traps of one year on the drafts."""

    def __init__(
        self,
        drafts: list[Draft],
        schools: list[School],
        writer: CareWriter,
        plan: TrapPlan,
        year: int,
    ) -> None:
        self._writer, self._plan, self._year = writer, plan, year
        inside = {school.code for school in schools if school.in_region}
        self._at: dict[str, list[Draft]] = defaultdict(list)
        for draft in drafts:
            row = draft.enrolment_on(reference_on(year), year)
            if row is not None and row.school in inside and draft.kind == "B":
                self._at[row.school].append(draft)

    def spring(self) -> tuple[Trap, ...]:
        """Change the drafts and say what was planted."""
        plan, year = self._plan, self._year
        self._keep_clients(plan.one_client, 1)
        self._keep_clients(plan.remainder[1], _REMAINDER)
        self._one_provider()
        traps = (
            Trap("a", "school with one client", (plan.one_client,), year),
            Trap("b", "municipality × type is one school and a small rest", plan.remainder, year),
            Trap("c", "samenwerkingsverband cuts a municipality", plan.boundary, year),
            Trap("d", "one provider serves one school", (plan.one_provider,), year,
                 plan.provider.group),
            Trap("e", "residential schools where nearly all are clients", plan.residential, year),
            Trap("f", "one school closes and goes on at another", plan.merger, plan.merger_year),
            self._claim_twice(),
        )  # fmt: skip
        return tuple(trap for trap in traps if all(trap.schools))

    def tracers(self) -> tuple[Tracer, ...]:
        """Plant children who alone have their form at their school."""
        tracers: list[Tracer] = []
        schools = sorted(code for code in self._at if code not in self._plan.schools)
        for index, code in enumerate(_TRACER_PRODUCTS):
            product = BY_CODE[code]
            form = form_of(product.category, product.code)
            # Spread over the schools: start the search at another one for every tracer.
            start = index * len(schools) // len(_TRACER_PRODUCTS)
            for school in schools[start:] + schools[:start]:
                children = self._free_children(school)
                if children and not self._has_form(school, form):
                    child = children[index * len(children) // len(_TRACER_PRODUCTS)]
                    self._plant(child, product)
                    age = child.age_on(reference_on(self._year))
                    tracers.append(Tracer(child.number, school, age, form, self._year))
                    break
        return tuple(tracers)

    def objectors(self, municipality: int, count: int) -> None:
        """Let some clients of a municipality object."""
        children = [
            draft
            for code in sorted(self._at)
            if code not in self._plan.schools
            for draft in self._at[code]
            if not draft.protected
            and any(
                row.municipality == municipality and self._is_care(row)
                for row in draft.trajectories
            )
        ]
        step = max(1, len(children) // max(count, 1))
        for draft in children[::step][:count]:
            draft.objects = True
            draft.protected = True

    def _is_care(self, row: Trajectory) -> bool:
        return overlaps_year(row, self._year) and form_of(row.category, row.product) < 90

    def _is_client(self, draft: Draft) -> bool:
        return any(self._is_care(row) for row in draft.trajectories)

    def _free_children(self, school: str) -> list[Draft]:
        return [d for d in self._at[school] if not d.trajectories and not d.protected]

    def _has_form(self, school: str, form: int) -> bool:
        return any(
            overlaps_year(row, self._year) and form_of(row.category, row.product) == form
            for draft in self._at[school]
            for row in draft.trajectories
        )

    def _keep_clients(self, school: str, count: int) -> None:
        """Leave exactly ``count`` clients at a school, or plant them."""
        clients = [draft for draft in self._at[school] if self._is_client(draft)]
        for draft in clients[count:]:
            draft.trajectories = [row for row in draft.trajectories if not self._is_care(row)]
        kept = clients[:count]
        for child in self._free_children(school)[: count - len(kept)]:
            self._plant(child, BY_CODE["45A48"])
        for draft in self._at[school]:
            draft.protected = True

    def _one_provider(self) -> None:
        """Children of one school get care from a provider that serves nobody else."""
        plan = self._plan
        for child in self._free_children(plan.one_provider)[:_ONE_PROVIDER_CHILDREN]:
            self._plant(child, BY_CODE["45A48"], (plan.provider, plan.provider.agb[0]))

    def _claim_twice(self) -> Trap:
        """A child whose care two municipalities both deliver."""
        schools = sorted(code for code in self._at if code not in self._plan.schools)
        for school in schools[len(schools) // 2 :]:
            for draft in self._at[school]:
                if self._is_client(draft) and not draft.protected:
                    row = next(row for row in draft.trajectories if self._is_care(row))
                    draft.trajectories.append(claimed_again(row, self._writer))
                    draft.protected = True
                    title = "a child claimed by two municipalities"
                    return Trap("g", title, (school,), self._year)
        return Trap("g", "", ("",), self._year)

    def _plant(
        self, child: Draft, product: Product, supplier: tuple[Provider, str] | None = None
    ) -> None:
        row = child.enrolment_on(reference_on(self._year), self._year)
        assert row is not None
        starts = date(self._year, 11, 3).toordinal()
        place = _PLACE_INDEX[row.residence]
        age = child.age_on(reference_on(self._year))
        spell = Spell(-1, place, starts, starts + 90, age, product, self._year)
        child.trajectories.append(
            self._writer.row(spell, product, starts, starts + 90, child.number, supplier)
        )
        child.protected = True


def claimed_again(row: Trajectory, writer: CareWriter) -> Trajectory:
    """The same care as another municipality delivers it."""
    others = [place.code for place in PLACES if place.code != row.municipality]
    other = others[int(row.assignment) % len(others)]
    return replace(row, municipality=other, assignment=writer.next_assignment(other))
