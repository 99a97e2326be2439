"""A linter of Containerfiles for what matters here: pinned, not root, nothing left behind.

Instead of a deny-list of bad habits it has an allow-list of instructions and demands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from deploy.check.findings import Finding

_ALLOWED = frozenset(
    {
        "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN",
        "STOPSIGNAL", "USER", "WORKDIR",
    }
)  # fmt: skip
_PROGRAMS = frozenset({"apt-get", "groupadd", "install", "rm", "useradd"})
"""What the last stage may run: accounts, folders, and packages that are named below."""
PACKAGES = frozenset(
    {"libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-liberation"}
)
"""What the last stage may install: what a report in PDF needs, and nothing to build with."""
_SECRET = re.compile(r"passphrase|password|secret|token", re.IGNORECASE)


def instructions(text: str) -> list[tuple[str, str]]:
    """Every instruction with what is given to it; comments gone, continued lines joined."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found = []
    for line in joined.splitlines():
        word, _, rest = line.partition(" ")
        found.append((word.upper(), rest.strip()))
    return found


def check_containerfile(path: Path) -> Iterator[Finding]:
    """Everything that is wrong with one Containerfile."""
    found = instructions(path.read_text(encoding="utf-8"))
    for word, rest in found:
        if word not in _ALLOWED:
            yield Finding(path, f"{word} is not used here")
        if word in {"ENV", "ARG"} and _SECRET.search(rest):
            yield Finding(path, f"{word} would leave a secret in the image")
        if word == "FROM" and not rest.startswith("${BASE}"):
            yield Finding(path, "FROM takes ${BASE}, so that an operator can pin it by digest")
        if word == "COPY" and re.search(r"(^|\s)\.(\s|$)", rest.rpartition(" ")[0]):
            yield Finding(path, "COPY names what it copies, never everything")
        if word == "RUN" and "pip install" in rest:
            yield from _installs(path, rest)
        if word in {"ENTRYPOINT", "CMD"} and not rest.startswith("["):
            yield Finding(path, f"{word} is a list, so that no shell stands between")
    yield from _last_stage(path, found)


def _installs(path: Path, rest: str) -> Iterator[Finding]:
    for command in re.findall(r"pip install ([^&]+)", rest):
        if "--no-cache-dir" not in command:
            yield Finding(path, "pip install leaves a cache without --no-cache-dir")
        if "--require-hashes" not in command and "--no-deps" not in command:
            yield Finding(path, "pip install takes hashes, or no dependencies")


def _last_stage(path: Path, found: list[tuple[str, str]]) -> Iterator[Finding]:
    starts = [n for n, (word, _) in enumerate(found) if word == "FROM"]
    if len(starts) < 2:
        yield Finding(path, "expected a stage that builds and one that runs")
        return
    last = found[starts[-1] :]
    users = [rest for word, rest in last if word == "USER"]
    if not users or users[-1].split(":")[0] in {"root", "0"} or not users[-1][0].isdigit():
        yield Finding(path, "the last stage runs as a numbered user that is not root")
    if not any(word == "ENTRYPOINT" for word, _ in last):
        yield Finding(path, "the last stage has an ENTRYPOINT")
    words = {word for word, _ in last}
    if "EXPOSE" in words and "HEALTHCHECK" not in words:
        yield Finding(path, "a service that listens has a HEALTHCHECK")
    for word, rest in last:
        if word == "COPY" and not rest.startswith("--from=build"):
            yield Finding(path, "the last stage copies from the first one only")
        if word == "RUN":
            yield from _runs(path, rest)


def _runs(path: Path, rest: str) -> Iterator[Finding]:
    """A RUN of the last stage; nothing that builds or fetches stays in the image."""
    for command in rest.split("&&"):
        program, *given = command.split()
        if program not in _PROGRAMS:
            yield Finding(path, f"the last stage does not run {program}")
        if program != "apt-get" or "install" not in given:
            continue
        named = {each for each in given if each != "install" and not each.startswith("-")}
        if "--no-install-recommends" not in given:
            yield Finding(path, "apt-get install brings more without --no-install-recommends")
        for each in sorted(named - PACKAGES):
            yield Finding(path, f"{each} is not a package that running needs")
    if "apt-get" in rest and "rm -rf /var/lib/apt/lists/*" not in rest:
        yield Finding(path, "apt-get leaves its lists behind")
