"""The reference bundle: public facts that both services load, pinned by hash in the round.

Schools with every level above them, municipalities, provider groups, arrangements and DUO's
published pupil totals; each with source and licence. Built by ``hasher key reference`` from
original open-data files; nothing in it is about a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.canonical import canonical_json, parse_canonical
from shared.contract.codes import SchoolType
from shared.errors import InputError

SchoolCode = Annotated[str, Field(pattern=r"^[0-9]{2}[A-Z]{2}[0-9]{2}$")]
MunicipalityCode = Annotated[int, Field(ge=1, le=9999)]

UNKNOWN_TYPE = "onbekend"
"""Key of the ``elsewhere`` row of pupils whose school is not in the bundle."""
COMBINED = "*"
"""Joins the parts of a key of a combined level, as in ``BO*GM0197``."""


class Level(StrEnum):
    """A level of publication; every one but ``RESIDENCE`` is a sum of school locations.

    The last two are of one table only: around arrangements, of which a school can be in two.
    """

    SCHOOL = "school"  # location (vestiging), in the region
    INSTITUTION = "institution"  # BRIN
    BOARD = "board"  # bevoegd gezag
    TYPE = "type"  # school type, within the region
    SECTOR = "sector"
    MUNICIPALITY = "municipality"  # of the school
    TYPE_MUNICIPALITY = "type*municipality"
    SWV_PO = "swv_po"
    SWV_VO = "swv_vo"
    REGION = "region"  # all schools in the region
    ELSEWHERE = "elsewhere"  # schools outside the region, by type
    TOTAL = "total"  # region and elsewhere: the whole population
    RESIDENCE = "residence"  # municipality of residence; a cut with the same total
    ARRANGEMENT = "arrangement"  # schools in the region of an arrangement, by its number
    COMPARISON = "comparison"  # schools of the same types in no arrangement, by its number


SCHOOL_LEVELS = tuple(
    level for level in Level if level not in (Level.RESIDENCE, Level.ARRANGEMENT, Level.COMPARISON)
)
"""Cuts of the population by school; together with residence every cut that adds up to it."""

ALL_LEVELS = (*SCHOOL_LEVELS, Level.RESIDENCE)
"""Levels that a table about the whole population has."""

JOINT_LEVELS = (Level.ARRANGEMENT, Level.COMPARISON)
"""Levels around arrangements: a school can be a part of several of their units, or of none."""


def municipality_key(code: int) -> str:
    """The key of a municipality, ``GM0197`` for 197."""
    return f"GM{code:04d}"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Frozen):
    """Where a part of the bundle comes from."""

    part: str
    title: str
    licence: str
    retrieved_on: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Municipality(_Frozen):
    """A municipality with its CBS code."""

    code: MunicipalityCode
    name: str
    in_region: bool

    @property
    def key(self) -> str:
        """``GM`` and four digits."""
        return municipality_key(self.code)


class Swv(_Frozen):
    """A *samenwerkingsverband passend onderwijs*."""

    code: Annotated[str, Field(pattern=r"^(PO|VO)[0-9]{4}$")]
    name: str


class School(_Frozen):
    """A school location (*vestiging*) and the units above it.

    ``board`` is empty where the source does not name one; ``swv_po`` and ``swv_vo`` where the
    school takes part in none (MBO, cluster 1 and 2).
    """

    code: SchoolCode
    name: str
    board: Annotated[str, Field(pattern=r"^([0-9]{5})?$")] = ""
    type: SchoolType
    municipality: MunicipalityCode
    swv_po: str = ""
    swv_vo: str = ""
    in_region: bool

    @property
    def institution(self) -> str:
        """The BRIN of the institution that the location is part of."""
        return self.code[:4]

    def units(self) -> dict[Level, str]:
        """The unit that this school adds to, per level of which it is a part."""
        if not self.in_region:
            return {Level.ELSEWHERE: self.type.value, Level.TOTAL: "total"}
        place = municipality_key(self.municipality)
        units = {
            Level.SCHOOL: self.code,
            Level.INSTITUTION: self.institution,
            Level.TYPE: self.type.value,
            Level.SECTOR: self.type.sector.value,
            Level.MUNICIPALITY: place,
            Level.TYPE_MUNICIPALITY: f"{self.type.value}{COMBINED}{place}",
            Level.REGION: "region",
            Level.TOTAL: "total",
        }
        if self.board:
            units[Level.BOARD] = self.board
        if self.swv_po:
            units[Level.SWV_PO] = self.swv_po
        if self.swv_vo:
            units[Level.SWV_VO] = self.swv_vo
        return units


UNKNOWN_SCHOOL_UNITS = {Level.ELSEWHERE: UNKNOWN_TYPE, Level.TOTAL: "total"}
"""The units of a pupil whose school is not in the bundle: counted and reported, never dropped."""


class Board(_Frozen):
    """A school board (*bevoegd gezag*)."""

    code: Annotated[str, Field(pattern=r"^[0-9]{5}$")]
    name: str


class ProviderGroup(_Frozen):
    """A group of AGB codes that are one provider."""

    group: str
    name: str
    agb: tuple[Annotated[str, Field(pattern=r"^[0-9]{8}$")], ...]


class Arrangement(_Frozen):
    """A joint school-care arrangement (*onderwijs-zorgarrangement*)."""

    number: Annotated[int, Field(ge=1, le=65535)]
    name: str
    schools: tuple[SchoolCode, ...]
    starts_on: str
    aim: str
    target: str
    lump_sum_eur: Annotated[int, Field(ge=0)]
    comparison: str


class Merger(_Frozen):
    """A school location that is what other ones were, after a merger, a split or a new code.

    Attributes:
        school: the location that is in this bundle.
        was: those that it was made from, as earlier bundles name them; its own code among them
            where it went on under it.
    """

    school: SchoolCode
    was: Annotated[tuple[SchoolCode, ...], Field(min_length=1)]


class PupilTotal(_Frozen):
    """DUO's published number of pupils of a school on a period's reference date.

    A masked total (``<5``) is the interval from ``low`` to ``high``; else both are equal.
    """

    school: SchoolCode
    period: Annotated[int, Field(ge=0, le=255)]
    low: Annotated[int, Field(ge=0)]
    high: Annotated[int, Field(ge=0)]


class Reference(_Frozen):
    """The whole bundle."""

    format: str = "MOJ/1 reference"
    region: str
    region_name: str
    sources: tuple[Source, ...]
    municipalities: tuple[Municipality, ...]
    swvs: tuple[Swv, ...]
    boards: tuple[Board, ...]
    schools: tuple[School, ...]
    provider_groups: tuple[ProviderGroup, ...] = ()
    arrangements: tuple[Arrangement, ...] = ()
    pupil_totals: tuple[PupilTotal, ...] = ()
    mergers: tuple[Merger, ...] = ()

    @model_validator(mode="after")
    def _refers_only_to_what_it_holds(self) -> Reference:
        boards = {board.code for board in self.boards} | {""}
        municipalities = {municipality.code for municipality in self.municipalities}
        swvs = {swv.code for swv in self.swvs} | {""}
        codes = [school.code for school in self.schools]
        if len(set(codes)) != len(codes):
            raise ValueError("a school code stands in the bundle twice")
        for school in self.schools:
            if school.board not in boards or school.municipality not in municipalities:
                raise ValueError(f"school {school.code} names an unknown board or municipality")
            if not {school.swv_po, school.swv_vo} <= swvs:
                raise ValueError(f"school {school.code} names an unknown samenwerkingsverband")
        groups = [group.group for group in self.provider_groups]
        if len(set(groups)) != len(groups) or {"none", "other"} & set(groups):
            raise ValueError("a provider group stands in the bundle twice, or is called none")
        numbers = [joint.number for joint in self.arrangements]
        if len(set(numbers)) != len(numbers):
            raise ValueError("an arrangement stands in the bundle twice")
        return self

    @cached_property
    def school_by_code(self) -> dict[str, School]:
        """Every school by its six-character code."""
        return {school.code: school for school in self.schools}

    def joint_units(self) -> Iterator[tuple[Level, str, str]]:
        """Level, school and unit of what is counted around arrangements.

        A school is compared with an arrangement when it is in the region, of a type of the
        arrangement's own schools there, and in no arrangement at all.
        """
        known = {school.code: school for school in self.schools if school.in_region}
        taken = {code for joint in self.arrangements for code in joint.schools}
        for joint in self.arrangements:
            members = [code for code in dict.fromkeys(joint.schools) if code in known]
            types = {known[code].type for code in members}
            for code in members:
                yield Level.ARRANGEMENT, code, str(joint.number)
            for school in known.values():
                if school.type in types and school.code not in taken:
                    yield Level.COMPARISON, school.code, str(joint.number)

    def pupil_total(self, school: str, period: int) -> PupilTotal | None:
        """DUO's total of a school in a period, or None where it is not published."""
        return self._totals.get((school, period))

    @cached_property
    def _totals(self) -> dict[tuple[str, int], PupilTotal]:
        return {(total.school, total.period): total for total in self.pupil_totals}

    def label(self, level: Level, unit: str) -> str:
        """The Dutch name of a unit, as shown to readers."""
        return self._labels.get((level, unit), unit)

    @cached_property
    def _labels(self) -> dict[tuple[Level, str], str]:
        return dict(self._each_label())

    def _each_label(self) -> Iterator[tuple[tuple[Level, str], str]]:
        municipality = {m.key: m.name for m in self.municipalities}
        for school in self.schools:
            if school.in_region:
                yield (Level.SCHOOL, school.code), school.name
                yield (Level.INSTITUTION, school.institution), f"Instelling {school.institution}"
        for board in self.boards:
            yield (Level.BOARD, board.code), board.name
        for key, name in municipality.items():
            yield (Level.MUNICIPALITY, key), name
            yield (Level.RESIDENCE, key), name
        for kind in SchoolType:
            yield (Level.TYPE, kind.value), kind.label
            yield (Level.SECTOR, kind.sector.value), kind.sector.label
            yield (Level.ELSEWHERE, kind.value), f"{kind.label} buiten de regio"
            for key, name in municipality.items():
                yield (
                    (Level.TYPE_MUNICIPALITY, f"{kind.value}{COMBINED}{key}"),
                    f"{kind.label} in {name}",
                )
        for swv in self.swvs:
            yield (Level(f"swv_{swv.code[:2].lower()}"), swv.code), swv.name
        for joint in self.arrangements:
            yield (Level.ARRANGEMENT, str(joint.number)), joint.name
            yield (Level.COMPARISON, str(joint.number)), f"Vergelijkingsscholen van {joint.name}"
        yield (Level.ELSEWHERE, UNKNOWN_TYPE), "school onbekend"
        yield (Level.REGION, "region"), self.region_name
        yield (Level.TOTAL, "total"), "alle leerlingen die in de regio wonen"

    def to_bytes(self) -> bytes:
        """Canonical JSON; the same bundle always gives the same bytes."""
        document = self.model_dump(mode="json")
        if not self.mergers:  # a bundle from before there were any keeps its bytes and its hash
            del document["mergers"]
        return canonical_json(document) + b"\n"

    @cached_property
    def sha256(self) -> str:
        """Hash of the canonical bytes, as pinned by a round."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @classmethod
    def from_bytes(cls, data: bytes) -> Reference:
        """Read a bundle.

        Raises:
            InputError: ``reference-invalid`` when it is not canonical or refers to nothing.
        """
        try:
            return cls.model_validate(parse_canonical(data.rstrip(b"\n")))
        except ValueError as error:
            raise InputError(
                "reference-invalid",
                "expected a reference bundle in canonical JSON",
                hint="build it with `hasher key reference`",
            ) from error

    @classmethod
    def load(cls, path: Path) -> Reference:
        """Read a bundle from a file."""
        return cls.from_bytes(path.read_bytes())
