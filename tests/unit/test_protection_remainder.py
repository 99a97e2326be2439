"""Counts of which a supplier that knows its own clients is left with a few others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import pytest

from publisher.protection import (
    Protected,
    Published,
    catalogue,
    verify_protection,
)
from publisher.protection.certificates import Certificate
from publisher.protection.grid import Grid
from publisher.protection.measures import Kind
from publisher.protection.primary import Rule
from publisher.protection.problem import ProblemBuilder, Sensitive
from publisher.protection.quantities import quantities_of
from publisher.protection.secondary import suppress
from publisher.protection.suppliers import Known, face_suppliers
from publisher.protection.verification.check import check_claim
from publisher.protection.verification.claim import Claim, Demand, Relation
from publisher.protection.verification.suppliers import Rests
from shared.contract.tally import Tally
from shared.errors import ProtectionError
from shared.reference import Level
from tests.support.amounts import Child, amount_tally
from tests.support.beside_suppliers import (
    FORM,
    KNOWS,
    OTHERS,
    OWN,
    RULES,
    SCHOOLS,
    Case,
    clients,
    of_children,
    status,
    surrounded,
)
from tests.support.protection import PERIOD, reference, school


def tallied(counted: Tally) -> pd.DataFrame:
    """The counts of clients per school and for the region."""
    cells: pd.DataFrame = counted.cells.to_pandas()
    wanted = (cells["measure"] == "clients") & cells["level"].isin(["school", "region"])
    return cells.loc[wanted]


def own_most(counted: Tally, unit: str, form: str) -> int:
    """The most clients that one supplier has there itself."""
    cells = tallied(counted)
    here = cells[(cells["unit"] == unit) & (cells["category"] == form)]
    return max((each["clients"] for row in here["contributions"] for each in row), default=0)


def region() -> Case:
    """A school with 30 clients of a form, 28 of one municipality; two more with enough of both."""
    children: list[Child] = [*clients(SCHOOLS[0], OWN, 1), *clients(SCHOOLS[0], OTHERS, 2)]
    for code in SCHOOLS:
        children += clients(code, 20, 1, "1") + clients(code, 20, 2, "1")
    for code in SCHOOLS[1:]:
        children += clients(code, 20, 1) + clients(code, 20, 2)
    return of_children(children)


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
    assert made.report.total.subtracting == {1}
    assert json.loads(made.report.to_json())["total"]["subtracting"] == 1


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


def test_the_verifier_refuses_an_alternative_that_a_supplier_knows_to_be_false(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Mutation: the search takes a count below what a supplier has there itself."""
    monkeypatch.setattr(catalogue, "face_suppliers", lambda *_: None)
    with pytest.raises(ProtectionError, match="takes a cell below its lower bound"):
        surrounded().protect(KNOWS)


def test_no_certificate_goes_below_what_a_supplier_knows() -> None:
    """In a count of a form for any proof; in a total for the proofs of forms."""
    case = surrounded()
    made = case.protect(KNOWS)
    case.verify(made, KNOWS)
    values = {
        (unit, form): int(value)
        for unit, form, value in tallied(case.tally)[["unit", "category", "value"]].to_numpy()
    }
    of_forms = [each for each in made.certificates if "form=" in each.cell]
    assert of_forms
    for certificate in of_forms:
        for key, step in certificate.delta:
            _, measure, level, unit, part = key.split("/")
            if measure == "clients" and level in ("school", "region"):
                form = part.removeprefix("form=")
                assert values.get((unit, form), 0) + step >= own_most(case.tally, unit, form)


def test_the_verifier_refuses_a_certificate_below_a_suppliers_own() -> None:
    """Tampered: the school with one other moves by the school that has none but its own."""
    case = surrounded()
    made = case.protect(KNOWS)
    places = [f"{PERIOD}/clients/school/{code}/form={FORM}" for code in SCHOOLS[:2]]
    forged = Certificate.of(places[0], {places[0]: 2, places[1]: -2})
    others = tuple(each for each in made.certificates if each.cell != places[0])
    with pytest.raises(ProtectionError, match="takes a cell below its lower bound"):
        verify_protection(
            made.cells, case.tally, case.bundle, KNOWS, case.published, (*others, forged)
        )


def test_nine_clients_of_one_supplier_can_be_more() -> None:
    """Below the limit and all its own: what leaves it a few others is withheld as well."""
    children = clients(SCHOOLS[0], 9, 1)
    for code in SCHOOLS:
        children += clients(code, 20, 1, "1") + clients(code, 20, 2, "1")
    for code in SCHOOLS[1:]:
        children += clients(code, 20, 1) + clients(code, 20, 2)
    case = of_children(children)
    made = case.protect(KNOWS)
    case.verify(made, KNOWS)
    key = f"{PERIOD}/clients/school/{SCHOOLS[0]}/form={FORM}"
    steps = [dict(each.delta)[key] for each in made.certificates if each.cell == key]
    assert steps
    assert min(steps) >= KNOWS.split_slide


def test_what_a_table_calls_harmless_is_not_asked_for() -> None:
    """The flag of the policy: forms of help that are not called sensitive are shown."""
    case = region()
    harmless = tuple(replace(each, sensitive=False) for each in case.published)
    made = Case(case.bundle, case.tally, harmless).protect(KNOWS)
    assert status(made, SCHOOLS[0], FORM) == ""
    assert made.report.levels["clients_by_form"]["school"].few_others == 1


@pytest.mark.parametrize("flags", [(True, False), (False, True), (False, False)])
def test_a_quantity_of_two_tables_is_sensitive_when_either_says_so(
    flags: tuple[bool, bool],
) -> None:
    case = region()
    totals, forms = (
        Published(name, (Level.REGION,), sensitive)
        for name, sensitive in zip(("pupils_and_clients", "clients_by_form"), flags, strict=True)
    )
    grid = Grid.of(case.tally, case.bundle, (totals, forms))
    found = {quantity.term: quantity for quantity in quantities_of(grid, {Kind.PERSONS})}
    assert found["clients", ""].sensitive is any(flags)
    assert found["clients", f"form={FORM}"].sensitive is flags[1]
    assert found["clients", f"form={FORM}"].remainder_min(KNOWS) == 10 * flags[1]


@pytest.mark.parametrize("least", [2, 5, 10])
@pytest.mark.parametrize("own", [(), (9,), (12,), (20, 15), (30, 4), (11, 11), (3, 1)])
def test_the_class_is_what_the_rules_withhold(own: tuple[int, ...], least: int) -> None:
    """Search and verifier against every value in turn, from what the largest supplier knows."""
    most = max(own, default=0)
    withheld = [
        value
        for value in range(max(most, 1), 60)
        if value < 10 or any(1 <= value - each < least for each in own)
    ]
    rests = Rests(most, own, 10, least)
    assert rests.possible() == (withheld[0], withheld[-1])
    known = Known.from_counts(most, most, own, threshold=10, limit=least)
    assert (max(known.low, 1), max(known.high, 9)) == (withheld[0], withheld[-1])
    assert known.least == rests.least(most) == most


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


@pytest.mark.parametrize(("known", "accepted"), [({}, True), ({"total": 4}, False)])
def test_a_proof_for_suppliers_keeps_every_count_above_their_own(
    known: dict[str, int], accepted: bool
) -> None:
    """Also a total that the rule is not about: who knows that it is 4 does not believe 2."""
    claim = Claim(
        true={"form": 4, "total": 4},
        withheld=frozenset({"form", "total"}),
        latent=frozenset(),
        relations=(Relation((("form", 1), ("total", -1)), 0, 0),),
        demands=(Demand("form", Rule.THRESHOLD, 2, 1, 9, faces_suppliers=True),),
        unions=(),
        direction="either",
        known=known,
    )
    lowered = Certificate.of("form", {"form": -2, "total": -2})
    if accepted:
        assert check_claim(claim, [lowered]) == 1
        return
    with pytest.raises(ProtectionError, match="owns no certificate that moves it far enough"):
        check_claim(claim, [lowered])


@pytest.mark.parametrize(
    ("asked", "least", "step"),
    [
        # (what a rule asks of, what suppliers know of form and total, where it then moves to)
        ("form", (0, 0), -2),
        ("form", (0, 8), 2),
        ("form", (8, 0), 2),
        ("total", (8, 0), 2),
        ("total", (0, 8), -2),
    ],
)
def test_the_search_moves_a_count_only_to_what_suppliers_believe(
    asked: str, least: tuple[int, int], step: int
) -> None:
    """Forms are what the rule is about; a total follows only in proofs of forms."""
    builder = ProblemBuilder()
    nodes = {name: builder.cell([name], 8, may_withhold=True) for name in ("form", "total")}
    builder.equal(nodes["total"], [nodes["form"]])
    builder.sensitive.append(Sensitive(nodes[asked], Rule.THRESHOLD, 2, 1, 9))
    face_suppliers(builder, dict(zip(nodes.values(), least, strict=True)), {nodes["form"]})
    ((_, witness),) = suppress(builder.build(), RULES).witnesses
    assert dict(witness) == dict.fromkeys(nodes.values(), step)


def test_the_search_looks_where_suppliers_believe_it() -> None:
    """The cheaper of two parts is all of one supplier: the other one moves."""
    builder = ProblemBuilder()
    form = builder.cell(["form"], 8, may_withhold=True)
    cheap = builder.cell(["cheap"], 4, may_withhold=True)
    dear = builder.cell(["dear"], 4, may_withhold=True, priority=3.0)
    builder.equal(form, [cheap, dear])
    builder.sensitive.append(Sensitive(form, Rule.THRESHOLD, 2, 1, 9))
    face_suppliers(builder, {cheap: 4}, {form})
    ((_, witness),) = suppress(builder.build(), RULES).witnesses
    assert dict(witness) == {form: -2, dear: -2}
