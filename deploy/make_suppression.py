"""The page of the primary rules, made from the tables of cells that the tests run.

``docs/dpia/suppression.toml`` is the specification; ``docs/dpia/policy.toml`` has the values.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from shared.policy import load_policy

ROOT: Final = Path(__file__).parents[1]
SPECIFICATION: Final = ROOT / "docs" / "dpia" / "suppression.toml"
POLICY: Final = ROOT / "docs" / "dpia" / "policy.toml"

_INTRO = """\
# Welke cijfers niet worden getoond

Deze pagina noemt de regels die zeggen welk cijfer te veel over een kind vertelt. Bij elke regel
staan voorbeelden. De pagina is gemaakt uit `docs/dpia/suppression.toml`, met
`python -m deploy.make_pages`. Verander haar dus niet met de hand. De tests rekenen elk voorbeeld
na met het programma zelf.

Een verborgen cijfer heeft het teken **c** en geen waarde; op de website is dat ■. Het is nooit 0.
Waarom een cijfer verborgen is, staat er niet bij: soms is het zelf te klein, soms verraadt het een
ander cijfer. Met twee verschillende tekens zouden sommige cijfers alsnog te berekenen zijn.

Na deze regels zoekt het programma welke andere cijfers ook verborgen moeten worden, en het maakt
daar een bewijs van. Hoe dat gaat, staat in [protection.md](../protection.md) (Engels).
"""


def suppression_page() -> str:
    """The page, in Dutch."""
    policy = load_policy(POLICY).policy.protection.model_dump()
    lines = [_INTRO.rstrip("\n")]
    for rule in rules():
        lines += ["", *_chapter(rule, policy)]
    return "\n".join(lines) + "\n"


def rules() -> list[dict[str, Any]]:
    """The chapters of the specification."""
    found: list[dict[str, Any]] = tomllib.loads(SPECIFICATION.read_text(encoding="utf-8"))["rule"]
    return found


def _chapter(rule: Mapping[str, Any], policy: Mapping[str, object]) -> Iterator[str]:
    yield f"## {rule['title']}"
    yield ""
    yield rule["says"].strip()
    yield ""
    values = ", ".join(f"`{name}` is {_text(policy[name])}" for name in rule["policy"])
    chosen = f"In het beleid: {values}." if values else "In het beleid valt hier niets te kiezen."
    yield f"{chosen} Regel in de code: `{rule['id']}`."
    if "decides" in rule:
        table = rule["decides"]
        yield ""
        yield from _table((*table["heads"], "besluit"), table["rows"])
    if "shows" in rule:
        table = rule["shows"]
        yield ""
        yield f"Voorbeeld. {table['says']}"
        yield ""
        yield from _table((*table["heads"], "teken"), table["rows"])


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        *values, status = row
        yield f"| {' | '.join([*map(_text, values), 'c' if status else 'getoond'])} |"


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return {True: "ja", False: "nee"}[value] if isinstance(value, bool) else str(value)
