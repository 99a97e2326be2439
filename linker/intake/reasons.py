"""Why a delivery is held: codes as they are stored, and the words for them in two languages.

A reason is a code with, behind colons, the names of columns, codes of the contract and whole per
cents that belong in its sentence; never a count of persons. Several are divided by semicolons.
"""

from __future__ import annotations

from enum import StrEnum

MOST = 3
"""Reasons that are kept of one delivery; who looks at it needs no more."""


class Reason(StrEnum):
    """Why a person must look at a delivery first."""

    OBJECTIONS = "objections-many"
    PROVIDERS = "providers-like-citizen-numbers"
    DUPLICATES = "duplicates-many"
    ONE_CODE = "one-code"
    FEW_TRUE = "few-true"
    ROWS_FEWER = "rows-fewer"
    ROWS_MORE = "rows-more"
    DUPLICATES_MORE = "duplicates-more"
    SHARE = "share-differs"
    REPLACES_FEWER = "replaces-fewer"

    def code(self, *places: str | int) -> str:
        """The reason as it is stored."""
        return ":".join((self.value, *map(str, places)))


_ENGLISH = {
    Reason.OBJECTIONS: "more objections than the policy allows without a look",
    Reason.PROVIDERS: "too many provider codes look like citizen numbers",
    Reason.DUPLICATES: "{0} % of the rows repeat another row",
    Reason.ONE_CODE: "nearly all rows have code {1} in column {0}",
    Reason.FEW_TRUE: "only {1} % of the rows say yes in column {0}",
    Reason.ROWS_FEWER: "{0} % of the rows per period of the last round",
    Reason.ROWS_MORE: "{0} % of the rows per period of the last round",
    Reason.DUPLICATES_MORE: "{0} % of the rows repeat another row, {1} % in the last round",
    Reason.SHARE: "code {1} in column {0}: {2} % of the rows, {3} % in the last round",
    Reason.REPLACES_FEWER: "far fewer rows than in the delivery that it replaces",
}

_DUTCH = {
    Reason.OBJECTIONS: "meer bezwaren dan het beleid toelaat zonder dat iemand kijkt",
    Reason.PROVIDERS: "te veel aanbiederscodes lijken op een BSN",
    Reason.DUPLICATES: "{0} % van de rijen is een herhaling van een andere rij",
    Reason.ONE_CODE: "bijna alle rijen hebben code {1} in kolom {0}",
    Reason.FEW_TRUE: "maar {1} % van de rijen zegt ja in kolom {0}",
    Reason.ROWS_FEWER: "{0} % van de rijen per periode van de vorige ronde",
    Reason.ROWS_MORE: "{0} % van de rijen per periode van de vorige ronde",
    Reason.DUPLICATES_MORE: "{0} % van de rijen is een herhaling, in de vorige ronde {1} %",
    Reason.SHARE: "code {1} in kolom {0}: {2} % van de rijen, in de vorige ronde {3} %",
    Reason.REPLACES_FEWER: "veel minder rijen dan in de levering die zij vervangt",
}


def joined(reasons: list[str]) -> str:
    """The first reasons as they are stored together; empty when there are none."""
    return ";".join(reasons[:MOST])


def in_english(held_for: str) -> str:
    """Stored reasons in words, for the command line."""
    return _in_words(held_for, _ENGLISH)


def in_dutch(held_for: str) -> str:
    """Stored reasons in words, for a page."""
    return _in_words(held_for, _DUTCH)


def _in_words(held_for: str, words: dict[Reason, str]) -> str:
    said = []
    for each in filter(None, held_for.split(";")):
        code, *places = each.split(":")
        said.append(words[Reason(code)].format(*places))
    return "; ".join(said)
