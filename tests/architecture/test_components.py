"""What each component's wheel holds, and what it can and cannot do."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
COMPONENTS = ("hasher", "linker", "publisher")
LISTS = Path(__file__).parent / "wheels"


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A freshly built wheel of every component."""
    built = {}
    for component in COMPONENTS:
        target = tmp_path_factory.mktemp(component)
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
            cwd=ROOT / "deploy" / component,
            check=True,
            capture_output=True,
        )
        (built[component],) = target.glob("*.whl")
    return built


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_wheel_holds_exactly_the_listed_files(component: str, wheels: dict[str, Path]) -> None:
    """A new file is shipped by a line in wheels/<component>.txt, or not at all."""
    with zipfile.ZipFile(wheels[component]) as wheel:
        found = sorted(name for name in wheel.namelist() if ".dist-info/" not in name)
    listed = (LISTS / f"{component}.txt").read_text().splitlines()
    assert found == listed, (
        f"if meant, write the new list: tests/architecture/wheels/{component}.txt"
    )


def is_own_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def imported(source: bytes) -> Iterator[str]:
    """Dotted names of modules that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            inner = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name for name in inner if is_own_module(name))


def installable(component: str) -> set[str]:
    """Normalised names of all that is installed with a component, its extras included."""
    project = tomllib.loads((ROOT / "deploy" / component / "pyproject.toml").read_text())["project"]
    lock = (ROOT / "deploy" / component / "requirements.lock").read_text()
    names = {line.split("==")[0].strip() for line in lock.splitlines() if "==" in line}
    for extra in project.get("optional-dependencies", {}).values():
        chosen = {Requirement(text).name for text in extra}
        names |= chosen | {
            Requirement(text).name for name in chosen for text in metadata.requires(name) or ()
        }
    return {canonicalize_name(name.split("[")[0]) for name in names}


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_wheel_lacks_nothing_that_it_imports(component: str, wheels: dict[str, Path]) -> None:
    """Own modules are in the wheel, and others come with the packages that it asks for."""
    allowed, packages = installable(component), metadata.packages_distributions()
    missing = set[str]()
    with zipfile.ZipFile(wheels[component]) as wheel:
        files = [name for name in wheel.namelist() if name.endswith(".py")]
        own = {
            name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in files
        }
        for file in files:
            for name in imported(wheel.read(file)):
                top = name.partition(".")[0]
                if top in ("shared", "linker", "publisher"):
                    found = name in own
                else:
                    found = top in sys.stdlib_module_names or any(
                        canonicalize_name(package) in allowed for package in packages.get(top, ())
                    )
                if not found:
                    missing.add(f"{file} imports {name}")
    assert not missing


def test_only_the_hasher_can_hash(wheels: dict[str, Path]) -> None:
    for component in COMPONENTS:
        with zipfile.ZipFile(wheels[component]) as wheel:
            hashing = [name for name in wheel.namelist() if name.startswith("shared/hashing/")]
        assert bool(hashing) == (component == "hasher")


@pytest.mark.parametrize("component", ["linker", "publisher"])
def test_hashing_cannot_be_imported_beside_a_service(
    component: str, wheels: dict[str, Path], tmp_path: Path
) -> None:
    """``python -I -c "import shared.hashing"`` in an environment with only that wheel."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path)], check=True)
    python = tmp_path / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--quiet",
         "--no-index", str(wheels[component])],
        check=True,
    )  # fmt: skip
    here = subprocess.run(
        [python, "-I", "-c", "import shared; print(shared.__version__)"],
        check=True, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert here.stdout.strip()
    failed = subprocess.run(
        [python, "-I", "-c", "import shared.hashing"],
        check=False, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert failed.returncode != 0
    assert "No module named 'shared.hashing'" in failed.stderr


def requirements(path: Path) -> dict[str, Requirement]:
    project = tomllib.loads(path.read_text())["project"]
    return {Requirement(text).name: Requirement(text) for text in project["dependencies"]}


def test_the_roots_dependencies_are_the_union_of_the_components() -> None:
    union: dict[str, Requirement] = {}
    for component in COMPONENTS:
        for name, requirement in requirements(
            ROOT / "deploy" / component / "pyproject.toml"
        ).items():
            assert union.setdefault(name, requirement) == requirement
    assert requirements(ROOT / "pyproject.toml") == union


def test_every_part_has_the_same_version() -> None:
    from shared import __version__

    paths = [ROOT / "deploy" / component / "pyproject.toml" for component in COMPONENTS]
    for path in (ROOT / "pyproject.toml", *paths):
        assert tomllib.loads(path.read_text())["project"]["version"] == __version__


@pytest.mark.parametrize(
    "lock", ["deploy/development.lock", "deploy/demo/requirements.lock",
             *(f"deploy/{component}/requirements.lock" for component in COMPONENTS)],
)  # fmt: skip
def test_locks_pin_by_hash_and_hold_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert pins
    assert all("==" in pin for pin in pins)
    assert text.count("--hash=sha256:") >= len(pins)


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_lock_satisfies_its_components_dependencies(component: str) -> None:
    lock = (ROOT / "deploy" / component / "requirements.lock").read_text()
    pinned: dict[str, list[str]] = {}
    for line in lock.splitlines():
        if "==" in line and not line.startswith((" ", "#")):
            requirement = Requirement(line.rstrip("\\ ").strip())
            version = next(iter(requirement.specifier)).version
            pinned.setdefault(requirement.name, []).append(version)
    for name, requirement in requirements(ROOT / "deploy" / component / "pyproject.toml").items():
        assert all(requirement.specifier.contains(version) for version in pinned[name])


def test_no_lock_of_another_tool_is_kept() -> None:
    assert not (ROOT / "uv.lock").exists()
