"""docs/dpia/dpia.md: the DPIA to be read from front to back, made from its answers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from deploy.governance.answers import Section
from deploy.governance.blocks import BLOCKS
from deploy.governance.sources import Sources

_STARTS: Mapping[int, Section] = {1: "A", 11: "B", 16: "C", 17: "D"}
_BLOCK = re.compile(r"\{\{([a-z]+)\}\}")


def filled(text: str, sources: Sources) -> str:
    """The text with every ``{{name}}`` replaced; what a block holds is filled too."""
    while _BLOCK.search(text):
        text = _BLOCK.sub(lambda found: BLOCKS[found[1]](sources), text)
    return text.strip()


def dpia_page(sources: Sources) -> str:
    """Head, summary, the seventeen questions under their four sections, and the versions."""
    answers = sources.answers
    parts = [_head(sources), answers.texts.intro.strip()]
    parts += ["## Samenvatting", filled(answers.texts.summary, sources)]
    for question in answers.questions:
        if letter := _STARTS.get(question.number):
            parts += ["---", f"## {letter}. {answers.sections[letter]}"]
        parts += [f"### {question.number}. {question.title}", filled(question.text, sources)]
    parts += ["## Versie en vaststelling", _versions(sources), answers.texts.open_points.strip()]
    return "\n\n".join(parts) + "\n"


def _head(sources: Sources) -> str:
    policy, answers = sources.policy, sources.answers
    advice = "geen" if policy.fg_advice_on is None else policy.fg_advice_on.isoformat()
    rows = (
        ("Versie", answers.version),
        ("Status", policy.status.value),
        ("Regio", "Achterhoek (acht gemeenten)"),
        ("Model", "Rijksmodel DPIA 3.0, zeventien vragen in de onderdelen A tot en met D"),
        ("Advies FG", advice),
        ("Vaststelling", "geen"),
        (
            "Hoort bij",
            "[policy.toml](policy.toml), [agreements.toml](agreements.toml), "
            "[overzicht van deze map](README.md)",
        ),
        ("Gemaakt uit", "[dpia.toml](dpia.toml) en policy.toml, met `make pages`"),
    )
    lines = [f"| {name} | {value} |" for name, value in rows]
    return "\n".join(["# DPIA Monitor Onderwijs-Jeugdhulp", "", "| | |", "|---|---|", *lines])


def _versions(sources: Sources) -> str:
    answers, status = sources.answers, sources.policy.status.value
    return (
        "| Versie | Status | Wat |\n|---|---|---|\n"
        f"| {answers.version} | {status} | {answers.note} |"
    )
