"""The policy: what is allowed, in the one place where it is decided (docs/dpia/policy.toml).

Purposes, attributes, tables, thresholds, terms, recipients and who approves. Rounds pin its
bytes by hash; both services read it and refuse what it does not name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.canonical import sha256_hex
from shared.errors import ConfigurationError, PolicyError
from shared.files import read_file
from shared.identity import PartyId
from shared.reference import Level

Days = Annotated[int, Field(ge=1, le=3660)]
Text = Annotated[str, Field(min_length=1)]
REVIEW_AFTER = timedelta(days=3 * 366)
"""A DPIA is looked at again at least every three years."""


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


EVERYBODY: Final = "publiek"
Recipient = Literal["gemeenten", "samenwerkingsverbanden", "schoolbesturen", "publiek"]
"""Who can receive released tables; somebody else needs a change of the software and the DPIA."""


class PublishedTable(_Part):
    """A table that may be published, at which levels and to whom (DPIA question 6).

    Attributes:
        method: whether small counts are withheld, or all counts rounded to a multiple of 5.
        of: the table of the tally that a rounded table is the lowest level of.
        sensitive: whether its parts tell something sensitive of children; only then does
            ``split_remainder_min`` hold for them (ADR 0018).
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: Text
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]
    recipients: Annotated[tuple[Recipient, ...], Field(min_length=1)]
    method: Literal["suppress", "round"] = "suppress"
    of: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]*)?$")] = ""
    sensitive: bool = True

    @model_validator(mode="after")
    def _is_of_one_method(self) -> PublishedTable:
        if (self.method == "round") is not bool(self.of) or self.of == self.id:
            raise ValueError("a rounded table names the table that it is of, and no other does")
        if self.method == "round" and self.levels != (Level.SCHOOL,):
            raise ValueError("a rounded table is of schools only")
        return self

    @property
    def counted_as(self) -> str:
        """The table of the tally that it is made from."""
        return self.of or self.id


class Corrections(_Part):
    """When figures that were published are corrected (PROTECTION 6).

    Attributes:
        month: the yearly window, in which corrections that had to wait come together.
    """

    month: Annotated[int, Field(ge=1, le=12)] = 10


class Protection(_Part):
    """Parameters of disclosure control (PROTECTION 3), by the names that the software uses.

    The software may be stricter than what is declared here, never laxer.

    Attributes:
        p_percent: how well no contributor may estimate another's share of an amount; the
            linker computes the required widths with it, since it alone has the contributions.
        dominance_percent: a share of one contributor above which an amount is dominated.
        amount_over: whose share in an amount is protected; see ADR 0015.
        remainder_min: children who must be left, or none, for a supplier that knows its own
            clients behind an amount.
        split_remainder_min: the same behind a count of a sensitive split; 0 is off (ADR 0018).
        total_remainder_min: the same behind a count in total; 0 is off.
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
    remainder_min: Annotated[int, Field(ge=0)]
    split_remainder_min: Annotated[int, Field(ge=0)] = 0
    total_remainder_min: Annotated[int, Field(ge=0)] = 0
    rate_min: Annotated[int, Field(ge=1)]
    p_percent: Annotated[int, Field(ge=1, le=100)]
    dominance_percent: Annotated[int, Field(ge=1, le=99)]
    amount_over: tuple[Literal["clients", "providers", "suppliers"], ...]
    fallback: bool

    @model_validator(mode="after")
    def _splits_are_no_laxer(self) -> Protection:
        if self.split_threshold < self.threshold or self.split_slide < self.slide:
            raise ValueError("a sensitive split is protected at least as well as a total")
        return self


class Retention(_Part):
    """How long each thing is kept (DPIA question 10), in days."""

    source_files_after_delivery_days: Days
    input_after_close_days: Days
    figures_after_delivery_days: Days
    tally_after_receipt_days: Days
    release_after_publication_days: Days
    ledger_days: Days
    access_log_days: Days = 366


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
    corrections: Corrections = Corrections()
    retention: Retention
    approval: Approval
    limits: Limits

    @model_validator(mode="after")
    def _is_coherent(self) -> Policy:
        if self.status is Status.DEFINITIEF and self.fg_advice_on is None:
            raise ValueError("a definitive policy names the day of the FG's advice")
        _check_distinct("a purpose", [purpose.id for purpose in self.purposes])
        _check_distinct("a schema", [schema.name for schema in self.schemas])
        _check_distinct("a table", [table.id for table in self.tables])
        for schema in self.schemas:
            _check_distinct(f"{schema.name}: an attribute", [a.name for a in schema.attributes])
        if self.linker in (self.key_office, self.publisher):
            raise ValueError("the linker is neither the key office nor the publisher")
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

    def check_reviewed(self, day: date) -> None:
        """Refuse a real round under a DPIA whose advice is of a later day or was long ago.

        Raises:
            PolicyError: ``fg-advice-in-future`` or ``dpia-review-overdue``.
        """
        if self.synthetic or self.fg_advice_on is None:
            return
        if self.fg_advice_on > day:
            raise PolicyError(
                "fg-advice-in-future",
                f"expected advice of the FG of {day} or earlier, found {self.fg_advice_on}",
                hint="enter the day on which the FG advised as fg_advice_on in policy.toml",
            )
        if day - self.fg_advice_on > REVIEW_AFTER:
            raise PolicyError(
                "dpia-review-overdue",
                f"expected a DPIA that was reviewed within {REVIEW_AFTER.days} days, found the "
                f"FG's advice of {self.fg_advice_on}",
                hint="review the DPIA, ask the FG again, and enter the new version and day",
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


def _check_distinct(what: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{what} is declared once, found twice: {', '.join(twice)}")


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
