"""What is kept of a questionnaire: shares and a class of respondents, and never a count."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from publisher.context.figures import Document, Id


class Scope(StrEnum):
    """Whose answers: those of this region, or of all regions that took part."""

    OWN = "eigen"
    ALL = "alle"


class Share(Document):
    """The share of an answer in whole per cents.

    Attributes:
        percent: rounded; with ``is_none`` false, 0 means some, but less than 1.
        is_none: nobody chose it.
    """

    percent: Annotated[int, Field(ge=0, le=100)]
    is_none: bool = False


class Outcome(Document):
    """One question of one scope, or that it is withheld.

    Attributes:
        answers: ids of the answers, or of the coarse ones; empty where it is withheld.
        shares: per answer; a withheld outcome has none, which is not the same as 0.
        respondents: lower bound of the class of their number, 0 where it is withheld.
    """

    question: Id
    scope: Scope
    answers: tuple[Id, ...] = ()
    shares: tuple[Share, ...] = ()
    respondents: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _is_whole_or_withheld(self) -> Outcome:
        if len(self.answers) != len(self.shares) or bool(self.shares) != bool(self.respondents):
            raise ValueError("an outcome is shown whole, or withheld whole")
        return self

    @property
    def is_withheld(self) -> bool:
        """Whether nothing of it may be shown."""
        return not self.shares


class Outcomes(Document):
    """Everything that may be shown of one questionnaire in one period."""

    format: Literal["MOJ/1 survey outcomes"] = "MOJ/1 survey outcomes"
    group: Id
    period: Annotated[str, Field(pattern=r"^[0-9]{4}(/[0-9]{4})?$")]
    synthetic: bool
    outcomes: Annotated[tuple[Outcome, ...], Field(min_length=1)]

    def outcome(self, question: str, scope: Scope) -> Outcome | None:
        """The outcome of a question."""
        found = (each for each in self.outcomes if (each.question, each.scope) == (question, scope))
        return next(found, None)
