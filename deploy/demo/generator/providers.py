"""Providers: some 150 groups with some 180 AGB codes; a few do most of the work."""

from __future__ import annotations

import random
from bisect import bisect
from itertools import accumulate

import numpy as np

from deploy.demo.generator.names import provider_names
from deploy.demo.generator.places import MUNICIPALITIES
from deploy.demo.generator.random_streams import stream
from deploy.demo.generator.truth import Provider
from shared.contract.codes import PROVIDER_TYPES

GROUPS = 150
CODES = 180
_LARGE_GROUPS = 15  # groups with more than one AGB code
_ZIPF = 1.1
_HOME_FACTOR = 4.0

# What a provider offers and how common that is; "talk" is ambulatory help.
_OFFERS = (("talk", 0.7), ("mind", 0.4), ("read", 0.15), ("day", 0.2), ("stay", 0.12),
           ("foster", 0.06), ("medical", 0.08), ("law", 0.05), ("ride", 0.05))  # fmt: skip
_AGB_TYPES = ("03", "06", "08", "22", "30", "35", "41", "45", "47", "54", "72", "73", "94", "98")


def invented_providers(seed: int) -> list[Provider]:
    """All provider groups, the largest first."""
    rng = stream(seed, "providers")
    names = provider_names(rng, GROUPS)
    codes = _agb_codes(rng)
    homes = [code for code, _ in MUNICIPALITIES]
    extra = _extra_codes(rng)
    providers = []
    for rank, name in enumerate(names):
        own, codes = codes[: 1 + extra[rank]], codes[1 + extra[rank] :]
        # The first ones offer everything, so that no kind of care is without a provider.
        offers = {offer for offer, share in _OFFERS if rank < 3 or rng.random() < share}
        providers.append(
            Provider(
                group=f"G{rank + 1:03d}",
                name=name,
                agb=tuple(own),
                home=homes[int(rng.integers(len(homes)))],
                forms=frozenset(offers or {"talk"}),
                weight=1 / (rank + 1) ** _ZIPF,
            )
        )
    return providers


def _agb_codes(rng: np.random.Generator) -> list[str]:
    kinds = sorted(PROVIDER_TYPES.intersection(_AGB_TYPES))
    rest = rng.permutation(10_000)[:CODES].tolist()
    return [f"{kinds[int(rng.integers(len(kinds)))]}99{number:04d}" for number in rest]


def _extra_codes(rng: np.random.Generator) -> list[int]:
    extra = [0] * GROUPS
    large = rng.permutation(40)[:_LARGE_GROUPS].tolist()
    for turn in range(CODES - GROUPS):
        extra[large[turn % len(large)]] += 1
    return extra


class Market:
    """Who delivers: a draw by size, with a preference for providers close to home."""

    def __init__(self, providers: list[Provider], reserved: frozenset[str]) -> None:
        self._tables: dict[tuple[int, str], tuple[list[Provider], list[float]]] = {}
        for municipality, _ in MUNICIPALITIES:
            for offer, _ in _OFFERS:
                fit = [p for p in providers if offer in p.forms and p.group not in reserved]
                weights = accumulate(
                    p.weight * (_HOME_FACTOR if p.home == municipality else 1.0) for p in fit
                )
                self._tables[municipality, offer] = (fit, list(weights))

    def draw(self, municipality: int, offer: str, dice: random.Random) -> tuple[Provider, str]:
        """A provider and the AGB code under which it delivers."""
        fit, cumulative = self._tables[municipality, offer]
        provider = fit[min(bisect(cumulative, dice.random() * cumulative[-1]), len(fit) - 1)]
        return provider, dice.choice(provider.agb)
