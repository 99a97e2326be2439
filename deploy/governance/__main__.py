"""Write every document of docs/dpia that is made: ``python -m deploy.governance [--remake]``."""

from __future__ import annotations

import click

from deploy.governance.documents import write_all
from shared.errors import MonitorError


@click.command()
@click.option("--remake", is_flag=True, help="Fingerprint a version that is a concept anew.")
def main(*, remake: bool) -> None:
    """Write dpia.md and the other documents from dpia.toml, policy.toml and the contract."""
    try:
        changed = write_all(remake=remake)
    except MonitorError as error:
        raise click.ClickException(f"{error}\nhint: {error.hint}") from error
    click.echo(f"written: {', '.join(changed) or 'nothing changed'}")


if __name__ == "__main__":
    main()
