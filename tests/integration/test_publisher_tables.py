"""Every table of the shipped policy, staged from a round of the tiny region; and with one less."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy.demo.documents import policy_text, shipped_policy
from publisher import staging
from publisher.protection import Protected, protect_tally
from publisher.reading import read_release
from publisher.store import find_release
from shared.errors import ProtectionError
from shared.policy import read_policy
from shared.reference import Level
from tests.support.databases import NewDatabase
from tests.support.narrow_policy import LEFT_OUT, narrow_policy
from tests.support.parties import ROUND, MiniRegion, make_region
from tests.support.publishing import RELEASE, Publisher

WHOLE = policy_text(shipped_policy())
ARRANGEMENTS = "arrangement_schools"
PROVIDERS = "clients_by_provider"
"""Not of the tiny region: it has one provider, and that there is one is withheld."""


@pytest.fixture
def region(tmp_path: Path, new_database: NewDatabase) -> MiniRegion:
    """In place of the region of other tests, which publishes less."""
    return make_region(tmp_path, policy=WHOLE, new_database=new_database)


def levels_of(publisher: Publisher) -> dict[str, set[str]]:
    with publisher.releases.database.reading() as session:
        release = read_release(session, find_release(session, RELEASE))
    return {each.id: set(each.cells["level"].to_pylist()) for each in release.tables}


def test_the_policy_of_other_tests_is_the_shipped_one_but_for_tables() -> None:
    whole, narrow = read_policy(WHOLE.encode()).policy, read_policy(narrow_policy().encode()).policy
    assert {each.id for each in whole.tables} - {each.id for each in narrow.tables} == LEFT_OUT
    assert whole.model_copy(update={"tables": ()}) == narrow.model_copy(update={"tables": ()})


def test_every_table_of_the_policy_is_released_and_verified(publisher: Publisher) -> None:
    publisher.releases.stage(ROUND)
    held = levels_of(publisher)
    assert set(held) == {each.id for each in publisher.region.policy.policy.tables} - {PROVIDERS}
    large = LEFT_OUT - {ARRANGEMENTS, PROVIDERS}
    assert all(Level.MUNICIPALITY.value in held[table] for table in large)
    assert not held[ARRANGEMENTS], "the tiny region has none, and is released all the same"
    assert publisher.releases.verify(RELEASE)


def test_a_level_that_cannot_be_protected_is_left_out_and_said(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[bool] = []

    def unmet(*given: Any, **how: Any) -> Protected:
        levels = {each.table: each.levels for each in given[3]}["starts_and_ends"]
        tried.append(Level.TYPE in levels)
        if Level.TYPE in levels:
            raise ProtectionError("protection-unmet", "", about="25/clients_ended/type/BO/")
        return protect_tally(*given, **how)

    monkeypatch.setattr(staging, "protect_tally", unmet)
    publisher.releases.stage(ROUND)
    assert tried[0]
    assert not any(tried[1:])
    assert "type" not in levels_of(publisher)["starts_and_ends"]
    assert "type" in levels_of(publisher)["clients_by_form"]
    count, screening = publisher.releases.verify_and_screen(RELEASE)
    assert count
    (missing,) = [each for each in screening.outcomes if each.check.id == "levels-missing"]
    assert missing.places == ("starts_and_ends: type",)
    (gone,) = [each for each in screening.outcomes if each.check.id == "tables-missing"]
    assert gone.places == (PROVIDERS,)
