"""What can be neither protected nor proven is left out of the release; the release is made."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache

import pytest

from publisher.protection import (
    Protected,
    Published,
    Rules,
    narrowed_until_made,
    protect_tally,
    verify_protection,
)
from publisher.protection.certificates import Certificate
from publisher.protection.narrowing import refused_cell, without_level
from publisher.protection.primary import Rule
from publisher.protection.problem import ProblemBuilder, Sensitive
from publisher.protection.secondary import suppress
from publisher.protection.verification.check import check_claim
from publisher.protection.verification.claim import Claim, Demand, Relation
from publisher.staging import rules_of
from shared.contract.tally import Table
from shared.errors import ProtectionError
from shared.reference import Level
from tests.support.drawn_tally import POLICY, drawn_tally, every_table

SMALL = {"seed": 10, "persons": 25, "period": 20}
"""Four clients in all: the search sees that a total has no alternative, the verifier does not."""
AMOUNTS = {
    "arrangement_schools", "costs", "costs_by_form", "providers", "coverage", "day_treatment",
    "ended_by_duration", "running_by_duration",
}  # fmt: skip
"""Left out, because they take most of the time."""
TOWN, AREA = Level.MUNICIPALITY, Level.REGION
PUBLISHED = (
    Published("pupils_and_clients", (Level.SCHOOL, TOWN, AREA)),
    Published("starts_and_ends", (TOWN, AREA)),
    Published("clients_started_by_referrer", (TOWN, AREA)),
    Published("clients_by_flow", (AREA,)),
)


@cache
def tables() -> dict[str, Table]:
    _, tally = drawn_tally(**SMALL)
    return {table.id: table for table in tally.header.tables}


def levels_after(key: str) -> dict[str, tuple[Level, ...]]:
    return {each.table: each.levels for each in without_level(PUBLISHED, tables(), key)}


def test_a_level_is_left_out_of_every_table_that_shows_the_number() -> None:
    """A total stands in two tables; leaving it out of one would not take it from readers."""
    assert levels_after("20/clients_started/municipality/GM0001/") == {
        "pupils_and_clients": (Level.SCHOOL, TOWN, AREA), "starts_and_ends": (AREA,),
        "clients_started_by_referrer": (AREA,), "clients_by_flow": (AREA,),
    }  # fmt: skip


def test_of_a_split_only_the_tables_that_are_split_like_it() -> None:
    assert levels_after("20/clients_started/municipality/GM0001/referrer=2") == {
        "pupils_and_clients": (Level.SCHOOL, TOWN, AREA), "starts_and_ends": (TOWN, AREA),
        "clients_started_by_referrer": (AREA,), "clients_by_flow": (AREA,),
    }  # fmt: skip


def test_for_a_group_that_no_table_shows_the_innermost_level_goes() -> None:
    changed = levels_after("20/clients_started/~/01AA00/")
    assert changed["starts_and_ends"] == changed["clients_started_by_referrer"] == (AREA,)


def test_a_table_of_parts_goes_with_its_last_level() -> None:
    changed = levels_after("20/clients/region/region/flow=new")
    assert set(changed) == {each.table for each in PUBLISHED} - {"clients_by_flow"}


def test_a_table_of_totals_keeps_its_last_level() -> None:
    last = (Published("starts_and_ends", (AREA,)),)
    assert without_level(last, tables(), "20/clients_ended/region/region/") == last


@pytest.mark.parametrize("key", ["", "before-1/20/clients/region/region/"])
def test_nothing_is_left_out_for_an_earlier_release(key: str) -> None:
    assert without_level(PUBLISHED, tables(), key) == PUBLISHED


def test_less_is_asked_until_it_is_made() -> None:
    asked = []

    def make(published: tuple[Published, ...]) -> int:
        asked.append(published)
        for place in ("municipality/GM0001", "region/region"):
            level = Level(place.partition("/")[0])
            if level in published[1].levels:
                raise ProtectionError("protection-unmet", "", about=f"20/clients_ended/{place}/")
        return len(asked)

    with pytest.raises(ProtectionError, match="protection-unmet"):
        narrowed_until_made(make, PUBLISHED, tuple(tables().values()))
    assert [each[1].levels for each in asked] == [(TOWN, AREA), (AREA,)]


@pytest.mark.parametrize("code", ["correction-waits", "solver-stopped", "release-differs"])
def test_any_other_error_ends_it(code: str) -> None:
    def make(_published: tuple[Published, ...]) -> None:
        raise ProtectionError(code, "", about="20/clients_ended/municipality/GM0001/")

    with pytest.raises(ProtectionError, match=code):
        narrowed_until_made(make, PUBLISHED, tuple(tables().values()))


def test_a_region_that_the_verifier_refuses_is_released_with_fewer_levels() -> None:
    """What is left is proven whole, by the verifier as it is."""
    bundle, tally = drawn_tally(**SMALL)
    rules = rules_of(POLICY)
    asked = tuple(each for each in every_table(tally) if each.table not in AMOUNTS)
    refused: list[ProtectionError] = []

    def make(published: tuple[Published, ...]) -> tuple[Protected, tuple[Published, ...]]:
        try:
            return protect_tally(tally, bundle, rules, published), published
        except ProtectionError as error:
            refused.append(error)
            raise

    made, kept = narrowed_until_made(make, asked, tally.header.tables)
    assert {each.code for each in refused} == {"verification-failed"}
    assert all(each.about.startswith("20/clients_started/") for each in refused)
    verify_protection(made.cells, tally, bundle, rules, kept, made.certificates)
    assert not made.report.total.exact
    before = {each.table: set(each.levels) for each in asked}
    gone = {(each.table, level) for each in kept for level in before[each.table] - {*each.levels}}
    assert {table for table, _ in gone} == {
        "starts_and_ends", "clients_started_by_referrer", "clients_started_by_age",
    }  # fmt: skip
    assert {level for _, level in gone} <= {Level.SWV_VO, Level.REGION}


def _claim(*demands: Demand) -> Claim:
    """Two withheld parts of a published whole."""
    return Claim(
        true={"a": 2, "b": 4, "whole": 6}, withheld=frozenset({"a", "b"}), latent=frozenset(),
        relations=(Relation((("whole", 1), ("a", -1), ("b", -1)), 0, 0),), demands=demands,
        unions=(), direction="either",
    )  # fmt: skip


def test_only_a_number_that_is_hard_to_protect_is_named() -> None:
    """A certificate that breaks a relation is a fault, and is never worked around."""
    near, far = Demand("a", Rule.THRESHOLD, 1, 1, 4), Demand("b", Rule.THRESHOLD, 3, 1, 4)
    good = [Certificate.of("a", {"a": 1, "b": -1}), Certificate.of("b", {"a": 1, "b": -1})]
    claim = _claim(near, far)
    with pytest.raises(ProtectionError, match="step 5"):
        check_claim(claim, good)
    assert refused_cell([claim], good) == "b"
    assert refused_cell([_claim(near)], good) == ""
    broken = [*good, Certificate.of("a", {"a": 1})]
    with pytest.raises(ProtectionError, match="step 4"):
        refused_cell([claim], broken)
    shown = replace(claim, withheld=frozenset({"a"}), relations=())
    assert refused_cell([shown], [Certificate.of("a", {"a": 1})]) == ""


def test_an_unmet_number_is_named_also_where_it_has_no_key() -> None:
    builder = ProblemBuilder()
    part = builder.cell(["20/clients/school/01AA00/"], 1, may_withhold=False)
    nameless = builder.latent((), 1)
    builder.equal(part, (nameless,))
    builder.sensitive.append(Sensitive(nameless, Rule.MARGIN, 1, 0, None))
    with pytest.raises(ProtectionError, match="protection-unmet") as unmet:
        suppress(builder.build(), Rules())
    assert unmet.value.about == "20/clients/school/01AA00/"


def test_an_error_comes_back_whole_from_another_process() -> None:
    sent = ProtectionError("protection-unmet", "expected", hint="publish less", about="20/x/y/z/")
    back = copy.copy(sent)  # as pickle does it
    assert (type(back), str(back), back.args) == (ProtectionError, str(sent), sent.args)
    assert (back.code, back.hint, back.about) == (sent.code, sent.hint, sent.about)
