"""Commands ``publisher protect`` and ``publisher verify-protection``: parse, call, render."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

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
@click.option("--exact", is_flag=True, help="Look for the cheapest pattern, and bound the gap.")
def protect_command(
    cells: Path,
    spec: Path,
    out: Path,
    report: Path,
    certificates: Path | None,
    processes: int,
    exact: bool,
) -> None:
    """Protect the counts of CELLS: withhold what a reader could otherwise compute."""
    with _errors_as_exit_codes():
        result = protect_file(cells, spec, out, report, certificates, processes, exact=exact)
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
