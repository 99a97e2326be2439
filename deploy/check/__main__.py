"""Run every check; say what was checked, with what, and what was not."""

from __future__ import annotations

import shutil
import subprocess
import sys

import click

from deploy.check.everything import Checked, everything


def _compose_config() -> Checked | None:
    """What the container engine itself says of the compose files, where it is there."""
    program = shutil.which("docker")
    if program is None:
        return None
    if subprocess.run([program, "compose", "version"], check=False, capture_output=True).returncode:
        return None
    done = subprocess.run(
        [program, "compose", "-f", "deploy/compose.yaml", "-f", "deploy/compose.postgresql.yaml",
         "config", "--quiet"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    return Checked("docker compose config", () if done.returncode == 0 else (done.stderr.strip(),))


def main() -> None:
    """Print a line per check and end with 1 where something is wrong."""
    checked = list(everything())
    engine = _compose_config()
    checked += [engine] if engine else []
    for each in checked:
        click.echo(f"{'fout' if each.wrong else 'goed'}  {each.what}")
        for line in each.wrong:
            click.echo(f"      {line}")
    if engine is None:
        click.echo("niet  docker compose config: no container engine with compose here")
    sys.exit(1 if any(each.wrong for each in checked) else 0)


if __name__ == "__main__":
    main()
