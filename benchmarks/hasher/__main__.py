"""``python -m benchmarks.hasher``: make the rows, run everyone, compare, report, clean up."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from benchmarks.hasher import report
from benchmarks.hasher.contenders import PLAIN, SEAL, Contender, contenders
from benchmarks.hasher.equality import Compared, DifferentResultsError, compare
from benchmarks.hasher.parties import Ceremony, hold
from benchmarks.hasher.running import Outcome, run_all, run_once
from benchmarks.hasher.source import Sources, write_sources
from benchmarks.measuring.commands import RunFailedError
from benchmarks.measuring.documents import write_block
from benchmarks.measuring.environments import NotInstalledError, packages
from benchmarks.measuring.machine import machine
from deploy.demo.documents import policy_text, shipped_policy

PEERS = ("plain", "anonlink", "openlinktoken", "openlinktoken-package")
TRIAL_ROWS = 500
RUN_PREFIX = "run-"


def _tell(text: str) -> None:
    click.echo(text, err=True)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _ready(each: Contender, skip: tuple[str, ...], work: Path, trial: Sources, folder: Path,
           rows: int) -> tuple[Outcome, Path]:  # fmt: skip
    """An environment that was tried on a few rows, which also warms its files up."""
    outcome = Outcome(each, rows, kept=each.name in (SEAL, PLAIN))
    if each.peer in skip:
        outcome.not_run = "skipped"
        return outcome, work
    try:
        python = each.prepare(work)
        run_once(each, python, trial, folder / f"trial-{each.name.replace(' ', '-')}")
        outcome.packages = packages(python)
    except (NotInstalledError, RunFailedError) as error:
        outcome.not_run = str(error)
        _tell(f"{each.name}: not run: {error}")
        return outcome, work
    return outcome, python


def _run(folder: Path, hasher: Path, work: Path, rows: int, repeat: int, skip: tuple[str, ...],
         once_above: float) -> tuple[list[Outcome], Compared | None]:  # fmt: skip
    ceremony: Ceremony = hold(folder / "parties", policy_text(shipped_policy()).encode())
    trial = write_sources(folder / "trial", TRIAL_ROWS)
    every = contenders(hasher, ceremony)
    ready = [_ready(each, skip, work, trial, folder, rows) for each in every]
    _tell(f"drawing {rows:,} people")
    sources = write_sources(folder / "sources", rows)
    run_all(ready, sources, folder, repeat, once_above, _tell)
    outcomes = [outcome for outcome, _python in ready]
    written = {each.contender.name: each.written for each in outcomes if each.ran}
    sealed, plain = written.get(SEAL), written.get(PLAIN)
    if sealed is None:
        return outcomes, None
    return outcomes, compare(sources, ceremony, sealed / "out", plain and plain / "out")


@click.command(help=__doc__)
@click.option("--hasher", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              default=lambda: Path(sys.executable).with_name("hasher"),
              help="The installed hasher to measure.")  # fmt: skip
@click.option("--work", type=click.Path(path_type=Path), default=Path(".bench"),
              help="Folder for environments and the temporary folder.")  # fmt: skip
@click.option("--rows", type=click.IntRange(min=1), default=1_000_000, show_default=True)
@click.option("--repeat", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--skip-peers", "skip", type=click.Choice(PEERS), multiple=True)
@click.option("--once-above", type=float, default=120.0, show_default=True,
              help="A contender whose first run took so many seconds runs once.")  # fmt: skip
@click.option("--json", "json_path", type=click.Path(path_type=Path),
              help="Where to write all figures; default WORK/hasher.json.")  # fmt: skip
@click.option("--docs", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Document whose marked block is replaced.")  # fmt: skip
def main(hasher: Path, work: Path, rows: int, repeat: int, skip: tuple[str, ...],
         once_above: float, json_path: Path | None, docs: Path | None) -> None:  # fmt: skip
    """See the module."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    work.mkdir(parents=True, exist_ok=True)
    work, hasher = work.resolve(), hasher.absolute()
    for left in work.glob(f"{RUN_PREFIX}*"):  # of a run that was killed: it holds numbers
        shutil.rmtree(left)
    on = machine()
    with tempfile.TemporaryDirectory(prefix=RUN_PREFIX, dir=work) as folder:
        try:
            outcomes, compared = _run(Path(folder), hasher, work, rows, repeat, skip, once_above)
        except DifferentResultsError as error:
            raise click.ClickException(str(error)) from error
    everything = {
        "machine": on,
        "rows": rows,
        "contenders": [outcome.to_json() for outcome in outcomes],
        "times_ours": report.ratios(outcomes),
        "goals": [list(goal) for goal in report.goals(outcomes)],
        "equal": None if compared is None else
                 {"pseudonyms": compared.pseudonyms, "delivery_rows": compared.delivery_rows},
    }  # fmt: skip
    (json_path or work / "hasher.json").write_text(
        json.dumps(everything, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    report.print_table(outcomes, Console(width=max(Console().width, 120)))
    if docs is not None:
        write_block(docs, report.BLOCK, report.markdown(outcomes, on, compared))
    if compared is None:
        raise click.ClickException("hasher seal did not run, so nothing was compared")


if __name__ == "__main__":
    main()
