"""What went wrong and what to do, in the chosen language; for ``shared.cli.run``.

Errors are raised in English with a stable code. Their Dutch stands in ``texts/nl.toml`` under
that code; a code without Dutch is told in English.
"""

from __future__ import annotations

import errno

import click
from pydantic import ValidationError

from shared.cli import DEBUG, UNEXPECTED, classify, in_english
from shared.errors import MonitorError
from shared.hashing.checks import Check, FileError
from shared.hashing.language import Language, chosen, texts, tr
from shared.hashing.usage import explain_usage

CHECK_BY_SLUG = {check.slug: check for check in Check}
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_PERMISSION = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def explain_error(error: Exception) -> tuple[str, str]:
    """The message and the hint of any error that ends a command, without any value."""
    match error:
        case FileError():
            return error.message, error.hint
        case click.ClickException():
            return explain_usage(error)
        case OSError():
            return _system(error)
    if chosen() is Language.EN:
        return in_english(error)
    return _in_dutch(error)


def _in_dutch(error: Exception) -> tuple[str, str]:
    code, _status = classify(error)
    said = texts(Language.NL)["errors"].get(code)
    if said is not None:
        about = _about(error)
        text = f"{said['text'].removesuffix('.')} ({about})." if about else said["text"]
        return text, said["hint"].format(debug=DEBUG)
    if check := CHECK_BY_SLUG.get(code):
        return check.text, check.fix
    return in_english(error)


def _about(error: Exception) -> str:
    """The place of an error, as it stands between brackets behind its Dutch sentence."""
    match error:
        case MonitorError():
            return error.about
        case ValidationError():
            places = (".".join(map(str, item["loc"])) for item in error.errors())
            return ", ".join(dict.fromkeys(places))
    return type(error).__name__ if classify(error)[0] == UNEXPECTED else ""


def _system(error: OSError) -> tuple[str, str]:
    """What the system refused; the name of a file may be that of a source file, and is not said."""
    if error.errno in _NO_ROOM:
        return (
            tr("De schijf is vol."),
            tr("Maak ruimte vrij, of kies een map op een andere schijf."),
        )
    if error.errno in _NO_PERMISSION:
        return (
            tr("U mag hier niet lezen of schrijven."),
            tr("Sluit het bestand in Excel. Kies anders een map waar u rechten hebt."),
        )
    return (
        tr("Een bestand of map kan niet worden gebruikt."),
        tr("Controleer de naam en de map, en of het bestand niet open staat."),
    )
