"""What the documents are made from, read once: answers, policy, agreements and the contract."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deploy.governance.answers import Answers, read_answers
from deploy.governance.figures import FOLDER, Figures, read_figures
from deploy.governance.uses import unused, uses
from shared.agreements import Agreements, load_agreements
from shared.policy import Policy, load_policy

ROOT = Path(__file__).parents[2]
DPIA = ROOT / "docs" / "dpia"


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that a document of docs/dpia can say.

    Attributes:
        needed_by: per schema and attribute the published tables that need it.
        one_too_many: attributes that no published table needs.
        figures: of the rounds and releases that there were.
    """

    answers: Answers
    policy: Policy
    agreements: Agreements
    needed_by: dict[tuple[str, str], tuple[str, ...]]
    one_too_many: tuple[tuple[str, str], ...]
    figures: Figures


def read_sources(folder: Path = DPIA) -> Sources:
    """Read what stands in ``folder``."""
    policy = load_policy(folder / "policy.toml").policy
    return Sources(
        answers=read_answers(folder / "dpia.toml"),
        policy=policy,
        agreements=load_agreements(folder / "agreements.toml").agreements,
        needed_by=uses(policy),
        one_too_many=unused(policy),
        figures=read_figures(folder / FOLDER),
    )
