"""The whole chain through its command lines, on a small region; then the oracle and the needles."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections import Counter
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
from publisher.intake.steps import open_stored
from publisher.released import CellStatus, Manifest, ReleasedTable
from publisher.settings import Settings
from publisher.store import ReleasedTableRow, ReleaseRow, TallyRow
from shared.contract.tally import Tally
from shared.hashing.custody.home import Home
from shared.hashing.normalise import normalise_column
from shared.hashing.pseudonym import pseudonyms
from shared.settings import load_settings
from shared.state.database import Database, open_engine
from shared.state.round_keys import RoundKeys
from shared.statement import Kind, Statement
from tests.support.causes import naive_causes
from tests.support.micro_count import Key, differences
from tests.support.microregion import whole_cells
from tests.support.needles import Needles, scan
from tests.support.oracle import expected
from tests.support.oracle_tally import delivered_of, whole_tally

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


def counted(tally: Tally) -> dict[Key, int]:
    """The values of the two tables that the oracle counts straight from the truth."""
    return {
        key: cell.value
        for key, cell in whole_cells(tally.cells).items()
        if key[0] in {"pupils_and_clients", "clients_by_form"}
    }


def test_the_tally_equals_an_independent_count_cell_by_cell(run: Run) -> None:
    """Every table, with the protection inputs of every cell, through the rows that were due."""
    wanted = whole_tally(run.truth, [code for code, _ in run.truth.municipalities])
    found = whole_cells(run.tally.cells)
    assert {key[0] for key in found} == {table.id for table in run.tally.header.tables}
    assert len(found) > 20_000
    assert differences(found, wanted) == []


def test_two_tables_equal_a_count_straight_from_the_truth(run: Run) -> None:
    wanted = dict(expected(run.truth, [code for code, _ in run.truth.municipalities]))
    found = counted(run.tally)
    assert len(found) > 2_000
    assert found == wanted


def test_the_region_has_something_to_count_in_every_measure(run: Run) -> None:
    """A measure that is zero everywhere would be compared with nothing."""
    found = {key[5] for key, cell in whole_cells(run.tally.cells).items() if cell.value}
    measures = {measure.id for table in run.tally.header.tables for measure in table.measures}
    assert found >= measures - {"not_covered"}


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


def test_the_auditor_can_compute_nothing_that_is_withheld(run: Run) -> None:
    settings = load_settings(run.chain.region.publisher.folder / "publisher.toml", Settings)
    database = Database(open_engine(settings.database_url), settings.load_identity())
    with database.reading() as session:
        statement = Statement.from_bytes(session.scalars(select(ReleaseRow)).one().statement)
    database.close()
    proof = statement.read(Kind.RELEASE, Manifest).proof
    assert (proof.exactly_exposed, proof.too_narrow, proof.verified) == (0, 0, True)


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
    """A column's name would show an unsealed tally or delivery; the policy alone may say it."""
    for party in (run.chain.region.linker, run.chain.region.publisher):
        data = (party.folder / "state.db").read_bytes()
        for word in (b"contributions", b"protect_clients", b"days_in_period", b"days_since_start"):
            assert word not in data.replace(b'name = "' + word + b'"', b"")


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


def test_the_quality_report_explains_every_row_that_is_not_linked(run: Run) -> None:
    """Cause by cause what the truth says; what is told together is what is left."""
    truth = naive_causes(delivered_of(run.truth, [code for code, _ in run.truth.municipalities]))
    report = json.loads(run.chain.region.linker.run("quality", ROUND, "--json"))
    assert len(report["lines"]) == 1 + len(run.truth.municipalities)
    told: set[str] = set()
    for line in report["lines"]:
        supplier = line["supplier"]
        causes: Counter[str] = Counter()
        for (_period, cause), rows in truth[
            supplier if supplier == "duo" else int(supplier.removeprefix("gm"))
        ].items():
            causes[cause] += rows
        # The truth has one enrolment per pupil and period; any other that was delivered repeats it.
        causes["repeated"] += line["rows"] - causes.total()
        assert causes["repeated"] == 0 or supplier == "duo"
        linked = causes.pop("linked")
        said = dict(line["unlinked"])
        together = said.pop("together", 0)
        assert sum(said.values()) + together == causes.total() == line["rows"] - linked
        assert {cause: causes[cause] for cause in said} == said
        told |= said.keys()
    assert told >= {"no-care", "too-young", "grown-up"}
    assert any(line.startswith("quality of") for line in run.said)
