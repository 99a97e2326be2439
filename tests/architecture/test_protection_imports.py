"""The verifier shares no code with the search: nothing it imports reaches the solver."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
SEARCH = {
    f"publisher.protection.{name}"
    for name in (
        "amounts.problem", "amounts.providers", "amounts.solving", "audit", "blocks",
        "catalogue", "cellproblem", "covering", "crew", "engine", "groups", "highs",
        "improving", "judge", "layout", "near", "needs", "parts", "period", "problem",
        "pruning", "relations", "reserves", "resuming", "rounding.fitting", "rounding.method",
        "secondary", "served", "solver", "sums", "time.additive", "time.again", "time.joint",
        "trading",
    )
} | {"highspy"}  # fmt: skip


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_no_import_of_the_verifier_reaches_the_search() -> None:
    waiting = list((ROOT / "publisher/protection/verification").glob("*.py"))
    seen: set[Path] = set()
    assert waiting
    while waiting:
        path = waiting.pop()
        seen.add(path)
        reached = _imports(path)
        assert not reached & SEARCH, path.name
        for module in reached:
            target = ROOT / (module.replace(".", "/") + ".py")
            if module.startswith("publisher.protection") and target.exists() and target not in seen:
                waiting.append(target)
    assert len(seen) > 8
