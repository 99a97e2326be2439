"""Standalone use: formats, coded errors, exit codes, and nothing half-written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from publisher.protection.cli import protect_command, verify_command
from publisher.protection.standalone import protect_file, verify_file
from shared.errors import InputError, ProtectionError

SPEC = """
value = "clients"
unit = "school"
levels = [["municipality"], ["municipality", "type"], []]
breakdown = "form"
"""
CELLS = """school,municipality,type,form,clients,remark
s1,a,bo,x,3,
s1,a,bo,y,20,
s2,a,vo,x,20,"1,2"
s2,a,vo,y,30,
s3,b,bo,x,9,
s3,b,bo,y,30,
s4,b,bo,x,40,
"""
OUT_HEADER = "level,municipality,type,school,form,value,status"


@dataclass(frozen=True, slots=True)
class Desk:
    folder: Path

    def put(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8", newline="")
        return path

    def run(self, cells: str = CELLS, spec: str = SPEC, *more: str) -> Result:
        paths = self.put("cells.csv", cells), self.put("spec.toml", spec)
        return CliRunner().invoke(
            protect_command,
            [str(paths[0]), "--spec", str(paths[1]), "--out", str(self.folder / "out.csv"),
             "--report", str(self.folder / "report.json"),
             "--certificates", str(self.folder / "proof.jsonl"), *more],
        )  # fmt: skip

    def verify(self) -> Result:
        names = ("cells.csv", "spec.toml", "out.csv", "proof.jsonl")
        cells, spec, out, proof = (str(self.folder / name) for name in names)
        return CliRunner().invoke(
            verify_command, [cells, "--spec", spec, "--out", out, "--certificates", proof]
        )

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_out_holds_every_level_and_the_complete_grid(desk: Desk) -> None:
    result = desk.run()
    assert result.exit_code == 0, result.output
    lines = desk.text("out.csv").splitlines()
    assert lines[0] == OUT_HEADER
    levels = [line.split(",")[0] for line in lines[1:]]
    assert list(dict.fromkeys(levels)) == ["unit", "municipality", "municipality*type", "all"]
    assert len(levels) == (4 + 2 + 3 + 1) * 3
    assert lines[1] == "unit,,,s1,,23,"
    assert lines[2] == "unit,,,s1,x,,c"
    assert "unit,,,s4,y,0," in lines
    assert "all,,,,,152," in lines


def test_the_report_counts_and_the_audit_finds_nothing(desk: Desk) -> None:
    desk.run()
    report = json.loads(desk.text("report.json"))
    lines = desk.text("out.csv").splitlines()[1:]
    assert report["cells"] == len(lines)
    assert report["primary"] + report["secondary"] == sum(line.endswith(",c") for line in lines)
    assert report["audit"] == {"exact": 0, "too_narrow": 0}
    assert report["certificates"]["issued"] == report["certificates"]["verified"] > 0
    assert 0 < report["share_hidden"] < 1
    assert set(report) == {
        "cells", "primary", "secondary", "hidden_value", "share_hidden", "seconds", "audit",
        "certificates", "versions",
    }  # fmt: skip


def test_the_exact_mode_reports_its_bound(desk: Desk) -> None:
    result = desk.run(CELLS, SPEC, "--exact")
    assert result.exit_code == 0, result.output
    optimum = json.loads(desk.text("report.json"))["optimum"]
    assert set(optimum) == {"cost", "bound", "gap"}
    assert optimum["gap"] == 0
    assert optimum["bound"] == optimum["cost"] > 0
    assert "no pattern costs less than" in result.output
    assert desk.verify().exit_code == 0


def test_certificates_are_json_lines_and_verify(desk: Desk) -> None:
    desk.run()
    for line in desk.text("proof.jsonl").splitlines():
        record = json.loads(line)
        assert set(record) == {"cell", "delta"}
        assert all(isinstance(key, str) and isinstance(step, int) for key, step in record["delta"])
    assert desk.verify().exit_code == 0


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("unit,,,s2,,50,", "unit,,,s2,,51,", 2),
        ("unit,,,s1,x,,c", "unit,,,s1,x,3,", 3),
        (OUT_HEADER, OUT_HEADER.replace("form", "vorm"), 2),
        ("unit,,,s4,y,0,\n", "", 2),
    ],
)
def test_a_tampered_release_is_refused(desk: Desk, old: str, new: str, code: int) -> None:
    desk.run()
    released = desk.text("out.csv")
    assert old in released
    desk.put("out.csv", released.replace(old, new))
    assert desk.verify().exit_code == code


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("s1,a,bo,x,3,", "s1,a,bo,x,-3,", "cells-value"),
        ("s1,a,bo,x,3,", "s1,a,bo,x,3.0,", "cells-value"),
        ("s1,a,bo,x,3,", "s1,a,bo,x,,", "cells-value"),
        ("s1,a,bo,x,3,", "s1,a,bo,y,3,", "cells-duplicate"),
        ("s1,a,bo,x,3,", "s1,b,bo,x,3,", "cells-level"),
        ("s1,a,bo,x,3,", "s1,a,bo,,3,", "cells-total"),
        ("s1,a,bo,x,3,", ",a,bo,x,3,", "cells-invalid"),
        ("s1,a,bo,x,3,", "s1,a,bo,x,3", "cells-invalid"),
        ("school,", "scholen,", "cells-invalid"),
    ],
)
def test_bad_cells_are_coded_errors_without_output(
    desk: Desk, old: str, new: str, code: str
) -> None:
    result = desk.run(cells=CELLS.replace(old, new))
    assert result.exit_code == 2
    assert code in result.stderr
    assert desk.names() == {"cells.csv", "spec.toml"}


@pytest.mark.parametrize(
    "spec",
    [
        SPEC + "weight = 1\n",
        SPEC + "[rules]\ntreshold = 5\n",
        SPEC + "[rules]\nslide = 3\n",
        SPEC + '[rules]\nzeros = "parent"\n',
        SPEC.replace('"clients"', '""'),
        SPEC.replace('["municipality"], ', '["school"], '),
        SPEC.replace('["municipality"], ', '["type", "municipality"], '),
        SPEC.replace('breakdown = "form"', "overlap = true"),
        "value = ",
    ],
)
def test_a_bad_spec_is_refused(desk: Desk, spec: str) -> None:
    result = desk.run(spec=spec)
    assert result.exit_code == 2
    assert "spec-invalid" in result.stderr
    assert "hint:" in result.stderr


def test_an_unmet_requirement_ends_with_3_and_writes_nothing(desk: Desk) -> None:
    spec = 'value = "clients"\nunit = "school"\nlevels = [[]]\ndenominator = "municipality"\n'
    result = desk.run(cells="school,municipality,clients\ns1,1,1\n", spec=spec)
    assert result.exit_code == 3
    assert "protection-unmet" in result.stderr
    assert desk.names() == {"cells.csv", "spec.toml"}


def test_overlapping_categories_need_a_total_per_unit(desk: Desk) -> None:
    spec = SPEC + "overlap = true\n"
    assert "cells-total" in desk.run(spec=spec).stderr
    totals = "s1,a,bo,,21,\ns2,a,vo,,40,\ns3,b,bo,,35,\ns4,b,bo,,40,\n"
    assert desk.run(cells=CELLS + totals, spec=spec).exit_code == 0
    impossible = totals.replace(",21,", ",24,")
    assert "cells-total" in desk.run(cells=CELLS + impossible, spec=spec).stderr


def test_an_output_never_overwrites_an_input(desk: Desk) -> None:
    cells, spec = desk.put("cells.csv", CELLS), desk.put("spec.toml", SPEC)
    with pytest.raises(InputError, match="output-is-input"):
        protect_file(cells, spec, cells, desk.folder / "report.json")


def test_the_number_of_processes_changes_no_byte(desk: Desk) -> None:
    """Without a level above municipalities every municipality is a block of its own."""
    spec = SPEC.replace(", []]", "]")
    desk.run(CELLS, spec)
    alone = desk.text("out.csv"), desk.text("proof.jsonl")
    assert desk.run(CELLS, spec, "--processes", "2").exit_code == 0
    assert (desk.text("out.csv"), desk.text("proof.jsonl")) == alone


def test_progress_is_told_and_ends(desk: Desk) -> None:
    cells = desk.put("cells.csv", CELLS)
    spec = desk.put("spec.toml", SPEC.replace(", []]", "]"))
    out, report = desk.folder / "out.csv", desk.folder / "report.json"
    for processes in (1, 2):
        seen: list[tuple[int, int]] = []

        def told(done: int, of: int, seen: list[tuple[int, int]] = seen) -> None:
            seen.append((done, of))

        protect_file(cells, spec, out, report, processes=processes, progress=told)
        assert all(0 <= done <= of for done, of in seen)
        assert seen[-1][0] == seen[-1][1] > 0


def test_a_proof_of_another_release_is_refused(desk: Desk) -> None:
    desk.run()
    proof = desk.text("proof.jsonl").splitlines(keepends=True)
    desk.put("proof.jsonl", "".join(proof[1:]))
    paths = [desk.folder / name for name in ("cells.csv", "spec.toml", "out.csv", "proof.jsonl")]
    with pytest.raises(ProtectionError, match="verification-failed"):
        verify_file(*paths)
