"""Prepare a delivery: read, check and derive; then replace every number by its pseudonym.

prepare       files → the contract's columns beside the normalised number, and a report
pseudonymise  the number goes, the pseudonym comes: exactly the wire schema
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.deliveries import CARE, ENROLMENT, OBJECTION, SCHEMAS
from shared.contract.periods import Period
from shared.errors import ConfigurationError, InputError
from shared.hashing.care import care_rows
from shared.hashing.checks import Check
from shared.hashing.context import NUMBER, Context, Progress
from shared.hashing.enrolment import enrolment_rows
from shared.hashing.objection import objection_rows
from shared.hashing.profile import Profile
from shared.hashing.pseudonym import pseudonyms
from shared.hashing.report import Report, ReportBuilder
from shared.hashing.roles import FileRole

_MAKERS = {
    ENROLMENT.name: enrolment_rows,
    CARE.name: care_rows,
    OBJECTION.name: objection_rows,
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A delivery before its pseudonyms; it holds numbers of people and stays in memory.

    Attributes:
        table: the wire schema with ``number`` in the place of ``pseudonym``.
    """

    schema_name: str
    table: pa.Table = field(repr=False)
    report: Report

    def check_sealable(self) -> None:
        """Refuse a delivery with fatal findings.

        Raises:
            InputError: ``delivery-not-sealable``, with the numbers of the findings.
        """
        if self.report.fatal:
            codes = ", ".join(str(check.code) for check in self.report.fatal)
            raise InputError(
                "delivery-not-sealable",
                f"expected files without fatal findings, got {codes}",
                hint=f"{self.report.fatal[0].text} {self.report.fatal[0].fix}",
            )


def prepare(
    schema_name: str,
    files: Mapping[str, Sequence[Path]],
    profile: Profile,
    periods: Sequence[Period],
    municipalities: Collection[int],
    progress: Progress | None = None,
) -> Prepared:
    """Read, check and derive. What is wrong with a file stands in the report.

    Args:
        files: paths by role (``assignments``, ``declarations``, ``pupils``, ``objections``).
        municipalities: CBS codes for which this supplier delivers in this round.

    Raises:
        ConfigurationError: ``profile-other-schema``, ``role-unknown`` or ``periods-empty``.
    """
    context = Context(
        files=_by_role(files, profile),
        profile=_of_schema(profile, schema_name),
        periods=_checked(periods),
        municipalities=frozenset(municipalities),
        report=ReportBuilder(schema_name),
        progress=progress,
    )
    table = _MAKERS[schema_name](context)
    if not table.num_rows:
        context.report.add(Check.NOTHING_LEFT, next(iter(profile.files)).value, 0, "", 1)
    return Prepared(schema_name, table, context.report.build(table.num_rows))


def pseudonymise(prepared: Prepared, key: bytes) -> pa.Table:
    """Exactly the wire schema, sorted by pseudonym, then by every other column in order.

    Raises:
        InputError: ``delivery-not-sealable``.
    """
    prepared.check_sealable()
    schema = SCHEMAS[prepared.schema_name].arrow
    people = prepared.table.column(NUMBER).combine_chunks().dictionary_encode()
    of_person = pseudonyms(key, people.dictionary)
    rank = _ranks(of_person)[people.indices.to_numpy()]
    others = prepared.table.drop_columns([NUMBER])
    order = pa.array(_order(rank, others))
    sorted_people = people.indices.take(order)
    columns = [of_person.take(sorted_people), *(c.take(order) for c in others.columns)]
    return pa.Table.from_arrays(columns, schema=schema).combine_chunks()


def _ranks(values: pa.FixedSizeBinaryArray) -> npt.NDArray[np.int64]:
    """The place of each value when they are sorted as bytes."""
    order = pc.sort_indices(values).to_numpy()
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return ranks


def _order(rank: npt.NDArray[np.int64], others: pa.Table) -> npt.NDArray[np.int64]:
    """Row order by rank; only rows of one person need the other columns to decide."""
    order = np.argsort(rank, kind="stable")
    ordered = rank[order]
    same = np.zeros(len(order), np.bool_)
    same[1:] = ordered[1:] == ordered[:-1]
    same[:-1] |= same[1:]
    tied = np.flatnonzero(same)
    if tied.size and others.num_columns:
        rows = order[tied]
        keys = [_sortable(column)[rows] for column in others.columns]
        order[tied] = rows[np.lexsort((*reversed(keys), rank[rows]))]
    return order


def _sortable(column: pa.ChunkedArray) -> npt.NDArray[np.generic]:
    if pa.types.is_fixed_size_binary(column.type):
        column = column.combine_chunks().cast(pa.binary()).dictionary_encode()
        return np.asarray(_ranks(column.dictionary)[column.indices.to_numpy()])
    values: npt.NDArray[np.generic] = column.to_numpy()
    return values


def _by_role(
    files: Mapping[str, Sequence[Path]], profile: Profile
) -> dict[FileRole, Sequence[Path]]:
    known = {role.value: role for role in profile.files}
    if not set(files) <= known.keys():
        raise ConfigurationError(
            "role-unknown",
            f"expected files for {', '.join(sorted(known))}, got another role",
            hint="this profile does not use that kind of file",
        )
    return {known[name]: paths for name, paths in files.items()}


def _of_schema(profile: Profile, schema_name: str) -> Profile:
    if profile.schema_name != schema_name:
        raise ConfigurationError(
            "profile-other-schema",
            f"expected a profile for {schema_name}, got one for {profile.schema_name}",
            hint="choose the profile of the source system that these files come from",
        )
    return profile


def _checked(periods: Sequence[Period]) -> tuple[Period, ...]:
    ordered = tuple(sorted(periods, key=lambda period: period.code))
    if not ordered or len({period.kind for period in ordered}) != 1:
        raise ConfigurationError(
            "periods-empty",
            "expected periods of one kind, got none or both kinds",
            hint="a round counts in school years or in calendar years",
        )
    return ordered
