"""Three schools that two municipalities help, and rules on what one of them may subtract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from publisher.protection import Protected, Published, Rules, protect_tally, verify_protection
from shared.contract.tally import Tally
from shared.reference import Level, Reference
from tests.support.amounts import Care, Child, amount_tally
from tests.support.protection import reference, school

RULES = Rules(fallback=True)
KNOWS = replace(RULES, split_remainder_min=10)
SCHOOLS = ("01AA00", "02AA00", "03AA00")
OWN, OTHERS = 28, 2
FORM = "2"


@dataclass(frozen=True)
class Case:
    """Forms of help per school and for the region."""

    bundle: Reference
    tally: Tally
    published: tuple[Published, ...]

    def protect(self, rules: Rules) -> Protected:
        return protect_tally(self.tally, self.bundle, rules, self.published)

    def verify(self, made: Protected, rules: Rules) -> None:
        verify_protection(
            made.cells, self.tally, self.bundle, rules, self.published, made.certificates
        )


def clients(code: str, count: int, supplier: int, form: str = FORM) -> list[Child]:
    return [Child(code, 1, (Care(form, at % 5, supplier),)) for at in range(count)]


def of_children(children: Sequence[Child]) -> Case:
    """Schools and the region, with these clients."""
    bundle = reference(school(code) for code in SCHOOLS)
    levels = (Level.SCHOOL, Level.REGION)
    counted = amount_tally(bundle, children, {(code, 1): 400 for code in SCHOOLS})
    published = (Published("pupils_and_clients", levels), Published("clients_by_form", levels))
    return Case(bundle, counted, published)


def surrounded(more: Sequence[Child] = ()) -> Case:
    """A school with one other, one with nine that are all its own, and one with enough of both."""
    children: list[Child] = [*clients(SCHOOLS[0], OWN, 1), *clients(SCHOOLS[0], 1, 2)]
    both = (Care("1", 1, 1), Care(FORM, 1, 1))
    children += [Child(SCHOOLS[1], 1, both) for _ in range(9)]
    for code in SCHOOLS:
        children += clients(code, 20, 1, "1") + clients(code, 20, 2, "1")
    children += [*clients(SCHOOLS[2], 40, 1), *clients(SCHOOLS[2], 40, 2), *more]
    return of_children(children)


def status(made: Protected, unit: str, category: str = "", measure: str = "clients") -> str:
    cells = made.cells
    found = cells[
        (cells["unit"] == unit) & (cells["category"] == category) & (cells["measure"] == measure)
    ]
    return str(found["status"].iloc[0])
