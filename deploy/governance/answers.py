"""The DPIA's answers as they stand in docs/dpia/dpia.toml, typed; nothing else is read from it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.errors import ConfigurationError
from shared.policy import explain, parse_toml

Text = Annotated[str, Field(min_length=1)]
Level = Literal["laag", "midden", "hoog"]
Section = Literal["A", "B", "C", "D"]
LEVELS: tuple[Level, ...] = ("laag", "midden", "hoog")
TALLY = "telling"
"""What a processing handles that is no delivery: counts, some of them about one child."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Texts(_Part):
    """What stands before and after the questions."""

    intro: Text
    summary: Text
    open_points: Text


class Question(_Part):
    """One of the seventeen questions; ``{{name}}`` in the text is where a table comes."""

    number: Annotated[int, Field(ge=1, le=17)]
    title: Text
    text: Text


class Subject(_Part):
    """A category of data subjects."""

    id: Text
    name: Text


class Processing(_Part):
    """One processing operation (question 3), with all that other questions ask of it.

    Attributes:
        data: wire schemas, or the tally.
        own: personal data that no delivery brings, in words.
        subjects: ids of the data subjects of question 2.
        laws: ids of question 9.
        ground: id of question 11.
        terms: settings of the policy's retention.
    """

    id: Annotated[str, Field(pattern=r"^V[0-9]+$")]
    name: Text
    what: Text
    by: Text
    takes: Text
    gives: Text
    data: tuple[str, ...]
    own: tuple[Text, ...] = ()
    subjects: tuple[str, ...] = ("leerlingen", "jeugdigen")
    purposes: Annotated[tuple[str, ...], Field(min_length=1)]
    laws: Annotated[tuple[str, ...], Field(min_length=1)]
    ground: Text
    terms: tuple[str, ...]


class PartyAnswer(_Part):
    """A party (question 6) and its interest (question 7)."""

    id: Text
    who: Text
    role: Text
    avg_roles: Annotated[tuple[str, ...], Field(min_length=1)]
    processings: Annotated[tuple[str, ...], Field(min_length=1)]
    functions: Text
    has: Text
    never_has: Text
    interest: Text


class Recipient(_Part):
    """Who receives released tables; the id is the policy's."""

    id: Text
    who: Text


class Interest(_Part):
    """The interest of somebody who is no party (question 7)."""

    who: Text
    text: Text


class Law(_Part):
    """A source of law or policy (question 9), and whether somebody looked it up."""

    id: Text
    source: Text
    what_for: Text
    checked: Text


class Ground(_Part):
    """A legal ground (question 11)."""

    id: Text
    processings: Text
    option: Text
    ground: Text
    why: Text


class Compatibility(_Part):
    """Whether further use fits the purpose that data was collected for (question 13)."""

    schema_name: Annotated[str, Field(alias="schema")]
    data: Text
    original: Text
    option: Text
    why: Text


class Right(_Part):
    """A right of data subjects (question 15); ``question`` is its number in the model."""

    question: Annotated[str, Field(pattern=r"^15\.[1-8]$")]
    name: Text
    how: Text
    applies: bool
    limit: Text

    @property
    def limited(self) -> bool:
        """Whether a legal exception limits the right."""
        return self.applies and self.limit != "geen"


class Risk(_Part):
    """A risk (question 16), its measures (question 17) and the tests that show them."""

    id: Annotated[str, Field(pattern=r"^R[0-9]+$")]
    text: Text
    origin: Text
    chance: Level
    chance_why: Text
    impact: Level
    impact_why: Text
    level: Level
    level_why: Text
    measures: Text
    owner: Text
    residual: Level
    shown_by: Annotated[tuple[str, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _levels_fit(self) -> Risk:
        low, high = sorted((LEVELS.index(self.chance), LEVELS.index(self.impact)))
        if not low <= LEVELS.index(self.level) <= high:
            raise ValueError(f"{self.id}: the level lies between chance and impact")
        if LEVELS.index(self.residual) > LEVELS.index(self.level):
            raise ValueError(f"{self.id}: measures never raise a risk")
        return self


class Answers(_Part):
    """The whole DPIA but what the policy says."""

    version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+$")]
    edited_on: date
    note: Text
    sections: dict[Section, str]
    texts: Texts
    questions: Annotated[tuple[Question, ...], Field(min_length=17, max_length=17)]
    subjects: tuple[Subject, ...]
    processings: tuple[Processing, ...]
    parties: tuple[PartyAnswer, ...]
    recipients: tuple[Recipient, ...]
    interests: tuple[Interest, ...]
    laws: tuple[Law, ...]
    grounds: tuple[Ground, ...]
    compatibility: tuple[Compatibility, ...]
    rights: Annotated[tuple[Right, ...], Field(min_length=8, max_length=8)]
    risks: tuple[Risk, ...]
    reasons: dict[str, str]

    @model_validator(mode="after")
    def _every_reference_resolves(self) -> Answers:
        known_laws = {law.id for law in self.laws}
        grounds = {ground.id for ground in self.grounds}
        processings = {each.id for each in self.processings}
        for each in self.processings:
            if unknown := set(each.laws) - known_laws:
                raise ValueError(f"{each.id} names an unknown law: {', '.join(sorted(unknown))}")
            if each.ground not in grounds:
                raise ValueError(f"{each.id} names an unknown ground: {each.ground}")
        for party in self.parties:
            if unknown := set(party.processings) - processings:
                raise ValueError(f"{party.id} names {', '.join(sorted(unknown))}, unknown")
        return self


def read_answers(path: Path) -> Answers:
    """Read the DPIA's answers.

    Raises:
        ConfigurationError: ``dpia-invalid``, naming each place.
    """
    try:
        return Answers.model_validate(parse_toml(path.read_bytes(), path.name))
    except ValidationError as error:
        raise ConfigurationError(
            "dpia-invalid",
            f"expected complete answers in {path.name}: {explain(error)}",
            hint="mend the places that are named",
        ) from error
