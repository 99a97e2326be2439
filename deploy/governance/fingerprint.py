"""A fingerprint of everything that the DPIA is about: not of source text, but of what may happen.

Each part has a hash of its own, so that a change says what changed. Comments, wording of programs
and speed are no part of it.
"""

from __future__ import annotations

import json
from typing import Any

from linker.linkage.definitions import definitions
from linker.linkage.rekey import LINK_ID_BYTES, link_key
from shared.canonical import sha256_hex
from shared.contract import codes
from shared.contract.deliveries import OBJECTION_BLOCK, PSEUDONYM_BYTES, SCHEMAS
from shared.envelope import SUITE
from shared.hashing.pseudonym import SECRET_BYTES, calibration, derive_key
from shared.policy import Policy
from shared.round import SCHEME

_ROUND = "vingerafdruk"
PARTS = ("purposes", "attributes", "code_lists", "scheme", "thresholds", "tables", "terms")


def fingerprints(policy: Policy) -> dict[str, str]:
    """Per part the SHA-256 of what it holds now."""
    return {name: _hash(part) for name, part in parts(policy).items()}


def parts(policy: Policy) -> dict[str, Any]:
    """What each part holds, as plain values in a fixed order."""
    found = {
        "purposes": [each.model_dump() for each in policy.purposes],
        "attributes": _attributes(policy),
        "code_lists": _code_lists(),
        "scheme": _scheme(),
        "thresholds": {
            "protection": policy.protection.model_dump(),
            "approval": policy.approval.model_dump(),
            "limits": policy.limits.model_dump(),
            "corrections": policy.corrections.model_dump(),
        },
        "tables": _tables(policy),
        "terms": policy.retention.model_dump(),
    }
    if tuple(found) != PARTS:
        raise RuntimeError("the parts of a fingerprint have fixed names")
    return found


def _hash(part: Any) -> str:
    return sha256_hex(json.dumps(part, sort_keys=True, ensure_ascii=True, default=str).encode())


def _attributes(policy: Policy) -> list[Any]:
    wire = [
        [
            schema.name,
            [
                [each.name, str(each.type), each.low, each.high, sorted(each.codes or ())]
                for each in schema.columns
            ],
        ]
        for schema in SCHEMAS.values()
    ]
    allowed = [
        [
            schema.name,
            [[each.name, each.category, list(each.purposes)] for each in schema.attributes],
        ]
        for schema in policy.schemas
    ]
    return [wire, allowed]


def _code_lists() -> dict[str, Any]:
    lists = (codes.Form, codes.Domain, codes.Referrer, codes.Funding, codes.EndReason)
    found: dict[str, Any] = {
        each.__name__: [[member.value, member.label] for member in each] for each in lists
    }
    found["Education"] = [[member.value, member.label] for member in codes.Education]
    found["SchoolType"] = [[member.value, member.sector.value] for member in codes.SchoolType]
    found["providers"] = [sorted(codes.PROVIDER_TYPES), codes.NO_PROVIDER]
    return found


def _scheme() -> dict[str, Any]:
    """Constants, and what comes out for a key that everybody knows: another scheme shows in it."""
    known = derive_key(bytes(SECRET_BYTES), _ROUND)
    return {
        "scheme": SCHEME,
        "suite": SUITE,
        "bytes": [SECRET_BYTES, PSEUDONYM_BYTES, LINK_ID_BYTES, OBJECTION_BLOCK],
        "calibration": calibration(known),
        "link_key": sha256_hex(link_key(bytes(SECRET_BYTES), _ROUND)),
    }


def _tables(policy: Policy) -> list[Any]:
    counted = {each.id: each for each in definitions().tables}
    found = []
    for table in policy.tables:
        of = counted[table.counted_as]
        measures = [definitions().measure(id_) for id_ in of.measures]
        found.append(
            [
                table.id,
                list(table.levels),
                list(table.recipients),
                table.method,
                table.sensitive,
                of.id,
                of.breakdown,
                [[each.id, each.quantity, each.column, each.where] for each in measures],
            ]
        )
    return found
