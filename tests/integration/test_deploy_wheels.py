"""A wheel is the same bytes for whoever builds it; and every component has a list of parts."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.markdown import ROOT, read

COMPONENTS = ("hasher", "linker", "publisher")


def built(component: str, target: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=ROOT / "deploy" / component,
        check=True,
        capture_output=True,
    )
    (wheel,) = target.glob("*.whl")
    return wheel


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_wheel_is_the_same_twice(component: str, tmp_path: Path) -> None:
    one, other = (built(component, tmp_path / name) for name in ("one", "other"))
    hashes = {hashlib.sha256(each.read_bytes()).hexdigest() for each in (one, other)}
    assert len(hashes) == 1
    with zipfile.ZipFile(one) as wheel:
        moments = {each.date_time for each in wheel.infolist()}
        names = wheel.namelist()
    assert len(moments) == 1, "a wheel says nothing of when it was built"
    assert len(names) == len(set(names))


def test_every_component_has_a_list_of_parts() -> None:
    makefile = read("Makefile")
    assert "sbom: $(COMPONENTS:%=dist/%/sbom.json)" in makefile
    assert "--output-reproducible" in makefile
