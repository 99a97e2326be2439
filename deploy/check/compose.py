"""The compose files: networks that meet in one place, and services that can do little.

An allow-list in everything: which keys a service has, who shares a network with whom, who is
reached from outside, which capabilities are kept. A file that lies over another is read as the
container engine reads it: what it adds is added.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from deploy.check.findings import Finding

Document = dict[str, Any]

KEYS: Final = {"linker": "linker-keys", "publisher": "publisher-keys"}
"""Both services, and the volume on which the keys of each lie."""
OUTSIDE: Final = {"linker-proxy": "suppliers", "publisher-proxy": "readers"}
"""Who is reached from outside, and on which network; nobody else."""
JOINED: Final = frozenset(
    {
        ("linker", "linker-proxy"),
        ("linker", "publisher-proxy"),
        ("publisher", "publisher-proxy"),
        ("linker", "linker-database"),
        ("publisher", "publisher-database"),
    }
)
"""Who may share a network: a service, and what stands before or behind it."""
CAPABILITIES: Final = {
    "proxy": frozenset({"NET_BIND_SERVICE", "SETUID", "SETGID"}),
    "database": frozenset({"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}),
}
"""What the start of a proxy and of a database needs; a service keeps none."""
_ALLOWED: Final = frozenset(
    {
        "build", "cap_add", "cap_drop", "command", "depends_on", "environment", "extra_hosts",
        "image", "ipc", "logging", "mem_limit", "memswap_limit", "networks", "pids_limit", "ports",
        "read_only", "restart", "secrets", "security_opt", "shm_size", "tmpfs", "ulimits", "user",
        "volumes",
    }
)  # fmt: skip
_SERVICE: Final = {
    "read_only": True,
    "user": "10001:10001",
    "ulimits": {"core": 0},
    "ipc": "private",
}
"""What each of both services says, word for word."""


def load(*paths: Path) -> Document:
    """The document, with its anchors resolved and each later file laid over the ones before."""
    merged: Document = {}
    for path in paths:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert isinstance(document, dict), path.name
        merged = _over(merged, document)
    return merged


def _over(below: Any, above: Any) -> Any:
    """What lies above added to what lies below, as the container engine does it."""
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {name: _over(below.get(name), each) for name, each in above.items()}
    if isinstance(below, list) and isinstance(above, list):
        return below + above
    return above


def reaches(document: Document) -> set[tuple[str, str]]:
    """Which service can open a connection to which: they share a network."""
    of = {name: set(each.get("networks", ())) for name, each in document["services"].items()}
    return {(a, b) for a in of for b in of if a != b and of[a] & of[b]}


def check_compose(*paths: Path) -> Iterator[Finding]:
    """Everything that is wrong with the layout of files that are used together."""
    document = load(*paths)
    for text in (*_meetings(document), *_doors(document), *_services(document)):
        yield Finding(paths[-1], text)


def _meetings(document: Document) -> Iterator[str]:
    """Who shares a network with whom: every pair that is allowed and there, and no other."""
    joined = reaches(document)
    for one, other in sorted(joined):
        if one < other and not {(one, other), (other, one)} & JOINED:
            yield f"{one} shares a network with {other}"
    for one, other in sorted(JOINED):
        if other in document["services"] and (one, other) not in joined:
            yield f"{one} cannot reach {other}"


def _doors(document: Document) -> Iterator[str]:
    """Who is on a network that leads outside, or listens on the host."""
    networks = document["networks"]
    for name, service in document["services"].items():
        for network in service.get("networks", ()):
            leads_outside = not (networks.get(network) or {}).get("internal")
            if leads_outside and OUTSIDE.get(name) != network:
                yield f"{name} is on {network}, which leads outside"
        if "networks" not in service:
            yield f"{name}: expected networks; without them it is on one that leads outside"
        if "ports" in service and name not in OUTSIDE:
            yield f"{name}: only a proxy has a port outside"


def _services(document: Document) -> Iterator[str]:
    for name, service in document["services"].items():
        for key in sorted(set(service) - _ALLOWED):
            yield f"{name}: {key} is not used here"
        if service.get("cap_drop") != ["ALL"]:
            yield f"{name}: expected cap_drop ['ALL']"
        kept = set(service.get("cap_add", ()))
        if kept - CAPABILITIES.get(name.rpartition("-")[2], frozenset()):
            yield f"{name}: keeps capabilities that it does not need"
        if "no-new-privileges:true" not in service.get("security_opt", ()):
            yield f"{name}: expected no-new-privileges"
        if service.get("read_only") is not True and not name.endswith("-database"):
            yield f"{name}: expected read_only True"
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            if source not in document.get("volumes", {}) and not source.startswith(("./", "${")):
                yield f"{name}: {source} of the host is not mounted here"
    for name, keys in KEYS.items():
        yield from _service(document, name, keys)


def _service(document: Document, name: str, keys: str) -> Iterator[str]:
    """What is asked of a service that holds keys, above what is asked of everything."""
    service = document["services"].get(name, {})
    for key, wanted in _SERVICE.items():
        if service.get(key) != wanted:
            because = "; it may leave a core dump" if key == "ulimits" else ""
            yield f"{name}: expected {key} {wanted}{because}"
    if not service.get("mem_limit") or service["mem_limit"] != service.get("memswap_limit"):
        yield f"{name}: memory may go to swap"
    for each in service.get("tmpfs", ()):
        if not {"noexec", "nosuid", "nodev"} <= set(each.partition(":")[2].split(",")):
            yield f"{name}: something could be run from {each.partition(':')[0]}"
    users = {
        each
        for each, other in document["services"].items()
        for mount in other.get("volumes", ())
        if mount.split(":")[0] == keys
    }
    if users != {name} or keys not in document.get("volumes", {}):
        yield f"{name}: the keys have no volume of their own"
