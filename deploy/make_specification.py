"""The pages of what runs: intake.md and retention.md, from the tables that the tests run.

``docs/dpia/intake.toml`` and ``docs/dpia/retention.toml`` are the specifications;
``docs/dpia/policy.toml`` has the values that they name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deploy.governance.blocks import markdown

ROOT: Final = Path(__file__).parents[1]
DPIA: Final = ROOT / "docs" / "dpia"

_MADE = """\
Deze pagina is gemaakt uit `docs/dpia/{name}.toml`, met `python -m deploy.make_pages`. Verander haar
dus niet met de hand. De tests voeren elke regel van elke tabel uit met het programma zelf."""

_INTAKE = """\
Een levering is een verzegelde envelop. De koppelaar bekijkt haar in twaalf stappen, van goedkoop
naar duur. Bij elke stap staan hier voorbeelden. Er zijn drie uitkomsten:

- *aangenomen*: de envelop is opgeslagen, en de afzender krijgt een getekend bewijs;
- *aangehouden*: opgeslagen, maar een mens beslist of de levering meetelt;
- een code: geweigerd. Er is niets opgeslagen, behalve dat deze code één keer vaker voorkwam.

Een weigering noemt nooit een waarde uit een rij."""

_RETENTION = """\
Alles heeft een termijn. Elke nacht draait bij beide diensten `retain`: wat zijn termijn heeft
bereikt, gaat weg. De tabellen laten zien wanneer dat is. De dagen zijn die van het
[beleid](policy.toml); een ronde neemt ze over op de dag dat zij wordt gemaakt. Er zijn drie
uitkomsten:

- *blijft*: de termijn loopt nog;
- *gaat weg*: de eerstvolgende nacht;
- *alarm*: het had een dag geleden weg moeten zijn. Beide diensten waarschuwen, en nemen geen nieuwe
  ronde aan. De publicist maakt dan ook geen uitgave.

Waarom de termijnen zo zijn, staat in [bewaartermijnen.md](bewaartermijnen.md)."""


@dataclass(frozen=True, slots=True)
class Specification:
    """A page with the tables that it is made from.

    Attributes:
        name: of the page and of its tables, without an ending.
        outcomes: words for outcomes; any other outcome is a code.
    """

    name: str
    title: str
    intro: str
    outcomes: Mapping[str, str]

    def rules(self) -> list[dict[str, Any]]:
        """The chapters."""
        text = (DPIA / f"{self.name}.toml").read_text(encoding="utf-8")
        found: list[dict[str, Any]] = tomllib.loads(text)["rule"]
        return found

    def path(self) -> Path:
        """Where the page stands."""
        return DPIA / f"{self.name}.md"

    def page(self) -> str:
        """The page, in Dutch."""
        policy = _policy()
        parts = [f"# {self.title}", self.intro, _MADE.format(name=self.name)]
        for rule in self.rules():
            parts += _chapter(rule, policy, self.outcomes)
        return "\n\n".join(parts) + "\n"


INTAKE: Final = Specification(
    "intake",
    "Wat er met een levering gebeurt",
    _INTAKE,
    {"": "aangenomen", "held": "aangehouden"},
)
RETENTION: Final = Specification(
    "retention",
    "Wanneer iets weggaat",
    _RETENTION,
    {"": "blijft", "gone": "gaat weg", "alarm": "alarm", "opens": "gaat door"},
)
SPECIFICATIONS: Final = (INTAKE, RETENTION)


def _policy() -> dict[str, Any]:
    """Every setting of the policy that has one value, by its name."""
    read = tomllib.loads((DPIA / "policy.toml").read_text(encoding="utf-8"))
    return {name: value for part in ("retention", "limits") for name, value in read[part].items()}


def _chapter(
    rule: Mapping[str, Any], policy: Mapping[str, Any], outcomes: Mapping[str, str]
) -> Iterator[str]:
    yield f"## {rule['title']}"
    yield rule["says"].strip()
    if rule["policy"]:
        values = ", ".join(f"`{name}` is {policy[name]}" for name in rule["policy"])
        yield f"In het beleid: {values}."
    if "rows" in rule:
        rows = ((*map(_text, row[:-1]), _outcome(row[-1], outcomes)) for row in rule["rows"])
        yield markdown((*rule["heads"], "uitkomst"), rows)
    if also := rule.get("also", ()):
        yield markdown(
            ("Ook geweigerd met", "Wanneer", "Test"),
            ((f"`{each['code']}`", each["says"], f"`{each['shown_by']}`") for each in also),
        )


def _outcome(outcome: str, outcomes: Mapping[str, str]) -> str:
    return outcomes.get(outcome) or f"`{outcome}`"


def _text(value: object) -> str:
    return {True: "ja", False: "nee"}[value] if isinstance(value, bool) else str(value)
