"""``hasher key``: a party's identity, its pins, and the rounds that it imports."""

from __future__ import annotations

from pathlib import Path

import click

from shared.cli import EXISTING, NEW_FILE, create_identity
from shared.files import read_file
from shared.hashing.commands import office as cli_office
from shared.hashing.commands.common import Session, Verb, json_option, print_json
from shared.hashing.custody.key_status import pins_with, show_card, status_document, status_lines
from shared.hashing.language import tr
from shared.identity import Role

ROLES = (Role.SUPPLIER, Role.KEY_OFFICE)
FILE = "BESTAND"
FINGERPRINT = "VINGERAFDRUK"


@click.group("key")
def key() -> None:
    """Sleutels en rondes: identiteit, register, ronde, machtiging (grant), import."""


@key.command(
    "identity",
    cls=Verb,
    examples=(
        'hasher key identity --party gm0222 --name "Gemeente Doetinchem" '
        '--organisation "Gemeente Doetinchem" --card gm0222.card.json',
    ),
)
@click.option("--party", required=True, metavar="ID", help="Korte naam, zoals gm0197.")
@click.option("--role", type=click.Choice([role.value for role in ROLES]), default="supplier",
              show_default=True, help="Leverancier of sleutelbeheer.")  # fmt: skip
@click.option("--name", required=True, metavar="NAAM", help="Naam van de partij.")
@click.option("--organisation", required=True, metavar="NAAM", help="Naam van de organisatie.")
@click.option("--card", type=NEW_FILE, required=True, metavar=FILE,
              help="Publieke kaart om te delen.")  # fmt: skip
@click.pass_obj
def identity(
    session: Session, party: str, role: str, name: str, organisation: str, card: Path
) -> None:
    """Maak een identiteit: een privébestand in uw eigen map en een kaart om te delen.

    Wilt u een wachtwoordzin op het privébestand? Zet die eerst in MOJ_PASSPHRASE.
    """
    home = session.home
    home.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = create_identity(
        party=party,
        role=Role(role),
        name=name,
        organisation=organisation,
        private=home.identity_path,
        card=card,
    )
    for line in show_card(made.card):
        session.say(line)


@key.command(
    "pin",
    cls=Verb,
    examples=(
        "hasher key pin --key-office 1a2b… --linker 3c4d… --publisher 5e6f… --agreement 1.0",
        "hasher key pin --agreement 1.1",
    ),
)
@click.option("--key-office", default="", metavar=FINGERPRINT,
              help="Van de sleutelbeheerder, uit uw getekende overeenkomst.")  # fmt: skip
@click.option("--linker", default="", metavar=FINGERPRINT,
              help="Van de koppelaar, uit uw getekende overeenkomst.")  # fmt: skip
@click.option("--publisher", default="", metavar=FINGERPRINT,
              help="Van de publicist, uit uw getekende overeenkomst.")  # fmt: skip
@click.option("--agreement", metavar="VERSIE", help="Versie van uw overeenkomst.")
@click.pass_obj
def pin(
    session: Session, key_office: str, linker: str, publisher: str, agreement: str | None
) -> None:
    """Leg de vingerafdrukken vast die in uw getekende overeenkomst staan.

    Hebt u ze al vastgelegd en is alleen de overeenkomst nieuw? Dan is --agreement genoeg.
    """
    own = pins_with(session.home, (key_office, linker, publisher), agreement)
    session.home.write_pins(own)
    session.say(tr("vastgelegd"))


@key.command(
    "import",
    cls=Verb,
    examples=(
        "hasher key import --round ronde.json --register register.json --policy policy.toml "
        "--grant gm0222.grant.moj",
    ),
)
@click.option("--round", "round_file", type=EXISTING, required=True, metavar=FILE,
              help="De ronde, getekend door sleutelbeheer en koppelaar.")  # fmt: skip
@click.option("--register", "register_", type=EXISTING, required=True, metavar=FILE,
              help="Het getekende register.")  # fmt: skip
@click.option("--policy", type=EXISTING, required=True, metavar=FILE,
              help="Het beleid (policy.toml).")  # fmt: skip
@click.option("--grant", "grant_file", type=EXISTING, required=True, metavar=FILE,
              help="Uw eigen machtiging.")  # fmt: skip
@click.pass_obj
def import_(
    session: Session, round_file: Path, register_: Path, policy: Path, grant_file: Path
) -> None:
    """Controleer een ronde en uw machtiging, en bewaar ze in uw eigen map."""
    from shared.hashing.delivering.objecting import reminder
    from shared.hashing.delivering.own_list import load_own_list

    opened = session.home.import_round(
        read_file(round_file, "a round"),
        read_file(register_, "a register"),
        read_file(policy, "a policy"),
        read_file(grant_file, "a grant"),
        session.day,
    )
    body = opened.trusted.body
    session.say(
        tr("ronde {round_id} gecontroleerd; leveren kan tot en met {day}",
           round_id=body.round_id, day=body.closes_on.isoformat())
    )  # fmt: skip
    session.say(tr("ijking {calibration}… klopt", calibration=body.calibration[:16]))
    own_identity = session.home.identity()
    own = load_own_list(session.home.folder, own_identity)
    if text := reminder(own, opened, own_identity.party):
        session.warn(text)


@key.command(
    "status",
    cls=Verb,
    examples=("hasher key status",),
    json_keys="party, role, organisation, fingerprint, card_valid_until, pins, agreement, "
    "rounds [round, secret, grant, closes_on, expected, calibrated, problem]",
)
@json_option
@click.pass_obj
def status(session: Session, as_json: bool) -> None:
    """Toon uw kaart, uw vingerafdrukken, en per ronde wat van u wordt verwacht."""
    if as_json:
        print_json(status_document(session.home, session.day))
        return
    for line in status_lines(session.home, session.day):
        session.say(line)


@key.command("forget", cls=Verb, examples=("hasher key forget achterhoek-2027",))
@click.argument("round_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Vraag niet of u het zeker weet.")
@click.pass_obj
def forget(session: Session, round_id: str, yes: bool) -> None:
    """Wis alles van een ronde uit uw map, het geheim het eerst."""
    if not yes:
        question = tr("Alles van deze ronde wordt gewist. Doorgaan? Typ ja")
        answer = click.prompt(question, default="", show_default=False, err=True)
        if str(answer).strip().lower() not in {"ja", "j", "yes", "y"}:
            raise click.Abort
    session.say(tr("{n} bestanden gewist", n=session.home.forget(round_id)))


for command in (cli_office.register, cli_office.reference, cli_office.round_, cli_office.grant):
    key.add_command(command)
