"""What a release of a tally claims about one period, block by block."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from publisher.protection.amounts.judging import amounts_of, raised_by
from publisher.protection.certificates import Certificate
from publisher.protection.grid import Grid
from publisher.protection.measures import PROVIDERS
from publisher.protection.rules import Rules
from publisher.protection.verification.amounts import claim_of_amount
from publisher.protection.verification.check import check_claim
from publisher.protection.verification.claim import Claim
from publisher.protection.verification.counts import claim_of_counts
from publisher.protection.verification.providers import claim_of_providers

COUNTS = "counts"
"""Name of the block of persons and trajectories; every other block is named by its measure."""


def claim_of_tally(grid: Grid, rules: Rules, period: int, withheld: frozenset[str]) -> Claim:
    """State what the release claims for the counts of a period.

    Args:
        grid: what may be published, with true values.
        rules: the parameters that the release names.
        period: code of the period.
        withheld: keys of the quantities that the release withholds.
    """
    return claim_of_counts(grid, rules, period, withheld)


def claims_beside_counts(
    grid: Grid,
    rules: Rules,
    period: int,
    withheld: frozenset[str],
    certificates: Sequence[Certificate],
    kept: frozenset[str] = frozenset(),
) -> dict[str, Claim]:
    """State what it claims for each amount, and for providers; by measure.

    Args:
        grid: what may be published, with true values.
        rules: the parameters that the release names.
        period: code of the period.
        withheld: keys of the quantities that the release withholds.
        certificates: of the period; those of the counts say where there may be more.
        kept: keys of amounts that readers have already, and keep.
    """
    claims = {
        measure: claim_of_amount(
            grid,
            rules,
            period,
            measure,
            withheld,
            raised_by(certificates, grid, period, measure),
            kept,
        )
        for measure in amounts_of(grid)
    }
    if grid.levels(PROVIDERS):
        claims[PROVIDERS] = claim_of_providers(grid, rules, period, withheld)
    return claims


def check_claims(claims: Mapping[str, Claim], certificates: Iterable[Certificate]) -> None:
    """Check every block of a period against the certificates of its own cells.

    Raises:
        ProtectionError: ``verification-failed``.
    """
    of_block: dict[str, list[Certificate]] = {name: [] for name in claims}
    for certificate in certificates:
        measure = certificate.cell.split("/")[1]
        of_block[measure if measure in claims else COUNTS].append(certificate)
    for name, claim in claims.items():
        check_claim(claim, of_block[name])
