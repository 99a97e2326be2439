"""The one table of checks: what is looked for, how bad it is, and what to do about it.

The words stand in checks.toml; docs/controle.md is made from both.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from publisher.screening import comparing, contents, labels, periods, signing, symbols, totals
from publisher.screening.subject import Places, Screened


class Severity(StrEnum):
    """What it means when a check finds something."""

    FAIL = "FAIL"  # the release cannot be submitted
    ADVISORY = "ADVISORY"  # an approver should look at it


@dataclass(frozen=True, slots=True)
class Check:
    """One named check.

    Attributes:
        id: kebab-case, for good.
        asks: what should hold, in Dutch.
        remedy: what to do when it does not, in Dutch.
    """

    id: str
    severity: Severity
    function: Callable[[Screened], Places]
    asks: str
    remedy: str


@cache
def _words() -> dict[str, Any]:
    file = resources.files("publisher.screening").joinpath("checks.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _check(id_: str, severity: Severity, function: Callable[[Screened], Places]) -> Check:
    said = _words()[id_]
    return Check(id_, severity, function, said["asks"], _words()["remedies"][said["remedy"]])


_F, _A = Severity.FAIL, Severity.ADVISORY

CHECKS = (
    # what is signed
    _check("signature", _F, signing.signature),
    _check("statement-hash", _F, signing.statement_hash),
    _check("table-hashes", _F, signing.table_hashes),
    _check("table-list", _F, signing.table_list),
    _check("row-counts", _F, signing.row_counts),
    _check("withheld-counts", _F, signing.withheld_counts),
    _check("summary-pinned", _F, signing.summary_pinned),
    _check("synthetic-mark", _F, signing.synthetic_mark),
    _check("policy-pinned", _F, signing.policy_pinned),
    _check("dpia-version", _F, signing.dpia_version),
    _check("reference-pinned", _F, signing.reference_pinned),
    _check("sources-named", _A, signing.sources_named),
    _check("software-named", _A, signing.software_named),
    # protection
    _check("protection-proof", _F, signing.protection_proof),
    _check("attack-result", _F, signing.attack_result),
    _check("rules-named", _F, signing.rules_named),
    _check("small-counts", _F, symbols.small_counts),
    _check("rate-population", _F, symbols.rate_population),
    _check("hidden-with-count", _F, symbols.bundle),
    _check("lone-hidden", _F, totals.lone_hidden),
    _check("single-parts", _F, totals.single_parts),
    _check("long-numbers", _F, labels.long_numbers),
    _check("pseudonyms", _F, labels.pseudonyms),
    # what it consists of
    _check("columns", _F, contents.columns),
    _check("not-empty", _F, contents.not_empty),
    _check("tables-allowed", _F, contents.tables_allowed),
    _check("tables-missing", _A, contents.tables_missing),
    _check("levels-allowed", _F, contents.levels_allowed),
    _check("levels-missing", _A, contents.levels_missing),
    _check("duplicates", _F, contents.duplicates),
    _check("complete-matrix", _F, contents.complete_matrix),
    _check("units-known", _F, contents.units_known),
    _check("schools-missing", _A, contents.schools_missing),
    _check("whole-level", _A, contents.whole_level),
    _check("combined-units", _F, totals.combined_units),
    # values and symbols
    _check("status-known", _F, symbols.status_known),
    _check("value-as-status", _F, symbols.value_as_status),
    _check("not-negative", _F, symbols.not_negative),
    _check("decimals", _F, symbols.decimals),
    _check("rounded-multiples", _F, symbols.rounded_multiples),
    _check("one-method", _F, symbols.one_method),
    _check("provisional-marked", _F, symbols.provisional_marked),
    _check("withheld-share", _A, symbols.withheld_share),
    # sums
    _check("sums", _F, totals.sums),
    _check("parts-within", _F, totals.parts_within),
    _check("same-population", _F, totals.same_population),
    _check("clients-within-pupils", _F, totals.clients_within_pupils),
    _check("categories-within-total", _F, totals.categories_within_total),
    _check("categories-reach-total", _F, totals.categories_reach_total),
    _check("overlap-noted", _F, signing.overlap_noted),
    _check("rates-follow", _F, totals.rates_follow),
    # names and texts
    _check("labels-present", _F, labels.present),
    _check("labels-consistent", _F, labels.consistent),
    _check("labels-of-reference", _F, labels.of_reference),
    _check("labels-clean", _A, labels.clean),
    _check("formula-starters", _A, labels.formulas),
    _check("markup", _A, labels.markup),
    _check("codes", _F, labels.codes),
    _check("titles", _F, labels.titles),
    _check("measures-explained", _F, labels.measures_explained),
    _check("notes-used", _A, labels.notes_used),
    # periods
    _check("periods-known", _F, periods.known),
    _check("periods-complete", _A, periods.complete),
    _check("periods-ordered", _F, periods.ordered),
    _check("periods-contiguous", _A, periods.contiguous),
    _check("periods-one-kind", _F, periods.one_kind),
    _check("reference-dates", _F, periods.reference_dates),
    _check("covered", _F, periods.covered),
    _check("residence-covered", _F, periods.residence_covered),
    _check("trend-breaks", _A, periods.breaks),
    _check("jumps", _A, periods.jumps),
    # against the release before
    _check("supersedes", _F, comparing.supersedes),
    _check("version-higher", _F, comparing.version_higher),
    _check("version-fits", _F, comparing.version_fits),
    _check("changes-listed", _F, comparing.changes_listed),
    _check("breaking-changes", _A, comparing.breaking),
    _check("corrections", _A, comparing.corrected),
    _check("final-again", _F, comparing.final_again),
    _check("embargo", _A, comparing.embargo),
)
"""Every check, in the order in which the outcome is shown."""
