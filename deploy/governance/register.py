"""docs/dpia/verwerkersregister.md: processing and agreements (GDPR articles 30 and 28)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from deploy.governance.blocks import markdown
from deploy.governance.sources import Sources
from shared.agreements import Agreement
from shared.identity import Role

_INTRO = """\
# Register van verwerkingen en overeenkomsten

Status: concept. Er is nog niets getekend. Dit stuk is bedoeld om over te nemen in het register
van elke gemeente (artikel 30, eerste lid, AVG) en van de koppelaar en de publicist (artikel 30,
tweede lid, AVG). De rollen zijn een voorstel; zie vraag 6 van de [DPIA](dpia.md). Het stuk is
gemaakt uit [agreements.toml](agreements.toml), [policy.toml](policy.toml) en
[dpia.toml](dpia.toml), met `make pages`. Verander het dus niet met de hand."""
_AGREEMENTS = """\
## Overeenkomsten

Een levering van een partij zonder overeenkomst die op die dag geldt, wordt geweigerd met uitleg.
Noemen de instellingen van een dienst een map met getekende PDF's (`signed_documents`), dan
vergelijkt de dienst elke PDF met de sha256 in dit register. Klopt er een niet, dan weigert zij."""
_CLAUSES = """\
## Artikel 28, derde lid, AVG

Voorstel voor de vorm van een verwerkersovereenkomst: de standaard van de VNG. De tekst daarvan
staat hier niet. De tabel zegt in eigen woorden waar elk onderdeel wordt nagekomen, en welke test
het deel van de software laat zien."""
_GENERAL = (
    ("Naam", "Monitor Onderwijs-Jeugdhulp"),
    ("Verantwoordelijken", "de colleges van B en W van de acht gemeenten, gezamenlijk (voorstel)"),
    ("Contact en FG", "per gemeente in te vullen"),
    ("Doeleinden", "P1 tot en met P6; zie `policy.toml`"),
    (
        "Categorieën persoonsgegevens",
        "pseudoniem, inschrijving, leeftijd in jaren, woongemeente, jeugdhulp in klassen, kosten "
        "in hele euro's; volledig in het [gegevenswoordenboek](gegevenswoordenboek.md)",
    ),
    ("Bijzondere gegevens", "gezondheid (jeugdhulp)"),
    (
        "Nationaal identificatienummer",
        "alleen bij de leverancier; daarbuiten een afgeleid pseudoniem per ronde",
    ),
    (
        "Ontvangers",
        "gemeenten, samenwerkingsverbanden, schoolbesturen, publiek: alleen vrijgegeven tabellen. "
        "Leveranciers: per levering ook een onnauwkeurig gemaakt koppelpercentage (DPIA, R15). Wie "
        "het openbare logboek heeft, kan dat percentage ook opvragen",
    ),
    ("Doorgifte buiten de EER", "geen; een land buiten de EER wordt door de software geweigerd"),
    ("Bewaartermijnen", "[bewaartermijnen.md](bewaartermijnen.md)"),
    (
        "Beveiliging",
        "vraag 4 en vraag 17 van de DPIA; de organisatorische kant staat in de bijlage van de "
        "overeenkomst",
    ),
)

ROLES: Final[Mapping[Role, str]] = {
    Role.KEY_OFFICE: "sleutelbeheerder",
    Role.SUPPLIER: "leverancier",
    Role.LINKER: "koppelaar",
    Role.PUBLISHER: "publicist",
    Role.APPROVER: "goedkeurder",
    Role.AUDITOR: "auditor",
}
"""Every role in the word of the glossary that municipal officers read."""


def register_page(sources: Sources) -> str:
    """Agreements, clauses of article 28(3), and the entry for the register of article 30."""
    rows = [
        (f"`{each.party}`", ROLES[each.role], each.kind or "nog te bepalen", each.status.value)
        for each in sources.agreements.agreements
    ]
    details = [_details(each) for each in sources.agreements.agreements]
    clauses = [
        (each.clause, each.fulfilled_by, ", ".join(f"`{test}`" for test in each.shown_by) or "geen")
        for each in sources.agreements.clauses
    ]
    columns = ("Partij", "Versie", "Geldt van", "Geldt tot en met", "Getekende PDF", "Landen",
               "Subverwerkers")  # fmt: skip
    parts = [
        _INTRO,
        _AGREEMENTS,
        markdown(("Partij", "Rol", "Soort afspraak", "Status"), rows),
        markdown(columns, details),
        _CLAUSES,
        markdown(("Onderdeel", "Waar het wordt nagekomen", "Test"), clauses),
        "## Verwerking voor het register",
        markdown(("Onderdeel", "Inhoud"), [*_GENERAL, _subjects(sources)]),
        "## Verwerkingen",
        _processings(sources),
        "## Verwerkers en subverwerkers",
        _processors(sources),
    ]
    return "\n\n".join(parts) + "\n"


def _details(each: Agreement) -> tuple[str, ...]:
    document = f"sha256 `{each.document_sha256[:16]}`" if each.document_sha256 else "nog niet"
    names = (f"{sub.name} ({sub.does}, {sub.location})" for sub in each.sub_processors)
    return (
        f"`{each.party}`",
        each.version,
        str(each.in_force_from or "nog niet"),
        str(each.in_force_until or "nog niet"),
        document,
        ", ".join(each.locations) or "nog te bepalen, binnen de EER",
        ", ".join(names) or "geen bekend",
    )


def _subjects(sources: Sources) -> tuple[str, str]:
    return "Categorieën betrokkenen", "; ".join(each.name for each in sources.answers.subjects)


def _processings(sources: Sources) -> str:
    rows = [
        (
            each.id,
            each.name,
            each.by,
            ", ".join(each.purposes),
            "; ".join((*each.data, *each.own)) or "geen",
        )
        for each in sources.answers.processings
    ]
    intro = (
        "De nummers zijn die van vraag 3 van de DPIA. De diensten noemen ze in hun logboek van "
        "verwerkingen (`activity`)."
    )
    return f"{intro}\n\n{markdown(('Nr.', 'Verwerking', 'Door wie', 'Doelen', 'Gegevens'), rows)}"


def _processors(sources: Sources) -> str:
    rows = [
        (
            each.party,
            ", ".join(each.processings),
            ", ".join(sub.name for sub in each.sub_processors)
            or "nog onbekend: wie de computer beheert, hoort hier",
            ", ".join(each.locations) or "nog aan te wijzen, binnen de EER",
        )
        for each in sources.agreements.agreements
        if each.role in (Role.LINKER, Role.PUBLISHER)
    ]
    return markdown(("Verwerker", "Verwerkingen (DPIA, vraag 3)", "Subverwerkers", "Land"), rows)
