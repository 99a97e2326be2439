"""A period that is published again: what stays, what may change, and what has to wait."""

from __future__ import annotations

from dataclasses import replace

import pytest

from publisher.protection import Certificate, Published, Rules, verify_protection
from publisher.protection.time.earlier import is_small_change
from shared.contract.codes import SchoolType
from shared.errors import ProtectionError
from shared.reference import ALL_LEVELS, Level
from tests.support.corrections import RULES, Release, region, release, with_more, without
from tests.support.protection import Place, reference, school

TOTALS = (Published("pupils_and_clients", ALL_LEVELS),)


@pytest.fixture(scope="module")
def first() -> Release:
    return release(*region(3))


@pytest.fixture(scope="module")
def late() -> tuple[Release, Release]:
    """A municipality that delivered only after the first release."""
    bundle, places = region(3)
    before = release(bundle, without(places, 4))
    return before, release(bundle, places, before)


def _statuses(of: Release) -> dict[tuple[object, ...], str]:
    return {tuple(row[:6]): row[7] for row in of.protected.cells.itertuples(index=False)}


@pytest.mark.parametrize("counts", [True, False])
def test_the_same_figures_are_published_again_as_they_were(first: Release, counts: bool) -> None:
    """Also when the counts behind the first release are gone."""
    bundle, places = region(3)
    again = release(bundle, places, first, counts=counts)
    assert again.protected.cells.equals(first.protected.cells)


def test_a_late_municipality_is_published_with_its_change_protected(
    late: tuple[Release, Release],
) -> None:
    before, after = late
    total = (Level.TOTAL, "total", "pupils")
    assert after.value(*total) != before.value(*total)
    assert after.protected.report.total.exact == 0
    assert after.protected.report.total.too_narrow == 0
    assert after.protected.report.latent_too_narrow == 0


def test_what_was_withheld_stays_withheld(late: tuple[Release, Release]) -> None:
    before, after = late
    now = _statuses(after)
    hidden = [place for place, status in _statuses(before).items() if status == "c"]
    assert len(hidden) > 50
    assert all(now[place] == "c" for place in hidden)


def test_no_published_count_changes_by_a_few_children(late: tuple[Release, Release]) -> None:
    before, after = late
    shown = _values(before)
    seen = 0
    for place, now in _values(after).items():
        if place in shown and place[5] != "duo_pupils":
            change, threshold = abs(now - shown[place]), 10 if place[4] else 5
            assert change == 0 or change >= threshold
            seen += change > 0
    assert seen > 20


def _values(of: Release) -> dict[tuple[object, ...], int]:
    rows = of.protected.cells.itertuples(index=False)
    return {tuple(row[:6]): int(row[6]) for row in rows if not row[7]}


def test_a_count_that_did_not_change_is_a_constant(late: tuple[Release, Release]) -> None:
    """Withholding what a reader has would protect nothing."""
    before, after = late
    true = {
        tuple(row[name] for name in ("table", "level", "unit", "period", "category", "measure")):
        row["value"] for row in after.counted.cells.to_pylist()
    }  # fmt: skip
    now, same = _statuses(after), 0
    for place, value in _values(before).items():
        if true.get(place, 0) == value:
            same += 1
            assert now[place] == ""
    assert same > 30


@pytest.mark.parametrize(("pupils", "clients"), [(1, 0), (4, 0), (-1, 0), (0, 1), (0, -2)])
def test_a_change_of_a_few_children_waits_as_a_whole(
    first: Release, pupils: int, clients: int
) -> None:
    bundle, places = region(3)
    with pytest.raises(ProtectionError, match="correction-waits"):
        release(bundle, with_more(places, 0, pupils, clients), first)


def test_a_change_of_many_children_is_published(first: Release) -> None:
    bundle, places = region(3)
    corrected = release(bundle, with_more(places, 0, 40, 12), first)
    total = (Level.TOTAL, "total", "clients")
    assert corrected.value(*total) == (first.value(*total) or 0) + 12


def test_a_change_waits_when_the_counts_behind_the_first_release_are_gone(first: Release) -> None:
    bundle, places = region(3)
    with pytest.raises(ProtectionError, match="correction-waits"):
        release(bundle, with_more(places, 0, 40, 12), first, counts=False)


def test_a_level_may_be_added_beside_what_was_published() -> None:
    bundle, places = region(3)
    few = (Published("pupils_and_clients", (Level.MUNICIPALITY, Level.REGION, Level.TOTAL)),)
    before = release(bundle, places, published=few)
    after = release(bundle, places, before, published=TOTALS)
    assert after.protected.report.total.exact == 0
    for place, value in _values(before).items():
        assert _values(after)[place] == value


def test_a_level_that_is_no_longer_published_is_still_known() -> None:
    """The verifier's claim names the cells of the release that readers kept."""
    bundle, places = region(3)
    before = release(bundle, places, published=TOTALS)
    few = (Published("pupils_and_clients", (Level.MUNICIPALITY, Level.REGION, Level.TOTAL)),)
    after = release(bundle, places, before, published=few)
    assert set(after.protected.cells["level"]) == {"municipality", "region", "total"}
    _verify(after, before, after.protected.certificates)


def _verify(after: Release, before: Release, proofs: tuple[Certificate, ...]) -> None:
    verify_protection(
        after.protected.cells, after.counted, after.bundle, after.rules, after.published,
        proofs, [before.earlier()],
    )  # fmt: skip


def test_the_verifier_wants_every_proof_over_time(late: tuple[Release, Release]) -> None:
    before, after = late
    proofs = after.protected.certificates
    _verify(after, before, proofs)
    changes = [proof for proof in proofs if proof.cell.startswith("24/change-")]
    assert len(changes) > 10
    for left_out in (changes[0], changes[-1]):
        kept = tuple(proof for proof in proofs if proof.cell != left_out.cell)
        with pytest.raises(ProtectionError, match="verification-failed"):
            _verify(after, before, kept)


def test_a_proof_that_forgets_the_release_before_is_refused(late: tuple[Release, Release]) -> None:
    before, after = late
    proofs = tuple(
        Certificate(proof.cell, tuple(s for s in proof.delta if "/before-1/" not in s[0]))
        for proof in after.protected.certificates
        if "/before-" not in proof.cell
    )
    with pytest.raises(ProtectionError, match="verification-failed"):
        _verify(after, before, proofs)


def test_showing_what_was_withheld_is_refused(first: Release) -> None:
    """A release that was protected alone, without what readers have of it."""
    bundle, places = region(3)
    lax = replace(RULES, threshold=3, split_threshold=3)
    alone = release(bundle, places, rules=lax)
    with pytest.raises(ProtectionError, match="step 4 over time"):
        _verify(alone, first, alone.protected.certificates)


def test_a_few_children_who_are_gone_are_not_told_to_be_gone() -> None:
    """Two schools of 3 and 4 have none now: their zeros stay withheld, and may not be computed."""
    clients = {"01AA00": 3, "02AA00": 4, "03AA00": 20, "04AA00": 30, "05AA00": 25}
    bundle = reference([school(code, SchoolType.BO, 1 + (code > "04")) for code in clients], {})
    levels = Published("pupils_and_clients", (Level.SCHOOL, Level.MUNICIPALITY, Level.REGION))

    def places(least: int) -> list[Place]:
        helped = {code: n if n >= least else 0 for code, n in clients.items()}
        return [Place(code, 1, 300, (frozenset({"2"}),) * n) for code, n in helped.items()]

    before = release(bundle, places(1), published=(levels,))
    after = release(bundle, places(5), before, published=(levels,))
    hidden = [(Level.SCHOOL, "01AA00"), (Level.SCHOOL, "02AA00"), (Level.MUNICIPALITY, "GM0001")]
    assert [after.value(*place, "clients") for place in hidden] == [None] * 3
    assert after.protected.report.total.exact == 0
    _verify(after, before, after.protected.certificates)
    # The total of the others and of nobody, shown: then both are known to be 0.
    cells = after.protected.cells
    told = cells["measure"].eq("clients") & cells["level"].isin(["municipality", "region"])
    totals = {"GM0001": 20, "GM0002": 55, "region": 75}
    cells.loc[told, "value"] = [totals[unit] for unit in cells.loc[told, "unit"]]
    cells.loc[told, "status"] = ""
    moved = {f"24/clients/municipality/{unit}/" for unit in totals}
    moved |= {"24/clients/region/region/"}
    kept = tuple(
        proof
        for proof in after.protected.certificates
        if moved.isdisjoint(key for key, _ in proof.delta)
    )
    with pytest.raises(ProtectionError, match="step 5"):
        _verify(after, before, kept)


def test_a_change_back_is_compared_with_every_release() -> None:
    """12 more and then 11 fewer: the third release differs from the first by one child."""
    bundle, places = region(3)
    first = release(bundle, places, published=TOTALS)
    second = release(bundle, with_more(places, 0, 40, 12), first, published=TOTALS)
    with pytest.raises(ProtectionError, match="correction-waits"):
        release(bundle, with_more(places, 0, 40, 1), first, second, published=TOTALS)
    again = release(bundle, places, first, second, published=TOTALS)
    total = (Level.TOTAL, "total", "clients")
    assert again.value(*total) == first.value(*total)


def test_no_refusal_names_a_count_or_a_school(first: Release) -> None:
    bundle, places = region(3)
    with pytest.raises(ProtectionError) as caught:
        release(bundle, with_more(places, 0, 1), first)
    assert not any(character.isdigit() for character in str(caught.value))


@pytest.mark.parametrize(
    ("key", "now", "small"),
    [
        ("24/clients/school/01AA00/", 0, False),
        ("24/clients/school/01AA00/", 1, True),
        ("24/clients/school/01AA00/", -4, True),
        ("24/clients/school/01AA00/", 5, False),
        ("24/clients/region/region/form=2", 9, True),
        ("24/clients/region/region/form=2", -10, False),
    ],
)
def test_what_a_small_change_is(key: str, now: int, small: bool) -> None:
    assert is_small_change(key, 20 + now, 20, Rules()) is small
