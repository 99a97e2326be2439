"""The offline installation as a user meets it, built from tiny made-up wheels."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.hasher.wheelhouse.bundle import write_sums
from deploy.hasher.wheelhouse.lock import read_lock
from deploy.hasher.wheelhouse.targets import LINUX, WINDOWS
from tests.support.wheelhouse import make_folder, make_wheel, unpack

TOOLS = ("dirname", "ln", "mkdir", "mv", "readlink", "rm", "sha256sum")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unpacked Linux zip; copied before it is altered."""
    folder = make_folder(tmp_path_factory.mktemp("made"), LINUX)
    return unpack(folder, tmp_path_factory.mktemp("uitgepakt"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user's folder, with a space in its name."""
    (tmp_path / "een gebruiker").mkdir()
    return tmp_path / "een gebruiker"


def run_script(
    bundle: Path, home: Path, *words: str, path: str = "/usr/bin:/bin"
) -> subprocess.CompletedProcess[str]:
    """Run the script with an index that is not there: it must not be asked."""
    return subprocess.run(
        ["/bin/sh", str(bundle / "installeer.sh"), *words],
        check=False,
        capture_output=True,
        text=True,
        env={"HOME": str(home), "PATH": path, "PIP_INDEX_URL": "http://127.0.0.1:9/simple"},
    )


def install(bundle: Path, home: Path) -> subprocess.CompletedProcess[str]:
    return run_script(bundle, home, "--python", sys.executable)


def hasher(home: Path) -> str:
    """What the installed program says."""
    return subprocess.run(
        [home / ".local/bin/hasher", "--version"], check=True, capture_output=True, text=True
    ).stdout.strip()


def altered(bundle: Path, target: Path) -> Path:
    """A copy to do harm to."""
    return Path(shutil.copytree(bundle, target / "veranderd"))


def test_each_zip_holds_what_its_platform_needs(bundle: Path, tmp_path: Path) -> None:
    windows = unpack(make_folder(tmp_path / "gemaakt", WINDOWS), tmp_path)
    named = {
        platform: sorted(each.name for each in folder.iterdir())
        for platform, folder in (("windows", windows), ("linux", bundle))
    }
    both = ["LEESMIJ.txt", "LICENSE", "SHA256SUMS", "geschikt.py", "requirements.lock", "sbom",
            "wheels"]  # fmt: skip
    assert named["windows"] == sorted([*both, "installeer.cmd", "installeer.ps1"])
    assert named["linux"] == sorted([*both, "installeer.sh"])
    locked = {
        folder: [pin.name for pin in read_lock(folder / "requirements.lock")]
        for folder in (windows, bundle)
    }
    assert locked[windows] == ["moj-hasher", "small", "old", "winonly"]
    assert locked[bundle] == ["moj-hasher", "small", "old"]
    assert (windows / "sbom/python-3.11.cdx.json").read_text().split() == [
        "old-1.0.dist-info", "small-1.0.dist-info", "winonly-1.0.dist-info"
    ]  # fmt: skip
    assert (bundle / "sbom/python-3.13.cdx.json").read_text() == "small-1.0.dist-info"
    assert "1.0" in (bundle / "LEESMIJ.txt").read_text()
    assert "@" not in (windows / "LEESMIJ.txt").read_text().replace("@certutil", "")


def test_installing_upgrading_and_removing(bundle: Path, home: Path, tmp_path: Path) -> None:
    keys = home / ".moj"
    keys.mkdir()
    first = install(bundle, home)
    assert (first.returncode, first.stderr) == (0, "")
    assert "Klaar: hasher, version 1.0" in first.stdout
    assert "~/.local/bin" in first.stdout
    assert hasher(home) == "hasher, version 1.0 --version"
    newer = unpack(make_folder(tmp_path / "nieuw", LINUX, "1.1"), tmp_path)
    assert install(newer, home).returncode == 0
    assert hasher(home) == "hasher, version 1.1 --version"
    assert [each.name for each in (home / ".local/share/moj-hasher").iterdir()] == ["venv"]
    removed = run_script(bundle, home, "--uninstall")
    assert (removed.returncode, removed.stderr) == (0, "")
    assert not list((home / ".local/bin").iterdir())
    assert not (home / ".local/share/moj-hasher").exists()
    assert keys.is_dir()
    assert run_script(bundle, home, "--verwijder").returncode == 0


@pytest.mark.parametrize("harm", ["altered", "absent", "no list", "empty list"])
def test_a_damaged_zip_is_refused_before_anything_is_made(
    harm: str, bundle: Path, home: Path, tmp_path: Path
) -> None:
    copy = altered(bundle, tmp_path)
    wheel = copy / "wheels/small-1.0-py3-none-any.whl"
    if harm == "altered":
        wheel.write_bytes(wheel.read_bytes()[:-1] + b"!")
    elif harm == "absent":
        wheel.unlink()
    elif harm == "no list":
        (copy / "SHA256SUMS").unlink()
    else:
        (copy / "SHA256SUMS").write_text("")
    ran = install(copy, home)
    assert ran.returncode == 4
    assert "beschadigd" in ran.stderr
    assert not list(home.iterdir())


def test_pip_too_refuses_another_wheel_and_what_worked_is_put_back(
    bundle: Path, home: Path, tmp_path: Path
) -> None:
    """Whoever changes a wheel and the list of hashes meets the lock."""
    copy = altered(bundle, tmp_path)
    make_wheel(copy / "wheels", "small", files={"small.py": "VERSION = 'another'\n"})
    write_sums(copy)
    data = home / ".local/share/moj-hasher"
    # As a run leaves it that was cut off: the version that worked is aside.
    (data / "venv.vorige").mkdir(parents=True)
    (data / "venv.vorige/worked").touch()
    (data / "venv").mkdir()
    ran = install(copy, home)
    assert ran.returncode == 5
    assert "installeren is niet gelukt" in ran.stderr
    assert [each.relative_to(data).as_posix() for each in data.rglob("*")] == [
        "venv", "venv/worked"
    ]  # fmt: skip
    assert not list((home / ".local/bin").iterdir())


def test_another_program_of_that_name_is_left_alone(bundle: Path, home: Path) -> None:
    other = home / ".local/bin/hasher"
    other.parent.mkdir(parents=True)
    other.write_text("another")
    ran = install(bundle, home)
    assert ran.returncode == 6
    assert "er staat al een ander programma" in ran.stderr
    assert run_script(bundle, home, "--verwijder").returncode == 0
    assert other.read_text() == "another"


def test_without_a_python_it_says_which_to_ask_for(
    bundle: Path, home: Path, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found
        (tools / name).symlink_to(found)
    ran = run_script(bundle, home, path=str(tools))
    assert ran.returncode == 3
    assert "3.11, 3.12 of 3.13" in ran.stderr
    assert run_script(bundle, home, "--python", "no-such-python").returncode == 3
    assert not list(home.iterdir())


@pytest.mark.parametrize("words", [("--help",), ("--python",), ("--python", "a", "b"), ("x",)])
def test_wrong_use_is_explained(words: tuple[str, ...], bundle: Path, home: Path) -> None:
    ran = run_script(bundle, home, *words)
    assert ran.returncode == 2
    assert "Wat nu:" in ran.stderr
    assert not list(home.iterdir())
