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
    """One check and what is wrong; nothing is well.

    Attributes:
        at_hand: whether what checks was there; if not, nothing is said.
    """

    what: str
    wrong: tuple[str, ...]
    at_hand: bool = True

    def mark(self) -> str:
        """The word before its line."""
        if not self.at_hand:
            return "niet"
        return "fout" if self.wrong else "goed"


def _of(what: str, findings: Iterable[Finding]) -> Checked:
    return Checked(what, tuple(each.line() for each in findings))


def everything() -> Iterator[Checked]:
    """Every check that needs no container engine."""
    for component in ("hasher", "linker", "publisher"):
        path = DEPLOY / component / "Containerfile"
        yield _of(f"Containerfile of the {component}", check_containerfile(path))
    layout, databases = DEPLOY / "compose.yaml", DEPLOY / "compose.postgresql.yaml"
    yield _of("compose.yaml: who reaches whom, and hardening", check_compose(layout))
    yield _of("the same with compose.postgresql.yaml over it", check_compose(layout, databases))
    for path in sorted(DEPLOY.glob("*/systemd/*.service")):
        found = list(check_unit(path))
        score = exposure(path)
        if score is not None and score > MOST_EXPOSED:
            found.append(Finding(path, f"exposure {score}, expected at most {MOST_EXPOSED}"))
        measured = "not measured: no systemd-analyze" if score is None else f"exposure {score}"
        yield _of(f"{path.name} ({measured})", found)
    yield _of("alert rules", check_alerts(DEPLOY / "monitoring" / "alerts.yml"))
    yield _of("publiccode.yml", check_publiccode(ROOT / "publiccode.yml"))
