"""The whole chain through its command lines, on a small region; then the oracle and the needles."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import select

from deploy.demo.chain import ROUND, Chain, Plan
from deploy.demo.generator import Truth
from deploy.demo.parties import Commands
from publisher.intake import open_stored
from publisher.released import CellStatus, ReleasedTable
from publisher.settings import Settings
from publisher.store import ReleasedTableRow, TallyRow
from shared.contract.tally import Tally
from shared.hashing.custody.home import Home
from shared.hashing.normalise import normalise_column
from shared.hashing.pseudonym import pseudonyms
from shared.settings import load_settings
from shared.state.database import Database, open_engine
from shared.state.round_keys import RoundKeys
from tests.support.needles import Needles, scan
from tests.support.oracle import expected

SCALE, YEARS = 0.12, 3


@dataclass
class Run:
    """A finished run, with its services still up."""

    chain: Chain
    said: list[str]
    truth: Truth
    tally: Tally
    released: dict[str, ReleasedTable]


def run_chain(folder: Path, **plan: object) -> tuple[Chain, list[str]]:
    """Every step, with the commands of this environment."""
    said: list[str] = []
    commands = Commands.in_one(Path(sys.executable).parent)
    chain = Chain(
        Plan(folder, commands, **plan),  # type: ignore[arg-type]
        tell=said.append,
        count=lambda *_: None,
    )
    try:
        for _title, step in Chain.STEPS:
            step(chain)
    except BaseException:
        chain.stop()
        raise
    return chain, said


def read_back(chain: Chain) -> tuple[Tally, dict[str, ReleasedTable]]:
    """What the publisher holds: the tally, opened with its key, and the released tables."""
    settings = load_settings(chain.region.publisher.folder / "publisher.toml", Settings)
    database = Database(open_engine(settings.database_url), settings.load_identity())
    with database.reading() as session:
        row = session.scalars(select(TallyRow)).one()
        tally = open_stored(row, RoundKeys(settings.key_folder))
        tables = {
            each.table_id: ReleasedTable.from_bytes(each.table_id, each.title, each.data)
            for each in session.scalars(select(ReleasedTableRow))
            if each.data is not None
        }
    database.close()
    return tally, tables


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    chain, said = run_chain(tmp_path_factory.mktemp("regio"), scale=SCALE, years=YEARS, seed=3)
    try:
        assert chain.truth is not None
        yield Run(chain, said, chain.truth, *read_back(chain))
    finally:
        chain.stop()


def counted(tally: Tally) -> dict[tuple[str, str, str, int, str, str], int]:
    return {
        (row["table"], row["level"], row["unit"], row["period"], row["category"], row["measure"]):
        row["value"] for row in tally.cells.to_pylist()
        if row["table"] != "coverage"
    }  # fmt: skip


def test_the_tally_equals_an_independent_count_cell_by_cell(run: Run) -> None:
    wanted = dict(expected(run.truth, [code for code, _ in run.truth.municipalities]))
    found = counted(run.tally)
    assert len(found) > 2_000
    assert found == wanted


def test_every_tracer_child_is_counted_exactly_once(run: Run) -> None:
    found = counted(run.tally)
    assert run.truth.tracers
    for tracer in run.truth.tracers:
        place = ("school", tracer.school, tracer.year - 2000, str(tracer.form), "clients")
        assert found[("clients_by_form", *place)] == 1


def test_what_is_released_is_what_was_counted_or_withheld(run: Run) -> None:
    found = counted(run.tally)
    compared = withheld = 0
    for table_id in ("pupils_and_clients", "clients_by_form"):
        for row in run.released[table_id].cells.to_pylist():
            if row["measure"] not in {"pupils", "clients"}:
                continue
            key = (table_id, row["level"], row["unit"], row["period"], row["category"])
            if row["status"] == CellStatus.WITHHELD.value:
                withheld += 1
                assert row["value"] is None
            else:
                compared += 1
                assert row["value"] == found.get((*key, row["measure"]), 0)
    assert compared > 500
    assert withheld > 50


def needles_of(run: Run) -> Needles:
    """Every number that stands in any source file, and the pseudonym that was made of it."""
    numbers = sorted({person.number for person in run.truth.persons})
    supplier = next(party for party in run.chain.region.suppliers if party.id == "duo")
    opened = Home(supplier.folder / "moj").open_round(ROUND, date.today())
    normalised = normalise_column(pa.chunked_array([pa.array(numbers)])).numbers.drop_null()
    made = pseudonyms(opened.key.reveal(), normalised).to_pylist()
    assert len(made) == len(numbers)
    return Needles.of(numbers, made)


def test_no_number_and_no_pseudonym_is_anywhere_but_with_the_suppliers(run: Run) -> None:
    needles = needles_of(run)
    assert len(needles.numbers) > 3_000
    region = run.chain.region
    scanned, findings = scan(
        region.folder, needles, outside=[party.folder for party in region.suppliers]
    )
    assert findings == []
    assert scanned > 60  # databases, keys, logs, statements, packages, source files of the office
    planted = region.linker.folder / "geplant.txt"
    planted.write_text(next(iter(needles.numbers)).decode())
    try:
        assert scan(region.linker.folder, needles, outside=[])[1] == ["geplant.txt: number raw"]
    finally:
        planted.unlink()


def test_nor_in_what_any_party_was_told_or_any_reader_can_fetch(run: Run) -> None:
    needles = needles_of(run)
    assert needles.found_in("\n".join(run.said).encode()) == []
    base, api = run.chain.publisher_url, f"{run.chain.publisher_url}/api/v1"
    school = run.truth.schools[0].code
    paths = [
        f"{base}/", f"{base}/methode", f"{base}/releases", f"{base}/scholen/{school}",
        f"{base}/gemeenten/GM0197", f"{api}/releases",
        *(f"{api}/releases/latest/tables/{table}" for table in run.released),
        f"{run.chain.linker_url}/rounds/{ROUND}",
    ]  # fmt: skip
    for path in paths:
        with urllib.request.urlopen(path, timeout=20) as answer:  # noqa: S310 - loopback
            assert needles.found_in(answer.read() + str(answer.headers).encode()) == []
    for table in run.released.values():  # inside the compression of Parquet, too
        assert needles.found_in(json.dumps(table.cells.to_pylist()).encode()) == []


def test_nothing_in_clear_lies_in_the_databases(run: Run) -> None:
    """A table's words would show an unsealed tally or delivery."""
    for party in (run.chain.region.linker, run.chain.region.publisher):
        data = (party.folder / "state.db").read_bytes()
        for word in (b"contributions", b"half_days", b"days_since_start"):
            assert word not in data.replace(b'name = "half_days"', b"").replace(
                b'name = "days_since_start"', b""
            )


def test_the_page_shows_the_mark_and_the_counts_of_the_region(run: Run) -> None:
    with urllib.request.urlopen(run.chain.publisher_url, timeout=20) as answer:  # noqa: S310 - loopback
        page = answer.read().decode()
    assert "SYNTHETISCH" in page
    newest = max(period.code for period in run.tally.header.periods)
    clients = counted(run.tally)[("pupils_and_clients", "region", "region", newest, "", "clients")]
    assert f"{clients:,}".replace(",", ".") in page


def test_every_supplier_is_a_witness_of_the_ledger(run: Run) -> None:
    line = next(line for line in run.said if line.startswith("koppelaar: ledger ok"))
    assert "getuigen" in line
