"""``python -m benchmarks.protection``: make tables, run everyone, attack every result, report."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click

from benchmarks.measuring.commands import RunFailedError
from benchmarks.measuring.documents import goal_lines, write_block
from benchmarks.measuring.environments import NotInstalledError, make_environment
from benchmarks.measuring.machine import machine
from benchmarks.protection import report
from benchmarks.protection.attack import attack
from benchmarks.protection.contenders import OURS, Ours, Peer
from benchmarks.protection.goals import goals
from benchmarks.protection.report import Outcome
from benchmarks.protection.tables import Table
from publisher.protection.effort import Effort

PEERS = Path(__file__).parent / "peers"
SIZES = (100, 400, 2000, 10000)
SMALL, PEER_UP_TO = 400, 2000
"""Up to so many schools everything runs, and up to so many the peer's quicker method."""
PEER_SECONDS = 300.0
YEARS = 6


def _tell(text: str) -> None:
    click.echo(text, err=True)


def _plan(largest: int, peer: Path | None) -> list[tuple[Table, Ours | Peer]]:
    plan: list[tuple[Table, Ours | Peer]] = []
    for shape in "AB":
        for schools in (size for size in SIZES if size <= largest):
            table, small = Table(shape, schools), schools <= SMALL
            efforts = tuple(OURS) if small else (Effort.USUAL,)
            plan += [(table, Ours(effort)) for effort in efforts]
            if peer is not None and shape == "A" and schools <= PEER_UP_TO:
                plan.append((table, Peer("τ-ARGUS modular", "modular", peer, PEER_SECONDS)))
            if peer is not None and shape == "A" and small:
                plan.append((table, Peer("τ-ARGUS optimal", "optimal", peer, PEER_SECONDS)))
            if small:
                plan.append((Table(shape, schools, level=2), Ours()))
    plan.append((Table("A", min(SMALL, largest), periods=YEARS), Ours()))
    return plan


def _run(table: Table, contender: Ours | Peer) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = table.write(folder)
        try:
            result = contender.run(table, files, folder)
        except RunFailedError as error:
            _tell(f"{table.name}, {contender.name}: not run: {error}")
            return Outcome(table, contender.name, not_run=str(error))
        found = attack(files, result.withheld)
    _tell(
        f"{table.name}, {contender.name}: {found.secondary} secondary, {found.exact} exposed, "
        f"{result.seconds:.1f} s"
    )
    return Outcome(table, contender.name, result, found)


@click.command()
@click.option("--work", type=click.Path(path_type=Path), default=Path(".bench"))
@click.option("--docs", type=click.Path(path_type=Path, dir_okay=False), help="Gets the block.")
@click.option("--largest", type=int, default=SIZES[-1], show_default=True, help="Schools at most.")
@click.option("--no-peer", is_flag=True, help="Only our own.")
@click.option("--quick", is_flag=True, help="Only our own over the smallest tables: does it run?")
def main(work: Path, docs: Path | None, largest: int, no_peer: bool, quick: bool) -> None:
    """Protect synthetic tables with us and with a peer, and attack all results alike."""
    work = work.resolve()  # contenders run in a folder of their own
    work.mkdir(parents=True, exist_ok=True)
    on, python = machine(), None
    if not (no_peer or quick):
        try:
            python = make_environment(work, "pytauargus", PEERS)
        except NotInstalledError as error:
            _tell(f"pytauargus: not run: {error}")
    outcomes = [
        _run(table, contender) for table, contender in _plan(SIZES[0] if quick else largest, python)
    ]
    lines = [outcome.to_json() for outcome in outcomes]
    (work / "protection.json").write_text(json.dumps({"on": on, "runs": lines}, indent=1))
    reached = goals(outcomes)
    for line in goal_lines(reached):
        click.echo(line)
    if docs is not None:
        curves = report.write_curves(outcomes, docs.parent / "figures")
        write_block(docs, report.BLOCK, report.markdown(outcomes, reached, on, curves))


if __name__ == "__main__":
    main()
