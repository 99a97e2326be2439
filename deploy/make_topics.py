"""What the policy lets the dashboard show of each topic: a part of the guide for analysts.

The topics are those of the pages, the tables those of ``docs/dpia/policy.toml``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from publisher.dashboard.topics import TOPICS, Topic, tables_of
from shared.policy import Policy, load_policy
from shared.reference import Level

ROOT: Final = Path(__file__).parents[1]
GUIDE: Final = ROOT / "docs" / "handleiding" / "analist.md"
POLICY: Final = ROOT / "docs" / "dpia" / "policy.toml"
BEGIN: Final = "<!-- onderwerpen -->"
END: Final = "<!-- einde van de onderwerpen -->"
_PLACES = {
    Level.SCHOOL: "school",
    Level.MUNICIPALITY: "gemeente",
    Level.TYPE: "schoolsoort",
    Level.SWV_PO: "samenwerkingsverband",
    Level.REGION: "regio",
}
_NOT_YET = "nog niet gepubliceerd"


def with_topics(page: str) -> str:
    """The guide with the part between the marks made anew."""
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{topics_part()}\n{END}{after}"


def topics_part() -> str:
    """A row per topic: the levels at which the policy publishes something of it."""
    policy = load_policy(POLICY).policy
    rows = [f"| {topic.title} | {_levels(policy, topic)} |" for topic in TOPICS]
    rows.append(f"| Arrangementen | {_arrangements(policy)} |")
    return "\n".join(["| Onderwerp | Te zien per |", "|---|---|", *rows]) + "\n"


def _levels(policy: Policy, topic: Topic) -> str:
    held = {
        level for table in policy.tables if table.id in tables_of(topic) for level in table.levels
    }
    return ", ".join(word for level, word in _PLACES.items() if level in held) or _NOT_YET


def _arrangements(policy: Policy) -> str:
    held = any(Level.ARRANGEMENT in table.levels for table in policy.tables)
    return "arrangement, naast vergelijkbare scholen" if held else _NOT_YET
