"""What is asked of whom: the three questionnaires and the answers that can be chosen."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import Field, model_validator

from publisher.context.figures import Document, Id, Told
from shared.errors import NotFoundError


class CoarseAnswer(Document):
    """Several answers together, shown where each alone has too few."""

    id: Id
    text: Told


class Answer(CoarseAnswer):
    """An answer that can be chosen.

    Attributes:
        coarse: the answers that it is shown with where one has too few.
    """

    coarse: Id


class Scale(Document):
    """The answers of a question, in their order."""

    id: Id
    answers: Annotated[tuple[Answer, ...], Field(min_length=2)]
    coarse: Annotated[tuple[CoarseAnswer, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _every_answer_has_its_coarse_one(self) -> Scale:
        if {each.coarse for each in self.answers} != {each.id for each in self.coarse}:
            raise ValueError(f"scale {self.id}: every coarse answer gathers one or more")
        return self

    def members(self, coarse: str) -> tuple[int, ...]:
        """Places of the answers that a coarse one gathers."""
        return tuple(n for n, answer in enumerate(self.answers) if answer.coarse == coarse)


class Question(Document):
    """One question."""

    id: Id
    scale: Id
    text: Told


class Group(Document):
    """Whom a questionnaire is for, and its questions.

    Attributes:
        promise: what is said to whoever answers, and not to readers of the outcomes.
    """

    id: Id
    title: Told
    intro: Told
    promise: Told | None = None
    questions: Annotated[tuple[Question, ...], Field(min_length=1)]


class Questionnaires(Document):
    """Every questionnaire."""

    scales: tuple[Scale, ...]
    groups: tuple[Group, ...]

    @model_validator(mode="after")
    def _scales_are_known(self) -> Questionnaires:
        known = {scale.id for scale in self.scales}
        for group in self.groups:
            for question in group.questions:
                if question.scale not in known:
                    raise ValueError(f"question {question.id} names an unknown scale")
        return self

    def group(self, id_: str) -> Group:
        """The questionnaire of a group.

        Raises:
            NotFoundError: ``survey-group-unknown``.
        """
        for group in self.groups:
            if group.id == id_:
                return group
        raise NotFoundError(
            "survey-group-unknown",
            f"expected one of {', '.join(each.id for each in self.groups)}, found another group",
        )

    def scale(self, id_: str) -> Scale:
        """The scale of a question."""
        return next(scale for scale in self.scales if scale.id == id_)


@cache
def questionnaires() -> Questionnaires:
    """The questionnaires that come with the publisher."""
    text = (files(__package__ or "") / "questions.toml").read_text(encoding="utf-8")
    return Questionnaires.model_validate(tomllib.loads(text))
