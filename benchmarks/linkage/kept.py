"""What was measured so far, so that a run that was ended goes on where it was.

The largest populations take most of an hour. What stands here was measured on this machine, with
these versions, by exactly this code: of anything else nothing is taken over.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.linkage.equality import Checked
from benchmarks.linkage.running import Outcome
from benchmarks.linkage.scale import Scale
from benchmarks.measuring.commands import Cost

_ROOT = Path(__file__).parents[2]
_MEASURED = ("linker/linkage", "benchmarks/linkage")
_SAME = ("processor", "cores", "memory_bytes", "system", "python", "versions")


class Kept:
    """Outcomes by population and contenders, in a file that is written after each.

    Args:
        path: the file.
        on: the machine and the versions.
        resume: whether what stands there is taken over, where it is of the same code and machine.
    """

    def __init__(self, path: Path, on: dict[str, Any], *, resume: bool) -> None:
        self._path = path
        self._of = {name: on[name] for name in _SAME} | {"code": _code()}
        self._found: dict[str, list[dict[str, Any]]] = {}
        if resume and path.exists():
            document = json.loads(path.read_text(encoding="utf-8"))
            if document["of"] == self._of:
                self._found = document["found"]

    def get(self, scale: Scale, names: list[str]) -> list[Outcome] | None:
        """The outcomes of these contenders over this population; None if not measured."""
        found = self._found.get(_key(scale, names))
        return None if found is None else [_outcome(scale, each) for each in found]

    def put(self, scale: Scale, names: list[str], outcomes: list[Outcome]) -> None:
        """Keep them; those in which something did not run are measured again."""
        if all(each.ran for each in outcomes):
            self._found[_key(scale, names)] = [_document(each) for each in outcomes]
        document = {"of": self._of, "found": self._found}
        self._path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _key(scale: Scale, names: list[str]) -> str:
    return json.dumps([asdict(scale), names])


def _document(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "rows": outcome.rows,
        "costs": [asdict(cost) for cost in outcome.costs],
        "checked": asdict(outcome.checked) if outcome.checked else None,
    }


def _outcome(scale: Scale, document: dict[str, Any]) -> Outcome:
    costs = [Cost(**each) for each in document["costs"]]
    checked = Checked(**document["checked"]) if document["checked"] else None
    return Outcome(document["name"], scale, document["rows"], costs, checked=checked)


def _code() -> str:
    """A hash over every file that says what is measured, and how."""
    paths = sorted(path for folder in _MEASURED for path in (_ROOT / folder).rglob("*.py"))
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
