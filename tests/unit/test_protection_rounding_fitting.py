"""Which rounded counts stand beside exact tables, and what the verifier asks of their proofs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from publisher.protection import Certificate
from publisher.protection.rounding.fitting import Fitting
from publisher.protection.rounding.places import Parts, RoundedCell
from publisher.protection.verification.check import check_claim
from publisher.protection.verification.claim import Claim
from publisher.protection.verification.rounded import with_rounded
from shared.errors import ProtectionError

CATEGORIES = Parts(complete=True, overlap=True)
MEASURES = Parts(complete=False, overlap=True)


def cell(school: str, true: int, group: str = "G", *, alone: bool = False) -> RoundedCell:
    return RoundedCell(school, school, "clients", "2", true, group, alone, f"total {school}")


def fitted(
    cells: list[RoundedCell],
    shown_at: Mapping[str, int],
    true: Mapping[str, int],
    *proofs: Certificate,
) -> tuple[frozenset[str], tuple[Certificate, ...]]:
    return Fitting(cells, shown_at, true, parts=CATEGORIES, level=2).fit(proofs)


def test_two_schools_of_a_group_can_each_be_something_else() -> None:
    shown, proofs = fitted([cell("A", 7), cell("B", 6)], {"A": 5, "B": 5}, {"G": 13})
    assert shown == {"A", "B"}
    for proof in proofs:
        assert sum(step for _, step in proof.delta) == 0
        assert abs(dict(proof.delta)[proof.cell]) >= 2


def test_what_the_group_tells_is_not_shown() -> None:
    """One child in two schools, of which one is shown as 5: it must be that one."""
    shown, _ = fitted([cell("A", 1), cell("B", 0)], {"A": 5, "B": 0}, {"G": 1})
    assert shown == frozenset()


def test_a_count_that_an_exact_table_has_is_not_shown_again() -> None:
    cells = [cell("A", 7, alone=True), cell("B", 6, "H"), cell("C", 9, "H")]
    proof = Certificate.of("G", {"G": 2})
    shown, _ = fitted(cells, {"A": 5, "B": 5, "C": 10}, {"G": 7, "H": 15}, proof)
    assert shown == {"B", "C"}


def test_a_proof_of_an_exact_table_is_divided_over_its_schools() -> None:
    cells = [cell("A", 7), cell("B", 6)]
    proof = Certificate.of("G", {"G": 3, "H": -3})
    shown, proofs = fitted(cells, {"A": 5, "B": 5}, {"G": 13, "H": 9}, proof)
    assert shown == {"A", "B"}
    (divided,) = [dict(each.delta) for each in proofs if each.cell == "G"]
    assert divided.get("A", 0) + divided.get("B", 0) == 3


def test_rounded_counts_that_contradict_a_proof_are_withheld() -> None:
    """The proof takes 12 of the group; its schools can give 3 and 5."""
    cells = [cell("A", 9), cell("B", 7)]
    proof = Certificate.of("G", {"G": -12})
    shown, proofs = fitted(cells, {"A": 10, "B": 5}, {"G": 16}, proof)
    assert len(shown) == 1
    (divided,) = [dict(each.delta) for each in proofs if each.cell == "G"]
    assert divided["A"] + divided["B"] == -12
    for key in shown:
        assert {"A": 6, "B": 1}[key] <= {"A": 9, "B": 7}[key] + divided[key]


def test_no_count_is_more_than_the_total_of_its_school() -> None:
    """6 can only become 8, and of those 6 children nobody is left for another form."""
    cells = [cell("A", 6), cell("B", 9)]
    true = {"G": 15, "total A": 6, "total B": 9}
    shown, proofs = fitted(cells, {"A": 10, "B": 10}, true)
    for proof in proofs:
        for key, step in proof.delta:
            assert {"A": 6, "B": 9}[key] + step <= true[f"total {key}"]
    assert shown == frozenset()


def test_a_measure_is_no_more_than_what_it_is_part_of_and_may_be_less() -> None:
    """Of 6 with ggz 6 came via the gp: none can be more. Where 9 have it, 3 more can."""
    cells = [replace(cell(school, 6), measure="via_gp", category="") for school in "AB"]
    shown_at = {"A": 10, "B": 5}
    shown, _ = Fitting(
        cells, shown_at, {"G": 12, "total A": 6, "total B": 6}, parts=MEASURES, level=2
    ).fit(())
    assert shown == frozenset()
    shown, proofs = Fitting(
        cells, shown_at, {"G": 12, "total A": 9, "total B": 30}, parts=MEASURES, level=2
    ).fit(())
    assert shown == {"A", "B"}
    assert {proof.cell for proof in proofs} == {"A", "B"}


def test_the_verifier_refuses_more_of_a_measure_than_its_whole() -> None:
    cells = [replace(cell(school, 6), measure="via_gp", category="") for school in "AB"]
    true = {"G": 12, "total A": 7, "total B": 20}
    exact = Claim(true, frozenset(), frozenset(), (), (), (), "either")
    claim = with_rounded(exact, cells, {"A": 5, "B": 5}, parts=MEASURES, level=2)
    fewer, more = {"A": -2, "B": 2}, {"A": 2, "B": -2}
    assert check_claim(claim, [Certificate.of("A", fewer), Certificate.of("B", fewer)]) == 2
    with pytest.raises(ProtectionError, match="verification-failed"):
        check_claim(claim, [Certificate.of("A", more), Certificate.of("B", fewer)])


def test_a_withheld_count_is_no_more_than_its_whole_either() -> None:
    """Of A, which is not shown, at most 6 have the form: so at B it cannot be fewer than 6."""
    cells = [replace(cell("A", 6), alone=True), cell("B", 6)]
    true = {"G": 12, "total A": 6, "total B": 6}
    shown, _ = fitted(cells, {"A": 5, "B": 5}, true)
    assert shown == frozenset()
    exact = Claim(true, frozenset(), frozenset(), (), (), (), "either")
    claim = with_rounded(exact, cells, {"B": 5}, parts=CATEGORIES, level=2)
    with pytest.raises(ProtectionError, match="verification-failed"):
        check_claim(claim, [Certificate.of("B", {"A": 2, "B": -2})])


def test_the_verifier_adds_a_group_up_and_leaves_no_client_without_a_category() -> None:
    cells = [cell(school, 6) for school in "AB"]
    true = {"G": 12, "total A": 6, "total B": 9}
    exact = Claim(true, frozenset(), frozenset({"total B"}), (), (), (), "either")
    of_forms, of_measures = (
        with_rounded(exact, cells, {"A": 5}, parts=parts, level=2)
        for parts in (CATEGORIES, MEASURES)
    )
    fewer = Certificate.of("A", {"A": -2, "B": 2})
    assert check_claim(of_measures, [fewer]) == 1
    with pytest.raises(ProtectionError, match="verification-failed"):
        check_claim(of_forms, [fewer])
    for apart in ({"A": -2}, {"A": -2, "B": 1}, {"A": -2, "B": 3}):
        with pytest.raises(ProtectionError, match="verification-failed"):
            check_claim(of_measures, [Certificate.of("A", apart)])


def test_a_proof_that_takes_a_total_below_what_is_shown_withholds_it() -> None:
    """Shown as 10 it is 6 at least; the proof leaves 5 clients at its school."""
    cells = [cell("A", 7), cell("B", 7)]
    true = {"G": 14, "total A": 7, "total B": 20}
    proof = Certificate.of("total A", {"total A": -2, "total B": 2})
    shown, proofs = Fitting(cells, {"A": 10, "B": 5}, true, parts=MEASURES, level=2).fit([proof])
    assert shown == {"B"}
    (divided,) = [dict(each.delta) for each in proofs if each.cell == "total A"]
    assert divided == {"total A": -2, "total B": 2, "A": -2, "B": 2}


def test_a_withheld_category_takes_what_the_others_leave() -> None:
    """Every client of A has a form, and of the one that is not shown there must then be some.

    At A 5 clients have 3 of one form and 2 of another; of the second there are 4 in the group.
    """
    first = [cell("A", 3, "G1"), cell("B", 9, "G1")]
    second = [replace(cell(school, 2, "G2"), key=f"{school}2", alone=True) for school in "AB"]
    true = {"G1": 12, "G2": 4, "total A": 5, "total B": 10}
    shown, proofs = fitted([*first, *second], {"A": 5, "B": 10, "A2": 0, "B2": 0}, true)
    assert shown == {"A", "B"}
    for proof in proofs:
        step = dict(proof.delta)
        assert 3 + step.get("A", 0) + 2 + step.get("A2", 0) >= 5
        assert 9 + step.get("B", 0) + 2 + step.get("B2", 0) >= 10
        assert step.get("A2", 0) + step.get("B2", 0) == 0
