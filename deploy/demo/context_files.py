"""Invented files in the layouts of CBS, DUO and OCW, and invented answers to questionnaires.

Each file looks as its holder publishes it, so that the demonstration imports what a region would.
Every number is invented; the publisher is told so and marks it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from deploy.demo.generator.places import NEIGHBOURS, PLACES
from deploy.demo.generator.random_streams import dice

YEARS = tuple(range(2020, 2025))
_NATION = 17_500_000
_FORECAST_YEARS = range(2025, 2051, 5)
Row = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file to import.

    Attributes:
        source: as the publisher calls it.
        period: to give at import, where the file does not say it.
    """

    name: str
    source: str
    text: str
    period: str = ""


def open_files(seed: int) -> Iterator[OpenFile]:
    """A file of every source."""
    people = _people(seed)
    for name, source, columns, rows in (
        ("70072ned.csv", "cbs-kerncijfers", _CORE, _core(people, seed)),
        ("prognose.csv", "cbs-prognose", "ID;RegioIndeling;Perioden;k_0Tot20Jaar_2",
         _forecast(people)),
        ("71486ned.csv", "cbs-huishoudens", _HOUSEHOLDS, _households(people, seed)),
        ("armoede.csv", "cbs-armoede",
         "ID;RegioS;Perioden;MinderjarigeKinderen_1;KinderenMetRisicoOpArmoede_2",
         _parts(people, seed, 0.17, (0.04, 0.11))),
        ("84780NED.csv", "cbs-schoolverlaters",
         "ID;Regiokenmerken;Perioden;Leerlingen_1;VoortijdigSchoolverlaters_2;Geslacht",
         ((*row, "T001038") for row in _parts(people, seed, 0.075, (0.01, 0.03), "SJ00"))),
        ("achterstand.csv", "cbs-achterstand",
         "ID;RegioS;Perioden;LeerlingenBasisonderwijs_1;LeerlingenMetRisicoOpAchterstand_2",
         _parts(people, seed, 0.08, (0.06, 0.18))),
        ("86223NED.csv", "cbs-jeugdwerkloosheid", _WORK, _work(people, seed)),
        ("85099NED.csv", "cbs-jeugdhulp",
         "ID;RegioS;Perioden;Totaal;JongerenMetJeugdzorg_1;VormenVanJeugdzorg",
         ((*row, "A045560") for row in _parts(people, seed, 0.25, (0.08, 0.13)))),
        ("83454NED.csv", "cbs-kosten",
         "ID;Regio;Perioden;BegroteKosten_1;GerealiseerdeKosten_2;VormenVanJeugdzorg",
         ((*row, "A045561") for row in _parts(people, seed, 0.4, (0.9, 1.1)))),
        ("leerplichttelling.csv", "ocw-thuiszitters", _ABSENCE, _absence(people, seed)),
        ("prognose-po.csv", "duo-prognose-po",
         "BRIN;GEMEENTENUMMER;PROGNOSEJAAR;AANTAL_LEERLINGEN", _pupils_to_come(people)),
    ):  # fmt: skip
        yield OpenFile(name, source, _csv(columns, rows))
    yield OpenFile("85096NED.csv", "cbs-verwijzers", _REFERRERS, str(YEARS[-1]))
    yield OpenFile("vestigingen-bo.csv", "duo-vestigingen-bo", _schools(), str(YEARS[-1]))
    yield OpenFile("leerlingen.csv", "duo-leerlingen", _pupils(), str(YEARS[-1]))
    yield OpenFile("swv-postcodes.csv", "swv-gebieden", _swv_areas())


def list_of(files: Iterable[tuple[str, str, str]]) -> str:
    """The list by which files are imported together: name, source and period of each."""
    return "\n".join(
        f'[[files]]\nfile = "{name}"\nsource = "{source}"\nperiod = "{period}"\n'
        for name, source, period in files
    )


def answered(blank: str, seed: int, group: str) -> str:
    """A file for counted answers, filled in: from a large group or from a smaller one."""
    rng = dice(seed, f"vragenlijst/{group}")
    own_size, regions = {"beleid": (140, 11), "ouders-jongeren": (80, 9)}.get(group, (210, 9))
    heading, *rows = blank.split()
    own: dict[str, int] = {}
    filled = [heading]
    for row in rows:
        cells = row.split(";")
        key, area = ";".join(cells[3:5]), cells[2]
        if area == "eigen":
            own[key] = round(own_size * rng.uniform(0.06, 0.34))
        many = own[key] + round(own[key] * (regions - 1) * rng.uniform(0.8, 1.2))
        filled.append(f"{row}{own[key] if area == 'eigen' else many}")
    return "\r\n".join([*filled, ""])


_CORE = (
    "ID;RegioS;Perioden;TotaleBevolking_1;JongerDan5Jaar_4;k_5Tot10Jaar_5;k_10Tot15Jaar_6;"
    "k_15Tot25Jaar_7"
)
_HOUSEHOLDS = (
    "ID;LeeftijdReferentiepersoon;RegioS;Perioden;TotaalParticuliereHuishoudens_1;"
    "MeerpersoonshuishoudensMetKinderen_5;TotaalEenouderhuishoudens_16"
)
_WORK = (
    "Id;Measure;Value;Onderwijsvolgend;Arbeidskenmerken;Uitkering;GeregistreerdWerkzoekendeBijUWV;"
    "RegioS;Perioden"
)
_ABSENCE = (
    "GEMEENTENUMMER;SCHOOLJAAR;LEERPLICHTIGEN;ABSOLUUT VERZUIM LEERPLICHTIGEN;"
    "LANGDURIG RELATIEF VERZUIM"
)
_REFERRERS = (
    "verwijzer;trajecten\r\nTotaal;600000\r\nGemeentelijke toegang;190000\r\nHuisarts;210000\r\n"
)


def _people(seed: int) -> dict[str, int]:
    """Inhabitants per area, from the size of its schools."""
    rng = dice(seed, "context/people")
    found = {"NL01": _NATION}
    for place in PLACES:
        pupils = sum(total for kind, (_, total) in place.schools.items() if kind != "MBO")
        found[f"GM{place.code:04d}"] = round(pupils * rng.uniform(6.5, 8.5))
    for neighbour in NEIGHBOURS:
        found[f"GM{neighbour.code:04d}"] = rng.randrange(11_000, 60_000)
    return found


def _padded(area: str) -> str:
    return f'"{area:<10}"'  # as StatLine writes its keys


def _core(people: dict[str, int], seed: int) -> Iterator[Row]:
    rng = dice(seed, "context/core")
    for area, number in people.items():
        more = rng.uniform(0.9, 1.1)
        for year in YEARS:
            total = round(number * (1 + 0.004 * (year - YEARS[0])))
            fewer = more - 0.008 * (year - YEARS[0])
            young = (round(total * part * fewer) for part in (0.045, 0.05, 0.055, 0.115))
            yield ("1", _padded(area), f"{year}JJ00", total, *young)


def _forecast(people: dict[str, int]) -> Iterator[Row]:
    for area, number in people.items():
        for year in _FORECAST_YEARS:
            yield ("1", _padded(area), f"{year}JJ00", round(number * (0.2 - 0.001 * (year - 2025))))


def _households(people: dict[str, int], seed: int) -> Iterator[Row]:
    rng = dice(seed, "context/households")
    for area, number in people.items():
        share = rng.uniform(0.14, 0.24)
        for year in YEARS:
            families = round(number * 0.15)
            yield ("1", '"10000  "', _padded(area), f"{year}JJ00", round(number * 0.45), families,
                   round(families * (share + 0.002 * (year - YEARS[0]))))  # fmt: skip


def _parts(
    people: dict[str, int], seed: int, part: float, share: tuple[float, float], kind: str = "JJ00"
) -> Iterator[Row]:
    """A group of people and a part of it, per area and year."""
    rng = dice(seed, f"context/{part}/{share}")
    for area, number in people.items():
        own = rng.uniform(*share)
        for year in YEARS:
            whole = round(number * part)
            yield ("1", _padded(area), f"{year}{kind}", whole, _near(rng, whole * own))


def _near(rng: random.Random, value: float) -> int:
    return round(value * rng.uniform(0.95, 1.05))


def _work(people: dict[str, int], seed: int) -> Iterator[Row]:
    for _, area, period, whole, part in _parts(people, seed, 0.13, (0.03, 0.07)):
        for answer, value in (("Totaal", whole), ("Ja", part)):
            yield ("1", "T001", value, "Totaal", "Totaal", "Totaal", answer, area, period)


def _absence(people: dict[str, int], seed: int) -> Iterator[Row]:
    rng = dice(seed, "context/absence")
    for area, number in people.items():
        for year in YEARS:
            if area != "NL01":
                children = round(number * 0.15)
                yield (area[2:], f"{year}-{year + 1}", children,
                       _near(rng, children * 0.002), _near(rng, children * 0.004))  # fmt: skip


def _pupils_to_come(people: dict[str, int]) -> Iterator[Row]:
    for number, (area, inhabitants) in enumerate(people.items()):
        if area != "NL01":
            for year in _FORECAST_YEARS:
                pupils = round(inhabitants * (0.085 - 0.0004 * (year - 2025)))
                yield (f"99A{chr(65 + number)}", area[2:], year, pupils)


def _schools() -> str:
    rows = [(f"99X{chr(65 + number)}", "SYNTHETISCH", f"{place.code:04d}")
            for number, place in enumerate(PLACES)
            for _ in range(place.schools["BO"][0])]  # fmt: skip
    return _csv("BRIN NUMMER;VESTIGINGSNAAM;GEMEENTENUMMER", rows)


_TYPES = {
    "BO": "basisschool", "SBO": "SBAO", "SO": "SO", "VSO": "VSO", "PRO": "PRO",
    "VO": "VBO/MAVO/HAVO/VWO",
}  # fmt: skip


def _pupils() -> str:
    rows = [
        ("SYNTHETISCH", _TYPES[kind], f"GM{place.code:04d}", total)
        for place in PLACES
        for kind, (_, total) in place.schools.items()
        if kind in _TYPES
    ]
    return _csv("naam;type;gemeentecode;leerlingen", rows)


def _swv_areas() -> str:
    rows = [
        (postcode, place.name, swv_po, swv_vo)
        for place in PLACES
        for postcodes, swv_po, swv_vo, _ in place.areas
        for postcode in postcodes
    ]
    return _csv("postcode4;gemeente_2017;swv_po;swv_vo", rows)


def _csv(columns: str, rows: Iterable[Row]) -> str:
    lines = [columns, *(";".join(str(cell) for cell in row) for row in rows)]
    return "\r\n".join([*lines, ""])
