"""``python -m benchmarks.linkage``: draw populations, run everyone, compare, report, clean up."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from benchmarks.linkage import curve as growth
from benchmarks.linkage import report
from benchmarks.linkage.equality import DifferentTalliesError
from benchmarks.linkage.kept import Kept
from benchmarks.linkage.running import CONTENDERS, OURS, Outcome, run_all
from benchmarks.linkage.scale import NATION, PROVINCE, SCALES, Scale
from benchmarks.linkage.source import write_source
from benchmarks.measuring.documents import write_block
from benchmarks.measuring.machine import machine

FACTORS = (0.1, 0.3, 3.0)
LARGE = 10.0
ONCE_ABOVE_SECONDS = 30.0
LARGEST_OF = {"pandas": PROVINCE.pupils}
"""Pupils a year above which a contender runs only when asked: it takes a quarter of an hour."""
RUN_PREFIX = "run-"


def _tell(text: str) -> None:
    click.echo(text, err=True)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _measure(
    scale: Scale, names: list[str], repeat: int, folder: Path, kept: Kept
) -> list[Outcome]:
    """Draw one population, run everyone over it, and remove it."""
    if (before := kept.get(scale, names)) is not None:
        _tell(f"{scale.name}: measured before")
        return before
    own = folder / scale.name.replace(" ", "-")
    _tell(f"{scale.name}: drawing {scale.pupils:,} pupils")
    drawn = write_source(own / "source", scale)
    rows = drawn.enrolment_rows + drawn.care_rows
    found = run_all(names, scale, rows, own / "source", own, repeat, ONCE_ABOVE_SECONDS, _tell)
    shutil.rmtree(own)
    kept.put(scale, names, found)
    return found


@click.command(help=__doc__)
@click.option("--work", type=click.Path(path_type=Path), default=Path(".bench"),
              help="Where the temporary folder is made.")  # fmt: skip
@click.option("--scale", "scales", type=click.Choice(list(SCALES)), multiple=True,
              default=("region", "province", "nation"), show_default=True,
              help="Populations over which everyone runs side by side.")  # fmt: skip
@click.option("--repeat", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--skip-peers", "skip", type=click.Choice([n for n in CONTENDERS if n != OURS]),
              multiple=True)  # fmt: skip
@click.option("--everyone", is_flag=True, help="Also who takes long, over every population.")
@click.option("--curve/--no-curve", default=True, show_default=True,
              help="Measure ourselves over other sizes of the nation too.")  # fmt: skip
@click.option("--large", is_flag=True, help=f"The curve up to {LARGE:.0f} times the nation.")
@click.option(
    "--resume",
    is_flag=True,
    help="Take over what was measured before by this code on this machine.",
)
@click.option("--docs", type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="Folder of the documents whose marked blocks are replaced.")  # fmt: skip
def main(work: Path, scales: tuple[str, ...], repeat: int, skip: tuple[str, ...], everyone: bool,
         curve: bool, large: bool, resume: bool, docs: Path | None) -> None:  # fmt: skip
    """See the module."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    work.mkdir(parents=True, exist_ok=True)
    on = machine()
    on["versions"] = {name: version(name) for name in ("duckdb", "polars", "pandas", "pyarrow")}
    kept = Kept(work / "linkage-kept.json", on, resume=resume)
    names = [name for name in CONTENDERS if name not in skip]
    outcomes: list[Outcome] = []
    grown: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix=RUN_PREFIX, dir=work.resolve()) as folder:
        try:
            for name in scales:
                scale = SCALES[name]
                chosen = [
                    each
                    for each in names
                    if everyone or scale.pupils <= LARGEST_OF.get(each, scale.pupils)
                ]
                outcomes += _measure(scale, chosen, repeat, Path(folder), kept)
        except DifferentTalliesError as error:
            raise click.ClickException(str(error)) from error
        if curve:
            for factor in (*FACTORS, *([LARGE] if large else [])):
                grown += _measure(NATION.times(factor), [OURS], 1, Path(folder), kept)
    grown = [each for each in (*outcomes, *grown) if each.name == OURS and each.ran]
    grown = sorted(
        (each for each in grown if each.scale.name.endswith("nation")), key=lambda each: each.rows
    )
    everything = {
        "machine": on,
        "outcomes": [each.to_json() for each in outcomes],
        "curve": [each.to_json() for each in grown],
        "goals": [list(goal) for goal in report.goals(outcomes, grown)],
    }
    (work / "linkage.json").write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")
    report.print_table(outcomes, grown, Console(width=max(Console().width, 140)))
    if docs is not None:
        block = report.markdown(outcomes, grown, on)
        write_block(docs / "benchmarks.md", "bench-link", block)
        if len(grown) > 1:
            write_block(docs / "scaling.md", "bench-link", growth.markdown(grown))
            growth.draw(outcomes, grown, docs / growth.CHART)
    if not all(each.ran for each in outcomes):
        sys.exit(1)


if __name__ == "__main__":
    main()
