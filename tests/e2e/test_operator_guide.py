"""The operator's guide, followed to the letter: from an empty server to a first release and back.

Every command of ``beheer.md`` is given in its order, and those of the chapters to which it sends
its reader; or it stands below with why no test can give it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from deploy.demo.documents import agreements_text, policy_text, shipped_policy
from deploy.loopback import free_port
from linker.settings import Settings as LinkerSettings
from publisher.settings import Settings as PublisherSettings
from shared.clock import system_clock
from shared.contract.periods import PeriodKind
from shared.hashing.custody.ceremony import Plan, make_register, make_round
from shared.hashing.custody.home import Home, OwnPins
from shared.identity import Identity, Role, save_card
from shared.policy import read_policy
from shared.settings import load_settings
from shared.statement import Statement
from tests.support.assurance import LONG
from tests.support.guide import Command, Shell, commands
from tests.support.markdown import ROOT
from tests.support.parties import (
    PLACES,
    Clock,
    MiniRegion,
    care_table,
    enrolment_table,
    pins_of,
    seal_letter,
    signed_parties,
    suppliers,
)
from tests.support.places import small_reference
from tests.support.rounds import children

ROUND_ID = "achterhoek-2027"
NOT_HERE = {
    "sudo ": "asks for root and systemd; the units have tests of their own",
    "echo '/dev/SLEUTELVOLUME": "a volume of its own asks for root",
    "systemd-analyze": "test_deploy_units.py looks at the score",
    "cd /srv/": "the shell stands in that folder",
    "python3 -m venv": "an environment from the wheel: test_deploy_wheels.py and the demonstration",
    "omgeving/bin/pip": "as above",
    "export PATH": "the shell has the programs on its path",
    "LINKER_OWNER_URL=": "PostgreSQL: test_postgresql_roles.py and test_deploy_backup.py",
    "curl ": "a name in DNS and a certificate",
}
"""How a command begins that this test does not give, and why."""
OTHER_WAYS = (
    "--without gm0222", "linker operator", "--provisional", "record-request",
)  # fmt: skip
"""Parts of commands of the other guides that go another way than a first round without trouble."""


def is_given(command: Command) -> bool:
    return not command.text.startswith(tuple(NOT_HERE))


@dataclass
class Servers:
    """The two servers, each with its own folder, and everybody else's part."""

    root: Path
    linker: Shell
    publisher: Shell
    identities: dict[str, Identity]

    @property
    def shells(self) -> dict[str, Shell]:
        return {"koppelaar": self.linker, "publicist": self.publisher}


def other(party: str, role: Role) -> Identity:
    today = date.today()
    return Identity.create(
        party=party, role=role, name=party, organisation=f"organisatie van {party}",
        valid_from=today, valid_until=today + timedelta(days=400),
    )  # fmt: skip


@pytest.fixture
def servers(tmp_path: Path) -> Servers:
    """Two empty servers, but for what the guide says to have at hand."""
    ports = {"koppelaar": free_port(), "publicist": free_port()}
    shells = {}
    for party, name in (("koppelaar", "linker"), ("publicist", "publisher")):
        folder = tmp_path / party
        folder.mkdir(mode=0o700)
        (folder / "sleutels").mkdir(mode=0o700)  # what root mounts; here on the same volume
        sample = (ROOT / "docs" / "voorbeelden" / f"{name}.toml").read_text(encoding="utf-8")
        text = sample.replace("port = 8401", f"port = {ports['koppelaar']}")
        text = text.replace("port = 8402", f"port = {ports['publicist']}")
        text = text.replace(
            "https://publicist.voorbeeld.nl", f"http://127.0.0.1:{ports['publicist']}"
        )
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
        (folder / "policy.toml").write_text(policy_text(shipped_policy()), encoding="utf-8")
        shutil.copy(ROOT / "deploy" / "backup" / "moj_backup.py", folder)
        shells[party] = Shell(
            folder,
            Path(sys.executable).parent,
            {"NAAM VAN UW ORGANISATIE": f"organisatie van {party}", "/srv/backup": "back-up"},
        )
    return Servers(tmp_path, shells["koppelaar"], shells["publicist"], {})


def at_the_publisher(text: str) -> str:
    """The guide says to read other words for the publisher."""
    return (
        text.replace("koppelaar", "publicist")
        .replace("linker", "publisher")
        .replace('"Koppelaar"', '"Publicist"')
    )


def prepare(servers: Servers) -> None:
    """Chapter "De server klaarzetten", on both servers, with the agreements in between."""
    mine = [each for each in commands("beheer") if each.chapter == "De server klaarzetten"]
    given = [each.text for each in mine if is_given(each)]
    assert any(" identity " in text for text in given)
    for text in given:
        if LONG:
            if "migrate" in text:
                agree(servers)
            servers.publisher.give(at_the_publisher(text))
        servers.linker.give(text)
    assert "ALARM keys-not-apart" in servers.linker.give("linker holdings")


def agree(servers: Servers) -> None:
    """Everybody signs; the fingerprints go into ``agreements.toml`` of both services."""
    for party, shell in servers.shells.items():
        servers.identities[party] = Identity.load(shell.folder / "identity.json", None)
        show = "linker card koppelaar.card.json"
        shown = shell.give(at_the_publisher(show) if party == "publicist" else show)
        assert servers.identities[party].card.fingerprint in shown
    for party, role in (
        ("sleutelbeheer", Role.KEY_OFFICE), ("duo", Role.SUPPLIER), ("gm0197", Role.SUPPLIER),
        ("gm0222", Role.SUPPLIER),
    ):  # fmt: skip
        servers.identities[party] = other(party, role)
    approvers(servers)
    text = agreements_text(signed_parties(servers.identities), date.today())
    for shell in servers.shells.values():
        (shell.folder / "agreements.toml").write_text(text, encoding="utf-8")


def approvers(servers: Servers) -> None:
    """Two approvers, each on a computer of their own, as the publisher's guide tells them."""
    (make,) = [each.text for each in commands("publicist") if "--role approver" in each.text]
    for letter in "ab":
        party = f"goedkeurder-{letter}"
        shell = Shell(
            servers.root / party,
            servers.publisher.programs,
            {"goedkeurder-a": party, "ORGANISATIE A": f"ORGANISATIE {letter.upper()}",
             "goedkeuring-a": f"goedkeuring-{letter}"},
        )  # fmt: skip
        shell.folder.mkdir()
        shell.give(make)
        servers.identities[party] = Identity.load(shell.folder / "identity.json", None)


def ceremony(servers: Servers) -> MiniRegion:
    """The key office makes register, reference and round, and hands them to both services."""
    office = Home(servers.root / "sleutelbeheerder")
    office.write_pins(OwnPins(pins=pins_of(servers.identities), agreement=""))
    servers.identities["sleutelbeheer"].save(office.identity_path)
    cards = tuple(
        each.card for party, each in servers.identities.items() if party != "sleutelbeheer"
    )
    register = make_register(servers.identities["sleutelbeheer"], "proef", cards, system_clock)
    reference = small_reference()
    policy = (servers.linker.folder / "policy.toml").read_bytes()
    offers = (
        Statement.load(servers.linker.folder / "koppelaar.offer.json"),
        Statement.load(servers.publisher.folder / "publicist.offer.json"),
    )
    plan = Plan(
        region="proef", closes_on=date.today() + timedelta(days=30), synthetic=True,
        period_kind=PeriodKind.SCHOOL_YEAR, first_years=(2024, 2025), suppliers=suppliers(),
    )  # fmt: skip
    made = make_round(
        office, ROUND_ID, plan, read_policy(policy), register, reference.sha256, offers,
        system_clock,
    )  # fmt: skip
    for shell in servers.shells.values():
        register.save(shell.folder / "register.json")
        (shell.folder / "reference.json").write_bytes(reference.to_bytes())
    made.save(servers.linker.folder / "made.json")
    return MiniRegion(
        servers.root, Clock(system_clock()), servers.identities, policy,
        servers.linker.folder / "agreements.toml", reference, register, made, office,
        load_settings(servers.linker.folder / "linker.toml", LinkerSettings),
        load_settings(servers.publisher.folder / "publisher.toml", PublisherSettings),
    )  # fmt: skip


@contextmanager
def serving(shell: Shell, program: str, port: int) -> Iterator[str]:
    """A service that runs while something is done."""
    process = subprocess.Popen(
        [shell.programs / program, "serve"], cwd=shell.folder, env=shell.environment(),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None, f"{program} serve ended"
            try:
                with urllib.request.urlopen(f"{url}/healthz", timeout=2):  # noqa: S310 - loopback
                    break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def deliver(region: MiniRegion, accepted: Statement, url: str) -> None:
    """What the suppliers do, whose guides have tests of their own."""
    trusted, of = region.trusted(accepted), children()
    letters = [seal_letter(region, trusted, "duo", enrolment_table(of.enrolments), "enrolment/1")]
    letters += [
        seal_letter(region, trusted, f"gm{place:04d}", care_table(rows), "care/1")
        for place, rows in of.care.items()
    ]
    for letter in letters:
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{url}/envelopes/{letter.address}", data=letter.data, method="PUT"
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
            assert answer.status == 201


def chapter(guide: str, name: str) -> list[str]:
    """The commands of a chapter that go the usual way."""
    return [
        each.text
        for each in commands(guide)
        if each.chapter == name and not any(part in each.text for part in OTHER_WAYS)
    ]


def first_round(servers: Servers) -> str:
    """Chapter "De eerste ronde", and the chapters to which it sends its reader."""
    mine = [each.text for each in commands("beheer") if each.chapter == "De eerste ronde"]
    offer, accept, *figures = mine
    linking = chapter("koppelaar", "Een ronde")
    assert linking[:2] == [offer, accept], "both guides tell the same"
    offer_too, accept_too = chapter("publicist", "Een ronde")
    servers.linker.give(offer)
    servers.publisher.give(offer_too)
    region = ceremony(servers)
    servers.linker.give(accept)
    shutil.copy(servers.linker.folder / "round.json", servers.publisher.folder)
    servers.publisher.give(accept_too)
    accepted = Statement.load(servers.linker.folder / "round.json")
    with serving(servers.linker, "linker", region.linker_settings.port) as url:
        deliver(region, accepted, url)
    save_card(servers.identities["publicist"].card, servers.linker.folder / "publicist.card.json")
    with serving(servers.publisher, "publisher", region.publisher_settings.port):
        for text in linking[2:]:
            for each in decided(servers, text):
                said = servers.linker.give(each)
    assert f"acknowledged: {ROUND_ID}" in said
    release = publish(servers)
    for text in figures:
        shell = servers.publisher if text.startswith("publisher ") else servers.linker
        shell.give(text)
    assert len(figures) == 2
    return release


def decided(servers: Servers, text: str) -> list[str]:
    """The command; once for each delivery that is held, where it is the one that decides."""
    if " decide " not in text:
        return [text]
    held = re.findall(
        r"held ([0-9a-f]{32})", servers.linker.give(f"linker round status {ROUND_ID}")
    )
    assert len(held) == len(PLACES), "all made-up care has one referrer"
    return [text.replace("NUMMER-VAN-DE-LEVERING", each) for each in held]


def publish(servers: Servers) -> str:
    """Chapters "Van telling naar uitgave" and "Voor de goedkeurder"."""
    shell = servers.publisher
    steps = chapter("publicist", "Van telling naar uitgave")
    signing = [text for text in chapter("publicist", "Voor de goedkeurder") if " approve " in text]
    assert len(signing) == 1
    for text in steps:
        said = shell.give(text)
        if " stage " in text:
            shell.instead["NAAM-VAN-DE-UITGAVE"] = said.split()[1].rstrip(",")
        if " submit " in text:
            for letter in "ab":
                approve(servers, letter, signing[0])
    assert "verified: " in said
    return shell.instead["NAAM-VAN-DE-UITGAVE"]


def approve(servers: Servers, letter: str, command: str) -> None:
    """An approver looks at the package and signs; what is signed goes to the publisher."""
    own, shell = servers.root / f"goedkeurder-{letter}", servers.publisher
    shutil.copytree(shell.folder / "pakket", own / "pakket")
    shutil.copy(shell.folder / "publicist.card.json", own)
    fingerprint = servers.identities["publicist"].card.fingerprint
    there = Shell(own, shell.programs, {
        "VINGERAFDRUK-PUBLICIST": fingerprint, "goedkeuring-a": f"goedkeuring-{letter}",
    })  # fmt: skip
    there.give(f"{command} <<< y")
    shutil.copy(own / f"goedkeuring-{letter}.json", shell.folder)
    shutil.copy(own / f"goedkeurder-{letter}.card.json", shell.folder)


def keep_and_restore(servers: Servers) -> None:
    """Chapter "Een back-up": back up, restore on an empty server, and the drill without keys."""
    shell = servers.linker
    shell.give("mkdir back-up")
    make, away, *rest = [each.text for each in commands("beheer")
                         if each.chapter == "Een back-up" and is_given(each)]  # fmt: skip
    assert "moj_backup.py backup" in make
    for text in (make, away):
        shell.give(text)
    (moment,) = [path.name for path in (shell.folder / "back-up").iterdir()]
    empty = servers.root / "hersteld"
    empty.mkdir()
    for name in ("identity.json", "koppelaar.card.json", "moj_backup.py"):
        shutil.copy(shell.folder / name, empty)
    saved = shell.folder / "back-up" / moment
    for name in ("policy.toml", "agreements.toml"):
        shutil.copy(saved / name, empty)
    shutil.copy(saved / "settings.toml", empty / "linker.toml")
    shutil.copytree(shell.folder / "back-up", empty / "back-up")
    there = replace(shell, folder=empty, instead={"/srv/backup/MOMENT": f"back-up/{moment}"})
    *restoring, shows, opens = rest
    for text in restoring:
        there.give(text)
    assert ROUND_ID in there.give(shows)
    there.is_refused(opens, "round-key-absent")


def the_rest(servers: Servers) -> None:
    """The chapters after the back-up, in their order."""
    later = ("Een nieuwe versie", "Het beleid verandert", "Logboek Dataverwerkingen", "Stoppen")
    mine = [each for each in commands("beheer") if each.chapter in later and is_given(each)]
    assert {each.chapter for each in mine} == set(later)
    shutil.copy(servers.linker.folder / "policy.toml", servers.linker.folder / "policy-oud.toml")
    for each in mine:
        shell = servers.publisher if each.text.startswith("publisher ") else servers.linker
        text = f"{each.text} --yes" if " round destroy " in each.text else each.text
        shell.give(text)


def test_the_guide_leads_from_an_empty_server_to_a_first_release_and_back(
    servers: Servers,
) -> None:
    prepare(servers)
    if not LONG:
        return  # the first chapter; `make test-long` follows the whole guide
    release = first_round(servers)
    assert release == f"{ROUND_ID}-v1.0"
    assert f"release {release}: published" in servers.publisher.give("publisher status")
    keep_and_restore(servers)
    the_rest(servers)
    assert f"round {ROUND_ID}: destroyed" in servers.linker.give(f"linker round status {ROUND_ID}")


def test_every_command_of_the_guide_is_given_or_has_a_reason() -> None:
    chapters = {
        "De server klaarzetten", "De eerste ronde", "Een back-up", "Een nieuwe versie",
        "Het beleid verandert", "Logboek Dataverwerkingen", "Stoppen",
    }  # fmt: skip
    assert {each.chapter for each in commands("beheer")} == chapters
    left_out = [each.text for each in commands("beheer") if not is_given(each)]
    for start in NOT_HERE:
        assert any(text.startswith(start) for text in left_out), f"{start} stands nowhere any more"
