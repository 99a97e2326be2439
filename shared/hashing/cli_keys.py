"""``hasher key``: identities, pins, and the ceremony of a round; for suppliers and key office."""

from __future__ import annotations

from pathlib import Path

import click

from shared.cli import EXISTING, NEW_FILE, PATH, create_identity, parse_day, show_card
from shared.clock import system_clock, today
from shared.errors import InputError
from shared.files import read_file, write_whole
from shared.hashing.ceremony import load_plan, make_grants, make_register, make_round
from shared.hashing.home import Home, OwnPins
from shared.hashing.reference_files import ReferenceFiles, build_reference
from shared.identity import Role, load_card
from shared.policy import load_policy
from shared.reference import Reference
from shared.round import Pins
from shared.statement import Statement

ROLES = (Role.SUPPLIER, Role.KEY_OFFICE)


@click.group("key")
def key() -> None:
    """Sleutels en rondes: identiteit, register, ronde, machtiging (grant), import."""


@key.command("identity")
@click.option("--party", required=True, help="Korte naam, zoals gm0197.")
@click.option("--role", type=click.Choice([role.value for role in ROLES]), default="supplier")
@click.option("--name", required=True)
@click.option("--organisation", required=True)
@click.option("--card", type=NEW_FILE, required=True, help="Publieke kaart om te delen.")
@click.pass_obj
def identity(home: Home, party: str, role: str, name: str, organisation: str, card: Path) -> None:
    """Maak een identiteit: een privébestand in uw eigen map en een kaart om te delen."""
    home.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = create_identity(
        party=party,
        role=Role(role),
        name=name,
        organisation=organisation,
        private=home.identity_path,
        card=card,
    )
    show_card(made.card)


@key.command("pin")
@click.option("--key-office", required=True, help="Vingerafdruk uit uw getekende overeenkomst.")
@click.option("--linker", required=True, help="Vingerafdruk uit uw getekende overeenkomst.")
@click.option("--publisher", required=True, help="Vingerafdruk uit uw getekende overeenkomst.")
@click.option("--agreement", default="", help="Versie van uw overeenkomst.")
@click.pass_obj
def pin(home: Home, key_office: str, linker: str, publisher: str, agreement: str) -> None:
    """Leg de vingerafdrukken vast die in uw getekende overeenkomst staan."""
    given = (key_office, linker, publisher)
    office, linking, publishing = ("".join(each.split()).lower() for each in given)
    if len({office, linking, publishing}) != len(given):
        raise InputError(
            "pins-same",
            "expected three different fingerprints, found the same one twice",
            hint="lees ze opnieuw af uit uw getekende overeenkomst",
        )
    pins = Pins(key_office=office, linker=linking, publisher=publishing)
    home.write_pins(OwnPins(pins=pins, agreement=agreement))
    click.echo("vastgelegd")


@key.command("register")
@click.option("--region", required=True)
@click.option("--card", "cards", type=EXISTING, multiple=True, required=True)
@click.option("--out", type=NEW_FILE, required=True)
@click.pass_obj
def register(home: Home, region: str, cards: tuple[Path, ...], out: Path) -> None:
    """(Sleutelbeheer) Teken het register: de lijst van kaarten van alle partijen."""
    loaded = tuple(load_card(path) for path in cards)
    make_register(home.identity(), region, loaded, system_clock).save(out)
    click.echo(f"{len(loaded) + 1} kaarten in {out.name}")


@key.command("reference")
@click.option("--region", required=True)
@click.option("--region-name", required=True)
@click.option("--schools", type=EXISTING, required=True)
@click.option("--municipalities", type=EXISTING, required=True)
@click.option("--swvs", type=EXISTING)
@click.option("--swv-postcodes", type=EXISTING)
@click.option("--providers", type=EXISTING)
@click.option("--arrangements", type=EXISTING)
@click.option("--pupil-totals", type=EXISTING)
@click.option("--licence", required=True, help="Licentie van de bestanden, zoals CC0.")
@click.option("--retrieved-on", required=True, help="Datum van ophalen, jjjj-mm-dd.")
@click.option("--out", type=NEW_FILE, required=True)
def reference(
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
    click.echo(f"{inside} scholen in de regio, {len(bundle.schools) - inside} daarbuiten")
    click.echo(f"sha256 {bundle.sha256}")


@key.command("round")
@click.argument("round_id")
@click.option("--plan", type=EXISTING, required=True, help="round-plan.toml")
@click.option("--policy", type=EXISTING, required=True)
@click.option("--register", "register_", type=EXISTING, required=True)
@click.option("--reference", "reference_", type=EXISTING, required=True)
@click.option("--linker-offer", type=EXISTING, required=True)
@click.option("--publisher-offer", type=EXISTING, required=True)
@click.option("--out", type=NEW_FILE, required=True)
@click.pass_obj
def round_(
    home: Home,
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
    made = make_round(
        home,
        round_id,
        load_plan(plan),
        load_policy(policy),
        Statement.load(register_),
        Reference.load(reference_).sha256,
        (Statement.load(linker_offer), Statement.load(publisher_offer)),
        system_clock,
    )
    made.save(out)
    click.echo(f"ronde {round_id} in {out.name}; sha256 {made.sha256}")


@key.command("grant")
@click.argument("round_file", type=EXISTING)
@click.option("--register", "register_", type=EXISTING, required=True)
@click.option("--folder", type=PATH, required=True)
@click.pass_obj
def grant(home: Home, round_file: Path, register_: Path, folder: Path) -> None:
    """(Sleutelbeheer) Verzegel het geheim van de ronde aan elke leverancier."""
    grants = make_grants(home, Statement.load(round_file), Statement.load(register_))
    folder.mkdir(parents=True, exist_ok=True)
    for party, envelope in grants.items():
        write_whole(folder / f"{party}.grant.moj", envelope, replace=True)
    click.echo(f"{len(grants)} machtigingen in {folder.name}")


@key.command("import")
@click.option("--round", "round_file", type=EXISTING, required=True)
@click.option("--register", "register_", type=EXISTING, required=True)
@click.option("--policy", type=EXISTING, required=True)
@click.option("--grant", "grant_file", type=EXISTING, required=True)
@click.pass_obj
def import_(home: Home, round_file: Path, register_: Path, policy: Path, grant_file: Path) -> None:
    """Controleer een ronde en uw machtiging, en bewaar ze in uw eigen map."""
    opened = home.import_round(
        read_file(round_file, "a round"),
        read_file(register_, "a register"),
        read_file(policy, "a policy"),
        read_file(grant_file, "a grant"),
        today(system_clock),
    )
    body = opened.trusted.body
    click.echo(f"ronde {body.round_id} gecontroleerd; leveren kan tot en met {body.closes_on}")
    click.echo(f"ijking {body.calibration[:16]}… klopt")


@key.command("status")
@click.pass_obj
def status(home: Home) -> None:
    """Toon uw identiteit en de rondes in uw map."""
    show_card(home.identity().card)
    for round_id in home.rounds():
        folder = home.round_folder(round_id)
        what = "geheim (sleutelbeheer)" if (folder / "secret").exists() else "machtiging"
        click.echo(f"ronde {round_id}: {what}")


@key.command("forget")
@click.argument("round_id")
@click.confirmation_option(prompt="Alles van deze ronde wordt gewist. Doorgaan?")
@click.pass_obj
def forget(home: Home, round_id: str) -> None:
    """Wis alles van een ronde uit uw map, het geheim het eerst."""
    click.echo(f"{home.forget(round_id)} bestanden gewist")
