"""Write the pages that are made from tables in the code, so that they cannot differ from it.

Run ``python -m deploy.make_pages`` after a change of a check, an error, a definition or its text.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import shared.errors
from deploy.governance.documents import write_all
from deploy.make_indicators import indicators_page, with_measures
from deploy.make_screening import screening_page
from deploy.make_specification import SPECIFICATIONS
from deploy.make_suppression import suppression_page
from deploy.make_topics import GUIDE, with_topics
from shared.cli import ABORTED
from shared.errors import InputError, MonitorError, StateError
from shared.hashing.checks import Check, Effect
from shared.hashing.cli import exit_codes
from shared.hashing.language import Language, chosen, texts

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "handleiding" / "meldingen.md"
INDICATORS = ROOT / "docs" / "indicatoren.md"
METHODOLOGY = ROOT / "docs" / "methodology.md"
SCREENING = ROOT / "docs" / "controle.md"
SUPPRESSION = ROOT / "docs" / "dpia" / "suppression.md"
BESIDE_HASHER = ("state", "service")
"""Folders of ``shared`` that no hasher carries."""

_GROUPS = {
    20: "Het hele bestand",
    21: "Alle rijen samen",
    30: "Rijen die geen gegevens zijn",
    31: "BSN en onderwijsnummer",
    32: "Datums en leeftijden",
    33: "Inschrijvingen",
    34: "Jeugdhulp",
    35: "Declaraties en pgb's",
    36: "Bezwaren",
    37: "Koppelfile",
}
_EFFECTS = {
    Effect.FATAL: "de levering kan niet worden verzegeld tot dit is opgelost.",
    Effect.REFUSED: "de rij is fout en gaat niet mee.",
    Effect.LEFT_OUT: "de rij is goed, maar hoort niet in deze levering. De rij gaat niet mee.",
    Effect.CHANGED: "de rij gaat mee, met een andere waarde dan in het bestand.",
    Effect.KEPT: "de rij gaat mee zoals hij is.",
}
ENDINGS = {
    "aborted": ABORTED,
    "file-problem": InputError.exit_code,
    "input-invalid": InputError.exit_code,
    "unexpected": MonitorError.exit_code,
    "usage": InputError.exit_code,
}
"""Codes that ``shared.cli.run`` gives to the errors of others."""
_INTRO = """\
# Meldingen van de hasher

Deze pagina noemt alle meldingen van het programma `hasher`: wat een melding betekent, wat er
met de rij gebeurt en wat u kunt doen. De pagina is gemaakt uit de tabel in het programma zelf,
met `python -m deploy.make_pages`. Verander haar dus niet met de hand.

## Zo leest u een melding

U ziet de meldingen als u uw bestanden controleert:

```sh
hasher check care/1 toewijzingen.csv --round achterhoek-2027
```

- Een nummer dat met **2** begint, is een fout. Zolang die er is, wordt er niets verzegeld.
- Een nummer dat met **3** begint, is een waarschuwing. De levering kan doorgaan.
- Een melding noemt het soort bestand, de kolom, het rijnummer zoals Excel dat toont, en de vorm
  van de cel. In de vorm is N een cijfer, L een letter en ? een ander teken. Wat er in de cel
  staat, wordt nooit getoond.
- Bij het controleren is er nog niets verstuurd. Verbeter het bestand en controleer opnieuw.

De voorbeelden op deze pagina zijn bedacht.

## Afsluitcodes

Elke opdracht eindigt met een getal. Dat is handig als u de hasher vanuit een ander programma start.

| Afsluitcode | Betekenis |
|---|---|
"""
_ERRORS = """\
## Fouten van een opdracht

Gaat een opdracht niet door, dan ziet u één regel met een vaste naam en daaronder wat u kunt
doen. Tussen haakjes staat soms om welke partij, welke ronde of welk bestand het gaat.

| Wat u ziet | Betekenis | Wat u doet | Afsluitcode |
|---|---|---|---|
"""
_REFUSALS = """\
## Weigeringen van de koppelaar

Deze fouten komen van de koppelaar, als hij een levering niet aanneemt. Er is dan niets opgeslagen.

| Naam | Betekenis | Wat u doet | Afsluitcode |
|---|---|---|---|
"""


def main() -> None:
    """Write every page."""
    PAGE.write_text(messages_page(), encoding="utf-8")
    INDICATORS.write_text(indicators_page(), encoding="utf-8")
    SCREENING.write_text(screening_page(), encoding="utf-8")
    SUPPRESSION.write_text(suppression_page(), encoding="utf-8")
    for each in SPECIFICATIONS:
        each.path().write_text(each.page(), encoding="utf-8")
    GUIDE.write_text(with_topics(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
    METHODOLOGY.write_text(with_measures(METHODOLOGY.read_text(encoding="utf-8")), encoding="utf-8")
    write_all()


def messages_page() -> str:
    """The page of all findings, errors and exit codes, in Dutch."""
    assert chosen() is Language.NL
    raised = raised_codes(ROOT / "shared", BESIDE_HASHER) | ENDINGS
    errors = texts(Language.NL)["errors"]
    ours = {code: raised.get(code, StateError.exit_code) for code in sorted(errors)}
    page = [_INTRO.rstrip("\n")]
    page += [f"| {code} | {meaning} |" for code, meaning in exit_codes().items()]
    page += ["", *_checks()]
    page.append(_ERRORS.rstrip("\n"))
    page += [_error_row(code, status) for code, status in ours.items() if code in raised]
    page += ["", _REFUSALS.rstrip("\n")]
    page += [_error_row(code, status) for code, status in ours.items() if code not in raised]
    return "\n".join(page) + "\n"


def _error_row(code: str, status: int) -> str:
    said = texts(Language.NL)["errors"][code]
    hint = said["hint"].format(debug="MOJ_DEBUG")
    return f"| `{code}` | {said['text']} | {hint} | {status} |"


def _checks() -> Iterator[str]:
    ordered = sorted(Check, key=lambda check: check.code)
    for hundred, checks in groupby(ordered, key=lambda check: check.code // 100):
        yield f"## {hundred}xx: {_GROUPS[hundred]}"
        yield ""
        for check in checks:
            yield from _check(check)


def _check(check: Check) -> Iterator[str]:
    said = check.said(Language.NL)
    title, _, more = said["text"].partition(". ")
    yield f"### {check.code} {title.removesuffix('.')}"
    yield ""
    if more:
        yield more
        yield ""
    yield f"- **Wat er gebeurt:** {_EFFECTS[check.effect]}"
    yield f"- **Wat u doet:** {_lower(said['fix'])}"
    yield f"- **Voorbeeld:** {_lower(said['example'])}"
    yield ""


def _lower(sentence: str) -> str:
    """As it stands behind a colon; a word in capitals stays as it is."""
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


def raised_codes(folder: Path, without: tuple[str, ...] = ()) -> dict[str, int]:
    """Every error code that stands literally at a raise, with the exit code of its class.

    Args:
        folder: a folder of modules.
        without: folders right below it that are skipped.
    """
    classes = {
        name: found.exit_code
        for name, found in vars(shared.errors).items()
        if isinstance(found, type) and issubclass(found, MonitorError)
    }
    found: dict[str, int] = {}
    for module in sorted(folder.rglob("*.py")):
        if module.relative_to(folder).parts[0] in without:
            continue
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                code = node.args[0] if node.args else None
                if node.func.id in classes and isinstance(code, ast.Constant):
                    found[str(code.value)] = classes[node.func.id]
    return found


if __name__ == "__main__":
    main()
