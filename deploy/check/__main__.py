"""Run every check; say what was checked, with what, and what was not."""

from __future__ import annotations

import sys

import click

from deploy.check.everything import everything
from deploy.check.programs import programs


def main() -> None:
    """Print a line per check and end with 1 where something is wrong."""
    checked = (*everything(), *programs())
    for each in checked:
        click.echo(f"{each.mark()}  {each.what}{'' if each.at_hand else ': not at hand'}")
        for line in each.wrong:
            click.echo(f"      {line}")
    sys.exit(1 if any(each.wrong for each in checked) else 0)


if __name__ == "__main__":
    main()
