"""The documents of the demonstration: policy, agreements, round plan and settings.

The policy is the shipped one, marked synthetic; the agreements name the demonstration's own
parties and the fingerprints of the identities that were just made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

AGREEMENT_VERSION = "demo-1"
TERM_DAYS = 365
OPEN_DAYS = 30


@dataclass(frozen=True, slots=True)
class Signed:
    """A party with the fingerprint that stands in its signed agreement."""

    party: str
    role: str
    name: str
    organisation: str
    fingerprint: str
    municipality: int | None = None


def policy_text(shipped: str) -> str:
    """The shipped policy, for synthetic data only."""
    if shipped.count("synthetic = false") != 1:
        raise RuntimeError("the shipped policy says `synthetic = false` once")
    return shipped.replace("synthetic = false", "synthetic = true")


def agreements_text(parties: Iterable[Signed], today: date) -> str:
    """Agreements in force for a year, each with the hash of a document that says so."""
    lines = ['version = "1.0.0"', 'region = "achterhoek"', ""]
    for signed in parties:
        document = (
            f"Demonstratie-overeenkomst van {signed.party}, vingerafdruk {signed.fingerprint}"
        )
        lines += [
            "[[agreements]]",
            f'party = "{signed.party}"',
            f'role = "{signed.role}"',
            f'name = "{signed.name}"',
            f'organisation = "{signed.organisation}"',
            *([f"municipality = {signed.municipality}"] if signed.municipality else []),
            'status = "definitief"',
            f'version = "{AGREEMENT_VERSION}"',
            f"in_force_from = {today - timedelta(days=1)}",
            f"in_force_until = {today + timedelta(days=TERM_DAYS)}",
            f'fingerprint = "{signed.fingerprint}"',
            f'document_sha256 = "{hashlib.sha256(document.encode()).hexdigest()}"',
            "",
        ]
    return "\n".join(lines)


def plan_text(
    suppliers: Mapping[str, Mapping[str, Iterable[int]]], first_years: Iterable[int], today: date
) -> str:
    """Who delivers what for which municipalities, in which school years."""
    lines = [
        'region = "achterhoek"',
        f"closes_on = {today + timedelta(days=OPEN_DAYS)}",
        "synthetic = true",
        'period_kind = "school_year"',
        f"first_years = {sorted(first_years)}",
        "",
    ]
    for party, expected in suppliers.items():
        lines += ["[[suppliers]]", f'party = "{party}"']
        for schema, municipalities in expected.items():
            lines += [
                "[[suppliers.expected]]",
                f'schema_name = "{schema}"',
                f"municipalities = {sorted(municipalities)}",
            ]
        lines.append("")
    return "\n".join(lines)


def profile_text(shipped: str, arrangements: Mapping[str, int]) -> str:
    """A shipped profile in which products belong to arrangements, by their number."""
    lines = [f"{product} = {number}" for product, number in arrangements.items()]
    return "\n".join([shipped.rstrip(), "", "[codes.arrangement_by_product]", *lines, ""])


def service_settings(port: int, publisher_url: str | None = None) -> str:
    """Settings of a service whose files lie beside this one."""
    lines = [
        'database_url = "sqlite:///state.db"',
        'key_folder = "keys"',
        'identity = "identity.json"',
        'policy = "policy.toml"',
        'agreements = "agreements.toml"',
        f"port = {port}",
    ]
    if publisher_url is not None:
        lines.append(f'publisher_url = "{publisher_url}"')
    return "\n".join(lines) + "\n"


def shipped_policy() -> str:
    """docs/dpia/policy.toml of this checkout."""
    root = Path(__file__).resolve().parents[2]
    return (root / "docs" / "dpia" / "policy.toml").read_text(encoding="utf-8")
