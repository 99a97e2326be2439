"""What may be shown of counted answers: whole questions only, in shares, over classes of people.

Numbered as in docs/handleiding/context.md:

1. An answer that 1 to ``threshold`` - 1 people chose is never shown.
2. Nor can it be computed: where one answer may not be shown, none of the question is. First the
   answers are taken together (agree, disagree); only where that does not help, it is withheld.
3. It is not shown that everybody chose one answer.
4. All regions less this one is a group too: the same holds for the difference. Where this region
   answered and is withheld, all regions are too: another region could subtract its own.
5. The number of respondents is shown as a class, and shares are rounded to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from publisher.context.surveys.outcomes import Outcome, Scope, Share
from publisher.context.surveys.questions import Question, Scale

CLASSES = (10, 20, 50, 100, 200, 500, 1000)
"""Lower bounds of the classes in which the number of respondents is told."""
_ROUGH_BELOW = 100
_ROUGH = 5
"""Below so many respondents, a share is rounded to fives: a finer one would tell their number."""


@dataclass(frozen=True, slots=True)
class _Form:
    """A way to show a question: its answers, and which counts each gathers."""

    answers: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]

    def gathered(self, counts: Sequence[int]) -> tuple[int, ...]:
        return tuple(sum(counts[place] for place in places) for places in self.members)


def disclose(
    question: Question, scale: Scale, counts: Mapping[Scope, Sequence[int]], threshold: int
) -> tuple[Outcome, ...]:
    """The outcomes of a question, each shown whole or withheld whole.

    Args:
        counts: per scope the number of people per answer, in the order of the scale.
        threshold: of the policy, for a split.
    """
    forms = _forms(scale)
    own, every = counts.get(Scope.OWN), counts.get(Scope.ALL)
    shown: dict[Scope, _Form] = {}
    if own is not None:
        found = next((form for form in forms if _may(form, own, threshold)), None)
        if found is not None:
            shown[Scope.OWN] = found
    if every is not None and (own is None or not any(own) or Scope.OWN in shown):
        # In the form of the own region, so that their difference is no finer than both.
        tried = (shown[Scope.OWN],) if Scope.OWN in shown else forms
        for form in tried:
            safe = _may(form, every, threshold) and (
                Scope.OWN not in shown or own is None or _may_differ(form, every, own, threshold)
            )
            if safe:
                shown[Scope.ALL] = form
                break
    return tuple(_outcome(question, scope, shown.get(scope), counts[scope]) for scope in counts)


def _forms(scale: Scale) -> tuple[_Form, _Form]:
    fine = _Form(
        tuple(answer.id for answer in scale.answers),
        tuple((place,) for place in range(len(scale.answers))),
    )
    coarse = _Form(
        tuple(answer.id for answer in scale.coarse),
        tuple(scale.members(answer.id) for answer in scale.coarse),
    )
    return fine, coarse


def _may(form: _Form, counts: Sequence[int], threshold: int) -> bool:
    """Rules 1 to 3, for one group of people."""
    gathered = form.gathered(counts)
    total = sum(gathered)
    return (
        total >= max(threshold, CLASSES[0])
        and all(count == 0 or count >= threshold for count in gathered)
        and total not in gathered
    )


def _may_differ(form: _Form, every: Sequence[int], own: Sequence[int], threshold: int) -> bool:
    """Rule 4: the other regions together; none at all is no group."""
    others = [whole - part for whole, part in zip(every, own, strict=True)]
    return not any(others) or _may(form, others, threshold)


def _outcome(
    question: Question, scope: Scope, form: _Form | None, counts: Sequence[int]
) -> Outcome:
    if form is None:
        return Outcome(question=question.id, scope=scope)
    gathered = form.gathered(counts)
    total = sum(gathered)
    return Outcome(
        question=question.id,
        scope=scope,
        answers=form.answers,
        shares=tuple(_share(count, total) for count in gathered),
        respondents=max(bound for bound in CLASSES if bound <= total),
    )


def _share(count: int, total: int) -> Share:
    step = _ROUGH if total < _ROUGH_BELOW else 1
    percent = (2 * 100 * count + total * step) // (2 * total * step) * step
    return Share(percent=min(percent, 100), is_none=count == 0)
