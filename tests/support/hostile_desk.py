"""Two suppliers at their computers, and what must hold whatever file they give to the hasher."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from shared.clock import today
from shared.hashing.custody.home import Home, OwnPins
from shared.statement import Statement
from tests.support.desk import shared_desk
from tests.support.hostile import CARE, NUMBERS, Case
from tests.support.hostile_runner import Ran, Runner
from tests.support.parties import NOW, ROUND, MiniRegion

RUNNERS = 2
PEAK_MB = 300
REPORT = "rapport.json"
_CODED = re.compile(r"^hasher: [a-z0-9-]+: .+\n {2}→ .+", re.MULTILINE)
_SEARCHED_BYTES = 200_000


@dataclass(frozen=True)
class HostileDesk:
    """Homes by schema, and processes that run commands."""

    homes: dict[str, Home]
    folder: Path
    runners: SimpleQueue[Runner]

    @contextmanager
    def runner(self) -> Iterator[Runner]:
        runner = self.runners.get()
        try:
            yield runner
        finally:
            self.runners.put(runner)

    def run(self, schema: str, *arguments: str | Path, crash: str = "", saying: str = "") -> Ran:
        """Run a command in the home of who delivers ``schema``."""
        with self.runner() as runner:
            home = ("--home", self.homes[schema].folder)
            return runner.run(*home, *arguments, crash=crash, saying=saying)

    def problems(self, cases: Iterable[Case]) -> list[str]:
        """What is not as it must be; also where there were too few files."""
        before = self.kept()
        with ThreadPoolExecutor(RUNNERS) as pool:
            found = list(pool.map(self.problem, self._numbered(cases)))
        assert self.kept() == before, "a command changed the supplier's own folder"
        return [problem for problem in found if problem]

    def kept(self) -> list[str]:
        """Everything in the suppliers' own folders."""
        return sorted(str(path) for home in self.homes.values() for path in home.folder.rglob("*"))

    def _numbered(self, cases: Iterable[Case]) -> Iterator[tuple[int, Case, Path]]:
        """Cases with the files that they are; written here, so that few are in memory."""
        for number, case in enumerate(cases):
            folder = self.folder / f"{number}"
            folder.mkdir()
            path = folder / f"export 999000007 {number}{case.suffix}"
            path.write_bytes(case.data)
            yield number, case, path

    def problem(self, numbered: tuple[int, Case, Path]) -> str:
        """What is not as it must be with one file, by ``seal`` or by ``check``."""
        number, case, path = numbered
        report = path.with_name(REPORT)
        more = ("--out", path.with_name("uit"), "--report", report) if number % 2 else ("--json",)
        verb = "seal" if number % 2 else "check"
        ran = self.run(case.schema, verb, case.schema, path, "--round", ROUND, *more)
        text = report.read_text() if report.exists() else ran.out
        wrong = [
            *judge(ran, needles(case.data), text),
            *_as_expected(case, ran, text),
            *_left_behind(ran, path, sealed=verb == "seal"),
        ]
        shutil.rmtree(path.parent)
        return f"{case.name} ({verb}): {'; '.join(wrong)}" if wrong else ""


def judge(ran: Ran, secret: Iterable[str], written: str = "") -> list[str]:
    """What is wrong with how a command ended, whatever it was given."""
    wrong = []
    if ran.code not in (0, 2):
        wrong.append(f"exit code {ran.code}, {ran.err[-300:]!r}")
    if ran.code and not _CODED.search(ran.err):
        wrong.append("no coded line with a hint")
    if any(word in ran.shown for word in ("Traceback", "panicked", "memory allocation")):
        wrong.append("a traceback")
    if "\x1b" in ran.shown or "\x07" in ran.shown:
        wrong.append("a terminal command")
    if any(digits in ran.shown or digits in written for digits in secret):
        wrong.append("digits of the input")
    if ran.peak_mb > PEAK_MB:
        wrong.append(f"{ran.peak_mb} MB")
    return wrong


def needles(data: bytes) -> set[str]:
    """Runs of eight or nine digits of a file, also where separators stand between them.

    The code of a provider is no number of a person: it leaves, and is shown as what leaves.
    """
    beginning = data[:_SEARCHED_BYTES]
    found = set(NUMBERS)
    for encoding in ("latin-1", "utf-16-le", "utf-16-be"):
        text = beginning.decode(encoding, errors="ignore")
        found |= runs(text)
    return found - runs(CARE["aanbieder_agb"])


def runs(text: str) -> set[str]:
    """Runs of eight or nine digits, also where separators stand between them."""
    found: set[str] = set()
    for source in (text, re.sub(r"[ .\u00a0-]", "", text)):
        for match in re.finditer(r"\d{8,}", source):
            digits = match.group()
            found |= {digits[i : i + n] for n in (8, 9) for i in range(len(digits) - n + 1)}
    return found


def _as_expected(case: Case, ran: Ran, report: str) -> list[str]:
    try:
        codes = {count["code"] for count in json.loads(report)["counts"]}
    except (ValueError, KeyError):
        return ["no report"]
    wrong = []
    if case.found is not None and codes != {check.code for check in case.found}:
        wrong.append(f"found {sorted(codes)}")
    if ran.code and not any(2000 < code < 3000 for code in codes):
        wrong.append("refused without a fatal finding")
    if case.fatal is not None and case.fatal != bool(ran.code):
        wrong.append("refused" if ran.code else "accepted")
    return wrong


def _left_behind(ran: Ran, path: Path, *, sealed: bool) -> list[str]:
    """Files that should not be there, or the absence of those that should."""
    left = {each.name for each in path.parent.iterdir()}
    expected = {path.name} | ({REPORT} if sealed else set())
    if sealed and not ran.code:
        expected.add("uit")
    return [] if left == expected else [f"left {len(left - expected)}, no {len(expected - left)}"]


@contextmanager
def hostile_desk(folder: Path) -> Iterator[HostileDesk]:
    """A municipality and DUO that imported the same round."""
    work = folder / "bestanden"
    work.mkdir()
    place = folder / "regio"
    place.mkdir()
    with ExitStack() as stack:
        desk = stack.enter_context(shared_desk(place))
        duo = _import_at_duo(desk.region, desk.home)
        homes = {"care/1": desk.home, "objection/1": desk.home, "enrolment/1": duo}
        runners: SimpleQueue[Runner] = SimpleQueue()
        for _ in range(RUNNERS):
            runners.put(stack.enter_context(Runner(NOW)))
        yield HostileDesk(homes, work, runners)


def _import_at_duo(region: MiniRegion, other: Home) -> Home:
    home = Home(region.folder / "duo" / "moj")
    home.folder.mkdir(parents=True, mode=0o700)
    home.write_pins(OwnPins(pins=region.pins(), agreement="demo-1"))
    region.identities["duo"].save(home.identity_path)
    accepted = Statement.load(other.round_folder(ROUND) / "round.json")
    home.import_round(
        accepted.to_bytes(),
        region.register.to_bytes(),
        region.policy_bytes,
        region.grant("duo", accepted),
        today(region.clock),
    )
    return home
