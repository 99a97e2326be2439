"""publiccode.yml: the fields that version 0.5 of the standard demands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml

from deploy.check.findings import ROOT, Finding

_DEMANDED = (
    "publiccodeYmlVersion", "name", "url", "platforms", "developmentStatus", "softwareType",
    "description", "legal", "maintenance", "localisation",
)  # fmt: skip
_STATUS = {"concept", "development", "beta", "stable", "obsolete"}
_MOST = {"shortDescription": 150, "longDescription": 10_000}
_LEAST = {"longDescription": 150}


def check_publiccode(path: Path) -> Iterator[Finding]:
    """Everything that is wrong with the description of the project."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for key in _DEMANDED:
        if key not in document:
            yield Finding(path, f"expected {key}")
    if document["developmentStatus"] not in _STATUS:
        yield Finding(path, "expected a developmentStatus of the standard")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    if document["legal"]["license"] != project["license"]:
        yield Finding(path, "expected the licence of pyproject.toml")
    if document["softwareVersion"] != project["version"]:
        yield Finding(path, "expected the version of pyproject.toml")
    for language, said in document["description"].items():
        for key, most in _MOST.items():
            if not _LEAST.get(key, 1) <= len(said[key]) <= most:
                yield Finding(path, f"{language}: {key} is too short or too long")
        if not said["features"]:
            yield Finding(path, f"{language}: expected features")
