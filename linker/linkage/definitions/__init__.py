"""What is counted, as data: one definition per measure, breakdown and table.

The definitions stand in ``measures.toml`` and ``tables.toml``, to be read by a statistician; this
module reads them and refuses what does not belong together. Nothing else says what a measure is:
the SQL, the catalogue, the laws, the methodology and the readers' pages are made from these.

Source: DESIGN 5, DOMAIN 7.
"""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contract import codes
from shared.contract.tally import Measure
from shared.reference import ALL_LEVELS, SCHOOL_LEVELS, Level

Text = Annotated[str, Field(min_length=1)]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quantity(StrEnum):
    """What a measure adds up."""

    PUPILS = "pupils"  # persons of the population
    NOT_COVERED = "not_covered"  # persons outside it
    PERSONS = "persons"  # clients with a row that counts
    TRAJECTORIES = "trajectories"  # rows that count
    SUM = "sum"  # a column, over the rows that count
    PROVIDERS = "providers"  # distinct provider groups of the rows that count
    LARGEST_PROVIDER = "largest_provider"  # clients of the provider group with the most
    PUBLIC = "public"  # a fact of the reference bundle

    @property
    def of_care(self) -> bool:
        """Whether rows of care stand behind it."""
        return self not in (Quantity.PUPILS, Quantity.NOT_COVERED, Quantity.PUBLIC)

    @property
    def adds_up(self) -> bool:
        """Whether a level is the sum of its schools."""
        return self not in (Quantity.PROVIDERS, Quantity.LARGEST_PROVIDER, Quantity.PUBLIC)


class Of(StrEnum):
    """Whose property a breakdown is."""

    CARE = "care"  # of a row
    CLIENT = "client"  # of a client in a period; every row of the client counts in it
    PUPIL = "pupil"  # of the pupil, client or not


class Bundle(StrEnum):
    """A breakdown whose categories come from the reference bundle."""

    PROVIDERS = "providers"
    ARRANGEMENTS = "arrangements"


class MeasureDefinition(_Part):
    """One measure: how it is counted, and what it means in English and in Dutch.

    Attributes:
        where: which rows count, in SQL over the columns of ``care/1``; empty is every row.
        at_most: measures that are at least as large in the same place.
    """

    id: Identifier
    label: Text
    unit: Text
    quantity: Quantity = Quantity.PUBLIC
    column: str = ""
    where: str = ""
    at_most: tuple[str, ...] = ()
    explanation: Text
    population: Text
    numerator: Text
    denominator: str = ""
    exclusions: Text
    overlap: str = ""
    source: Text
    definitie: Text
    uitzondering: Text
    databron: Text
    actualisatie: Text
    validiteit: Text

    @model_validator(mode="after")
    def _adds_up_a_column_or_not(self) -> MeasureDefinition:
        if (self.quantity is Quantity.SUM) is not bool(self.column):
            raise ValueError(f"{self.id}: a sum, and only a sum, names a column")
        return self

    @property
    def measure(self) -> Measure:
        """The definition as the tally's header has it."""
        return Measure(**{name: getattr(self, name) for name in Measure.model_fields})


class Category(_Part):
    """One category of a breakdown."""

    code: Text
    label: Text
    where: str = ""


class Breakdown(_Part):
    """How totals are split.

    Attributes:
        categories: in order; empty where the reference bundle has them.
    """

    name: Identifier
    label: Text
    of: Of
    column: str = ""
    bundle: Bundle | None = None
    categories: tuple[Category, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _take_codes_of_the_contract(cls, data: dict[str, Any]) -> dict[str, Any]:
        data = dict(data)
        if name := data.pop("codes", None):
            listed = getattr(codes, name)
            data["categories"] = [
                {
                    "code": str(each.value),
                    "label": each.label,
                    "where": f"{data['column']} = {each.value}",
                }
                for each in listed
            ]
        return data

    @property
    def keyed(self) -> bool:
        """Whether the category is counted by as a key, not as one column per category."""
        return self.bundle is not None or self.of is Of.PUPIL


class TableDefinition(_Part):
    """One table of the tally.

    Attributes:
        measures: ids.
        breakdown: name of the breakdown, or empty.
        overlaps: a person, or row, can stand in several categories.
    """

    id: Identifier
    title: Text
    levels: tuple[Level, ...]
    measures: Annotated[tuple[str, ...], Field(min_length=1)]
    breakdown: str = ""
    overlaps: bool = False

    @model_validator(mode="before")
    @classmethod
    def _name_levels(cls, data: dict[str, Any]) -> dict[str, Any]:
        named = {"all": ALL_LEVELS, "schools": SCHOOL_LEVELS}
        levels = data["levels"]
        return {**data, "levels": named[levels[0]] if levels[0] in named else tuple(levels)}


class Definitions(_Part):
    """Everything that a tally counts, and what is derived from it."""

    measures: tuple[MeasureDefinition, ...]
    derived: tuple[MeasureDefinition, ...]
    breakdowns: tuple[Breakdown, ...]
    tables: tuple[TableDefinition, ...]

    @model_validator(mode="after")
    def _refers_only_to_what_it_holds(self) -> Definitions:
        measures = {each.id for each in self.measures}
        named = {id_ for table in self.tables for id_ in table.measures}
        named |= {id_ for each in self.measures for id_ in each.at_most}
        if named != measures:
            raise ValueError(f"measures without table or definition: {sorted(named ^ measures)}")
        breakdowns = {each.name for each in self.breakdowns}
        if {table.breakdown for table in self.tables} - {""} != breakdowns:
            raise ValueError("breakdowns without table or definition")
        return self

    def measure(self, id_: str) -> MeasureDefinition:
        """The measure with this id."""
        return next(each for each in self.measures if each.id == id_)

    def breakdown(self, name: str) -> Breakdown:
        """The breakdown with this name."""
        return next(each for each in self.breakdowns if each.name == name)


@cache
def definitions() -> Definitions:
    """The definitions that this version counts by."""
    measures, tables = _read("measures.toml"), _read("tables.toml")
    about = measures["about"]
    return Definitions(
        measures=tuple(_told(each, about) for each in measures["measures"]),
        derived=tuple(_told(each, about) for each in measures["derived"]),
        breakdowns=tables["breakdowns"],
        tables=tables["tables"],
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _told(measure: dict[str, Any], about: dict[str, dict[str, str]]) -> MeasureDefinition:
    """A measure with the texts of what it is about, where it has none of its own."""
    return MeasureDefinition.model_validate(
        {**about[measure["about"]], **{k: v for k, v in measure.items() if k != "about"}}
    )
