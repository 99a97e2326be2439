"""What is counted in trajectories tells of children: as many as its threshold at least.

A reader who sees trajectories or days knows the rule that they passed. Where the children who
had them are withheld at one school and at another, and shown together, that can tell both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import pytest

from publisher.protection import Published, Rules
from publisher.protection.audit import audit_claim
from publisher.protection.catalogue import PeriodProblem
from publisher.protection.grid import Grid, quantity_key
from publisher.protection.measures import RULES as RULES_OF
from publisher.protection.measures import Kind
from publisher.protection.relations import Relations
from publisher.protection.verification.claim import Claim
from publisher.protection.verification.tally import claim_of_tally
from shared.contract.codes import SchoolType
from shared.reference import Level
from tests.support.amounts import Care, Child, amount_tally
from tests.support.protection import PERIOD, reference, school
from tests.support.sabotage import without_what_parts_tell

RULES = Rules(fallback=True)
SCHOOLS = LARGE, OTHER, SMALL = "01AA00", "02AA00", "03AA00"
LEVELS = (Level.SCHOOL, Level.REGION)
MOST = 40
"""More children than any school has here."""


@dataclass(frozen=True)
class Case:
    """Children at three schools; those who are counted are withheld at the first and the last.

    Attributes:
        children: per school, and how many trajectories each of them has.
        counted: the count of them.
        told_by: what is shown at the first school, and tells of ``least`` of them there.
        rows: trajectories that go along with a child, with the part that they are in.
    """

    children: tuple[tuple[int, int], ...]
    care: Care
    counted: str
    told_by: str
    least: int
    rows: tuple[str, ...]

    def grid(self) -> Grid:
        """Every school has twenty children with other care as well."""
        children: list[Child] = []
        for code, (count, each) in zip(SCHOOLS, self.children, strict=True):
            care = tuple(replace(self.care, provider=at, days=100 + at) for at in range(each))
            children += [Child(code, 1, tuple(care)) for _ in range(count)]
            children += [Child(code, 1, (Care(provider=at % 4),)) for at in range(20)]
        bundle = reference(map(school, SCHOOLS))
        tally = amount_tally(bundle, children, {(code, 1): 400 for code in SCHOOLS})
        tables = ("pupils_and_clients", "starts_and_ends", "ended_by_duration")
        return Grid.of(tally, bundle, tuple(Published(table, LEVELS) for table in tables))

    def claim(self, *, told: bool = True) -> Claim:
        """The claim of a release that withholds little else."""
        withheld = {self.key(self.counted, LARGE), self.key(self.counted, SMALL)}
        withheld |= {self.key(self.told_by, OTHER), self.key(self.told_by, SMALL)}
        withheld |= {self.key(row, code) for row in self.rows for code in (OTHER, SMALL)}
        withheld |= {self.key(row, LARGE) for row in self.rows if " " in row}
        withheld |= set() if told else {self.key(self.told_by, LARGE)}
        return claim_of_tally(self.grid(), RULES, PERIOD, frozenset(withheld))

    def key(self, quantity: str, code: str) -> str:
        """Of a measure, with the part that it is in after a space."""
        measure, _, part = quantity.partition(" ")
        return quantity_key(PERIOD, measure, Level.SCHOOL.value, code, part)

    def possible(self, *, told: bool = True) -> set[tuple[int, int]]:
        """Every pair of children at the first and the last school; the sum is shown."""
        (first, _), _, (last, _) = self.children
        least = self.least if told else 1
        return {
            (one, other)
            for one, other in product(range(1, MOST), repeat=2)
            if one + other == first + last and one >= least
        }


CASES = (
    Case(((5, 6), (6, 2), (1, 1)), Care(started=True), "clients_started",
         "started_trajectories", 5, ("started_trajectories",)),
    Case(((10, 3), (11, 2), (1, 1)), Care(ended=True), "clients_ended", "ended_days", 10,
         ("ended_trajectories", "ended_trajectories duration=92")),
)  # fmt: skip
by_case = pytest.mark.parametrize("case", CASES, ids=[case.told_by for case in CASES])


@by_case
def test_a_reader_is_told_and_the_auditor_knows(case: Case) -> None:
    hidden = {case.key(case.counted, LARGE), case.key(case.counted, SMALL)}
    assert len(case.possible()) == 1
    assert hidden <= set(audit_claim(case.claim()).exact)
    assert len(case.possible(told=False)) > 1
    assert hidden.isdisjoint(audit_claim(case.claim(told=False)).exact)


@by_case
def test_the_search_does_not_prove_one_by_what_the_other_cannot_lose(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not _can_move(case)
    without_what_parts_tell(monkeypatch)
    assert _can_move(case)


def _can_move(case: Case) -> bool:
    """Whether the search thinks that a child of the first school may be one of the last."""
    problem = PeriodProblem(case.grid(), RULES, PERIOD).build(frozenset())
    node_of = {key: at for at, node in enumerate(problem.nodes) for key in node.keys}
    move: dict[int, int] = {}
    for quantity in (case.counted, *case.rows):
        for code, step in ((LARGE, -1), (SMALL, 1)):
            move[node_of[case.key(quantity, code)]] = step
    return Relations(problem).allow(move)


def test_a_shown_part_tells_its_whole_to_the_child() -> None:
    """21 of whom 11 have one form, and 1 elsewhere: 22 in all, of whom 21 at least there."""
    children = [Child(LARGE, 1, (Care(form),)) for form in ("2",) * 10 + ("3",) * 11]
    children.append(Child(SMALL, 1, (Care("2"),)))
    tally = amount_tally(
        bundle := reference(map(school, (LARGE, SMALL))), children, {(LARGE, 1): 400, (SMALL, 1): 9}
    )
    published = tuple(Published(each, LEVELS) for each in ("pupils_and_clients", "clients_by_form"))
    grid = Grid.of(tally, bundle, published)
    part = quantity_key(PERIOD, "clients", "school", LARGE, "form=3")
    wholes = {quantity_key(PERIOD, "clients", "school", code, "") for code in (LARGE, SMALL)}
    forms = {cell.key for cell in grid.cells(PERIOD) if "form=" in cell.key}
    for withheld, told in ((wholes | forms - {part}, wholes), (wholes | forms, set())):
        claim = claim_of_tally(grid, RULES, PERIOD, frozenset(withheld))
        assert wholes.intersection(audit_claim(claim).exact) == told
        looser = claim_of_tally(grid, replace(RULES, group=False), PERIOD, frozenset(withheld))
        assert wholes.isdisjoint(audit_claim(looser).exact)


def test_children_of_a_part_of_a_unit_are_not_told_to_be_as_many() -> None:
    """Ended care per type, days per municipality: of one of these there is a whole type inside."""
    schools = (school(LARGE, SchoolType.BO), school(SMALL, SchoolType.PRO))
    bundle = reference((*schools, school(OTHER, SchoolType.BO, 2)))
    care = Care(ended=True)
    children = [Child(LARGE, 1, (replace(care, provider=at % 4),)) for at in range(20)]
    children += [Child(code, 1, (care,)) for code in (SMALL, SMALL, OTHER)]
    tally = amount_tally(bundle, children, {(code, 1): 400 for code in SCHOOLS})
    published = (
        Published("starts_and_ends", (Level.TYPE,)),
        Published("ended_by_duration", (Level.MUNICIPALITY,)),
    )
    grid = Grid.of(tally, bundle, published)
    withheld = frozenset(c.key for c in grid.cells(PERIOD) if c.measure == "clients_ended")
    claim = claim_of_tally(grid, RULES, PERIOD, withheld)
    told = [relation for relation in claim.relations if relation.of_pattern]
    for relation in told:
        assert relation.low is not None
        assert sum(factor * claim.true[key] for key, factor in relation.terms) >= relation.low
    assert told


def test_every_measure_of_trajectories_says_whose_they_are() -> None:
    rows = {name for name, rule in RULES_OF.items() if rule.kind is Kind.TRAJECTORIES}
    of_rows = {name for name, rule in RULES_OF.items() if rule.counted in rows}
    behind = {name: RULES_OF[name].behind for name in rows | of_rows}
    assert all(behind.values())
    assert {RULES_OF[name].kind for name in behind.values()} == {Kind.PERSONS}
    assert not any(rule.behind for name, rule in RULES_OF.items() if name not in behind)
