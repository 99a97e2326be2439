"""Where the synthetic region lies: real municipalities, everything inside them invented.

Names and codes of municipalities and samenwerkingsverbanden are facts (CBS; Regeling
regio-indeling samenwerkingsverbanden); counts and sizes follow the real list of November 2024.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A municipality of the region and what stands in it.

    Attributes:
        schools: number of locations and pupils from everywhere per school type.
        areas: postcode areas with their samenwerkingsverband PO, VO and share of the schools.
    """

    code: int
    name: str
    town: str
    lon: float
    lat: float
    schools: dict[str, tuple[int, int]]
    areas: tuple[tuple[tuple[str, ...], str, str, float], ...]

    @property
    def postcodes(self) -> tuple[str, ...]:
        """All postcode areas (four digits)."""
        return tuple(code for codes, *_ in self.areas for code in codes)


PLACES = (
    Place(197, "Aalten", "Aalten", 6.57, 51.92,
          {"BO": (14, 2077), "SBO": (1, 59), "VO": (2, 1501)},
          ((("7121", "7122", "7126", "7091"), "PO2502", "VO2502", 1.0),)),
    Place(222, "Doetinchem", "Doetinchem", 6.28, 51.96,
          {"BO": (20, 4609), "SBO": (2, 180), "SO": (5, 353), "VSO": (1, 411),
           "PRO": (1, 319), "VO": (10, 5588), "MBO": (1, 4200)},
          ((("7001", "7003", "7006", "7009", "7031"), "PO2503", "VO2503", 1.0),)),
    Place(294, "Winterswijk", "Winterswijk", 6.72, 51.97,
          {"BO": (15, 2005), "SBO": (1, 97), "PRO": (1, 204), "VO": (3, 1338)},
          ((("7101", "7102", "7103", "7119"), "PO2502", "VO2502", 1.0),)),
    Place(1509, "Oude IJsselstreek", "Terborg", 6.39, 51.90,
          {"BO": (16, 2562), "VO": (3, 1735)},
          ((("7051", "7061", "7064", "7071", "7081"), "PO2503", "VO2503", 1.0),)),
    Place(1586, "Oost Gelre", "Lichtenvoorde", 6.57, 52.00,
          {"BO": (14, 2093), "SBO": (1, 40), "SO": (4, 136), "VSO": (2, 67), "VO": (2, 1544)},
          ((("7131", "7132", "7135", "7141"), "PO2502", "VO2502", 1.0),)),
    Place(1859, "Berkelland", "Eibergen", 6.57, 52.11,
          {"BO": (23, 2758), "SBO": (1, 169), "SO": (2, 165), "VSO": (1, 269),
           "PRO": (1, 140), "VO": (5, 1765)},
          ((("7151", "7152", "7161", "7261", "7271"), "PO2501", "VO2502", 1.0),)),
    Place(1876, "Bronckhorst", "Hengelo", 6.30, 52.05,
          {"BO": (17, 2093), "VO": (2, 412)},
          ((("7021", "7221", "7225", "7255"), "PO2503", "VO2503", 0.8),
           (("7251", "7233", "7234"), "PO2501", "VO2501", 0.2))),
    Place(1955, "Montferland", "'s-Heerenberg", 6.19, 51.92,
          {"BO": (13, 2440), "SO": (2, 262), "PRO": (1, 185), "VO": (1, 430)},
          ((("7035", "7038", "7041", "7045"), "PO2503", "VO2503", 0.7),
           (("6941", "6942"), "PO2504", "VO2504", 0.3))),
)  # fmt: skip

MUNICIPALITIES = tuple((place.code, place.name) for place in PLACES)

SWVS = (
    ("PO2501", "Samenwerkingsverband IJssel | Berkel"),
    ("PO2502", "Samenwerkingsverband Oost Achterhoek"),
    ("PO2503", "Samenwerkingsverband Doetinchem"),
    ("PO2504", "Samenwerkingsverband De Liemers PO"),
    ("VO2501", "Samenwerkingsverband VO 25.01"),
    ("VO2502", "Samenwerkingsverband Slinge-Berkel"),
    ("VO2503", "Samenwerkingsverband VO 25.03"),
    ("VO2504", "Samenwerkingsverband VO 25.04"),
)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A municipality outside the region to which some residents go to school.

    Attributes:
        schools: number of locations per school type.
    """

    code: int
    name: str
    postcode4: str
    lon: float
    lat: float
    schools: dict[str, int]


NEIGHBOURS = (
    Neighbour(221, "Doesburg", "6981", 6.14, 52.01, {"BO": 2, "VO": 1}),
    Neighbour(301, "Zutphen", "7201", 6.20, 52.14,
              {"BO": 3, "SBO": 1, "SO": 1, "VSO": 2, "PRO": 1, "VO": 5, "MBO": 1}),
    Neighbour(262, "Lochem", "7241", 6.41, 52.16, {"BO": 3, "VO": 2}),
    Neighbour(299, "Zevenaar", "6901", 6.08, 51.93, {"BO": 3, "SBO": 1, "VSO": 1, "VO": 3}),
    Neighbour(226, "Duiven", "6921", 6.02, 51.95, {"BO": 2, "SO": 1, "VO": 2}),
    Neighbour(158, "Haaksbergen", "7481", 6.74, 52.16, {"BO": 1, "VO": 1}),
    Neighbour(202, "Arnhem", "6811", 5.91, 51.98, {"MBO": 1}),
    Neighbour(153, "Enschede", "7511", 6.89, 52.22, {"MBO": 2}),
)  # fmt: skip

# Size of primary schools at the deciles 0, 10, …, 100 of the real list.
PRIMARY_SIZE_DECILES = (24, 60, 78, 94, 111, 136, 165, 189, 228, 283, 496)

# Share of a regional location's pupils who live in the region, per type.
RESIDENT_SHARE = {
    "BO": 0.97, "SBO": 0.85, "SO": 0.85, "VSO": 0.80, "PRO": 0.95, "VO": 0.92, "MBO": 0.75,
}  # fmt: skip

# Share of the residents in each type who attend a school outside the region.
OUTFLOW = {
    "BO": 0.01, "SBO": 0.04, "SO": 0.12, "VSO": 0.12, "PRO": 0.03, "VO": 0.06, "MBO": 0.30,
}  # fmt: skip
