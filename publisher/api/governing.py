"""Which documents the service obeys, from the policy and the agreements that it loaded."""

from __future__ import annotations

from publisher.api.facts import GovernanceDocument
from shared.agreements import PinnedAgreements
from shared.policy import PinnedPolicy


def documents_of(
    policy: PinnedPolicy, agreements: PinnedAgreements
) -> tuple[GovernanceDocument, ...]:
    """Policy, DPIA and agreements; the agreements themselves hold names and stay here."""
    declared = policy.policy
    return (
        GovernanceDocument(
            id="policy",
            title=declared.id,
            version=declared.version,
            status=declared.status.value,
            sha256=policy.sha256,
        ),
        GovernanceDocument(
            id="dpia",
            title="Gegevensbeschermingseffectbeoordeling",
            version=declared.dpia_version,
            status=declared.status.value,
            sha256="",
        ),
        GovernanceDocument(
            id="agreements",
            title="Overeenkomsten",
            version="",
            status="",
            sha256=agreements.sha256,
        ),
    )
