"""The agreements: which party signed which processing agreement (*verwerkersovereenkomst*).

Read from docs/dpia/agreements.toml. It is the trust root of a service: the fingerprints in it
come from the signed documents, and a supplier whose agreement is not in force is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.canonical import sha256_hex
from shared.errors import ConfigurationError, PolicyError
from shared.files import read_file
from shared.identity import PartyId, Role, Sha256
from shared.policy import Status, explain, parse_toml

Text = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Clause(_Part):
    """A clause of GDPR article 28(3) and where the agreement and the software fulfil it."""

    clause: Text
    fulfilled_by: Text


class Agreement(_Part):
    """One party's agreement.

    Attributes:
        fingerprint: of the party's card, as it stands in the signed document; absent while
            nothing has been signed.
        document_sha256: of the signed PDF; absent while nothing has been signed.
    """

    party: PartyId
    role: Role
    name: Text
    organisation: Text
    municipality: Annotated[int, Field(ge=1, le=9999)] | None = None
    status: Status
    version: Annotated[str, Field(min_length=1, max_length=40)]
    in_force_from: date | None = None
    in_force_until: date | None = None
    fingerprint: Sha256 | None = None
    document_sha256: Sha256 | None = None

    @model_validator(mode="after")
    def _signed_means_complete(self) -> Agreement:
        signed = (
            self.in_force_from,
            self.in_force_until,
            self.fingerprint,
            self.document_sha256,
        )
        if self.status is Status.DEFINITIEF and None in signed:
            raise ValueError("a definitive agreement has dates, a fingerprint and a document hash")
        return self

    def in_force_on(self, day: date) -> bool:
        """Whether the agreement is signed and in force on ``day``."""
        if self.status is not Status.DEFINITIEF:
            return False
        assert self.in_force_from is not None
        assert self.in_force_until is not None
        return self.in_force_from <= day <= self.in_force_until


class Agreements(_Part):
    """All agreements of a region."""

    version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
    region: Text
    agreements: tuple[Agreement, ...] = ()
    clauses: tuple[Clause, ...] = ()

    @model_validator(mode="after")
    def _one_each(self) -> Agreements:
        parties = [agreement.party for agreement in self.agreements]
        if len(set(parties)) != len(parties):
            raise ValueError("a party has one agreement at a time")
        return self

    def of(self, party: str, role: Role) -> Agreement:
        """The agreement of ``party`` in ``role``.

        Raises:
            PolicyError: ``agreement-missing``.
        """
        for agreement in self.agreements:
            if agreement.party == party and agreement.role is role:
                return agreement
        raise PolicyError(
            "agreement-missing",
            f"expected an agreement of {party} as {role}, found none",
            hint="sign the agreement and enter it in agreements.toml first",
            about=party,
        )

    def check_in_force(self, party: str, role: Role, day: date) -> Agreement:
        """The agreement of ``party``, which must be in force on ``day``.

        Raises:
            PolicyError: ``agreement-missing`` or ``agreement-not-in-force``.
        """
        agreement = self.of(party, role)
        if not agreement.in_force_on(day):
            raise PolicyError(
                "agreement-not-in-force",
                f"expected an agreement of {party} in force on {day}, found status "
                f"{agreement.status}, from {agreement.in_force_from or 'no date'} "
                f"until {agreement.in_force_until or 'no date'}",
                hint="renew the verwerkersovereenkomst and enter it in agreements.toml; "
                "nothing was stored",
                about=party,
            )
        return agreement

    def fingerprint(self, party: str, role: Role) -> str:
        """The pinned fingerprint of ``party``.

        Raises:
            PolicyError: ``agreement-missing`` or ``agreement-not-signed``.
        """
        agreement = self.of(party, role)
        if agreement.fingerprint is None:
            raise PolicyError(
                "agreement-not-signed",
                f"expected a signed agreement with a fingerprint of {party}, found a concept",
                hint="sign the agreement and enter it in agreements.toml first",
                about=party,
            )
        return agreement.fingerprint


@dataclass(frozen=True, slots=True)
class PinnedAgreements:
    """Agreements with the hash of the bytes that they were read from."""

    agreements: Agreements
    sha256: str


def load_agreements(path: Path) -> PinnedAgreements:
    """Read the agreements from a file.

    Raises:
        ConfigurationError: ``agreements-invalid``, naming each place.
    """
    data = read_file(path, "the agreements")
    try:
        agreements = Agreements.model_validate(parse_toml(data, path.name))
    except ValidationError as error:
        raise ConfigurationError(
            "agreements-invalid",
            f"expected complete agreements in {path.name}: {explain(error)}",
            hint="mend the places that are named",
            about=path.name,
        ) from error
    return PinnedAgreements(agreements, sha256_hex(data))
