"""Prepare a delivery: read, check and derive; then replace every number by its pseudonym.

    prepare        files → a preparation; nothing is read yet
    .finish        read everything for the report alone
    .parts         the contract's rows, pseudonyms in, part by part: exactly the wire schema

Rows pass through some at a time; a number of a person is in memory while its rows are made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from shared.contract.columns import WireSchema
from shared.contract.deliveries import CARE, ENROLMENT, OBJECTION, SCHEMAS
from shared.contract.periods import Period
from shared.envelope import TARGET_BODY_BYTES
from shared.errors import ConfigurationError, InputError
from shared.hashing.checking.report import Report, ReportBuilder
from shared.hashing.checks import Check
from shared.hashing.delivering.ahead import ahead
from shared.hashing.delivering.replacing import Part, all_replaced, in_parts
from shared.hashing.deriving.care import care_rows
from shared.hashing.deriving.context import Context
from shared.hashing.deriving.enrolment import enrolment_rows
from shared.hashing.deriving.objection import objection_rows
from shared.hashing.progress import Tell
from shared.hashing.roles import FileRole
from shared.hashing.systems.profile import Profile

_MAKERS = {
    ENROLMENT.name: enrolment_rows,
    CARE.name: care_rows,
    OBJECTION.name: objection_rows,
}


def _memory() -> pa.MemoryPool:
    """The pool that gives back what was used; a supplier's machine may have little.

    jemalloc does so with the fewest page faults, but is not built for Windows. Arrow's usual
    choice, mimalloc, keeps a fifth more.
    """
    if "jemalloc" in pa.supported_memory_backends():
        return pa.jemalloc_memory_pool()
    return pa.system_memory_pool()


_MEMORY = _memory()
pa.set_memory_pool(_MEMORY)


class Preparation:
    """A delivery in the making; it can be gone through once.

    Attributes:
        report: what was found; whole once the preparation was gone through.
    """

    def __init__(self, schema_name: str, context: Context) -> None:
        self._schema = SCHEMAS[schema_name]
        self._context = context
        self._rows = 0

    @property
    def report(self) -> Report:
        """What was found so far."""
        return self._context.report.build(self._rows)

    def tables(self) -> Iterator[pa.Table]:
        """The wire schema with ``number`` in the place of ``pseudonym``, some rows at a time."""
        for table in _MAKERS[self._schema.name](self._context):
            self._rows += table.num_rows
            yield table
        if not self._rows:
            role = next(iter(self._context.profile.files))
            self._context.report.fatal(Check.NOTHING_LEFT, role.value, 0)

    def finish(self) -> Report:
        """Read everything for the report; makes no pseudonym."""
        for _table in self.tables():
            pass
        return self.report

    def parts(self, key: bytes) -> Iterator[Part]:
        """Exactly the wire schema, in parts for one envelope each, sorted within a part.

        After a fatal finding reading goes on, for a whole report, but no part follows.

        Raises:
            InputError: ``delivery-not-sealable``, at the end; parts before it must not be used.
        """
        wire = self._schema.arrow
        sound = (table for table in ahead(self.tables()) if not self._context.report.is_fatal)
        made = all_replaced(sound, wire, key)
        for part in in_parts(made, rows_per_part(self._schema)):
            yield part
            _MEMORY.release_unused()
        self.check_sealable()

    def check_sealable(self) -> None:
        """Refuse a delivery with fatal findings.

        Raises:
            InputError: ``delivery-not-sealable``, with the numbers of the findings.
        """
        fatal = self.report.fatal
        if fatal:
            codes = ", ".join(str(check.code) for check in fatal)
            raise InputError(
                "delivery-not-sealable",
                f"expected files without fatal findings, got {codes}",
                hint=f"{fatal[0].text} {fatal[0].fix}",
                about=codes,
            )


def prepare(
    schema_name: str,
    files: Mapping[str, Sequence[Path]],
    profile: Profile,
    periods: Sequence[Period],
    municipalities: Collection[int],
    progress: Tell | None = None,
) -> Preparation:
    """Say what is to be read; what is wrong with a file will stand in the report.

    Args:
        files: paths by role (``assignments``, ``declarations``, ``pupils``, ``objections``).
        municipalities: CBS codes for which this supplier delivers in this round.

    Raises:
        ConfigurationError: ``profile-other-schema``, ``role-unknown`` or ``periods-empty``.
    """
    context = Context(
        profile=_of_schema(profile, schema_name),
        files=_by_role(files, profile),
        periods=_checked(periods),
        municipalities=frozenset(municipalities),
        report=ReportBuilder(schema_name),
        progress=progress,
    )
    return Preparation(schema_name, context)


def rows_per_part(schema: WireSchema) -> int:
    """How many rows make a part of about the target size."""
    bits: int = sum(field.type.bit_width for field in schema.arrow)
    return max(1, 8 * TARGET_BODY_BYTES // bits)


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
