"""Providers in bands: 0 and 3 or more are shown, 1 or 2 are withheld and stay both possible."""

from __future__ import annotations

import pandas as pd
import pytest

from publisher.protection import Protected, Published, Rules, protect_tally, verify_protection
from shared.contract.tally import Tally
from shared.errors import ProtectionError
from shared.reference import Level, Reference
from tests.support.amounts import Care, Child, amount_tally
from tests.support.protection import reference, school

RULES = Rules(fallback=True)
PUBLISHED = (
    Published("pupils_and_clients", (Level.SCHOOL, Level.REGION)),
    Published("providers", (Level.SCHOOL, Level.REGION)),
)


def made(providers: dict[str, list[int]], clients: int = 20) -> tuple[Reference, Tally, Protected]:
    """A school per entry, whose children have these providers in turn."""
    children = [
        Child(code, 1, (Care(provider=numbers[at % len(numbers)]),))
        for code, numbers in providers.items()
        for at in range(clients)
    ]
    bundle = reference(school(code) for code in providers)
    tally = amount_tally(bundle, children, {(code, 1): 200 for code in providers})
    return bundle, tally, protect_tally(tally, bundle, RULES, PUBLISHED)


def shown(protected: Protected) -> dict[str, int | None]:
    cells = protected.cells[protected.cells["measure"] == "providers"]
    return {
        str(unit): None if pd.isna(value) else int(value)
        for unit, value in zip(cells["unit"], cells["value"], strict=True)
    }


def test_one_or_two_are_withheld_and_three_are_shown() -> None:
    *_, protected = made(
        {"01AA00": [1, 2, 3], "02AA00": [1], "03AA00": [1, 2], "04AA00": [4, 5, 6]}
    )
    assert shown(protected) == {
        "01AA00": 3, "02AA00": None, "03AA00": None, "04AA00": 3, "region": 6,
    }  # fmt: skip


def test_a_whole_without_overlap_tells_two_and_is_withheld() -> None:
    """5 in the region, 3 at one school: the other has at least 2, so exactly 2."""
    *_, protected = made({"01AA00": [1, 2, 3], "02AA00": [4, 5]})
    found = shown(protected)
    assert found["02AA00"] is None
    assert None in (found["01AA00"], found["region"])


def test_providers_need_a_published_count() -> None:
    bundle, _, _ = made({"01AA00": [1, 2, 3]})
    children = [Child("01AA00", 1, (Care(provider=at),)) for at in range(4)]
    children += [Child(code, 1, (Care(provider=at % 5),)) for code in ("02AA00", "03AA00")
                 for at in range(20)]  # fmt: skip
    bundle = reference(school(code) for code in ("01AA00", "02AA00", "03AA00"))
    tally = amount_tally(bundle, children, {(code.code, 1): 200 for code in bundle.schools})
    protected = protect_tally(tally, bundle, RULES, PUBLISHED)
    cells = protected.cells.set_index(["unit", "measure"])["status"]
    for unit in ("01AA00", "02AA00", "03AA00", "region"):
        if cells[unit, "clients"] == "c":
            assert cells[unit, "providers"] == "c"
    assert cells["01AA00", "providers"] == "c"


def test_the_proof_is_verified_and_a_missing_one_refused() -> None:
    bundle, tally, protected = made({"01AA00": [1, 2, 3], "02AA00": [4, 5]})
    verify_protection(protected.cells, tally, bundle, RULES, PUBLISHED, protected.certificates)
    others = [c for c in protected.certificates if "/providers/" not in c.cell]
    with pytest.raises(ProtectionError, match="verification-failed"):
        verify_protection(protected.cells, tally, bundle, RULES, PUBLISHED, others)


def test_the_largest_provider_is_never_published() -> None:
    *_, protected = made({"01AA00": [1, 2, 3]})
    assert "largest_provider_clients" not in set(protected.cells["measure"])
