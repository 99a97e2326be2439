"""The same attack on every result: how low and how high can each withheld count be?

The relations come from SPEC and CELLS as the verifier states them, and the intervals from the
auditor's own linear programs: nothing here has seen how a contender chose its cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from publisher.protection.audit import audit_claim
from publisher.protection.cellfile import read_cells, read_spec
from publisher.protection.verification.cells import claim_of_cells

COST_PER_CHILD = 0.01


@dataclass(frozen=True, slots=True)
class Found:
    """What the attack found, and what the pattern costs.

    Attributes:
        cells: all cells of the table.
        primary: cells that the rules withhold.
        secondary: other cells that are withheld.
        hidden_value: sum of the secondary ones.
        exact: withheld cells that a reader can compute.
        too_narrow: cells of the rules whose interval is narrower than their level.
        shown: cells of the rules that are published.
    """

    cells: int
    primary: int
    secondary: int
    hidden_value: int
    exact: int
    too_narrow: int
    shown: int

    @property
    def cost(self) -> float:
        """Σ(1 + 0.01·a) over secondary cells."""
        return self.secondary + COST_PER_CHILD * self.hidden_value


def attack(files: tuple[Path, Path], withheld: frozenset[str]) -> Found:
    """Attack a pattern."""
    spec = read_spec(files[1].read_bytes())
    claim = claim_of_cells(spec, read_cells(files[0].read_bytes(), spec), withheld)
    primary = {demand.cell for demand in claim.demands}
    secondary = withheld - primary
    audit = audit_claim(claim)
    return Found(
        cells=len(claim.true),
        primary=len(primary),
        secondary=len(secondary),
        hidden_value=sum(claim.true[key] for key in secondary),
        exact=len(audit.exact),
        too_narrow=len(set(audit.too_narrow) & withheld),
        shown=len(primary - withheld),
    )
