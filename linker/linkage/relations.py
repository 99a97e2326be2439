"""Public facts as relations for the engine: schools, providers, arrangements, covered residents."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pyarrow as pa

from linker.linkage.indicators import NONE, OTHER, UNKNOWN
from shared.contract.codes import NO_PROVIDER, Education, SchoolType
from shared.contract.deliveries import CARE, ENROLMENT
from shared.reference import Reference

UNKNOWN_SCHOOL_NO = 0
"""Number of the school that is not in the bundle."""
SPECIAL = frozenset({SchoolType.SO, SchoolType.VSO})

OTHER_PROVIDER, WITHOUT_PROVIDER = 0, 1
UNKNOWN_ARRANGEMENT, NO_ARRANGEMENT = 0, 1
"""Keys of the categories beside those of the bundle, whose keys follow."""
_FIRST_KEY = 2
UNLISTED_PROVIDERS = 1_000_000
"""A provider that is not in the bundle has its AGB code as its number, from here up."""

_NUMBER = pa.int32()


def reference_relations(
    reference: Reference, covered: Mapping[int, Collection[int]]
) -> dict[str, pa.Table]:
    """Every relation that comes from the bundle or the round, by name."""
    return {
        "schools": _schools(reference),
        "providers": _providers(reference),
        "arrangements": _arrangements(reference),
        "covered_residences": _covered(covered),
    }


def _schools(reference: Reference) -> pa.Table:
    wire = ENROLMENT.column("school").type
    codes = [school.code.encode("ascii") for school in reference.schools]
    return pa.table(
        {
            "school": pa.array(codes, wire),
            "school_no": pa.array(range(1, len(codes) + 1), _NUMBER),
            "special": pa.array([school.type in SPECIAL for school in reference.schools]).cast(
                pa.bool_()
            ),
        }
    )


def _providers(reference: Reference) -> pa.Table:
    """The group of every AGB code; where two groups claim a code, the first has it."""
    known = {NO_PROVIDER: (0, WITHOUT_PROVIDER)}
    for number, group in enumerate(reference.provider_groups, start=1):
        for agb in group.agb:
            known.setdefault(agb, (number, number - 1 + _FIRST_KEY))
    wire = CARE.column("provider").type
    return pa.table(
        {
            "provider": pa.array([agb.encode("ascii") for agb in known], wire),
            "provider_no": pa.array([number for number, _ in known.values()], _NUMBER),
            "provider_key": pa.array([key for _, key in known.values()], _NUMBER),
        }
    )


def _arrangements(reference: Reference) -> pa.Table:
    numbers = [joint.number for joint in reference.arrangements]
    keys = range(_FIRST_KEY, _FIRST_KEY + len(numbers))
    return pa.table(
        {
            "arrangement": pa.array(numbers, CARE.column("arrangement").type),
            "arrangement_key": pa.array(keys, _NUMBER),
        }
    )


def key_codes(breakdown: str, reference: Reference) -> tuple[str, ...]:
    """The category of every key of a keyed breakdown, by its number."""
    if breakdown == "provider":
        return (OTHER, NONE, *(group.group for group in reference.provider_groups))
    if breakdown == "arrangement":
        return (UNKNOWN, NONE, *(str(joint.number) for joint in reference.arrangements))
    if breakdown == "education":
        return tuple(str(code) for code in range(max(Education) + 1))
    raise RuntimeError(f"{breakdown} has no keys")


def _covered(covered: Mapping[int, Collection[int]]) -> pa.Table:
    pairs = sorted({(period, place) for period, places in covered.items() for place in places})
    return pa.table(
        {
            "period": pa.array([period for period, _ in pairs], pa.uint8()),
            "residence": pa.array([place for _, place in pairs], pa.int32()),
        }
    )
