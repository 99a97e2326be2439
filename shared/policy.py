"""The policy: what is allowed, in the one place where it is decided (docs/dpia/policy.toml).

Purposes, attributes, tables, thresholds, terms, recipients and who approves. Rounds pin its
bytes by hash; both services read it and refuse what it does not name.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.canonical import sha256_hex
from shared.errors import ConfigurationError, PolicyError
from shared.files import read_file
from shared.identity import PartyId
from shared.reference import Level

Days = Annotated[int, Field(ge=1, le=3660)]
Text = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Status(StrEnum):
    """How far a governance document is."""

    CONCEPT = "concept"
    DEFINITIEF = "definitief"


class Purpose(_Part):
    """A purpose of the processing (DPIA question 5)."""

    id: Annotated[str, Field(pattern=r"^P[0-9]+$")]
    text: Text


class Attribute(_Part):
    """One attribute that may be delivered (DPIA question 2).

    Attributes:
        category: gewoon, gevoelig, bijzonder or nationaal identificatienummer.
        why: what it is needed for.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    label: Text
    category: Text
    purposes: Annotated[tuple[str, ...], Field(min_length=1)]
    why: Text


class DeliverySchema(_Part):
    """A wire schema that may be delivered, attribute by attribute."""

    name: Annotated[str, Field(pattern=r"^[a-z]+/[0-9]+$")]
    source: Text
    attributes: Annotated[tuple[Attribute, ...], Field(min_length=1)]


class PublishedTable(_Part):
    """A table that may be published, at which levels and to whom (DPIA question 6)."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: Text
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]
    recipients: Annotated[tuple[str, ...], Field(min_length=1)]


class Protection(_Part):
    """Parameters of disclosure control (PROTECTION 3), by the names that the software uses.

    The software may be stricter than what is declared here, never laxer.

    Attributes:
        p_percent: how well no contributor may estimate another's share of an amount; the
            linker computes the required widths with it, since it alone has the contributions.
        dominance_percent: a share of one contributor above which an amount is dominated.
    """

    threshold: Annotated[int, Field(ge=3)]
    split_threshold: Annotated[int, Field(ge=3)]
    zeros: Literal["publish", "protect", "parent"]
    zero_parent_min: Annotated[int, Field(ge=0)]
    slide: Annotated[int, Field(ge=1, le=2)]
    split_slide: Annotated[int, Field(ge=1, le=2)]
    direction: Literal["either", "up", "both"]
    union: bool
    group: bool
    remainder: Annotated[int, Field(ge=0)]
    rate_min: Annotated[int, Field(ge=1)]
    p_percent: Annotated[int, Field(ge=1, le=100)]
    dominance_percent: Annotated[int, Field(ge=1, le=99)]
    fallback: bool


class Retention(_Part):
    """How long each thing is kept (DPIA question 10), in days."""

    source_files_after_delivery_days: Days
    input_after_close_days: Days
    figures_after_delivery_days: Days
    tally_after_receipt_days: Days
    release_after_publication_days: Days
    ledger_days: Days


class Approval(_Part):
    """Who must agree before a release is published."""

    approvers: Annotated[int, Field(ge=2)]
    from_different_organisations: bool
    accepted: Annotated[tuple[str, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _four_eyes(self) -> Approval:
        if not self.from_different_organisations:
            raise ValueError("approvers come from different organisations")
        if not set(self.accepted) <= {"offline", "page"}:
            raise ValueError("an approval is made offline or on a page")
        return self


class Limits(_Part):
    """How much a supplier may deliver in one round."""

    max_rows_per_delivery: Annotated[int, Field(ge=1)]
    max_objections_per_supplier: Annotated[int, Field(ge=0)]


class Policy(_Part):
    """The whole policy.

    Attributes:
        fg_advice_on: the day of the privacy officer's advice; required once definitive.
    """

    id: Text
    version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
    dpia_version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+$")]
    status: Status
    synthetic: bool
    region: Text
    fg_advice_on: date | None = None
    linker: PartyId
    publisher: PartyId
    key_office: PartyId
    purposes: Annotated[tuple[Purpose, ...], Field(min_length=1)]
    schemas: Annotated[tuple[DeliverySchema, ...], Field(min_length=1)]
    tables: Annotated[tuple[PublishedTable, ...], Field(min_length=1)]
    protection: Protection
    retention: Retention
    approval: Approval
    limits: Limits

    @model_validator(mode="after")
    def _is_coherent(self) -> Policy:
        if self.status is Status.DEFINITIEF and self.fg_advice_on is None:
            raise ValueError("a definitive policy names the day of the FG's advice")
        known = {purpose.id for purpose in self.purposes}
        for schema in self.schemas:
            for attribute in schema.attributes:
                if not set(attribute.purposes) <= known:
                    raise ValueError(f"{schema.name} {attribute.name} names an unknown purpose")
        return self

    def attributes(self, schema: str) -> tuple[str, ...]:
        """The attributes that may be delivered under ``schema``, in order.

        Raises:
            PolicyError: ``schema-not-declared``.
        """
        for declared in self.schemas:
            if declared.name == schema:
                return tuple(attribute.name for attribute in declared.attributes)
        raise PolicyError(
            "schema-not-declared",
            f"expected a schema that the policy declares, found {schema}",
            hint="a new schema needs a new version of the DPIA and the policy",
            about=schema,
        )

    def check_round_allowed(self, *, synthetic: bool) -> None:
        """Refuse a real round under a concept, and a synthetic one under a real policy.

        Raises:
            PolicyError: ``policy-not-definitive`` or ``synthetic-mismatch``.
        """
        if self.synthetic is not synthetic:
            raise PolicyError(
                "synthetic-mismatch",
                f"expected a round with synthetic={self.synthetic} as in the policy, "
                f"found {synthetic}",
                hint="synthetic data needs a policy that says so, and real data one that does not",
            )
        if not synthetic and self.status is not Status.DEFINITIEF:
            raise PolicyError(
                "policy-not-definitive",
                f"expected a policy with status definitief, found {self.status}",
                hint="have the DPIA adopted and the FG's advice dated first",
            )


@dataclass(frozen=True, slots=True)
class PinnedPolicy:
    """A policy with the hash of the bytes that it was read from."""

    policy: Policy
    sha256: str


def parse_toml(data: bytes, name: str) -> dict[str, Any]:
    """Read TOML.

    Raises:
        ConfigurationError: ``toml-invalid``.
    """
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        line = re.search(r"at line ([0-9]+)", str(error))
        raise ConfigurationError(
            "toml-invalid",
            f"expected TOML in {name}: {error}",
            hint="mend the line that is named",
            about=f"{name}, regel {line[1]}" if line else name,
        ) from error


def explain(error: ValidationError) -> str:
    """Where a document differs from its model: places and reasons, never the values."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'document'}: {item['msg']}"
        for item in error.errors(include_input=False, include_url=False)
    )


def read_policy(data: bytes, name: str = "policy.toml") -> PinnedPolicy:
    """Read a policy from its bytes.

    Raises:
        ConfigurationError: ``policy-invalid``, naming each place.
    """
    try:
        policy = Policy.model_validate(parse_toml(data, name))
    except ValidationError as error:
        raise ConfigurationError(
            "policy-invalid",
            f"expected a complete policy in {name}: {explain(error)}",
            hint="mend the places that are named",
            about=name,
        ) from error
    return PinnedPolicy(policy, sha256_hex(data))


def load_policy(path: Path) -> PinnedPolicy:
    """Read a policy from a file."""
    return read_policy(read_file(path, "a policy"), path.name)
