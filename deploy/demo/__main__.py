"""``python -m deploy.demo``: a whole synthetic region on this machine, from hash to dashboard."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from deploy.demo.chain import Chain, Plan
from deploy.demo.parties import Commands, StepFailedError
from deploy.loopback import NotAnsweringError

MARKER = "SYNTHETISCH.txt"
"""Stands in the folder of a demonstration; a folder without it is never removed."""


def main() -> int:
    """Run every step and report; 0 when all went well."""
    options = _options()
    console = Console(highlight=False)
    if not _clear(options.folder):
        console.print(f"{options.folder} holds other files; choose another folder")
        return 2
    plan = Plan(
        options.folder.resolve(),
        Commands.in_environments(options.venvs.resolve()),
        schools=options.schools.resolve() if options.schools else None,
        swv_postcodes=options.swv_postcodes.resolve() if options.swv_postcodes else None,
        scale=options.scale,
        seed=options.seed,
    )
    console.print("[bold]Monitor Onderwijs-Jeugdhulp[/bold]: SYNTHETISCH – geen echte cijfers")
    started = time.monotonic()
    chain = None
    try:
        chain = _run(plan, console)
        console.print(f"\nKlaar in {time.monotonic() - started:.0f} s.")
        console.print(f"Uitgave {chain.release_id}")
        if not options.once:
            _stay_up(chain, console)
    except (StepFailedError, NotAnsweringError) as error:
        console.print(f"\n[bold]Mislukt[/bold]: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if chain is not None:
            chain.stop()
    return 0


def _clear(folder: Path) -> bool:
    """Make an empty folder with the mark of a demonstration; False where it is not ours."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        return False
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARKER).write_text("SYNTHETISCH – geen echte cijfers\n", encoding="utf-8")
    return True


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy.demo", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the parties' folders go")
    parser.add_argument("--venvs", type=Path, required=True, help="the components' environments")
    parser.add_argument("--once", action="store_true", help="stop when done")
    parser.add_argument("--schools", type=Path, help="a real DUO school list to use instead")
    parser.add_argument("--swv-postcodes", type=Path, help="postcode areas with their SWVs")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the region")
    parser.add_argument("--seed", type=int, default=20261001)
    return parser.parse_args()


def _run(plan: Plan, console: Console) -> Chain:
    columns = (TextColumn("  {task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def count(step: str, done: int, steps: int) -> None:
            if "now" not in tasks:
                tasks["now"] = bars.add_task(step, total=steps)
            bars.update(tasks["now"], description=step, completed=done, total=steps)

        chain = Chain(
            plan, tell=lambda line: bars.console.print(f"  {line}", soft_wrap=True), count=count
        )
        try:
            for number, (title, step) in enumerate(Chain.STEPS, start=1):
                bars.console.print(f"\n[bold]{number}. {title}[/bold]")
                begun = time.monotonic()
                step(chain)
                if "now" in tasks:
                    bars.remove_task(tasks.pop("now"))
                bars.console.print(f"  [dim]{time.monotonic() - begun:.1f} s[/dim]")
        except BaseException:
            chain.stop()
            raise
    return chain


def _stay_up(chain: Chain, console: Console) -> None:
    console.print(f"\nDashboard: {chain.publisher_url}/")
    console.print(f"Koppelaar: {chain.linker_url}/healthz")
    console.print("Stoppen met Ctrl-C.")
    sys.stdout.flush()
    while all(process.poll() is None for process in chain.services):
        time.sleep(0.5)
    raise StepFailedError("a service stopped by itself; see service.log in its folder")


if __name__ == "__main__":
    sys.exit(main())
