"""Standalone use: protect one file of counts, or verify one (PROTECTION section 8)."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from publisher.protection.audit import Audit, audit_claim
from publisher.protection.blocks import protect_blocks, split_into_blocks
from publisher.protection.cellfile import (
    TOTAL,
    Cells,
    LevelUnit,
    Spec,
    level_units,
    read_cells,
    read_spec,
)
from publisher.protection.cellproblem import cell_key
from publisher.protection.certificates import from_json_lines, to_json_lines
from publisher.protection.effort import Effort
from publisher.protection.engine import Solution
from publisher.protection.secondary import Progress
from publisher.protection.verification.cells import claim_of_cells
from publisher.protection.verification.check import check_claim
from shared import __version__
from shared.errors import InputError

WITHHELD = "c"


@dataclass(frozen=True, slots=True)
class FileReport:
    """What was done to a file; holds sums of withheld values and stays internal."""

    cells: int
    primary: int
    secondary: int
    hidden_value: int
    value: int
    seconds: float
    audit: Audit
    issued: int
    verified: int
    cost: float
    bound: float | None

    def to_json(self) -> bytes:
        """The report as readable JSON."""
        return _readable(
            self._optimum()
            | {
                "cells": self.cells,
                "primary": self.primary,
                "secondary": self.secondary,
                "hidden_value": self.hidden_value,
                "share_hidden": round(self.hidden_value / self.value, 6) if self.value else 0.0,
                "seconds": round(self.seconds, 3),
                "audit": {
                    "exact": len(self.audit.exact),
                    "too_narrow": len(self.audit.too_narrow),
                },
                "certificates": {"issued": self.issued, "verified": self.verified},
                "versions": {"publisher": __version__, "highspy": version("highspy")},
            }
        )

    def _optimum(self) -> dict[str, Any]:
        """In exact mode: what the pattern costs, and what no pattern can cost less than."""
        if self.bound is None:
            return {}
        gap = (self.cost - self.bound) / self.cost if self.cost else 0.0
        return {
            "optimum": {
                "cost": round(self.cost, 4),
                "bound": round(self.bound, 4),
                "gap": round(gap, 6),
            }
        }


def protect_file(
    cells: Path,
    spec: Path,
    out: Path,
    report: Path,
    certificates: Path | None = None,
    processes: int = 1,
    *,
    effort: Effort = Effort.USUAL,
    progress: Progress | None = None,
) -> FileReport:
    """Protect the counts of ``cells`` and write ``out``, ``report`` and ``certificates``.

    The proof is verified before anything is written; on an error nothing is. ``progress`` is
    called with what is done and what there is in all.

    Raises:
        InputError: SPEC or CELLS is not what section 8 describes.
        ProtectionError: ``protection-unmet``.
    """
    started = time.perf_counter()
    targets = [out, report, *([certificates] if certificates else [])]
    _refuse_overwriting((cells, spec), targets)
    if processes < 1:
        raise InputError("processes-invalid", "expected at least one process")
    wanted = read_spec(_read(spec))
    counts = read_cells(_read(cells), wanted)
    blocks = split_into_blocks(wanted, counts)
    solutions = protect_blocks(wanted, blocks, processes, effort, progress)
    withheld = frozenset(key for solution in solutions for key in solution.withheld)
    proof = to_json_lines(c for solution in solutions for c in solution.certificates)
    claim = claim_of_cells(wanted, counts, withheld)
    verified = check_claim(claim, from_json_lines(proof))
    result = FileReport(
        cells=len(claim.true),
        primary=sum(len(solution.primary) for solution in solutions),
        secondary=sum(len(solution.secondary) for solution in solutions),
        hidden_value=_secondary_value(claim.true, solutions),
        value=sum(claim.true.values()),
        audit=audit_claim(claim),
        issued=sum(len(solution.certificates) for solution in solutions),
        verified=verified,
        cost=sum(solution.cost for solution in solutions),
        bound=sum(solution.bound or 0.0 for solution in solutions)
        if effort is Effort.EXACT
        else None,
        seconds=time.perf_counter() - started,
    )
    contents = {out: _released_bytes(wanted, counts, withheld), report: result.to_json()}
    if certificates:
        contents[certificates] = proof
    _write_all(contents)
    return result


def verify_file(cells: Path, spec: Path, out: Path, certificates: Path) -> int:
    """Verify a released file against its certificates, without a solver.

    Returns:
        How many certificates were verified.

    Raises:
        InputError: ``out-invalid`` where OUT is not a release of CELLS by SPEC.
        ProtectionError: ``verification-failed`` or ``certificate-invalid``.
    """
    wanted = read_spec(_read(spec))
    counts = read_cells(_read(cells), wanted)
    released = _read(out)
    withheld = _withheld_keys(wanted, counts, released)
    if _released_bytes(wanted, counts, withheld) != released:
        raise InputError(
            "out-invalid",
            "expected OUT to hold exactly the cells of CELLS by SPEC, each published or withheld",
            hint="protect the file again with `publisher protect`",
        )
    claim = claim_of_cells(wanted, counts, withheld)
    return check_claim(claim, from_json_lines(_read(certificates)))


def _secondary_value(true: Mapping[str, int], solutions: Sequence[Solution]) -> int:
    return sum(true[key] for solution in solutions for key in solution.secondary)


def _released_rows(spec: Spec, cells: Cells) -> list[tuple[LevelUnit, str]]:
    """Rows of OUT in their order: level, then key, the total before its breakdown."""
    return [
        (unit, category)
        for unit in level_units(spec, cells)
        for category in (TOTAL, *cells.categories)
    ]


def _released_bytes(spec: Spec, cells: Cells, withheld: frozenset[str]) -> bytes:
    columns = (*spec.level_columns, spec.unit)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    breakdown = [spec.breakdown] if spec.breakdown else []
    writer.writerow(["level", *columns, *breakdown, "value", "status"])
    for unit, category in _released_rows(spec, cells):
        place = dict(zip(unit.columns, unit.key, strict=True))
        hidden = cell_key(unit, category) in withheld
        count = sum(cells.counts[member, category] for member in unit.members)
        writer.writerow(
            [
                unit.level,
                *(place.get(column, "") for column in columns),
                *([category] if spec.breakdown else []),
                "" if hidden else count,
                WITHHELD if hidden else "",
            ]
        )
    return text.getvalue().encode("utf-8")


def _withheld_keys(spec: Spec, cells: Cells, released: bytes) -> frozenset[str]:
    """The keys of the rows that OUT withholds, by their place; its bytes are compared after."""
    try:
        rows = list(csv.reader(io.StringIO(released.decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError("out-invalid", "expected OUT as CSV in UTF-8") from error
    expected = _released_rows(spec, cells)
    if len(rows) != len(expected) + 1:
        raise InputError("out-invalid", f"expected {len(expected)} rows in OUT")
    return frozenset(
        cell_key(unit, category)
        for (unit, category), row in zip(expected, rows[1:], strict=True)
        if row and row[-1] == WITHHELD
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError("file-unreadable", f"cannot read {path.name}") from error


def _refuse_overwriting(inputs: Sequence[Path], targets: Sequence[Path]) -> None:
    seen = {path.resolve() for path in inputs}
    for target in targets:
        if target.resolve() in seen:
            raise InputError(
                "output-is-input",
                f"{target.name} is named twice, or is also an input",
                hint="give every output a name of its own",
            )
        seen.add(target.resolve())


def _write_all(contents: Mapping[Path, bytes]) -> None:
    """Write every file beside its target first and rename only when all are complete."""
    finished: list[tuple[Path, Path]] = []
    try:
        for target, data in contents.items():
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
            finished.append((Path(name), target))
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        for temporary, target in finished:
            temporary.replace(target)
    except OSError as error:
        raise InputError("file-unwritable", "cannot write an output file") from error
    finally:
        for temporary, _ in finished:
            temporary.unlink(missing_ok=True)


def _readable(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=True, indent=2) + "\n").encode("ascii")
