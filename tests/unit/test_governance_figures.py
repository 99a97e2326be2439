"""The page of figures says what the files say, and refuses a file that no service wrote."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from deploy.governance.figures import FOLDER, Figures, read_figures
from deploy.governance.figures_page import SYNTHETIC, figures_page
from deploy.governance.sources import DPIA
from linker.oversight.dpia_figures import LinkerFigures, Received
from publisher.oversight.dpia_figures import PublisherFigures, TableFigures
from shared.errors import ConfigurationError
from shared.holdings import Remains
from shared.round import SchemaName
from tests.support.markdown import table

DAY = date(2027, 3, 1)
KEPT = Remains(held=12, until=datetime(2027, 5, 30, tzinfo=UTC), destroyed=0)
GONE = Remains(
    held=0, until=None, destroyed=4, destroyed_at=datetime(2027, 9, 1, tzinfo=UTC),
    statement="ab" * 32,
)  # fmt: skip
ROUND = LinkerFigures(
    service="koppelaar",
    made_on=DAY,
    round_id="regio-2027",
    revision=2,
    synthetic=False,
    dpia_version="1.0",
    received=(
        Received(
            schema_name=SchemaName.ENROLMENT,
            deliveries=1,
            rows=251_300,
            unlinkable_percent=3,
            linked_percent=(17, 17),
        ),
        Received(
            schema_name=SchemaName.CARE,
            deliveries=8,
            rows=None,
            unlinkable_percent=None,
            linked_percent=(88, 96),
        ),
    ),
    refused_uploads=5,
    remains=KEPT,
)
RELEASE = PublisherFigures(
    service="publicist",
    made_on=DAY,
    release_id="regio-2027-v2.0",
    round_id="regio-2027",
    revision=2,
    state="published",
    synthetic=False,
    dpia_version="1.0",
    rules="PROTECTION 1",
    tallies_received=2,
    tables=(
        TableFigures(id="a", title="Leerlingen", cells=1_000, withheld=83, rounded=0, smallest=7),
        TableFigures(id="b", title="Kosten", cells=500, withheld=60, rounded=1, smallest=None),
    ),
    verified=True,
    exactly_exposed=0,
    too_narrow=1,
    remains=GONE,
)


def keep(folder: Path, *files: LinkerFigures | PublisherFigures) -> Path:
    folder.mkdir(exist_ok=True)
    for number, found in enumerate(files):
        (folder / f"{number}.json").write_text(found.model_dump_json(), encoding="utf-8")
    return folder


def test_the_page_says_what_the_files_say(tmp_path: Path) -> None:
    page = figures_page(read_figures(keep(tmp_path / "f", RELEASE, ROUND)))
    assert table(page, "Gegevens", "Leveringen").rows == (
        ("inschrijvingen", "1", "251.300", "3 %", "ongeveer 17 %"),
        ("jeugdhulp", "8", "-", "-", "ongeveer 88 tot 96 % per leverancier"),
    )
    assert table(page, "Tabel", "Cellen").rows == (
        ("Leerlingen", "1.000", "83", "8,3 %", "0", "7"),
        ("Kosten", "500", "60", "12,0 %", "1", "-"),
        ("samen", "1.500", "143", "9,5 %", "1", "7"),
    )
    assert table(page, "Dienst", "Verzegeld bewaard").rows == (
        ("`koppelaar`", "12", "30 mei 2027", "0", "-", "-"),
        ("`publicist`", "0", "-", "4", "1 september 2027", "sha256 `abababababababab`"),
    )
    assert "precies te berekenen zijn: 0" in page
    assert "te dicht te benaderen zijn: 1" in page
    assert SYNTHETIC not in page
    assert "Er is nog geen ronde geweest" not in page


def test_what_was_made_up_says_so_and_a_proof_that_failed_too(tmp_path: Path) -> None:
    made_up = RELEASE.model_copy(update={"synthetic": True, "verified": False})
    page = figures_page(Figures((), (made_up,)))
    assert SYNTHETIC in page
    assert "was het er niet mee eens" in page


def test_without_files_the_page_says_that_there_was_no_round(tmp_path: Path) -> None:
    assert "Er is nog geen ronde geweest." in figures_page(read_figures(tmp_path / "absent"))


def test_a_file_that_no_service_wrote_is_refused(tmp_path: Path) -> None:
    folder = keep(tmp_path / "f", ROUND)
    wrong = json.loads(ROUND.model_dump_json()) | {"bsn": "geheim"}
    (folder / "x.json").write_text(json.dumps(wrong), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        read_figures(folder)
    assert refused.value.code == "dpia-figures-invalid"
    assert "x.json" in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_two_files_of_one_round_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_figures(keep(tmp_path / "f", ROUND, ROUND.model_copy(update={"revision": 3})))
    assert refused.value.code == "dpia-figures-twice"


def test_no_figure_of_a_real_region_was_made_up() -> None:
    """What is shipped is an exercise; nothing is invented for real municipalities."""
    shipped = read_figures(DPIA / FOLDER)
    for of_round in shipped.rounds:
        assert of_round.synthetic
    for of_release in shipped.releases:
        assert of_release.synthetic
