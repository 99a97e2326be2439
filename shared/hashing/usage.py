"""What was typed wrongly on the command line, in the chosen language.

The library behind the command line repeats what was typed in its messages: a path, a word, a
number. That may be of a person, so its messages are never shown; only our own names are.
"""

from __future__ import annotations

import re

import click

from shared.hashing.language import tr

_OUR_KIND_OF_NAME = re.compile(r"-{0,2}[a-z]+(-[a-z]+)*")


class UsageProblem(click.UsageError):
    """What was typed does not belong together; the message is ours and holds no value."""


def explain_usage(error: click.ClickException) -> tuple[str, str]:
    """What was typed wrongly, and where help stands; never what was typed."""
    return _problem(error), _hint(error)


def _problem(error: click.ClickException) -> str:
    match error:
        case UsageProblem():
            return error.message
        case click.MissingParameter():
            return _missing(error)
        case click.BadParameter():
            return _bad_value(error)
        case click.NoSuchOption():
            return tr("Deze optie bestaat niet{name}.", name=_ours(error.option_name))
        case click.exceptions.NoSuchCommand():
            return tr("Deze opdracht bestaat niet{name}.", name=_ours(error.command_name))
        case click.BadOptionUsage():
            return _bad_option(error)
        case click.FileError():
            return tr("Een bestand kan niet worden geopend.")
    if error.message.startswith("Missing command"):
        return tr("Er staat geen opdracht.")
    if error.message.startswith("Got unexpected extra argument"):
        return tr("Er staat te veel op de regel.")
    return tr("De opdracht is niet goed getypt.")


def _missing(error: click.MissingParameter) -> str:
    name = _name(error)
    if isinstance(error.param, click.Option):
        return tr("Ontbrekende optie {name}.", name=name)
    if isinstance(error.param, click.Argument):
        return tr("Er ontbreekt nog iets op de regel: {name}.", name=name)
    return tr("Er ontbreekt nog iets op de regel.")


def _bad_option(error: click.BadOptionUsage) -> str:
    if "does not take" in error.message:
        return tr("Achter {name} hoort niets te staan.", name=error.option_name)
    return tr("Achter {name} hoort nog iets te staan.", name=error.option_name)


def _bad_value(error: click.BadParameter) -> str:
    name = _name(error)
    kind = error.param.type if error.param else None
    match kind:
        case click.Choice():
            choices = ", ".join(str(choice) for choice in kind.choices)
            return tr("Kies bij {name} een van deze: {choices}.", name=name, choices=choices)
        case click.Path(file_okay=False):
            return tr("De map bij {name} bestaat niet of is niet te lezen.", name=name)
        case click.Path() | click.File():
            return tr("Het bestand bij {name} bestaat niet of is niet te lezen.", name=name)
        case click.IntRange() | click.FloatRange():
            low, high = str(kind.min), str(kind.max)
            if None in (kind.min, kind.max):
                return tr("Het getal bij {name} is te klein, te groot of geen getal.", name=name)
            return tr("Vul bij {name} een getal in van {low} tot en met {high}.",
                      name=name, low=low, high=high)  # fmt: skip
    if kind in (click.INT, click.FLOAT):
        return tr("Vul bij {name} een getal in.", name=name)
    return tr("Wat bij {name} staat, klopt niet.", name=name)


def _name(error: click.BadParameter) -> str:
    """The name of an option, or of an argument as the usage line shows it."""
    if isinstance(error.param, click.Option):
        return max(error.param.opts, key=len)
    if isinstance(error.param, click.Argument) and error.ctx is not None:
        return error.param.make_metavar(error.ctx).removesuffix("...")
    return error.param_hint if isinstance(error.param_hint, str) else "…"


def _ours(typed: str) -> str:
    """What was typed, where it has the form of a name of ours and so holds no number."""
    return f": {typed}" if _OUR_KIND_OF_NAME.fullmatch(typed) else ""


def _hint(error: click.ClickException) -> str:
    near = getattr(error, "possibilities", None)
    if near:
        return tr("Bedoelde u {names}?", names=", ".join(sorted(near)))
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None:
        return tr("Zet --help achter de opdracht voor uitleg.")
    return tr("Uitleg staat in: {command} --help", command=context.command_path)
