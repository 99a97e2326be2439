"""What protection did to a release, as approvers and auditors read it; internal, never public.

Source: PROTECTION 5: reasons, and what an attack found, stay with the publisher. Readers get the
verdict in the manifest and the share withheld per table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from publisher.released import Release
from shared.errors import InputError
from shared.reference import Level

RuleValue = int | str | bool | tuple[str, ...]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Attacked(_Part):
    """What an attack found: cells that can be computed, and cells that stay too certain."""

    exact: int
    too_narrow: int


class Loss(_Part):
    """What is withheld of a group of cells, and why.

    Attributes:
        primary: cells per rule that withholds them for their own sake.
        secondary: cells withheld to protect others.
        hidden_value_per_10000: share of the children who are counted in secondary cells.
        smallest_published: the smallest positive count of persons that is shown; 0 for none.
        few_others: shown counts that leave a supplier, which knows its own, with few others.
        subtracting: suppliers that withheld cells would have left with few others.
    """

    cells: int
    primary: Mapping[str, int]
    secondary: int
    withheld: int
    withheld_per_10000: int
    hidden_value: int
    hidden_value_per_10000: int
    smallest_published: int
    few_others: int = 0
    subtracting: int = 0
    audit: Attacked

    @property
    def by_itself(self) -> int:
        """Cells that a rule withholds for what they say themselves."""
        return sum(self.primary.values())


class TableLoss(Loss):
    """The same of a table, and of each of its levels."""

    levels: Mapping[str, Loss]


class Certified(_Part):
    """How many proofs were made, and how many of these were checked."""

    issued: int
    verified: int


class Sealed(_Part):
    """The sealed report, as ``ProtectionReport.to_json`` wrote it."""

    rules: Mapping[str, RuleValue]
    tables: Mapping[str, TableLoss]
    total: Loss
    certificates: Certified
    latent_too_narrow: int
    smallest_union: int | None


@dataclass(frozen=True, slots=True)
class ReleaseReport:
    """A release with its sealed report.

    Attributes:
        titles: of every table, by id.
    """

    release_id: str
    title: str
    state: str
    synthetic: bool
    titles: Mapping[str, str]
    sealed: Sealed

    @classmethod
    def of(cls, release: Release, report: bytes) -> Self:
        """Read the report of a release.

        Raises:
            InputError: ``report-invalid`` where another version of the software made it.
        """
        try:
            sealed = Sealed.model_validate_json(report)
        except ValidationError as error:
            raise InputError(
                "report-invalid",
                f"expected the report of {release.manifest.release_id} as this version writes it, "
                f"found {error.error_count()} other fields",
                hint="stage the release again with this version",
            ) from error
        manifest = release.manifest
        return cls(
            release_id=manifest.release_id,
            title=manifest.title,
            state=release.state,
            synthetic=manifest.synthetic,
            titles={table.id: table.title for table in manifest.tables},
            sealed=sealed,
        )

    @property
    def nothing_found(self) -> bool:
        """Whether no attack found anything, and every proof was checked."""
        found = self.sealed.total.audit
        proofs = self.sealed.certificates
        return not (found.exact or found.too_narrow or self.sealed.latent_too_narrow) and (
            proofs.issued == proofs.verified
        )

    def per_level(self) -> Iterator[tuple[Level, int, int, int]]:
        """Per level, over all tables: cells shown, withheld by themselves, withheld for others."""
        for level in Level:
            parts = [
                table.levels[level.value]
                for table in self.sealed.tables.values()
                if level.value in table.levels
            ]
            if parts:
                yield (
                    level,
                    sum(part.cells - part.withheld for part in parts),
                    sum(part.by_itself for part in parts),
                    sum(part.secondary for part in parts),
                )

    def to_json(self) -> bytes:
        """The report as readable JSON, with the release that it is about."""
        about = {"release": self.release_id, "title": self.title, "state": self.state}
        document = about | {"synthetic": self.synthetic} | self.sealed.model_dump(mode="json")
        return (json.dumps(document, ensure_ascii=True, indent=2) + "\n").encode("ascii")
