"""Outcomes of the questionnaires: this region beside all regions, question by question."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.context.shown import Context
from publisher.context.surveys.outcomes import Outcome, Outcomes, Scope, Share
from publisher.context.surveys.questions import Group, Question, Scale, questionnaires
from publisher.dashboard.figures import WITHHELD_SYMBOL, Figure
from publisher.dashboard.language import _, msg, number, spoken
from publisher.dashboard.series import SeriesRow, SeriesTable
from publisher.downloads.words import MARK, WITHHELD

_SCOPES = {Scope.OWN: msg("Deze regio"), Scope.ALL: msg("Alle regio’s")}
_CLASS_ENDS = {10: 19, 20: 49, 50: 99, 100: 199, 200: 499, 500: 999}
"""Per lower bound of a class of respondents its upper one; the highest has none."""


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One question with its answers; the table is None where nothing of it may be shown."""

    id: str
    text: str
    table: SeriesTable | None
    respondents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SurveyView:
    """One questionnaire."""

    group: Group
    title: str
    intro: str
    period: str
    mark: str
    questions: tuple[QuestionView, ...]


def survey_of(context: Context, group: Group) -> SurveyView | None:
    """The newest outcomes of a group, or None where there are none."""
    held = [each for each in context.surveys if each.group == group.id]
    if not held:
        return None
    newest = max(held, key=lambda each: each.period)  # the first of equals: imported last
    return SurveyView(
        group=group,
        title=group.title.in_language(spoken().code),
        intro=group.intro.in_language(spoken().code),
        period=newest.period,
        mark=_(MARK) if newest.synthetic else "",
        questions=tuple(_view(newest, question) for question in group.questions),
    )


def _view(outcomes: Outcomes, question: Question) -> QuestionView:
    text = question.text.in_language(spoken().code)
    found = {scope: outcomes.outcome(question.id, scope) for scope in Scope}
    shown = [each for each in found.values() if each is not None and not each.is_withheld]
    if not shown:
        return QuestionView(question.id, text, None, ())
    answers = shown[0].answers  # both are shown in one form, or one of them alone
    words = _words(questionnaires().scale(question.scale), answers)
    table = SeriesTable(
        _("Antwoorden op: {question}", question=text),
        _("Antwoord"),
        tuple(_(label) for label in _SCOPES.values()),
        tuple(
            SeriesRow(words[answer], tuple(_figure(found[scope], answer) for scope in Scope))
            for answer in answers
        ),
    )
    return QuestionView(question.id, text, table, tuple(_respondents(found)))


def _respondents(found: dict[Scope, Outcome | None]) -> list[str]:
    return [
        _("{group}: {number} deelnemers", group=_(label), number=_class(outcome.respondents))
        for scope, label in _SCOPES.items()
        if (outcome := found[scope]) is not None and not outcome.is_withheld
    ]


def _class(bound: int) -> str:
    end = _CLASS_ENDS.get(bound)
    if end is None:
        return _("{n} of meer", n=number(bound))
    return f"{number(bound)}–{number(end)}"


def _words(scale: Scale, answers: tuple[str, ...]) -> dict[str, str]:
    """The texts of the answers; an id may be that of an answer and of several taken together."""
    coarse = tuple(each.id for each in scale.coarse) == answers
    told = scale.coarse if coarse else scale.answers
    return {each.id: each.text.in_language(spoken().code) for each in told}


def _figure(outcome: Outcome | None, answer: str) -> Figure:
    if outcome is None or outcome.is_withheld:
        return Figure(WITHHELD_SYMBOL, _(WITHHELD), has_value=False, order=None)
    share = outcome.shares[outcome.answers.index(answer)]
    return Figure(_spelled(share), "", has_value=True, order=share.percent)


def _spelled(share: Share) -> str:
    if share.percent == 0 and not share.is_none:
        return _("minder dan 1%")
    return f"{number(share.percent)}%"
