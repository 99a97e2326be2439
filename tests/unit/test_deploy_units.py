"""Units, alert rules and publiccode.yml are as they must be; the checks find what is not."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from deploy.check.alerts import check_alerts, known_metrics
from deploy.check.everything import everything
from deploy.check.publiccode import check_publiccode
from deploy.check.units import (
    DEMANDED,
    MOST_BACKUP_DAYS,
    MOST_EXPOSED,
    check_unit,
    exposure,
    settings,
)
from shared.policy import load_policy
from tests.support.deployed import DEPLOY, altered, said
from tests.support.markdown import ROOT

UNITS = sorted(DEPLOY.glob("*/systemd/*.service"))
SERVICE = DEPLOY / "linker" / "systemd" / "linker.service"
TIMERS = sorted(DEPLOY.glob("*/systemd/*.timer"))


def test_everything_that_is_shipped_passes() -> None:
    for each in everything():
        assert not each.wrong, f"{each.what}: {each.wrong}"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_every_unit_is_hardened(path: Path) -> None:
    assert said(check_unit(path)) == ""


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_allows_no_core_dump_and_no_swap(path: Path) -> None:
    assert settings(path)["LimitCORE"] == ["0"]
    assert settings(path)["MemorySwapMax"] == ["0"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is absent")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_the_exposure_of_a_unit_is_low(path: Path, tmp_path: Path) -> None:
    measured = exposure(path)
    assert measured is not None
    assert measured <= MOST_EXPOSED
    bare = tmp_path / path.name
    bare.write_text("[Service]\nExecStart=/bin/true\n")
    assert (exposure(bare) or 0) > 9


@pytest.mark.parametrize("key", DEMANDED)
def test_a_unit_without_a_protection_is_found(key: str, tmp_path: Path) -> None:
    path = SERVICE
    lines = [each for each in path.read_text().splitlines() if not each.startswith(f"{key}=")]
    bare = tmp_path / path.name
    bare.write_text("\n".join(lines))
    assert f"expected {key}=" in said(check_unit(bare))


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("User=", "User=root\n#", "account of its own"),
        ("SystemCallFilter=@system-service", "SystemCallFilter=~@mount", "allow-list"),
        ("ReadWritePaths=/srv/koppelaar", "ReadWritePaths=/", "only"),
        ("/srv/koppelaar/sleutels", "/srv/koppelaar", "volume with keys"),
    ],
)
def test_a_laxer_unit_is_found(old: str, new: str, text: str, tmp_path: Path) -> None:
    assert text in said(check_unit(altered(tmp_path, SERVICE, old, new)))


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("InaccessiblePaths=/srv/koppelaar/sleutels\n", "", "cannot see the keys"),
        ("ReadWritePaths=/srv/koppelaar /srv/backup", "ReadWritePaths=/srv", "only"),
        (" --keep-days 35", "", "older than 35 days"),
        (" --keep-days 35", " --keep-days 36", "older than 35 days"),
        (" --keep-days 35", " --keep-days 0", "older than 35 days"),
    ],
)
def test_a_backup_that_could_copy_a_key_is_found(
    old: str, new: str, text: str, tmp_path: Path
) -> None:
    (path,) = (each for each in UNITS if each.name == "linker-backup.service")
    assert text in said(check_unit(altered(tmp_path, path, old, new)))


def test_backups_live_as_long_as_the_terms_say() -> None:
    """A backup holds what was deleted since: it goes before the shortest term of a service."""
    terms = load_policy(ROOT / "docs" / "dpia" / "policy.toml").policy.retention
    assert terms.input_after_close_days > MOST_BACKUP_DAYS
    for document in ("dpia/bewaartermijnen.md", "handleiding/beheer.md"):
        assert f"{MOST_BACKUP_DAYS} dagen" in (ROOT / "docs" / document).read_text()


@pytest.mark.parametrize("path", TIMERS, ids=lambda path: path.name)
def test_a_timer_starts_a_unit_that_is_there(path: Path) -> None:
    assert path.with_suffix(".service") in UNITS
    assert "OnCalendar=" in path.read_text()


def test_retention_backups_and_sending_run_by_themselves() -> None:
    assert {path.stem for path in TIMERS} == {
        "linker-backup", "linker-retain", "linker-send",
        "publisher-backup", "publisher-retain", "publisher-webhook",
    }  # fmt: skip


# --- monitoring -------------------------------------------------------------------------------

ALERTS = DEPLOY / "monitoring" / "alerts.yml"


def test_the_metrics_of_the_rules_are_those_of_a_service() -> None:
    assert {"moj_alarms", "moj_requests_total", "moj_request_seconds_bucket"} <= known_metrics()


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("moj_requests_total", "moj_requests", "which no service has"),
        ("retention-overdue|", "", "alarms without a rule"),
        ("severity: critical", "severity: huge", "a severity"),
        ("action:", "todo:", "what to do"),
    ],
)
def test_a_worse_rule_is_found(old: str, new: str, text: str, tmp_path: Path) -> None:
    assert text in said(check_alerts(altered(tmp_path, ALERTS, old, new)))


def test_refusals_that_are_watched_are_codes_of_ours() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("shared", "linker", "publisher")
        for path in (ROOT / folder).rglob("*.py")
    )
    codes = re.findall(r'code=~?"([^"]+)"', ALERTS.read_text())
    for code in "|".join(codes).split("|"):
        assert f'"{code}"' in sources, code


# --- publiccode -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("license: EUPL-1.2", "license: MIT", "licence"),
        ("softwareVersion: ", "softwareVersion: 9.", "version"),
        ("developmentStatus: beta", "developmentStatus: done", "developmentStatus"),
        ("platforms:", "platform:", "expected platforms"),
    ],
)
def test_a_wrong_description_of_the_project_is_found(
    old: str, new: str, text: str, tmp_path: Path
) -> None:
    assert text in said(check_publiccode(altered(tmp_path, ROOT / "publiccode.yml", old, new)))


def test_every_yaml_file_is_read() -> None:
    for path in (*DEPLOY.glob("*.yaml"), *DEPLOY.glob("monitoring/*.yml")):
        assert yaml.safe_load(path.read_text(encoding="utf-8")), path.name
