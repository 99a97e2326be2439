"""Blank questionnaires, to print or to copy into a tool, and the file for the counted answers."""

from __future__ import annotations

from publisher.context.surveys.outcomes import Scope
from publisher.context.surveys.questions import Group, Questionnaires
from publisher.context.surveys.reading import COLUMNS

_PREAMBLE = (
    "Kruis bij elke vraag één antwoord aan. U mag een vraag overslaan.",
    "Schrijf nergens een naam op, ook niet die van een kind of een school.",
    "Uw antwoorden worden opgeteld bij die van anderen. Is een groep klein, dan laten wij het "
    "antwoord op die vraag niet zien.",
)


def blank_questionnaire(asked: Questionnaires, group: Group) -> str:
    """The questionnaire of a group in Dutch, as Markdown."""
    told = [each.nl for each in (group.intro, group.promise) if each is not None]
    lines = [f"# Vragenlijst: {group.title.nl}", "", " ".join(told), ""]
    lines += [f"- {text}" for text in _PREAMBLE]
    for number, question in enumerate(group.questions, start=1):
        lines += ["", f"## {number}. {question.text.nl}", ""]
        lines += [f"- [ ] {answer.text.nl}" for answer in asked.scale(question.scale).answers]
    return "\n".join([*lines, ""])


def blank_counts(asked: Questionnaires, group: Group, period: str) -> str:
    """The file for the counted answers of a group, with every count still empty."""
    lines = [";".join(COLUMNS)]
    for scope in Scope:
        for question in group.questions:
            for answer in asked.scale(question.scale).answers:
                cells = (group.id, period, scope.value, question.id, answer.id, "")
                lines.append(";".join(cells))
    return "\r\n".join([*lines, ""])
