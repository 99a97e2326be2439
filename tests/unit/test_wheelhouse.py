"""What goes into the offline installation: markers, wheels, hashes and bytes."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from packaging.markers import Marker, default_environment
from packaging.tags import parse_tag

from deploy.hasher.offline import geschikt
from deploy.hasher.wheelhouse.bundle import place_text, write_sums, write_zip
from deploy.hasher.wheelhouse.lock import needed_on, read_lock, with_hashes_of, write_lock
from deploy.hasher.wheelhouse.targets import (
    LINUX,
    NEWEST_GLIBC_MINOR,
    PLATFORMS,
    PYTHONS,
    WINDOWS,
    Target,
    targets,
)
from deploy.hasher.wheelhouse.wheels import check_closed, chosen_on, read_wheel, read_wheels
from deploy.make_wheelhouse import HASHER, LOCK, OFFLINE, SCRIPTS, own_wheel
from shared.errors import ConfigurationError
from tests.support.wheelhouse import digest, make_pin, make_wheel

WINDOWS_312 = Target(WINDOWS, (3, 12))
LINUX_311 = Target(LINUX, (3, 11))
EVERY_TARGET = [each for system in PLATFORMS for each in targets(system)]
H1, H2 = "1" * 64, "2" * 64


# --- markers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("target", EVERY_TARGET)
def test_a_target_says_everything_that_a_marker_can_ask(target: Target) -> None:
    """A variable left out would be answered for the machine that builds."""
    assert target.environment().keys() == default_environment().keys()


@pytest.mark.parametrize(
    ("marker", "windows_312", "linux_311"),
    [
        ("sys_platform == 'win32'", True, False),
        ("os_name == 'nt'", True, False),
        ("platform_system == 'Linux'", False, True),
        ("platform_machine == 'AMD64'", True, False),
        ("platform_machine == 'x86_64'", False, True),
        ("python_full_version >= '3.12'", True, False),
        ("python_version < '3.12'", False, True),
        ("platform_python_implementation != 'PyPy'", True, True),
        ("implementation_name == 'cpython'", True, True),
        ("extra == 'cli'", False, False),
    ],
)
def test_a_marker_is_answered_for_the_target(
    marker: str, windows_312: bool, linux_311: bool
) -> None:
    assert WINDOWS_312.holds(Marker(marker)) == windows_312
    assert LINUX_311.holds(Marker(marker)) == linux_311


def test_no_marker_always_holds_and_an_extra_only_when_it_is_asked_for() -> None:
    assert WINDOWS_312.holds(None)
    assert WINDOWS_312.holds(Marker("extra == 'cli'"), "cli")


@pytest.mark.parametrize(
    ("tag", "windows_312", "linux_311"),
    [
        ("cp312-cp312-win_amd64", True, False),
        ("cp311-abi3-win_amd64", True, False),
        ("cp311-cp311-win_amd64", False, False),
        ("cp312-cp312-win32", False, False),
        ("py3-none-any", True, True),
        ("cp311-cp311-manylinux_2_28_x86_64", False, True),
        ("cp311-cp311-manylinux2014_x86_64", False, True),
        ("cp311-cp311-manylinux_2_34_x86_64", False, False),
        ("cp311-cp311-manylinux_2_28_aarch64", False, False),
        ("cp311-cp311-musllinux_1_2_x86_64", False, False),
    ],
)
def test_a_wheel_runs_on_the_targets_that_its_tag_names(
    tag: str, windows_312: bool, linux_311: bool
) -> None:
    assert (not parse_tag(tag).isdisjoint(WINDOWS_312.tags())) == windows_312
    assert (not parse_tag(tag).isdisjoint(LINUX_311.tags())) == linux_311


def test_pip_is_asked_for_the_same_platforms_and_for_wheels_only() -> None:
    options = LINUX_311.pip_options()
    assert "--only-binary=:all:" in options
    asked = [options[n + 1] for n, word in enumerate(options) if word == "--platform"]
    assert asked == list(LINUX.tags)


# --- the lock --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [LOCK, "sbom.lock", "standalone.lock"])
def test_a_lock_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    pins = read_lock(HASHER / name)
    assert sum(len(pin.sha256) for pin in pins) == (HASHER / name).read_text().count("--hash=")
    write_lock(pins, tmp_path / name, with_markers=True)
    assert read_lock(tmp_path / name) == pins


@pytest.mark.parametrize("name", ["sbom", "standalone"])
def test_a_tools_lock_pins_by_hash_what_is_asked_for_and_holds_no_address(name: str) -> None:
    text = (HASHER / f"{name}.lock").read_text()
    assert "://" not in text
    asked = re.match(r"[a-z-]+", (HASHER / f"{name}.in").read_text())
    assert asked
    assert asked.group() in {pin.name for pin in read_lock(HASHER / f"{name}.lock")}


@pytest.mark.parametrize(
    "line",
    [
        f"small>=1 --hash=sha256:{H1}",
        f"small==1,!=2 --hash=sha256:{H1}",
        f"small --hash=sha256:{H1}",
        "small==1",
        f"small==1 --hash=md5:{H1}",
        f"small @ file:///small.whl --hash=sha256:{H1}",
        "--index-url=somewhere",
        "-e .",
    ],
)
def test_a_line_that_does_not_pin_by_hash_is_refused(line: str, tmp_path: Path) -> None:
    lock = tmp_path / LOCK
    lock.write_text(line + "\n")
    with pytest.raises(ConfigurationError, match="lock-invalid"):
        read_lock(lock)


def test_the_windows_and_the_linux_part_of_a_lock_differ(tmp_path: Path) -> None:
    lock = tmp_path / LOCK
    lock.write_text(
        f"both==1 --hash=sha256:{H1}\n"
        f"colour==1 ; sys_platform == 'win32' \\\n    --hash=sha256:{H1}\n"
        f"old==1 ; python_full_version < '3.12' --hash=sha256:{H1} --hash=sha256:{H2}\n"
    )
    pins = read_lock(lock)
    assert [pin.name for pin in needed_on(pins, WINDOWS_312)] == ["both", "colour"]
    assert [pin.name for pin in needed_on(pins, LINUX_311)] == ["both", "old"]
    (kept,) = with_hashes_of(pins, frozenset({H2}))
    assert (kept.name, kept.sha256, str(kept.marker)) == (
        "old", (H2,), 'python_full_version < "3.12"'
    )  # fmt: skip


def test_markers_are_left_out_for_pip_on_another_machine(tmp_path: Path) -> None:
    pins = needed_on(read_lock(HASHER / LOCK), WINDOWS_312)
    write_lock(pins, tmp_path / LOCK, with_markers=False)
    assert ";" not in (tmp_path / LOCK).read_text()


# --- the wheels ------------------------------------------------------------------------------


def test_the_best_wheel_with_a_pinned_hash_is_chosen(tmp_path: Path) -> None:
    exact = make_wheel(tmp_path, "small", tag="cp312-cp312-win_amd64")
    others = [
        make_wheel(tmp_path, "small", tag=tag) for tag in ("py3-none-any", "cp311-cp311-win_amd64")
    ]
    wheels = read_wheels(tmp_path)
    (chosen,) = chosen_on(WINDOWS_312, [make_pin(exact, *others)], wheels)
    assert chosen.path == exact
    (chosen,) = chosen_on(WINDOWS_312, [make_pin(*others)], wheels)
    assert chosen.path == others[0]


@pytest.mark.parametrize("tag", ["cp313-cp313-win_amd64", "cp312-cp312-manylinux_2_28_x86_64"])
def test_a_pin_without_a_wheel_for_the_target_is_refused(tag: str, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "small", tag=tag)
    with pytest.raises(ConfigurationError, match="wheel-missing"):
        chosen_on(WINDOWS_312, [make_pin(wheel)], read_wheels(tmp_path))


def test_a_wheel_with_another_hash_than_the_lock_is_no_wheel(tmp_path: Path) -> None:
    pin = make_pin(make_wheel(tmp_path, "small"))
    make_wheel(tmp_path, "small", files={"small.py": "altered"})
    with pytest.raises(ConfigurationError, match="wheel-missing"):
        chosen_on(WINDOWS_312, [pin], read_wheels(tmp_path))


@pytest.mark.parametrize(
    ("requires", "python"),
    [
        ("absent", ">=3.11"),
        ("small>=2", ">=3.11"),
        ("absent; sys_platform == 'win32'", ">=3.11"),
        ("absent; python_version >= '3.12'", ">=3.11"),
        ("small[more]", ">=3.11"),
        ("small", ">=3.13"),
        ("small", "<3.12"),
    ],
)
def test_a_set_of_wheels_that_needs_another_is_refused(
    requires: str, python: str, tmp_path: Path
) -> None:
    make_wheel(tmp_path, "small", requires=("absent; extra == 'more'",))
    make_wheel(tmp_path, "large", requires=(requires,), python=python)
    with pytest.raises(ConfigurationError, match="wheelhouse-incomplete"):
        check_closed(WINDOWS_312, read_wheels(tmp_path))


def test_what_another_target_needs_need_not_be_there(tmp_path: Path) -> None:
    make_wheel(tmp_path, "small", requires=("absent; extra == 'more'",))
    make_wheel(tmp_path, "Large_One", requires=("small", "absent; sys_platform == 'linux'"))
    make_wheel(tmp_path, "user", requires=("large.one",))
    check_closed(WINDOWS_312, read_wheels(tmp_path))


def test_there_is_one_own_wheel(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="own-wheel-missing"):
        own_wheel(tmp_path)
    wheel = make_wheel(tmp_path, "moj_hasher")
    assert own_wheel(tmp_path) == read_wheel(wheel)
    make_wheel(tmp_path, "moj_hasher", "2.0")
    with pytest.raises(ConfigurationError, match="own-wheel-missing"):
        own_wheel(tmp_path)


# --- the zip ---------------------------------------------------------------------------------


def test_the_same_files_give_the_same_zip(tmp_path: Path) -> None:
    names = ["b.sh", "a.txt", "map/c.whl"]
    made = []
    for turn, order in enumerate((names, names[::-1])):
        folder = tmp_path / str(turn) / "bundle"
        (folder / "map").mkdir(parents=True)
        for name in order:
            (folder / name).write_text(name)
            os.utime(folder / name, (turn, 10**9 + 1000 * turn))
            (folder / name).chmod(0o600 if turn else 0o644)
        write_zip(folder, tmp_path / f"{turn}.zip")
        made.append((tmp_path / f"{turn}.zip").read_bytes())
    assert made[0] == made[1]
    with zipfile.ZipFile(tmp_path / "0.zip") as archive:
        modes = {each.filename: oct(each.external_attr >> 16) for each in archive.infolist()}
        assert {each.compress_type for each in archive.infolist()} == {zipfile.ZIP_STORED}
    assert modes == {
        "bundle/a.txt": "0o100644", "bundle/b.sh": "0o100755", "bundle/map/c.whl": "0o100644"
    }  # fmt: skip
    assert list(modes) == sorted(modes)
    assert not list(tmp_path.glob("*.partial"))


def test_the_list_of_hashes_names_every_file_but_itself(tmp_path: Path) -> None:
    (tmp_path / "map").mkdir()
    for name in ("z", "map/a"):
        (tmp_path / name).write_text(name)
    write_sums(tmp_path)
    write_sums(tmp_path)
    assert (tmp_path / "SHA256SUMS").read_text() == (
        f"{digest(tmp_path / 'map/a')}  map/a\n{digest(tmp_path / 'z')}  z\n"
    )


@pytest.mark.parametrize(
    ("name", "windows", "end"),
    [("a.ps1", True, b"\r\n"), ("a.cmd", True, b"\r\n"), ("a.txt", True, b"\r\n"),
     ("a.py", True, b"\n"), ("a.txt", False, b"\n"), ("a.sh", False, b"\n")],
)  # fmt: skip
def test_texts_have_the_line_ends_of_their_platform(
    name: str, windows: bool, end: bytes, tmp_path: Path
) -> None:
    (tmp_path / name).write_text("een @VERSION@\ntwee\n")
    place_text(tmp_path / name, tmp_path / "target", windows=windows, version="1.0")
    assert (tmp_path / "target").read_bytes() == b"een 1.0" + end + b"twee" + end


# --- the scripts -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted({each for names in SCRIPTS.values() for each in names}))
def test_a_script_is_plain_ascii(name: str) -> None:
    """Windows PowerShell 5.1 and cmd read anything else by the machine's code page."""
    assert (OFFLINE / name).read_bytes().isascii()


def test_the_powershell_script_uses_cmdlets_only() -> None:
    """Constrained language refuses types and methods of .NET."""
    lines = (OFFLINE / "installeer.ps1").read_text().splitlines()
    code = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    assert not re.findall(r"::|New-Object|Add-Type|Invoke-Expression", code)
    assert not re.findall(r"[\w)]\.[A-Z]\w*\(", code)
    assert set(re.findall(r"\[(\w+)\]", code)) == {"string", "switch"}


@pytest.mark.parametrize(
    ("script", "pattern", "more"),
    [
        ("installeer.sh", r"\bstop ([0-9])", {"0"}),
        ("installeer.ps1", r"Stop-Met ([0-9])", {"0", "1"}),
    ],
)
def test_every_exit_code_is_explained(script: str, pattern: str, more: set[str]) -> None:
    used = set(re.findall(pattern, (OFFLINE / script).read_text())) | more
    system = "windows" if script.endswith(".ps1") else "linux"
    readme = (OFFLINE / f"LEESMIJ-{system}.txt").read_text()
    (explained,) = re.findall(r"^Uitkomst.*\n((?:  .*\n)+)", readme, re.MULTILINE)
    assert set(re.findall(r"(?:^|; |  )([0-9]) ", explained, re.MULTILINE)) == used


@pytest.mark.parametrize("system", [each.name for each in PLATFORMS])
def test_the_readme_names_what_is_in_the_zip(system: str) -> None:
    readme = (OFFLINE / f"LEESMIJ-{system}.txt").read_text()
    for name in (*SCRIPTS[system], LOCK, "SHA256SUMS", "LICENSE", "wheels", "sbom"):
        assert name in readme or name == "installeer.ps1"


# --- which Python ----------------------------------------------------------------------------


@pytest.fixture
def suitable(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A Python that nothing is wrong with, whatever these tests run on."""
    monkeypatch.setattr(sys, "version_info", (3, 12, 1, "final", 0))
    monkeypatch.setattr(sysconfig, "get_platform", lambda: "linux-x86_64")
    monkeypatch.setattr(sysconfig, "get_config_var", lambda _name: 0)
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.28"))
    monkeypatch.setattr(geschikt, "find_spec", lambda _name: object())
    return monkeypatch


def test_a_suitable_python_meets_no_objection(suitable: pytest.MonkeyPatch) -> None:
    assert geschikt.objection() == ""
    suitable.setattr(sysconfig, "get_platform", lambda: "win-amd64")
    suitable.setattr(platform, "libc_ver", lambda: ("", ""))
    assert geschikt.objection() == ""


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 14, 0), (4, 0, 0)])
def test_a_version_without_wheels_is_refused(
    version: tuple[int, ...], suitable: pytest.MonkeyPatch
) -> None:
    suitable.setattr(sys, "version_info", version)
    assert "3.11, 3.12 of 3.13" in geschikt.objection()


@pytest.mark.parametrize("machine", ["win32", "win-arm64", "linux-aarch64", "macosx-14-arm64"])
def test_another_machine_is_refused(machine: str, suitable: pytest.MonkeyPatch) -> None:
    suitable.setattr(sysconfig, "get_platform", lambda: machine)
    assert "64-bits x86" in geschikt.objection()


@pytest.mark.parametrize("libc", [("glibc", "2.27"), ("", ""), ("libc", "3.0")])
def test_an_older_or_another_c_library_is_refused(
    libc: tuple[str, str], suitable: pytest.MonkeyPatch
) -> None:
    suitable.setattr(platform, "libc_ver", lambda: libc)
    assert "glibc 2.28" in geschikt.objection()


def test_a_python_of_another_kind_is_refused(suitable: pytest.MonkeyPatch) -> None:
    suitable.setattr(geschikt, "find_spec", lambda name: None if name == "ensurepip" else object())
    assert "ensurepip ontbreekt" in geschikt.objection()
    suitable.setattr(sys, "base_prefix", "C:\\Program Files\\WindowsApps\\Python.3.12")
    assert "Microsoft Store" in geschikt.objection()
    suitable.setattr(sysconfig, "get_config_var", lambda _name: 1)
    assert "CPython" in geschikt.objection()


def test_the_script_and_the_build_agree_on_what_is_suitable() -> None:
    assert (PYTHONS[0], PYTHONS[-1]) == (geschikt.OLDEST, geschikt.NEWEST)
    assert geschikt.GLIBC == (2, NEWEST_GLIBC_MINOR)


def test_the_script_prints_where_this_python_is_or_why_not() -> None:
    ran = subprocess.run(
        [sys.executable, "-I", str(OFFLINE / "geschikt.py")],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    reason = geschikt.objection()
    assert ran.returncode == bool(reason)
    assert reason in ran.stderr if reason else ran.stdout.strip() == sys.executable
