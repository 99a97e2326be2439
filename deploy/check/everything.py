"""All checks of what is deployed, one after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from deploy.check.alerts import check_alerts
from deploy.check.compose import check_compose
from deploy.check.containerfiles import check_containerfile
from deploy.check.findings import ROOT, Finding
from deploy.check.publiccode import check_publiccode
from deploy.check.units import MOST_EXPOSED, check_unit, exposure

DEPLOY = ROOT / "deploy"


@dataclass(frozen=True, slots=True)
class Checked:
    """One check and what is wrong; nothing is well."""

    what: str
    wrong: tuple[str, ...]


def _of(what: str, findings: Iterable[Finding]) -> Checked:
    return Checked(what, tuple(each.line() for each in findings))


def everything() -> Iterator[Checked]:
    """Every check that needs no container engine."""
    for component in ("hasher", "linker", "publisher"):
        path = DEPLOY / component / "Containerfile"
        yield _of(f"Containerfile of the {component}", check_containerfile(path))
    yield _of(
        "compose.yaml: who reaches whom, and hardening", check_compose(DEPLOY / "compose.yaml")
    )
    for path in sorted(DEPLOY.glob("*/systemd/*.service")):
        found = list(check_unit(path))
        score = exposure(path)
        if score is not None and score > MOST_EXPOSED:
            found.append(Finding(path, f"exposure {score}, expected at most {MOST_EXPOSED}"))
        measured = "not measured: no systemd-analyze" if score is None else f"exposure {score}"
        yield _of(f"{path.name} ({measured})", found)
    yield _of("alert rules", check_alerts(DEPLOY / "monitoring" / "alerts.yml"))
    yield _of("publiccode.yml", check_publiccode(ROOT / "publiccode.yml"))
