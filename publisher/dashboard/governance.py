"""What is declared about the processing, from the documents that the service itself obeys."""

from __future__ import annotations

from dataclasses import dataclass

from shared.agreements import Agreements
from shared.policy import Policy


@dataclass(frozen=True, slots=True)
class Governance:
    """The policy and the agreements in force, with the hashes of the bytes they were read from."""

    policy: Policy
    policy_sha256: str
    agreements: Agreements
    agreements_sha256: str
