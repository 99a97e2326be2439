"""400 schools by 9 forms through standalone use: nothing exposed, and few cells beside."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

from publisher.protection.standalone import protect_file, verify_file

SPEC = """
value = "clients"
unit = "school"
breakdown = "form"
levels = [["municipality"], ["region"]]
"""
SHARES = (0.25, 0.25, 0.15, 0.12, 0.08, 0.06, 0.05, 0.02, 0.02)
GREATEST_SECONDARY = 41
"""PROTECTION section 10, table A: what the best known method withholds beside primary cells."""


def _poisson(chance: random.Random, mean: float) -> int:
    limit, product, count = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count


def _cells(seed: int) -> str:
    chance = random.Random(seed)
    lines = ["school,municipality,region,form,clients"]
    for number in range(400):
        size = chance.lognormvariate(math.log(35 if number % 5 == 0 else 12), 0.9)
        place = f"M{chance.randrange(20):02d}"
        for form, share in enumerate(SHARES):
            lines.append(f"S{number:03d},{place},R,F{form},{_poisson(chance, size * share)}")
    return "\n".join(lines) + "\n"


def test_four_hundred_schools_by_nine_forms(tmp_path: Path) -> None:
    cells, spec = tmp_path / "cells.csv", tmp_path / "spec.toml"
    out, report, proof = tmp_path / "out.csv", tmp_path / "report.json", tmp_path / "proof.jsonl"
    cells.write_text(_cells(1), encoding="utf-8")
    spec.write_text(SPEC, encoding="utf-8")
    protect_file(cells, spec, out, report, proof)
    found = json.loads(report.read_bytes())
    assert found["audit"] == {"exact": 0, "too_narrow": 0}
    assert found["primary"] > 1500
    assert found["secondary"] <= GREATEST_SECONDARY
    assert verify_file(cells, spec, out, proof) == found["certificates"]["issued"]
    again, second = tmp_path / "again.csv", tmp_path / "second.jsonl"
    protect_file(cells, spec, again, report, second)
    assert (again.read_bytes(), second.read_bytes()) == (out.read_bytes(), proof.read_bytes())
