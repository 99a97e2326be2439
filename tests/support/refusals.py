"""Which codes a module can refuse with: read from its source, so that none is forgotten."""

from __future__ import annotations

import ast
from pathlib import Path

from shared import errors

_CLASSES = {
    name
    for name, found in vars(errors).items()
    if isinstance(found, type) and issubclass(found, errors.MonitorError)
}


def raised(path: Path) -> tuple[set[str], int]:
    """Codes that stand literally at a raise, and how many places put a code together."""
    codes: set[str] = set()
    computed = 0
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id not in _CLASSES:
                continue
            if isinstance(node.args[0], ast.Constant):
                codes.add(str(node.args[0].value))
            else:
                computed += 1
    return codes, computed
