"""Counts of which a supplier that knows its own clients is left with a few others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pytest

from publisher.protection import Protected, Published, Rules, protect_tally, verify_protection
from publisher.protection.grid import Grid
from publisher.protection.measures import Kind
from publisher.protection.primary import Rule
from publisher.protection.quantities import Quantity, quantities_of
from shared.contract.tally import Tally
from shared.errors import ProtectionError
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


def region() -> Case:
    """A school with 30 clients of a form, 28 of one municipality; two more with enough of both."""
    children: list[Child] = [*clients(SCHOOLS[0], OWN, 1), *clients(SCHOOLS[0], OTHERS, 2)]
    for code in SCHOOLS:
        children += clients(code, 20, 1, "1") + clients(code, 20, 2, "1")
    for code in SCHOOLS[1:]:
        children += clients(code, 20, 1) + clients(code, 20, 2)
    bundle = reference(school(code) for code in SCHOOLS)
    levels = (Level.SCHOOL, Level.REGION)
    counted = amount_tally(bundle, children, {(code, 1): 400 for code in SCHOOLS})
    published = (Published("pupils_and_clients", levels), Published("clients_by_form", levels))
    return Case(bundle, counted, published)


def status(made: Protected, unit: str, category: str = "", measure: str = "clients") -> str:
    cells = made.cells
    found = cells[
        (cells["unit"] == unit) & (cells["category"] == category) & (cells["measure"] == measure)
    ]
    return str(found["status"].iloc[0])


def rest_of(made: Protected, own: Sequence[int]) -> int | None:
    """What the first municipality computes: others with this form at the first school.

    It subtracts its own from the school, or from the region without the other schools.
    """
    cells = made.cells
    of_form = cells[(cells["category"] == FORM) & (cells["status"] != "c")]
    shown = {str(row[2]): int(row[6]) for row in of_form.itertuples(index=False)}
    if SCHOOLS[0] in shown:
        return shown[SCHOOLS[0]] - own[0]
    if {"region", *SCHOOLS[1:]} <= set(shown):
        return shown["region"] - sum(shown[code] for code in SCHOOLS[1:]) - own[0]
    return None


def test_a_supplier_does_not_learn_how_many_others_there_are() -> None:
    made = region().protect(KNOWS)
    region().verify(made, KNOWS)
    assert rest_of(made, [OWN]) is None
    assert status(made, SCHOOLS[0], FORM) == "c"
    assert status(made, SCHOOLS[0]) == ""
    assert made.report.levels["clients_by_form"]["school"].primary[Rule.SUPPLIER.value] == 1
    assert made.report.total.few_others == 0


def test_without_the_rule_it_subtracts_its_own() -> None:
    """Attack: 30 less the 28 whom it knows are the 2 of another municipality; it is reported."""
    made = region().protect(RULES)
    assert rest_of(made, [OWN]) == OTHERS
    assert made.report.levels["clients_by_form"]["school"].few_others == 1


def test_the_verifier_refuses_a_release_of_the_laxer_rule() -> None:
    made = region().protect(RULES)
    with pytest.raises(ProtectionError, match="verification-failed: step 1"):
        region().verify(made, KNOWS)


def test_its_alternative_is_possible_for_who_knows_its_own() -> None:
    """The alternative has at least one other, and fewer than the rule asks for."""
    made = region().protect(KNOWS)
    steps = [
        dict(certificate.delta)[certificate.cell]
        for certificate in made.certificates
        if certificate.cell.split("/")[2:] == ["school", SCHOOLS[0], f"form={FORM}"]
    ]
    assert steps
    assert all(1 <= OTHERS + step < KNOWS.split_remainder_min for step in steps)
    assert all(abs(step) >= KNOWS.split_slide for step in steps)


def test_the_verifier_refuses_an_alternative_that_it_knows_to_be_false(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Mutation: the search believes that any number is possible, and takes all others away."""
    class_of = Quantity.closest_supplier

    def any_number(
        of: Quantity, grid: Grid, rules: Rules, period: int, leaves: Iterable[str]
    ) -> tuple[int, int]:
        return (1, OWN + OTHERS) if class_of(of, grid, rules, period, leaves)[1] else (0, 0)

    with monkeypatch.context() as patch:
        patch.setattr(Quantity, "closest_supplier", any_number)
        made = region().protect(KNOWS)
    with pytest.raises(ProtectionError, match="verification-failed: step 5"):
        region().verify(made, KNOWS)


def test_totals_have_a_limit_of_their_own() -> None:
    mixed = [*clients(SCHOOLS[0], OWN, 1), *clients(SCHOOLS[0], OTHERS, 2)]
    mixed += [*clients(SCHOOLS[1], 20, 1), *clients(SCHOOLS[1], 20, 2)]
    bundle = reference(school(code) for code in SCHOOLS[:2])
    published = (Published("pupils_and_clients", (Level.SCHOOL,)),)
    made_case = Case(bundle, amount_tally(bundle, mixed, dict.fromkeys(
        [(code, 1) for code in SCHOOLS[:2]], 400)), published)  # fmt: skip
    assert status(made_case.protect(KNOWS), SCHOOLS[0]) == ""
    assert status(made_case.protect(replace(RULES, total_remainder_min=5)), SCHOOLS[0]) == "c"


def test_pupils_are_nobodys_clients() -> None:
    """A supplier of care does not know who the other pupils are."""
    made = region()
    grid = Grid.of(made.tally, made.bundle, made.published)
    both = replace(RULES, split_remainder_min=10, total_remainder_min=5)
    limits = {
        quantity.term: quantity.remainder_min(both)
        for quantity in quantities_of(grid, {Kind.PERSONS})
    }
    assert limits["pupils", ""] == 0
    assert limits["clients", ""] == 5
    assert limits["clients", f"form={FORM}"] == 10
