"""Units, containers, networks and alert rules are as they must be; the checks find what is not."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from deploy.check.alerts import check_alerts, known_metrics
from deploy.check.compose import check_compose, load, reaches
from deploy.check.containerfiles import check_containerfile
from deploy.check.everything import everything
from deploy.check.findings import Finding
from deploy.check.publiccode import check_publiccode
from deploy.check.units import DEMANDED, MOST_EXPOSED, check_unit, exposure, settings
from tests.support.markdown import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*/systemd/*.service"))
TIMERS = sorted(DEPLOY.glob("*/systemd/*.timer"))


def said(findings: Iterable[Finding]) -> str:
    return "\n".join(each.text for each in findings)


def altered(tmp_path: Path, path: Path, old: str, new: str) -> Path:
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    copy = tmp_path / path.name
    copy.write_text(text.replace(old, new, 1), encoding="utf-8")
    return copy


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
    path = UNITS[0]
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
    assert text in said(check_unit(altered(tmp_path, UNITS[0], old, new)))


@pytest.mark.parametrize("path", TIMERS, ids=lambda path: path.name)
def test_a_timer_starts_a_unit_that_is_there(path: Path) -> None:
    assert path.with_suffix(".service") in UNITS
    assert "OnCalendar=" in path.read_text()


def test_retention_and_sending_run_by_themselves() -> None:
    assert {path.stem for path in TIMERS} == {
        "linker-retain", "linker-send", "publisher-retain", "publisher-webhook",
    }  # fmt: skip


# --- containers -------------------------------------------------------------------------------

CONTAINERFILE = DEPLOY / "linker" / "Containerfile"


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("USER 10001:10001\n", "", "numbered user"),
        ("USER 10001:10001", "USER root", "numbered user"),
        ("FROM ${BASE}\n", "FROM debian\n", "takes ${BASE}"),
        ("COPY dist/linker/*.whl ./", "COPY . .", "never everything"),
        ("COPY --from=build --chown=0:0 /opt/moj", "COPY linker", "from the first one"),
        ("--require-hashes", "", "takes hashes"),
        ("--no-cache-dir", "", "leaves a cache"),
        ('ENTRYPOINT ["linker"]', "ENTRYPOINT linker", "is a list"),
        ("ENV PATH", "ENV MOJ_PASSPHRASE=x PATH", "leave a secret"),
        ("WORKDIR /srv", "ADD x /srv", "ADD is not used"),
    ],
)
def test_a_worse_containerfile_is_found(old: str, new: str, text: str, tmp_path: Path) -> None:
    assert text in said(check_containerfile(altered(tmp_path, CONTAINERFILE, old, new)))


@pytest.mark.parametrize("component", ["hasher", "linker", "publisher"])
def test_a_containerfile_copies_the_files_of_its_own_component(component: str) -> None:
    text = (DEPLOY / component / "Containerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(\S+)", text, re.MULTILINE)
    assert copied == [f"deploy/{component}/requirements.lock", f"dist/{component}/*.whl"]
    assert (ROOT / copied[0]).is_file()


# --- compose ----------------------------------------------------------------------------------

COMPOSE = DEPLOY / "compose.yaml"


def test_the_linker_and_the_publisher_meet_at_the_publishers_proxy_only() -> None:
    joined = reaches(load(COMPOSE))
    assert {b for a, b in joined if a == "linker"} == {"linker-proxy", "publisher-proxy"}
    assert {b for a, b in joined if a == "publisher"} == {"publisher-proxy"}


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("publish: {ipv4_address: 172.30.3.10}", "handover: {}", "shares a network"),
        ("      handover: {}\n", "", "cannot reach"),
        ("  intake:\n    internal: true", "  intake:\n    internal: false", "leads outside"),
        ("  read_only: true", "  read_only: false", "read_only"),
        ("cap_drop: [ALL]", "cap_drop: []", "cap_drop"),
        ("no-new-privileges:true", "x", "no-new-privileges"),
        ("memswap_limit: 4g", "memswap_limit: 8g", "swap"),
        ("ulimits: {core: 0}", "ulimits: {core: 9}", "core dump"),
        ("      - linker-keys:/srv/koppelaar/sleutels", "      - x:/y", "volume of their own"),
        ("    pids_limit: 256", '    ports: ["1:1"]', "only a proxy"),
    ],
)
def test_a_worse_layout_is_found(old: str, new: str, text: str, tmp_path: Path) -> None:
    assert text in said(check_compose(altered(tmp_path, COMPOSE, old, new)))


def test_the_variant_with_postgresql_only_adds_a_database_for_each() -> None:
    variant = load(DEPLOY / "compose.postgresql.yaml")
    for service in ("linker", "publisher"):
        own = f"{service}-database"
        assert list(variant["services"][service]["networks"]) == [own]
        assert list(variant["services"][own]["networks"]) == [own]
        assert variant["networks"][own] == {"internal": True}


def test_a_proxy_passes_on_what_the_service_serves_and_hides_what_is_not_for_outside() -> None:
    for service, own in (("linker", "koppelaar"), ("publisher", "publicist")):
        text = (DEPLOY / service / "proxy" / f"{service}.nginx.conf").read_text()
        assert "ssl_verify_client" in text
        assert "TLSv1.3" in text
        assert f"{own}.intern" in text
        assert "/operator" not in text.replace("operator's", "")
        assert text.count("{") == text.count("}")
        assert "access_log off" in text
    assert (
        "location / {\n        return 404;"
        in (DEPLOY / "linker" / "proxy" / "linker.nginx.conf").read_text()
    )


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
