"""The compose file: two networks that meet in one place, and services that can do little."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from deploy.check.findings import Finding

SERVICES = ("linker", "publisher")
KEYS = {"linker": "linker-keys", "publisher": "publisher-keys"}


def load(path: Path) -> dict[str, Any]:
    """The document, with its anchors resolved."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def reaches(document: dict[str, Any]) -> set[tuple[str, str]]:
    """Which service can open a connection to which: they share a network."""
    of = {name: set(service["networks"]) for name, service in document["services"].items()}
    return {(a, b) for a in of for b in of if a != b and of[a] & of[b]}


def check_compose(path: Path) -> Iterator[Finding]:
    """Everything that is wrong with the layout."""
    document = load(path)
    services, networks = document["services"], document["networks"]
    joined = reaches(document)
    for pair in (("linker", "publisher"), ("publisher", "linker"), ("publisher", "linker-proxy")):
        if pair in joined:
            yield Finding(path, f"{pair[0]} shares a network with {pair[1]}")
    if ("linker", "publisher-proxy") not in joined:
        yield Finding(path, "the linker cannot reach the publisher's proxy")
    for name in SERVICES:
        service = services[name]
        for network in service["networks"]:
            if not (networks[network] or {}).get("internal"):
                yield Finding(path, f"{name} is on {network}, which leads outside")
        for key, wanted in (("read_only", True), ("cap_drop", ["ALL"])):
            if service.get(key) != wanted:
                yield Finding(path, f"{name}: expected {key} {wanted}")
        if "no-new-privileges:true" not in service.get("security_opt", ()):
            yield Finding(path, f"{name}: expected no-new-privileges")
        if service.get("mem_limit") != service.get("memswap_limit"):
            yield Finding(path, f"{name}: memory may go to swap")
        if service.get("ulimits") != {"core": 0}:
            yield Finding(path, f"{name}: may leave a core dump")
        if "ports" in service:
            yield Finding(path, f"{name}: only a proxy has a port outside")
        mounted = {each.split(":")[0] for each in service["volumes"]}
        if KEYS[name] not in mounted or KEYS[name] not in document["volumes"]:
            yield Finding(path, f"{name}: the keys have no volume of their own")
    if "handover" in services["publisher"]["networks"]:
        yield Finding(path, "publisher: only its proxy meets the linker")
