"""``python -m benchmarks.publisher``: make releases, let readers ask, export, report."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click

from benchmarks.measuring.commands import RunFailedError
from benchmarks.measuring.documents import goal_lines, write_block
from benchmarks.measuring.environments import NotInstalledError, make_environment
from benchmarks.measuring.machine import machine
from benchmarks.publisher import report
from benchmarks.publisher.releases import EXPORT, EXPORT_TABLE, reference
from benchmarks.publisher.report import FLOOR, OURS, Measured
from benchmarks.publisher.running import (
    SERVER_CORE,
    Export,
    Load,
    ask_all,
    export,
    read_all,
    served,
)
from benchmarks.publisher.service import write_service
from deploy.loopback import free_port

PEERS = Path(__file__).parent / "peers"
FORMATS = ("csv", "nl-csv", "json", "parquet")
API = "/api/v1/releases"
EVERY_SCHOOL = 8
"""Of so many schools one has its page asked for."""


def addresses_of(schools: int) -> list[str]:
    """What readers ask: lists, profiles, topics, and the API's documents and a small file."""
    lists = ("", "scholen", "gemeenten", "schoolsoorten", "samenwerkingsverbanden", "onderwerpen",
             "methode", "releases", "wijzigingen", "verkennen", "en/", "en/scholen")  # fmt: skip
    book = reference(schools)
    table = f"{API}/latest/tables/pupils_and_clients"
    return [
        *(f"/{each}" for each in lists),
        *(f"/gemeenten/{each.key}" for each in book.municipalities),
        *(f"/scholen/{each.code}" for each in book.schools[::EVERY_SCHOOL]),
        *(API, f"{API}/latest", f"{API}/latest/tables", f"{API}/latest/areas"),
        *(f"{table}/downloads/{each}" for each in ("csv", "xlsx")),
    ]


def _tell(text: str) -> None:
    click.echo(text, err=True)


def _measure(folder: Path, python: Path, schools: int, rows: int, readers: int, seconds: float,
             times: int) -> tuple[tuple[Load, ...], tuple[Export, ...]]:  # fmt: skip
    port, addresses = free_port(), addresses_of(schools)
    _tell(f"making a release of {schools} schools and an export of {rows:,} rows")
    settings = write_service(folder / "publisher", schools, rows, port)
    with served(
        "benchmarks.publisher.service", (str(settings), str(SERVER_CORE)), port, folder
    ) as server:
        bodies = ask_all(server, addresses)
        _tell(f"{readers} readers, {len(addresses)} addresses, {seconds:.0f} s")
        ours = read_all(OURS, server, python, readers, seconds, addresses, folder)
        exports = []
        for format_ in FORMATS:
            _tell(f"export as {format_}")
            address = f"{API}/{EXPORT}/tables/{EXPORT_TABLE}/downloads/{format_}"
            exports.append(export(server, address, format_, times))
    stored = folder / "bodies"
    stored.mkdir()
    (stored / "addresses").write_text("\n".join(addresses), encoding="ascii")
    for number, body in enumerate(bodies):
        (stored / f"{number}").write_bytes(body)
    port = free_port()
    with served(
        "benchmarks.publisher.floor", (str(stored), str(port), str(SERVER_CORE)), port, folder
    ) as server:
        floor = read_all(FLOOR, server, python, readers, seconds, addresses, folder)
    return (ours, floor), tuple(exports)


@click.command(help=__doc__)
@click.option("--work", type=click.Path(path_type=Path), default=Path(".bench"),
              help="Folder for the readers' environment and the temporary folder.")  # fmt: skip
@click.option("--schools", type=click.IntRange(min=20), default=320, show_default=True)
@click.option("--rows", type=click.IntRange(min=1), default=650_000, show_default=True,
              help="Of the export; as CSV a row has about 165 bytes.")  # fmt: skip
@click.option("--readers", type=click.IntRange(min=1), default=50, show_default=True)
@click.option("--seconds", type=float, default=30.0, show_default=True, help="Of reading.")
@click.option("--times", type=click.IntRange(min=1), default=5, show_default=True,
              help="How often each export is taken.")  # fmt: skip
@click.option("--docs", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Document whose marked block is replaced.")  # fmt: skip
def main(work: Path, schools: int, rows: int, readers: int, seconds: float, times: int,
         docs: Path | None) -> None:  # fmt: skip
    """See the module."""
    work.mkdir(parents=True, exist_ok=True)
    work, on = work.resolve(), machine()
    try:
        python = make_environment(work, "load", PEERS)
        with tempfile.TemporaryDirectory(prefix="publisher-", dir=work) as folder:
            loads, exports = _measure(
                Path(folder), python, schools, rows, readers, seconds, times
            )  # fmt: skip
    except (NotInstalledError, RunFailedError) as error:
        raise click.ClickException(str(error)) from error
    measured = Measured(on, schools, rows, len(addresses_of(schools)), loads, exports)
    (work / "publisher.json").write_text(json.dumps(measured.to_json(), indent=1) + "\n",
                                         encoding="utf-8")  # fmt: skip
    click.echo(report.markdown(measured))
    for line in goal_lines(report.goals(measured)):
        click.echo(line)
    if docs is not None:
        write_block(docs, report.BLOCK, report.markdown(measured))


if __name__ == "__main__":
    main()
