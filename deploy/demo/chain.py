"""The whole chain, step by step, each party through its own command line.

Every step is a method; ``STEPS`` is their order. A test can stop anywhere in between.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from deploy.demo import documents
from deploy.demo.context_files import answered, list_of, open_files
from deploy.demo.documents import Signed
from deploy.demo.generator import Truth, generate
from deploy.demo.generator.places import MUNICIPALITIES
from deploy.demo.generator.products import ARRANGEMENT_PRODUCTS
from deploy.demo.parties import Commands, Party, Region, StepFailedError
from deploy.loopback import START_SECONDS, await_answer, free_port

ROUND = "achterhoek-demo"
SENDERS = 2
Tell = Callable[[str], None]
Count = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    Attributes:
        schools: a real school list to use in place of invented schools.
        scale: size of the region relative to the real one.
    """

    folder: Path
    commands: Commands
    seed: int = 20261001
    years: int = 6
    scale: float = 1.0
    schools: Path | None = None
    swv_postcodes: Path | None = None


@dataclass
class Chain:
    """The run: what is known after each step."""

    plan: Plan
    tell: Tell
    count: Count
    services: list[subprocess.Popen[bytes]] = field(default_factory=list)
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    release_id: str = ""

    def __post_init__(self) -> None:
        self.municipalities = tuple(code for code, _name in MUNICIPALITIES)
        self.region = Region.lay_out(self.plan.folder, self.plan.commands, self.municipalities)
        self.linker_url, self.publisher_url = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self.truth: Truth | None = None
        self.signed: dict[str, Signed] = {}

    # --- what each party has before anything starts -------------------------------------------

    def generate(self) -> None:
        """Invent a region, and give every party the files that it would have."""
        plan = self.plan
        self.truth = generate(
            plan.folder,
            seed=plan.seed,
            years=plan.years,
            pupils_scale=plan.scale,
            schools=plan.schools,
            swv_postcodes=plan.swv_postcodes,
            progress=self.count,
        )
        shutil.move(plan.folder / "bronnen", self.region.key_office.folder / "bronnen")
        files = sum(len(list(party.folder.glob("*.*"))) for party in self.region.suppliers)
        self.tell(f"{files} bronbestanden bij {len(self.region.suppliers)} leveranciers")

    def identities(self) -> None:
        """Every party makes its own identity and hands out its card."""
        for party, role in (
            (self.region.key_office, "key_office"),
            *((supplier, "supplier") for supplier in self.region.suppliers),
        ):
            name = f"{party.id} (demonstratie)"
            party.run("key", "identity", "--party", party.id, "--role", role,
                      "--name", name, "--organisation", name, "--card", "card.json")  # fmt: skip
            self._note(party, role, name)
        for party, role in (
            (self.region.linker, "linker"),
            (self.region.publisher, "publisher"),
            *((approver, "approver") for approver in self.region.approvers),
        ):
            name = f"{party.id} (demonstratie)"
            party.run("identity", "--party", party.id, *(["--role", role] if role != "linker"
                      else []), "--name", name, "--organisation", name,
                      "--private", "identity.json", "--card", "card.json")  # fmt: skip
            self._note(party, role, name)
        self.tell(f"{len(self.signed)} identiteiten, elk in een eigen map")

    def _note(self, party: Party, role: str, name: str) -> None:
        """What would be written into the signed agreement: the fingerprint on the card."""
        place = int(party.id[2:]) if re.fullmatch(r"gm\d{4}", party.id) else None
        self.signed[party.id] = Signed(party.id, role, name, name, self._fingerprint(party), place)

    def _fingerprint(self, party: Party) -> str:
        shown = party.run("key", "status") if party in (
            self.region.key_office, *self.region.suppliers
        ) else party.run("card", "card.json")  # fmt: skip
        match = re.search(r"[0-9a-f]{64}", shown)
        if match is None:
            raise StepFailedError(f"{party.id}: no fingerprint was shown")
        return match.group()

    def agreements(self) -> None:
        """Policy, agreements, settings and pinned fingerprints: what was signed beforehand."""
        today = date.today()
        policy = documents.policy_text(documents.shipped_policy())
        agreements = documents.agreements_text(self.signed.values(), today)
        ports = {
            self.region.linker: (self.linker_url, self.publisher_url),
            self.region.publisher: (self.publisher_url, None),
        }
        for service, (url, publisher_url) in ports.items():
            port = int(url.rpartition(":")[2])
            _write(service, "policy.toml", policy)
            _write(service, "agreements.toml", agreements)
            _write(
                service,
                f"{service.command.name}.toml",
                documents.service_settings(port, publisher_url),
            )
            service.run("migrate")
        _write(self.region.key_office, "policy.toml", policy)
        for party in (self.region.key_office, *self.region.suppliers):
            party.run("key", "pin", "--agreement", documents.AGREEMENT_VERSION,
                      "--key-office", self.signed["sleutelbeheer"].fingerprint,
                      "--linker", self.signed["koppelaar"].fingerprint,
                      "--publisher", self.signed["publicist"].fingerprint)  # fmt: skip
        self.tell("beleid en overeenkomsten vastgelegd; vingerafdrukken vastgezet bij elke partij")

    # --- the ceremony of a round --------------------------------------------------------------

    def make_round(self) -> None:
        """Offers, register, reference, round, acceptance, grants and imports."""
        office, linker, publisher = (
            self.region.key_office, self.region.linker, self.region.publisher,
        )  # fmt: skip
        for service in (linker, publisher):
            service.run("round", "offer", ROUND, "--out", "offer.json")
            _hand_over(service, "offer.json", office, f"{service.id}.offer.json")
        cards = []
        for party in (*self.region.suppliers, linker, publisher, *self.region.approvers):
            _hand_over(party, "card.json", office, f"{party.id}.card.json")
            cards += ["--card", f"{party.id}.card.json"]
        office.run("key", "register", "--region", "achterhoek", *cards, "--out", "register.json")
        office.run("key", "reference", "--region", "achterhoek", "--region-name", "Achterhoek",
                   *self._sources(), "--licence", "synthetisch",
                   "--retrieved-on", date.today().isoformat(),
                   "--out", "reference.json")  # fmt: skip
        assert self.truth is not None
        suppliers = {"duo": {"enrolment/1": self.municipalities}}
        for code in self.municipalities:
            suppliers[f"gm{code:04d}"] = {"care/1": (code,), "objection/1": (code,)}
        years = range(2020, 2020 + self.plan.years)
        _write(office, "plan.toml", documents.plan_text(suppliers, years, date.today()))
        office.run("key", "round", ROUND, "--plan", "plan.toml", "--policy", "policy.toml",
                   "--register", "register.json", "--reference", "reference.json",
                   "--linker-offer", "koppelaar.offer.json",
                   "--publisher-offer", "publicist.offer.json", "--out", "made.json")  # fmt: skip
        for name in ("made.json", "register.json", "reference.json"):
            _hand_over(office, name, linker, name)
            _hand_over(office, name, publisher, name)
        linker.run("round", "accept", "made.json", "--register", "register.json",
                   "--reference", "reference.json", "--out", "round.json")  # fmt: skip
        _hand_over(linker, "round.json", publisher, "round.json")
        _hand_over(linker, "round.json", office, "round.json")
        publisher.run("round", "accept", "round.json", "--register", "register.json",
                      "--reference", "reference.json")  # fmt: skip
        office.run("key", "grant", "round.json", "--register", "register.json",
                   "--folder", "grants")  # fmt: skip
        for party in self.region.suppliers:
            for name in ("round.json", "register.json", "policy.toml"):
                _hand_over(office, name, party, name)
            _hand_over(office, f"grants/{party.id}.grant.moj", party, "grant.moj")
            party.run("key", "import", "--round", "round.json", "--register", "register.json",
                      "--policy", "policy.toml", "--grant", "grant.moj")  # fmt: skip
        self.tell(f"ronde {ROUND} geopend; ijking klopt bij {len(self.region.suppliers)} partijen")

    def _sources(self) -> list[str]:
        names = {
            "--schools": "scholen.csv",
            "--municipalities": "gemeenten.csv",
            "--swvs": "swv.csv",
            "--providers": "aanbieders.csv",
            "--arrangements": "arrangementen.csv",
            "--pupil-totals": "leerlingen_totaal.csv",
        }
        return [part for option, name in names.items() for part in (option, f"bronnen/{name}")]

    # --- deliveries ---------------------------------------------------------------------------

    def start_services(self) -> None:
        """Linker and publisher as separate processes; both on loopback only."""
        for service, url in (
            (self.region.linker, self.linker_url),
            (self.region.publisher, self.publisher_url),
        ):
            process = service.start("serve")
            self.services.append(process)
            await_answer(f"{url}/healthz", process.poll)
        self.tell(f"koppelaar op {self.linker_url}, publicist op {self.publisher_url}")

    def deliver(self) -> None:
        """Every supplier seals and sends what it has; two at a time, as on two desks."""
        work = list(self.region.suppliers)
        done = 0
        with ThreadPoolExecutor(SENDERS) as pool:
            for party, lines in zip(work, pool.map(self._deliver_one, work), strict=True):
                done += 1
                self.count("leveren", done, len(work))
                for line in lines:
                    self.tell(f"{party.id}: {line}")

    def _deliver_one(self, party: Party) -> list[str]:
        lines = []
        for schema, arguments in self._deliveries_of(party):
            folder = f"verzegeld-{schema.partition('/')[0]}"
            report = f"{folder}.rapport.json"
            party.run("seal", schema, *arguments, "--round", ROUND, "--out", folder,
                      "--report", report)  # fmt: skip
            found = json.loads((party.folder / report).read_text(encoding="utf-8"))
            self.reports[f"{party.id} {schema}"] = found
            last = sorted((party.folder / folder).glob("*.moj"))[-1]
            shown = party.run("show", last)
            digest = re.search(r"[0-9a-f]{64}$", shown.strip())
            assert digest is not None
            party.run("send", folder, "--to", self.linker_url, "--confirm", digest.group()[:8])
            lines.append(f"{schema}: {_counts(found)}")
        return lines

    def _deliveries_of(self, party: Party) -> list[tuple[str, list[str]]]:
        if party.id == "duo":
            return [("enrolment/1", sorted(p.name for p in party.folder.glob("duo_leerl*.csv")))]
        care = next(iter(sorted(party.folder.glob("jeugdhulp_*")))).name
        declared = next(iter(sorted(party.folder.glob("declaraties_*")))).name
        # A copy of the profile that comes with the hasher, with the municipality's own codes.
        shipped = party.run("profile", "show", "ijw-jeugdhulp")
        _write(party, "zorg.toml", documents.profile_text(shipped, ARRANGEMENT_PRODUCTS))
        deliveries = [("care/1", [care, "--declarations", declared, "--profile", "zorg.toml"])]
        objections = sorted(path.name for path in party.folder.glob("bezwaren_*"))
        return deliveries + ([("objection/1", objections)] if objections else [])

    # --- counting, protecting, publishing -----------------------------------------------------

    def link(self) -> None:
        """Close the round, link it, and send the sealed tally to the publisher."""
        linker = self.region.linker
        linker.run("round", "close", ROUND)
        for command in ("link", "quality"):
            for line in linker.run(command, ROUND).splitlines():
                self.tell(line.strip())
        _hand_over(self.region.publisher, "card.json", linker, "publicist.card.json")
        self.tell(linker.run("outbox", "send", "--publisher-card", "publicist.card.json").strip())

    def stage(self) -> None:
        """Protect the tally; nothing is staged unless the verifier agrees."""
        shown = self.region.publisher.run("stage", ROUND)
        self.release_id = shown.split()[1].rstrip(",")
        for line in shown.splitlines():
            self.tell(line.strip())

    def approve(self) -> None:
        """Two approvers of two organisations look at the package and sign it, offline."""
        publisher = self.region.publisher
        publisher.run("submit", self.release_id, "--proposer", "publicist",
                      "--package", "pakket")  # fmt: skip
        for approver in self.region.approvers:
            shutil.copytree(publisher.folder / "pakket", approver.folder / "pakket")
            _hand_over(publisher, "card.json", approver, "publicist.card.json")
            approver.run("approve", "pakket", "--private", "identity.json",
                         "--publisher-card", "publicist.card.json",
                         "--fingerprint", self.signed["publicist"].fingerprint,
                         "--out", "goedkeuring.json", "--yes")  # fmt: skip
            _hand_over(approver, "goedkeuring.json", publisher, f"{approver.id}.json")
            _hand_over(approver, "card.json", publisher, f"{approver.id}.card.json")
            shown = publisher.run("record-approval", f"{approver.id}.json",
                                  "--card", f"{approver.id}.card.json")  # fmt: skip
            self.tell(f"{approver.id}: {shown.strip()}")

    def publish(self) -> None:
        """Publish, and check proof and ledgers as an auditor would."""
        publisher, linker = self.region.publisher, self.region.linker
        self.tell(publisher.run("publish", self.release_id).strip())
        self.tell(publisher.run("verify-protection", self.release_id).strip())
        receipts = []
        for party in self.region.suppliers:
            for path in sorted(party.folder.glob("verzegeld-*/*.receipt.json")):
                receipts += ["--receipt", str(path)]
        linker.run("ledger", "export", "ledger.jsonl")
        checked = linker.run("ledger", "verify", "ledger.jsonl", "--card", "card.json", *receipts)
        self.tell(f"koppelaar: {checked.strip()}, {len(receipts) // 2} getuigen")

    def elsewhere(self) -> None:
        """Put figures from elsewhere beside the release: invented ones, in the real layouts."""
        publisher = self.region.publisher
        listed = []
        for each in open_files(self.plan.seed):
            _write(publisher, each.name, each.text)
            listed.append((each.name, each.source, each.period))
        publisher.run("context", "blank", "--out", ".", "--period", "2024")
        for group in ("beleid", "professionals", "ouders-jongeren"):
            name = f"uitkomsten-{group}.csv"
            blank = (publisher.folder / name).read_text(encoding="utf-8")
            _write(publisher, name, answered(blank, self.plan.seed, group))
            listed.append((name, "vragenlijst", ""))
        _write(publisher, "bestanden.toml", list_of(listed))
        shown = publisher.run("context", "import-list", "bestanden.toml", "--synthetic")
        self.tell(f"{len(shown.splitlines())} bestanden uit andere bronnen, alle verzonnen")

    def figures(self) -> None:
        """The figures that the DPIA quotes; deploy/governance makes a page of them."""
        for service, about in (
            (self.region.linker, ROUND),
            (self.region.publisher, self.release_id),
        ):
            name = f"{about}-{service.id}.json"
            service.run("dpia-figures", about, "--out", name)
            self.tell(f"{service.id}: {name}")

    def stop(self) -> None:
        """Stop both services."""
        for process in self.services:
            process.terminate()
        for process in self.services:
            process.wait(timeout=START_SECONDS)
        self.services.clear()

    STEPS = (
        ("Een regio verzinnen", generate),
        ("Identiteiten maken", identities),
        ("Beleid en overeenkomsten", agreements),
        ("De ronde openen", make_round),
        ("Diensten starten", start_services),
        ("Controleren, pseudonimiseren, verzegelen, versturen", deliver),
        ("Koppelen en tellen", link),
        ("Beschermen en controleren", stage),
        ("Goedkeuren", approve),
        ("Publiceren", publish),
        ("Cijfers uit andere bronnen", elsewhere),
        ("Cijfers voor de DPIA", figures),
    )


EFFECTS = {
    "refused": "afgekeurd",
    "left_out": "overgeslagen",
    "changed": "aangepast",
    "kept": "let op",
}
"""What a finding means for its row, in the order in which they are told."""


def _counts(report: dict[str, Any]) -> str:
    """``4817 rijen; afgekeurd 24 (3104×15, 3105×9); …``: rows by effect and code."""
    by_effect: dict[str, Counter[int]] = {effect: Counter() for effect in EFFECTS}
    for item in report["counts"]:
        by_effect[item["effect"]][item["code"]] += item["count"]
    told = [
        f"{word} {sum(codes.values())} "
        f"({', '.join(f'{code}×{count}' for code, count in sorted(codes.items()))})"
        for word, codes in zip(EFFECTS.values(), by_effect.values(), strict=True)
        if codes
    ]
    return "; ".join([f"{report['rows']} rijen", *told])


def _write(party: Party, name: str, text: str) -> None:
    (party.folder / name).write_text(text, encoding="utf-8")


def _hand_over(giver: Party, name: str, taker: Party, as_: str) -> None:
    """A file that one party gives to another; always public or sealed."""
    shutil.copyfile(giver.folder / name, taker.folder / as_)
