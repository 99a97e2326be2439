"""Containers and networks are as they must be; the checks find what is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.check.compose import check_compose, load, reaches
from deploy.check.containerfiles import PACKAGES, check_containerfile, instructions
from deploy.check.programs import PROGRAMS, programs
from tests.support.deployed import DEPLOY, altered, said
from tests.support.markdown import ROOT, read

COMPONENTS = ("hasher", "linker", "publisher")
CONTAINERFILE = DEPLOY / "linker" / "Containerfile"
WITH_PACKAGES = DEPLOY / "publisher" / "Containerfile"
GUIDE = "docs/handleiding/beheer.md"
COMPOSE, DATABASES = DEPLOY / "compose.yaml", DEPLOY / "compose.postgresql.yaml"


# --- containers -------------------------------------------------------------------------------


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
        ("HEALTHCHECK --interval=30s --timeout=5s --start-period=20s", "LABEL x", "HEALTHCHECK"),
        ("RUN groupadd", "RUN curl example.org && groupadd", "does not run curl"),
        ("RUN groupadd", "RUN apt-get install gcc && groupadd", "gcc is not a package"),
    ],
)
def test_a_worse_containerfile_is_found(old: str, new: str, text: str, tmp_path: Path) -> None:
    assert text in said(check_containerfile(altered(tmp_path, CONTAINERFILE, old, new)))


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("libpango-1.0-0", "libpango1.0-dev", "libpango1.0-dev is not a package"),
        ("--no-install-recommends", "", "brings more"),
        ("&& rm -rf /var/lib/apt/lists/*", "", "leaves its lists"),
    ],
)
def test_a_package_too_many_is_found(old: str, new: str, text: str, tmp_path: Path) -> None:
    assert text in said(check_containerfile(altered(tmp_path, WITH_PACKAGES, old, new)))


def test_the_guide_names_the_packages_of_the_container() -> None:
    (row,) = re.findall(r"\| pakketten voor het rapport als PDF \|.*", read(GUIDE))
    assert set(re.findall(r"`([^`]+)`", row)) == PACKAGES


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_containerfile_copies_the_files_of_its_own_component(component: str) -> None:
    text = (DEPLOY / component / "Containerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(\S+)", text, re.MULTILINE)
    assert copied == [f"deploy/{component}/requirements.lock", f"dist/{component}/*.whl"]
    assert (ROOT / copied[0]).is_file()


def test_the_first_stage_is_the_same_in_every_containerfile() -> None:
    """No Containerfile can include another; who mends one mends all three."""
    stages = set()
    for component in COMPONENTS:
        text = (DEPLOY / component / "Containerfile").read_text(encoding="utf-8")
        found = instructions(text.replace(f"/{component}/", "/COMPONENT/"))
        last = max(place for place, (word, _) in enumerate(found) if word == "FROM")
        stages.add(tuple(found[:last]))
    assert len(stages) == 1


# --- compose ----------------------------------------------------------------------------------


def test_the_linker_and_the_publisher_meet_at_the_publishers_proxy_only() -> None:
    joined = reaches(load(COMPOSE))
    assert {b for a, b in joined if a == "linker"} == {"linker-proxy", "publisher-proxy"}
    assert {b for a, b in joined if a == "publisher"} == {"publisher-proxy"}


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("publish: {ipv4_address: 172.30.3.10}", "handover: {}", "shares a network"),
        ("      suppliers: {}", "      readers: {}", "linker-proxy shares a network"),
        ("      handover: {}\n", "", "cannot reach"),
        ("  intake:\n    internal: true", "  intake:\n    internal: false", "leads outside"),
        ("  read_only: true", "  read_only: false", "linker: expected read_only"),
        ("NET_BIND_SERVICE", "SYS_ADMIN", "linker-proxy: keeps capabilities"),
        ("  ipc: private", "  ipc: host", "expected ipc private"),
        ("  ipc: private", "  cap_add: [SETUID]", "linker: keeps capabilities"),
        ("  ipc: private", "  privileged: true", "privileged is not used"),
        ("  ipc: private", "  network_mode: host", "network_mode is not used"),
        ("  ipc: private", "  read_olny: true", "read_olny is not used"),
        ('user: "10001:10001"', "user: root", "expected user 10001:10001"),
        ("cap_drop: [ALL]", "cap_drop: []", "cap_drop"),
        ("no-new-privileges:true", "x", "no-new-privileges"),
        ("rw,noexec,", "rw,", "could be run from /tmp"),
        ("memswap_limit: 4g", "memswap_limit: 8g", "swap"),
        ("ulimits: {core: 0}", "ulimits: {core: 9}", "core dump"),
        ("      - linker-keys:/srv/koppelaar/sleutels", "      - x:/y", "volume of their own"),
        ("- publisher-state:", "- linker-keys:", "volume of their own"),
        ("- linker-state:", "- /var/run/docker.sock:", "of the host is not mounted"),
        ("    pids_limit: 256", '    ports: ["1:1"]', "only a proxy"),
    ],
)
def test_a_worse_layout_is_found(old: str, new: str, text: str, tmp_path: Path) -> None:
    assert text in said(check_compose(altered(tmp_path, COMPOSE, old, new)))


@pytest.mark.parametrize("which", ["read_only: true", "cap_drop: [ALL]", "security_opt: ["])
def test_a_proxy_is_hardened_too(which: str, tmp_path: Path) -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    head, proxy, rest = text.partition("x-proxy: &proxy\n")
    worse = tmp_path / COMPOSE.name
    worse.write_text(head + proxy + rest.replace(f"  {which}", f"  # {which}", 1), encoding="utf-8")
    assert "linker-proxy: expected" in said(check_compose(worse))


def test_a_service_without_networks_is_found(tmp_path: Path) -> None:
    old = "    networks:\n      publish: {ipv4_address: 172.30.3.10}\n"
    worse = said(check_compose(altered(tmp_path, COMPOSE, old, "")))
    assert "publisher: expected networks" in worse
    assert "publisher cannot reach publisher-proxy" in worse


def test_the_variant_with_postgresql_only_adds_a_database_for_each() -> None:
    variant = load(DATABASES)
    for service in ("linker", "publisher"):
        own = f"{service}-database"
        assert list(variant["services"][service]["networks"]) == [own]
        assert list(variant["services"][own]["networks"]) == [own]
        assert variant["networks"][own] == {"internal": True}


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("networks: {publisher-database: {}}", "networks: {handover: {}}", "linker shares"),
        ("linker-database: {internal: true}", "linker-database: {}", "leads outside"),
        ("    depends_on: [publisher-database]", '    ports: ["1:1"]', "only a proxy"),
        ("  shm_size: 128m", "  privileged: true", "linker-database: privileged"),
        ("  cap_drop: [ALL]", "  cap_drop: []", "linker-database: expected cap_drop"),
        ("    secrets: [linker-database]", '    ports: ["5432:5432"]', "only a proxy"),
        ("- linker-database:", "- linker-keys:", "volume of their own"),
    ],
)
def test_a_worse_variant_is_found(old: str, new: str, text: str, tmp_path: Path) -> None:
    assert text in said(check_compose(COMPOSE, altered(tmp_path, DATABASES, old, new)))


def test_what_lies_over_a_file_is_added_to_it() -> None:
    over = load(COMPOSE, DATABASES)
    assert set(over["services"]["linker"]["networks"]) == {"intake", "handover", "linker-database"}
    assert over["services"]["linker"]["read_only"] is True
    assert over["services"]["linker"]["volumes"] == load(COMPOSE)["services"]["linker"]["volumes"]


# --- programs of others -----------------------------------------------------------------------


def fake(folder: Path, name: str, ends_with: int) -> None:
    path = folder / name
    path.write_text(f'#!/bin/sh\necho "$@"\nexit {ends_with}\n', encoding="utf-8")
    path.chmod(0o700)


def test_what_another_program_finds_wrong_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    fake(tmp_path, "hadolint", 1)
    fake(tmp_path, "check-jsonschema", 0)
    wrong, well, absent = programs(tmp_path)
    assert [each.mark() for each in (wrong, well, absent)] == ["fout", "goed", "niet"]
    for component in COMPONENTS:
        assert f"deploy/{component}/Containerfile" in wrong.wrong[0]


def test_a_program_that_cannot_be_used_is_not_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    for each in PROGRAMS:
        fake(tmp_path, each.name, 1)
    assert [each.at_hand for each in programs(tmp_path)] == [True, True, False]


# --- proxies ----------------------------------------------------------------------------------


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
