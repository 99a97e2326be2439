"""Invented names: Dutch in sound, and no real school, board or provider."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_STEMS = (
    "Zilver", "Ringel", "Wolken", "Dauw", "Sterren", "Kiezel", "Bevers", "Libelle", "Merels",
    "Otters", "Tinnen", "Korenaar", "Vlinders", "Mist", "Barnsteen", "Schelpen", "Lantaarn",
    "Kometen", "Mozaïek", "Vuursteen", "Wimpel", "Zonne", "Nevel", "Papaver",
)  # fmt: skip
_ENDINGS = (
    ("De", "linde"), ("De", "brug"), ("De", "poort"), ("Het", "ven"), ("De", "wijzer"),
    ("De", "toren"), ("De", "sluis"), ("De", "gaard"), ("Het", "dok"), ("De", "kade"),
    ("De", "horizon"),
)  # fmt: skip
_PATTERNS = {
    "BO": "{article} {name}",
    "SBO": "SBO {article} {name}",
    "SO": "SO {article} {name}",
    "VSO": "VSO {article} {name}",
    "PRO": "Praktijkschool {name}",
    "VO": "{name} College",
    "MBO": "{name} Beroepscollege",
}


def school_names(rng: np.random.Generator) -> Iterator[tuple[str, str]]:
    """Article and name of one invented school after another, none twice."""
    pairs = [(article, stem + ending) for stem in _STEMS for article, ending in _ENDINGS]
    for index in rng.permutation(len(pairs)):
        yield pairs[index]


def school_name(kind: str, article: str, name: str) -> str:
    """The full name of a school of this type."""
    return _PATTERNS[kind].format(article=article, name=name)


# Accents, an ampersand and a semicolon are meant: cp1252 and the CSV reader must survive them.
_FIRST = (
    "Zorggroep", "Praktijk", "Jeugdteam", "Behandelhuis", "Stichting", "Gezinshuis", "Centrum",
    "Coöperatie", "Kindercentrum", "Expertisepunt",
)  # fmt: skip
_SECOND = (
    "Vogelvrij", "Renée", "Noordster", "Zoë", "Loïs & Co", "Eigenwijs", "Hazelnoot", "Chloë",
    "Zeemeeuw", "Tweesprong; locatie Oost", "Anemoon", "Ruimzicht Nieuw", "Daniël", "Meerkracht",
    "Kantlijn", "Ooievaar",
)  # fmt: skip


def provider_names(rng: np.random.Generator, count: int) -> list[str]:
    """As many different invented provider names as asked for."""
    pairs = [f"{first} {second}" for first in _FIRST for second in _SECOND]
    if count > len(pairs):
        raise ValueError("expected fewer providers than there are names")
    return [pairs[index] for index in rng.permutation(len(pairs))[:count]]
