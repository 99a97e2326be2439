"""The alert rules: well-formed, about metrics that the services have, with what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from prometheus_client.core import Metric

from deploy.check.findings import Finding
from shared.holdings import Alarm
from shared.service.metrics import Metrics


def known_metrics() -> set[str]:
    """Every name that a scrape can show."""
    metrics = Metrics()
    metrics.watch(tuple)
    found: set[str] = {"up"}
    for family in metrics.registry.collect():
        found |= _names(family)
    return found


def _names(family: Metric) -> set[str]:
    if family.type == "counter":
        return {f"{family.name}_total"}
    if family.type == "histogram":
        return {f"{family.name}_{end}" for end in ("bucket", "count", "sum")}
    return {family.name}


def check_alerts(path: Path) -> Iterator[Finding]:
    """Everything that is wrong with the rules."""
    known, alarms = known_metrics(), {each.value for each in Alarm}
    watched: set[str] = set()
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            name, expression = rule["alert"], rule["expr"]
            for metric in re.findall(r"\b(up|moj_\w+)\b", expression):
                if metric not in known:
                    yield Finding(path, f"{name} is about {metric}, which no service has")
            for listed in re.findall(r'alarm=~?"([^"]+)"', expression):
                watched |= set(listed.split("|"))
            if set(rule["annotations"]) != {"summary", "action"}:
                yield Finding(path, f"{name} says what is wrong and what to do")
            if rule["labels"]["severity"] not in {"warning", "critical"}:
                yield Finding(path, f"{name} has a severity that nobody knows")
    if watched != alarms:
        yield Finding(path, f"alarms without a rule, or unknown: {sorted(watched ^ alarms)}")
