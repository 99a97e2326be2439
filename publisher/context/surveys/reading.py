"""Counted answers of a questionnaire, read strictly; the counts are protected and then forgotten.

One row per area, question and answer: ``groep;periode;gebied;vraag;antwoord;aantal``. Every answer
of a question stands in the file, also one that nobody chose.
"""

from __future__ import annotations

import re

from publisher.context.importing.rows import Row, read_sheet, wrong
from publisher.context.surveys.disclosing import disclose
from publisher.context.surveys.outcomes import Outcome, Outcomes, Scope
from publisher.context.surveys.questions import Group, Question, Questionnaires, Scale
from shared.errors import InputError

COLUMNS = ("groep", "periode", "gebied", "vraag", "antwoord", "aantal")
_COUNT = re.compile(r"[0-9]{1,6}")
_PERIOD = re.compile(r"[0-9]{4}(/[0-9]{4})?")
_HINT = "fill in the file that `publisher context blank` writes, and leave no row out"

_Counts = dict[tuple[Scope, str], dict[str, int]]


def read_outcomes(
    data: bytes, asked: Questionnaires, threshold: int, *, synthetic: bool = False
) -> Outcomes:
    """What may be shown of a file of counted answers.

    Args:
        threshold: the policy's, for a split.

    Raises:
        InputError: ``survey-columns``, ``survey-value``, ``survey-row-twice``,
            ``survey-incomplete``, ``survey-sum`` or one of ``read_sheet``.
        NotFoundError: ``survey-group-unknown``.
    """
    sheet = read_sheet(data)
    if set(sheet.columns) != set(COLUMNS):
        raise InputError(
            "survey-columns", f"expected the columns {';'.join(COLUMNS)} on line 1", hint=_HINT
        )
    if not sheet.rows:
        raise InputError("survey-incomplete", "expected counted answers, found none", hint=_HINT)
    first = sheet.rows[0]
    group, period = asked.group(first.cells["groep"]), first.cells["periode"]
    if _PERIOD.fullmatch(period) is None:
        raise wrong("survey-value", first.line, "periode", "a year such as 2024")
    counts: _Counts = {}
    for row in sheet.rows:
        _add(counts, row, group, asked, period)
    _check_whole(counts, group, asked)
    return Outcomes(
        group=group.id,
        period=period,
        synthetic=synthetic,
        outcomes=tuple(
            outcome
            for question in group.questions
            for outcome in _outcomes(counts, question, asked.scale(question.scale), threshold)
        ),
    )


def _outcomes(
    counts: _Counts, question: Question, scale: Scale, threshold: int
) -> tuple[Outcome, ...]:
    answers = [answer.id for answer in scale.answers]
    per_scope = {scope: [counts[scope, question.id][id_] for id_ in answers] for scope in Scope}
    return disclose(question, scale, per_scope, threshold)


def _add(counts: _Counts, row: Row, group: Group, asked: Questionnaires, period: str) -> None:
    cells = row.cells
    for column, expected in (("groep", group.id), ("periode", period)):
        if cells[column] != expected:
            raise wrong("survey-value", row.line, column, "the same as on the first row")
    if cells["gebied"] not in set(Scope):
        raise wrong("survey-value", row.line, "gebied", "eigen or alle")
    question = next((each for each in group.questions if each.id == cells["vraag"]), None)
    if question is None:
        raise wrong("survey-value", row.line, "vraag", "a question of this group")
    answers = {answer.id for answer in asked.scale(question.scale).answers}
    if cells["antwoord"] not in answers:
        raise wrong("survey-value", row.line, "antwoord", "an answer of this question")
    if _COUNT.fullmatch(cells["aantal"]) is None:
        raise wrong("survey-value", row.line, "aantal", "a whole number")
    found = counts.setdefault((Scope(cells["gebied"]), question.id), {})
    if cells["antwoord"] in found:
        raise wrong("survey-row-twice", row.line, "antwoord", "every answer once")
    found[cells["antwoord"]] = int(cells["aantal"])


def _check_whole(counts: _Counts, group: Group, asked: Questionnaires) -> None:
    for question in group.questions:
        answers = [answer.id for answer in asked.scale(question.scale).answers]
        for scope in Scope:
            if set(counts.get((scope, question.id), ())) != set(answers):
                raise InputError(
                    "survey-incomplete",
                    f"expected every answer of question {question.id} for {scope.value}, "
                    "found fewer",
                    hint=_HINT,
                )
        own, every = (counts[scope, question.id] for scope in Scope)
        if any(own[answer] > every[answer] for answer in answers):
            raise InputError(
                "survey-sum",
                f"expected in question {question.id} no more people in this region than in all",
                hint="all regions have this one among them",
            )
