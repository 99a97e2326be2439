"""How large a population is: from one region to ten times the nation."""

from __future__ import annotations

from dataclasses import dataclass

PERIODS = tuple(range(19, 25))
"""Codes of the six school years that a first round may hold."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The size of a population.

    Attributes:
        pupils: enrolled persons in each period.
        region_share: share of the schools that lie in the region; the others are elsewhere.
    """

    name: str
    pupils: int
    municipalities: int
    schools: int
    providers: int
    region_share: float = 1.0

    def times(self, factor: float) -> Scale:
        """A population so many times as large, with as many times the places and providers."""
        return Scale(
            f"{factor:g}x {self.name}",
            round(self.pupils * factor),
            max(2, round(self.municipalities * factor)),
            max(40, round(self.schools * factor)),
            max(40, round(self.providers * factor)),
            self.region_share,
        )


REGION = Scale("region", 42_000, 8, 309, 180, region_share=0.6)
PROVINCE = Scale("province", 300_000, 51, 1_150, 700, region_share=0.95)
NATION = Scale("nation", 2_500_000, 342, 9_000, 3_000)
SCALES = {scale.name: scale for scale in (REGION, PROVINCE, NATION)}
