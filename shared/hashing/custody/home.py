"""A party's own folder: its identity, its pins, and the rounds that it imported.

    identity.json          private; mode 0600, under a passphrase if one was set
    pins.json              fingerprints and agreement version, from the signed agreement
    address                of the linker, as the wizard last used it
    objections.moj         the supplier's own list of objections; sealed to itself
    rounds/<round>/        round.json, register.json, policy.toml, grant.moj (sealed)
                           secret and made.json (key office only; mode 0600)

Receipts lie beside the envelopes that they are for. A supplier's round secret stays sealed in
its grant and is opened in memory when needed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from shared.canonical import canonical_json, parse_canonical
from shared.envelope import Context, EnvelopeKind, check_body, open_body, read_header
from shared.errors import ConfigurationError, InputError, StateError, TrustError
from shared.files import PRIVATE, check_private, check_round_id, read_file, shred, write_whole
from shared.identity import PASSPHRASE, Identity, Role
from shared.policy import PinnedPolicy, read_policy
from shared.redaction import Secret
from shared.round import Pins, TrustedRound, check_pinned_document, check_round
from shared.statement import Body, Statement

GRANT_SCHEMA = "grant/1"
MADE = "made.json"


class OwnPins(Body):
    """What a party takes from its own signed agreement: its trust root.

    Attributes:
        agreement: version of the agreement under which it delivers.
    """

    pins: Pins
    agreement: str


@dataclass(frozen=True, slots=True)
class OpenRound:
    """An imported round, with the key that turns numbers into pseudonyms."""

    trusted: TrustedRound
    policy: PinnedPolicy
    agreement: str
    key: Secret


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one party."""

    folder: Path

    @property
    def identity_path(self) -> Path:
        """The private identity file."""
        return self.folder / "identity.json"

    def round_folder(self, round_id: str) -> Path:
        """The folder of a round, whether it exists or not.

        Raises:
            InputError: ``round-id-invalid``.
        """
        return self.folder / "rounds" / check_round_id(round_id)

    def rounds(self) -> list[str]:
        """The rounds of which something is kept here, in order."""
        parent = self.folder / "rounds"
        return sorted(path.name for path in parent.iterdir()) if parent.exists() else []

    def address(self) -> str | None:
        """The address of the linker that was last used, None where none was."""
        path = self.folder / "address"
        return path.read_text(encoding="ascii").strip() if path.exists() else None

    def remember_address(self, url: str) -> None:
        """Keep the address of the linker, to propose it the next time."""
        write_whole(self.folder / "address", url.encode("ascii") + b"\n", replace=True)

    def identity(self) -> Identity:
        """This party's identity.

        Raises:
            InputError, ConfigurationError, TrustError: it is absent, damaged or locked.
        """
        return Identity.load(self.identity_path, os.environ.get(PASSPHRASE))

    def write_pins(self, own: OwnPins) -> None:
        """Keep the fingerprints from the signed agreement, in place of any earlier ones."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = canonical_json(own.model_dump(mode="json")) + b"\n"
        write_whole(self.folder / "pins.json", data, replace=True)

    def pins(self) -> OwnPins:
        """The fingerprints from the signed agreement.

        Raises:
            ConfigurationError: ``pins-missing``.
        """
        try:
            data = read_file(self.folder / "pins.json", "the pinned fingerprints")
            return OwnPins.model_validate(parse_canonical(data.rstrip(b"\n")))
        except (InputError, ValidationError) as error:
            raise ConfigurationError(
                "pins-missing",
                "expected the fingerprints from your signed agreement, found none",
                hint="enter them with `hasher key pin`",
            ) from error

    def import_round(
        self, round_: bytes, register: bytes, policy: bytes, grant: bytes, day: date
    ) -> OpenRound:
        """Check a round and its grant in numbered steps, and keep them.

        Raises:
            TrustError: a signature, pin, hash or the secret does not fit; nothing is kept.
        """
        opened = self._check(round_, register, policy, grant, day)
        folder = self.round_folder(opened.trusted.body.round_id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, data in (
            ("register.json", register),
            ("policy.toml", policy),
            ("grant.moj", grant),
            ("round.json", round_),
        ):
            write_whole(folder / name, data, mode=PRIVATE, replace=True)
        return opened

    def open_round(self, round_id: str, day: date) -> OpenRound:
        """An imported round, checked anew.

        Raises:
            StateError: ``round-not-imported``.
        """
        folder = self.round_folder(round_id)
        if not (folder / "grant.moj").exists():
            raise StateError(
                "round-not-imported",
                f"expected round {round_id} here, found it not imported",
                hint="import the files of the key office with `hasher key import`",
                about=round_id,
            )
        round_, register, policy, grant = (
            read_file(folder / name, name)
            for name in ("round.json", "register.json", "policy.toml", "grant.moj")
        )
        return self._check(round_, register, policy, grant, day)

    def _check(
        self, round_: bytes, register: bytes, policy: bytes, grant: bytes, day: date
    ) -> OpenRound:
        own, identity = self.pins(), self.identity()
        # 1. Signatures of key office and linker, both offers, the register: against own pins.
        trusted = check_round(
            Statement.from_bytes(round_), Statement.from_bytes(register), own.pins, day=day
        )
        body = trusted.body
        # 2. The policy is the one that the round pins.
        pinned = read_policy(policy)
        check_pinned_document("policy", body.policy, pinned.sha256)
        # 3. This party takes part, with the card that it has.
        body.supplier(identity.party)
        if trusted.register_body.card(identity.party) != identity.card:
            raise TrustError(
                "card-differs",
                "expected your own card in the register, found another",
                hint="send the key office the card of this identity",
            )
        identity.card.check_valid_on(day)
        # The arithmetic behind pseudonyms is slow to load, and most commands do without.
        from shared.hashing.pseudonym import calibration, derive_key

        # 4. The grant is the key office's, for this round, and opens.
        key = derive_key(_open_grant(grant, trusted, identity).reveal(), body.round_id)
        # 5. Calibration: the same secret, normaliser and algorithm as everyone.
        if calibration(key) != body.calibration:
            raise TrustError(
                "calibration-differs",
                f"expected the calibration {body.calibration[:16]}… of the round, found another",
                hint="the grant holds another secret, or this tool is of another version; "
                "nothing that you would seal could match",
            )
        return OpenRound(trusted, pinned, own.agreement, Secret(key))

    def forget(self, round_id: str) -> int:
        """Shred everything of a round, secrets first; the number of files.

        Raises:
            StateError: ``round-not-imported``.
        """
        folder = self.round_folder(round_id)
        if not folder.exists():
            raise StateError(
                "round-not-imported",
                f"expected round {round_id}, found nothing",
                hint="see `hasher key status` for the rounds that are here",
                about=round_id,
            )
        files = [path for path in folder.rglob("*") if path.is_file()]
        for path in sorted(files, key=lambda path: path.name not in {"secret", "grant.moj"}):
            shred(path)
        for path in sorted((p for p in folder.rglob("*") if p.is_dir()), reverse=True):
            path.rmdir()
        folder.rmdir()
        return len(files)

    def check_not_made(self, round_id: str) -> None:
        """Refuse to make a round twice; at the key office only.

        Raises:
            StateError: ``round-made``.
        """
        if (self.round_folder(round_id) / MADE).exists():
            raise StateError(
                "round-made",
                f"expected a new round, found that {round_id} was made before",
                hint=f"see rounds/{round_id}/{MADE} in your own folder, or choose another id",
                about=round_id,
            )

    def write_made(self, round_id: str, secret: Secret, statement: Statement) -> None:
        """Keep the secret and then the round that was made with it; at the key office only.

        A secret without its round is left over from a crash and fits nothing: it is replaced.
        """
        folder = self.round_folder(round_id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(folder / "secret", secret.reveal(), mode=PRIVATE, replace=True)
        write_whole(folder / MADE, statement.to_bytes())

    def secret(self, round_id: str) -> Secret:
        """The round secret; at the key office only.

        Raises:
            InputError: ``file-missing``.
        """
        path = self.round_folder(round_id) / "secret"
        data = read_file(path, "the round secret of this key office")
        check_private(path)
        return Secret(data)


def _open_grant(grant: bytes, trusted: TrustedRound, identity: Identity) -> Secret:
    header = read_header(grant)
    context = header.context
    office = next(c for c in trusted.register_body.cards if c.role is Role.KEY_OFFICE)
    header.check_signature(office)
    if context != _granted(context, trusted, identity.party):
        raise TrustError(
            "grant-differs",
            f"expected a grant to {identity.party} for round {trusted.body.round_id}, "
            f"found one to {context.recipient} for {context.round_id}",
            hint="ask the key office for your grant of this round",
            about=trusted.body.round_id,
        )
    body = grant[header.size :]
    check_body(header, body)
    return Secret(open_body(header, body, identity.opening_key()))


def _granted(context: Context, trusted: TrustedRound, party: str) -> Context:
    """The context as a grant to ``party`` in this round has it; only three fields are free."""
    body = trusted.body
    return Context(
        kind=EnvelopeKind.GRANT,
        sender=context.sender,  # whose signature was checked
        recipient=party,
        round_id=body.round_id,
        round_statement=trusted.sha256,
        schema_name=GRANT_SCHEMA,
        policy=body.policy,
        agreement="",
        calibration=body.calibration,
        synthetic=int(body.synthetic),
        delivery=context.delivery,
        part=1,
        previous="",
        last=1,
        supersedes="",
        rows=0,
        tool=context.tool,
    )


def default_folder() -> Path:
    """``MOJ_HOME``, or ``.moj`` in the user's home folder."""
    return Path(os.environ["MOJ_HOME"]) if "MOJ_HOME" in os.environ else Path.home() / ".moj"
