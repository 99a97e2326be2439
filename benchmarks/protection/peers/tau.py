"""Runs in the peer's own environment: CELLS through pytauargus, one line per withheld cell.

``python tau.py CELLS OUT METHOD``. Every child is a record, as its high-level interface wants;
the threshold rule is its own (FREQ), with a safety range of one child in five.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

SAFETY_RULE = "FREQ(5,20)"
METHODS = {"modular": "MOD(1,5,1,1,1)", "optimal": "OPT(1,10)"}
PRIMARY, SECONDARY = "U", "M"


def main(cells: str, out: str, method: str) -> None:
    """Protect the file and write status per cell, with the seconds that it took."""
    # Only the peer's own environment has it.
    # Installed in this peer's own environment only.
    from pytauargus import protect  # type: ignore[import-not-found]

    micro: dict[str, list[object]] = {"school": [], "municipality": [], "form": [], "child": []}
    with Path(cells).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for _ in range(int(row["clients"])):
                for column in ("school", "municipality", "form"):
                    micro[column].append(row[column])
                micro["child"].append(1)
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        result = protect(
            micro,
            tables=[["school", "form"]],
            response="child",
            safety_rules=SAFETY_RULE,
            suppress=METHODS[method],
            hrc={"school": "school > municipality"},
            hierleadstring="@",
            totcode="Total",
            workdir=folder,
        )
        seconds = time.perf_counter() - begin
        withheld = [
            [str(row["school"]), str(row["form"]), str(row["status"])]
            for row in result.tables[0].rows
            if row["status"] in (PRIMARY, SECONDARY)
        ]
    found = {"seconds": seconds, "version": version("pytauargus"), "withheld": withheld}
    Path(out).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
