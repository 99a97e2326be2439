"""Commands ``publisher protect`` and ``publisher verify-protection``: parse, call, render."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from publisher.protection.effort import Effort
from publisher.protection.secondary import Progress
from publisher.protection.standalone import protect_file, verify_file
from shared.errors import InputError, MonitorError, ProtectionError

EXIT_INPUT = 2
EXIT_UNMET = 3
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("protect")
@click.argument("cells", type=_FILE)
@click.option("--spec", type=_FILE, required=True, help="TOML: columns, levels and rules.")
@click.option("--out", type=_FILE, required=True, help="CSV of every cell, published or withheld.")
@click.option("--report", type=_FILE, required=True, help="JSON; internal.")
@click.option("--certificates", type=_FILE, help="JSON Lines; internal.")
@click.option("--processes", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--quick", "effort", flag_value=Effort.QUICK, type=Effort, help="A glance only.")
@click.option(
    "--exact",
    "effort",
    flag_value=Effort.EXACT,
    type=Effort,
    help="Look for the cheapest pattern, and bound the gap.",
)
def protect_command(
    cells: Path,
    spec: Path,
    out: Path,
    report: Path,
    certificates: Path | None,
    processes: int,
    effort: Effort | None,
) -> None:
    """Protect the counts of CELLS: withhold what a reader could otherwise compute."""
    with _errors_as_exit_codes():
        wanted = effort or Effort.USUAL
        with _bar() as progress:
            result = protect_file(
                cells, spec, out, report, certificates, processes, effort=wanted, progress=progress
            )
        click.echo(
            f"{result.cells} cells, {result.primary} primary, {result.secondary} secondary; "
            f"{result.verified} certificates verified, {len(result.audit.exact)} cells exposed"
        )
        if result.bound is not None:
            click.echo(f"cost {result.cost:.2f}; no pattern costs less than {result.bound:.2f}")


@click.command("verify-protection")
@click.argument("cells", type=_FILE)
@click.option("--spec", type=_FILE, required=True, help="The SPEC that OUT was made with.")
@click.option("--out", type=_FILE, required=True, help="The released file.")
@click.option("--certificates", type=_FILE, required=True, help="The proof made with it.")
def verify_command(cells: Path, spec: Path, out: Path, certificates: Path) -> None:
    """Verify that OUT is protected: certificates in integer arithmetic, no solver."""
    with _errors_as_exit_codes():
        verified = verify_file(cells, spec, out, certificates)
        click.echo(f"{verified} certificates verified")


@contextmanager
def _bar() -> Iterator[Progress]:
    """A bar on a terminal, on stderr; nothing where nobody looks."""
    console = Console(stderr=True)
    columns = (TextColumn("protect"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("protect", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


@contextmanager
def _errors_as_exit_codes() -> Iterator[None]:
    """PROTECTION section 8: 2 for input, 3 for a requirement that is not met."""
    try:
        yield
    except (InputError, ProtectionError) as error:
        _complain(error)
        code = EXIT_INPUT if isinstance(error, InputError) else EXIT_UNMET
        raise click.exceptions.Exit(code) from error


def _complain(error: MonitorError) -> None:
    click.echo(f"error: {error}", err=True)
    if error.hint:
        click.echo(f"hint: {error.hint}", err=True)
