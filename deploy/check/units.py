"""The systemd units: every one hardened alike, its exposure measured where the tool is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from deploy.check.findings import Finding

MOST_EXPOSED = 1.5
"""Highest overall exposure that ``systemd-analyze security`` may give; 10 is no protection."""
BACKUPS = "/srv/backup"
"""Where backups go; on another disk, as the guide says."""
MOST_BACKUP_DAYS = 35
"""How long a backup may outlive what is in it, as bewaartermijnen.md promises."""
_KEEP_DAYS = re.compile(r" --keep-days ([0-9]+)$")
_SCORE = re.compile(r"Overall exposure level for \S+: ([0-9.]+)")
DEMANDED = {
    "UMask": "0077",
    "LimitCORE": "0",
    "MemorySwapMax": "0",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "SystemCallArchitectures": "native",
    "IPAddressDeny": "any",
}
"""What every service unit says."""


def settings(path: Path) -> dict[str, list[str]]:
    """Every key of a unit with its values in order."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def check_unit(path: Path) -> Iterator[Finding]:
    """Everything that is wrong with one service unit."""
    said = settings(path)
    for key, value in DEMANDED.items():
        if said.get(key) != [value]:
            yield Finding(path, f"expected {key}={value}")
    if not said.get("SystemCallFilter", [""])[0].startswith("@system-service"):
        yield Finding(path, "expected an allow-list of system calls")
    if said.get("User", ["root"]) == ["root"]:
        yield Finding(path, "expected an account of its own")
    home = said["WorkingDirectory"][0]
    makes_backups = path.stem.endswith("-backup")
    written = f"{home} {BACKUPS}" if makes_backups else home
    if said.get("ReadWritePaths") != [written]:
        yield Finding(path, f"expected to write in {written} only")
    if makes_backups and said.get("InaccessiblePaths") != [f"{home}/sleutels"]:
        yield Finding(path, "expected that a backup cannot see the keys")
    if makes_backups and not 1 <= kept_days(said["ExecStart"][0]) <= MOST_BACKUP_DAYS:
        yield Finding(path, f"expected that backups older than {MOST_BACKUP_DAYS} days are deleted")
    if not makes_backups and f"{home}/sleutels" not in said.get("RequiresMountsFor", [""])[0]:
        yield Finding(path, "expected to wait for the volume with keys")


def kept_days(command: str) -> int:
    """How many days a command keeps backups; 0 where it deletes none."""
    found = _KEEP_DAYS.search(command)
    return int(found[1]) if found else 0


def exposure(path: Path) -> float | None:
    """What ``systemd-analyze security`` gives the unit; None where the tool is not there."""
    program = shutil.which("systemd-analyze")
    if program is None:
        return None
    done = subprocess.run(
        [program, "security", "--offline=true", "--no-pager", str(path)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    found = _SCORE.search(done.stdout)
    return float(found[1]) if found else None
