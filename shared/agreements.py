"""The agreements: which party signed which processing agreement (*verwerkersovereenkomst*).

Read from docs/dpia/agreements.toml. It is the trust root of a service: the fingerprints in it
come from the signed documents, and a supplier whose agreement is not in force is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from shared.canonical import sha256_hex
from shared.errors import ConfigurationError, PolicyError
from shared.files import read_file
from shared.identity import PartyId, Role, Sha256
from shared.policy import Status, explain, parse_toml

Text = Annotated[str, Field(min_length=1)]
EEA = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
        "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip
"""Countries of the European Economic Area: nothing is processed elsewhere (DPIA question 8)."""
CLAUSE = r"^28\(3\)(\([a-h]\): .+| aanhef: .+)$"
"""A part of GDPR article 28(3): its opening words or one of its eight letters."""
ORGANISATIONS_TO_APPROVE = 2


def _in_the_eea(country: str) -> str:
    if country not in EEA:
        raise ValueError("a country of the European Economic Area, by its two letters")
    return country


Country = Annotated[str, AfterValidator(_in_the_eea)]
TestId = Annotated[str, Field(pattern=r"^tests/[a-z0-9_/]+\.py::test_[a-z0-9_]+$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Clause(_Part):
    """A clause of GDPR article 28(3) and where the agreement and the software fulfil it.

    Attributes:
        shown_by: tests in which the software's part is seen to work.
    """

    clause: Annotated[str, Field(pattern=CLAUSE)]
    fulfilled_by: Text
    shown_by: tuple[TestId, ...] = ()


class SubProcessor(_Part):
    """Who works for a processor, with what and where; named before it starts."""

    name: Text
    does: Text
    location: Country


class Agreement(_Part):
    """One party's agreement.

    Attributes:
        fingerprint: of the party's card, as it stands in the signed document; absent while
            nothing has been signed.
        document_sha256: of the signed PDF; absent while nothing has been signed.
        document: file name of the signed PDF in the folder that the settings name.
        kind: what sort of agreement it is, in words.
        processings: operations of DPIA question 3 that it is about.
        locations: countries where the party processes, none outside the EEA.
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
    document: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.pdf$")] | None = None
    kind: str = ""
    processings: tuple[Annotated[str, Field(pattern=r"^V[0-9]+$")], ...] = ()
    locations: tuple[Country, ...] = ()
    sub_processors: tuple[SubProcessor, ...] = ()

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
        if (
            self.in_force_from is not None
            and self.in_force_until is not None
            and self.in_force_until < self.in_force_from
        ):
            raise ValueError("an agreement ends on or after its first day")
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

    def check_processor_complete(self, party: str, role: Role) -> None:
        """Refuse a processor of whom nobody wrote down where it processes.

        Raises:
            PolicyError: ``agreement-missing`` or ``agreement-incomplete``.
        """
        if not self.of(party, role).locations:
            raise PolicyError(
                "agreement-incomplete",
                f"expected the countries where {party} processes under `locations`, found none",
                hint="enter the locations and sub-processors of the signed agreement in "
                "agreements.toml",
                about=party,
            )

    def check_two_organisations(self, day: date) -> None:
        """Refuse to start where two organisations could not approve the outcome on ``day``.

        One municipality can begin alone: its second approver is of the region, a partnership of
        schools or a neighbour.

        Raises:
            PolicyError: ``approvers-missing``.
        """
        organisations = {
            each.organisation.strip().casefold()
            for each in self.agreements
            if each.role is Role.APPROVER and each.in_force_on(day)
        }
        if len(organisations) < ORGANISATIONS_TO_APPROVE:
            raise PolicyError(
                "approvers-missing",
                f"expected approvers of {ORGANISATIONS_TO_APPROVE} organisations in force on "
                f"{day}, found {len(organisations)}",
                hint="name a second approver in agreements.toml, of the region, a "
                "samenwerkingsverband or a neighbouring municipality",
            )

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


def check_documents(agreements: Agreements, folder: Path) -> None:
    """Compare every signed document in ``folder`` with the hash in its agreement.

    Raises:
        ConfigurationError: ``agreement-document-missing`` or ``agreement-document-differs``.
    """
    for each in agreements.agreements:
        if each.status is not Status.DEFINITIEF:
            continue
        name = each.document or f"{each.party}-{each.role}.pdf"
        path = folder / name
        if not path.is_file():
            raise ConfigurationError(
                "agreement-document-missing",
                f"expected the signed agreement of {each.party} as {name}, found no such file",
                hint="put the signed PDF in the folder of signed_documents, or name it under "
                "`document` in agreements.toml",
                about=each.party,
            )
        if sha256_hex(path.read_bytes()) != each.document_sha256:
            raise ConfigurationError(
                "agreement-document-differs",
                f"expected {name} to be the document that {each.party} signed, found other bytes",
                hint="look for the PDF that was signed; if it was signed anew, enter its sha256 "
                "and version in agreements.toml",
                about=each.party,
            )


def load_agreements(path: Path, documents: Path | None = None) -> PinnedAgreements:
    """Read the agreements from a file.

    Args:
        documents: folder of signed PDFs; where it is given, each must be the one that was signed.

    Raises:
        ConfigurationError: ``agreements-invalid``, naming each place,
            ``agreement-document-missing`` or ``agreement-document-differs``.
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
    if documents is not None:
        check_documents(agreements, documents)
    return PinnedAgreements(agreements, sha256_hex(data))
