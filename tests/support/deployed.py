"""What is deployed, altered by a test that wants to see it found."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from deploy.check.findings import Finding
from tests.support.markdown import ROOT

DEPLOY = ROOT / "deploy"


def said(findings: Iterable[Finding]) -> str:
    """What was found, a line each."""
    return "\n".join(each.text for each in findings)


def altered(tmp_path: Path, path: Path, old: str, new: str) -> Path:
    """A copy of a file in which one thing is different."""
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    copy = tmp_path / path.name
    copy.write_text(text.replace(old, new, 1), encoding="utf-8")
    return copy
