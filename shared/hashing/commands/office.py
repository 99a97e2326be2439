"""``hasher key`` at the key office: register, reference bundle, round, grants."""

from __future__ import annotations

from pathlib import Path

import click

from shared.cli import EXISTING, NEW_FILE, PATH, parse_day
from shared.files import write_whole
from shared.hashing.commands.common import Session, Verb
from shared.hashing.language import tr
from shared.identity import load_card
from shared.policy import load_policy
from shared.statement import Statement

FILE = "BESTAND"


@click.command(
    "register",
    cls=Verb,
    examples=(
        "hasher key register --region achterhoek --card duo.card.json --card gm0222.card.json "
        "--out register.json",
    ),
)
@click.option("--region", required=True, metavar="NAAM", help="Korte naam van de regio.")
@click.option("--card", "cards", type=EXISTING, multiple=True, required=True, metavar=FILE,
              help="Kaart van een partij. Mag vaker.")  # fmt: skip
@click.option("--out", type=NEW_FILE, required=True, metavar=FILE, help="Nieuw bestand.")
@click.pass_obj
def register(session: Session, region: str, cards: tuple[Path, ...], out: Path) -> None:
    """(Sleutelbeheer) Teken het register: de lijst van kaarten van alle partijen."""
    from shared.hashing.custody.ceremony import make_register

    loaded = tuple(load_card(path) for path in cards)
    make_register(session.home.identity(), region, loaded, session.clock).save(out)
    session.say(tr("{n} kaarten in {file}", n=len(loaded) + 1, file=out.name))


@click.command(
    "reference",
    cls=Verb,
    examples=(
        "hasher key reference --region achterhoek --region-name Achterhoek --schools scholen.csv "
        "--municipalities gemeenten.csv --licence CC0 --retrieved-on 2026-10-01 "
        "--out referentie.json",
    ),
)
@click.option("--region", required=True, metavar="NAAM", help="Korte naam van de regio.")
@click.option("--region-name", required=True, metavar="NAAM", help="Naam van de regio, voluit.")
@click.option("--schools", type=EXISTING, required=True, metavar=FILE, help="Scholen (DUO).")
@click.option("--municipalities", type=EXISTING, required=True, metavar=FILE,
              help="Gemeenten (CBS), met welke in de regio liggen.")  # fmt: skip
@click.option("--swvs", type=EXISTING, metavar=FILE, help="Samenwerkingsverbanden.")
@click.option("--swv-postcodes", type=EXISTING, metavar=FILE,
              help="Samenwerkingsverband per postcode.")  # fmt: skip
@click.option("--providers", type=EXISTING, metavar=FILE, help="Aanbiedergroep per AGB-code.")
@click.option("--arrangements", type=EXISTING, metavar=FILE, help="Onderwijs-zorgarrangementen.")
@click.option("--pupil-totals", type=EXISTING, metavar=FILE, help="Leerlingen per school (DUO).")
@click.option("--licence", required=True, metavar="NAAM",
              help="Licentie van de bestanden, zoals CC0.")  # fmt: skip
@click.option("--retrieved-on", required=True, metavar="DATUM",
              help="Datum van ophalen, jjjj-mm-dd.")  # fmt: skip
@click.option("--out", type=NEW_FILE, required=True, metavar=FILE, help="Nieuw bestand.")
@click.pass_obj
def reference(
    session: Session,
    region: str,
    region_name: str,
    schools: Path,
    municipalities: Path,
    swvs: Path | None,
    swv_postcodes: Path | None,
    providers: Path | None,
    arrangements: Path | None,
    pupil_totals: Path | None,
    licence: str,
    retrieved_on: str,
    out: Path,
) -> None:
    """(Sleutelbeheer) Maak het referentiebestand uit originele open data."""
    from shared.hashing.custody.reference_files import ReferenceFiles, build_reference

    bundle = build_reference(
        ReferenceFiles(
            schools, municipalities, swvs, swv_postcodes, providers, arrangements, pupil_totals
        ),
        region=region,
        region_name=region_name,
        licence=licence,
        retrieved_on=parse_day(retrieved_on),
    )
    write_whole(out, bundle.to_bytes())
    inside = sum(school.in_region for school in bundle.schools)
    session.say(
        tr("{inside} scholen in de regio, {outside} daarbuiten",
           inside=inside, outside=len(bundle.schools) - inside)
    )  # fmt: skip
    session.say(f"sha256 {bundle.sha256}")


@click.command(
    "round",
    cls=Verb,
    examples=(
        "hasher key round proef-2027 --plan plan.toml --policy policy.toml "
        "--register register.json --reference referentie.json "
        "--linker-offer koppelaar.offer.json --publisher-offer publicist.offer.json "
        "--out ronde.json",
    ),
)
@click.argument("round_id", metavar="ID")
@click.option("--plan", type=EXISTING, required=True, metavar=FILE,
              help="Het plan van de ronde (round-plan.toml).")  # fmt: skip
@click.option("--policy", type=EXISTING, required=True, metavar=FILE,
              help="Het beleid (policy.toml).")  # fmt: skip
@click.option("--register", "register_", type=EXISTING, required=True, metavar=FILE,
              help="Het getekende register.")  # fmt: skip
@click.option("--reference", "reference_", type=EXISTING, required=True, metavar=FILE,
              help="Het referentiebestand.")  # fmt: skip
@click.option("--linker-offer", type=EXISTING, required=True, metavar=FILE,
              help="Het aanbod van de koppelaar voor deze ronde.")  # fmt: skip
@click.option("--publisher-offer", type=EXISTING, required=True, metavar=FILE,
              help="Het aanbod van de publicist voor deze ronde.")  # fmt: skip
@click.option("--out", type=NEW_FILE, required=True, metavar=FILE, help="Nieuw bestand.")
@click.pass_obj
def round_(
    session: Session,
    round_id: str,
    plan: Path,
    policy: Path,
    register_: Path,
    reference_: Path,
    linker_offer: Path,
    publisher_offer: Path,
    out: Path,
) -> None:
    """(Sleutelbeheer) Maak een ronde met een nieuw geheim; de koppelaar tekent mee."""
    from shared.hashing.custody.ceremony import load_plan, make_round
    from shared.reference import Reference

    made = make_round(
        session.home,
        round_id,
        load_plan(plan),
        load_policy(policy),
        Statement.load(register_),
        Reference.load(reference_).sha256,
        (Statement.load(linker_offer), Statement.load(publisher_offer)),
        session.clock,
    )
    made.save(out)
    session.say(
        tr("ronde {round_id} in {file}; sha256 {sha256}",
           round_id=round_id, file=out.name, sha256=made.sha256)
    )  # fmt: skip


@click.command(
    "grant",
    cls=Verb,
    examples=("hasher key grant ronde.json --register register.json --folder machtigingen",),
)
@click.argument("round_file", type=EXISTING, metavar="RONDE")
@click.option("--register", "register_", type=EXISTING, required=True, metavar=FILE,
              help="Het getekende register.")  # fmt: skip
@click.option("--folder", type=PATH, required=True, metavar="MAP", help="Map voor de machtigingen.")
@click.pass_obj
def grant(session: Session, round_file: Path, register_: Path, folder: Path) -> None:
    """(Sleutelbeheer) Verzegel het geheim van de ronde aan elke leverancier."""
    from shared.hashing.custody.ceremony import make_grants

    grants = make_grants(session.home, Statement.load(round_file), Statement.load(register_))
    folder.mkdir(parents=True, exist_ok=True)
    for party, envelope in grants.items():
        write_whole(folder / f"{party}.grant.moj", envelope, replace=True)
    session.say(tr("{n} machtigingen in {folder}", n=len(grants), folder=folder.name))
