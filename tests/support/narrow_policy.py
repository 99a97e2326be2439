"""The shipped policy with fewer tables: what most tests stage, which are not about tables.

To stage every table takes three times as long. A test of the whole gives the shipped policy
itself (``tests/integration/test_publisher_tables.py``, and the region of ``tests/e2e``).
"""

from __future__ import annotations

import re

from deploy.demo.documents import policy_text, shipped_policy

LEFT_OUT = frozenset(
    {
        "clients_by_flow", "clients_by_education", "clients_started_by_referrer",
        "started_trajectories_by_referrer", "clients_started_by_age", "ended_by_duration",
        "running_by_duration", "day_treatment", "arrangement_schools", "clients_by_provider",
    }
)  # fmt: skip


def narrow_policy() -> str:
    """For synthetic data, as ``policy_text``; its last table is always kept."""
    before, *tables = re.split(r"^(?=\[\[tables\]\]$)", policy_text(shipped_policy()), flags=re.M)
    kept = [each for each in tables if _id_of(each) not in LEFT_OUT or each is tables[-1]]
    return "".join((before, *kept))


def _id_of(table: str) -> str:
    found = re.search(r'^id = "(\w+)"$', table, flags=re.M)
    return found.group(1) if found else ""
