"""Who runs, what each does, how it is started, and how many rows it says that it did.

Each does its own full job, from a CSV file to the file that it would hand over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.hasher.parties import ROUND, Ceremony
from benchmarks.hasher.source import Sources
from benchmarks.measuring.environments import make_environment
from shared.envelope import read_header

PEERS = Path(__file__).parent / "peers"
SEAL = "hasher seal"
CHECK = "hasher check"
PLAIN = "plain script"
CHUNK_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do the job.

    Attributes:
        peer: the option of ``--skip-peers`` that leaves it out; empty for our own commands.
        prepare: makes the environment where there is none, and gives its Python.
        command: from Python, sources and the path to write to.
        count: rows done, from the path that was written to and what was printed.
    """

    name: str
    peer: str
    does: str
    prepare: Callable[[Path], Path]
    command: Callable[[Path, Sources, Path], list[str]]
    count: Callable[[Path, Path], int]
    environment: Mapping[str, str] = field(default_factory=dict)


def contenders(hasher: Path, ceremony: Ceremony) -> list[Contender]:
    """Ours first, then the peers."""
    return [*_ours(hasher, ceremony), _plain(ceremony), _anonlink(), *_openlinktoken()]


def _ours(hasher: Path, ceremony: Ceremony) -> list[Contender]:
    def beside(_work: Path) -> Path:
        return hasher.parent / "python"

    def seal(_python: Path, sources: Sources, out: Path) -> list[str]:
        return [str(hasher), "seal", "enrolment/1", str(sources.duo), "--round", ROUND,
                "--out", str(out)]  # fmt: skip

    def check(_python: Path, sources: Sources, _out: Path) -> list[str]:
        return [str(hasher), "check", "enrolment/1", str(sources.duo), "--round", ROUND, "--json"]

    home = {"MOJ_HOME": str(ceremony.home)}
    return [
        Contender(
            SEAL, "", "DUO file of 16 columns: every rule checked, pseudonyms, coarse attributes, "
            "report, Parquet parts sealed (hybrid HPKE) and signed",
            beside, seal, _sealed_rows, home,
        ),
        Contender(
            CHECK, "", "the same file read and checked; writes nothing",
            beside, check, _checked_rows, home,
        ),
    ]  # fmt: skip


def _plain(ceremony: Ceremony) -> Contender:
    def command(python: Path, sources: Sources, out: Path) -> list[str]:
        return [str(python), str(PEERS / "plain.py"), str(sources.duo), str(ceremony.secret),
                ROUND, str(ceremony.public_key), str(out)]  # fmt: skip

    return Contender(
        PLAIN, "plain", "the same DUO file with pandas: number checked with python-stdnum, HMAC, "
        "age and codes, one CSV file encrypted (hybrid HPKE); no other checks, no signature",
        lambda work: make_environment(work, "plain", PEERS), command, _plain_rows,
    )  # fmt: skip


def _anonlink() -> Contender:
    def command(python: Path, sources: Sources, out: Path) -> list[str]:
        return [str(python.with_name("anonlink")), "encode", str(sources.anonlink), "bench",
                str(PEERS / "anonlink_schema.json"), str(out)]  # fmt: skip

    return Contender(
        "anonlink encode", "anonlink", "CSV of number and date of birth, checked by its schema: "
        "one 1,024-bit Bloom filter per row, JSON for upload; not encrypted",
        lambda work: make_environment(work, "anonlink", PEERS), command, _encoded_rows,
    )  # fmt: skip


def _openlinktoken() -> list[Contender]:
    def of_mode(mode: str) -> Callable[[Path, Sources, Path], list[str]]:
        return lambda python, sources, out: [
            str(python), str(PEERS / "link_tokens.py"), mode, str(sources.openlinktoken), str(out),
        ]  # fmt: skip

    def prepare(work: Path) -> Path:
        return make_environment(work, "openlinktoken", PEERS)

    person = "CSV of names, sex, birth date, postal code and number, checked: five HMAC tokens "
    return [
        Contender(
            "OpenLinkToken tokenize", "openlinktoken", person + "per row, CSV; not encrypted",
            prepare, of_mode("tokenize"), _token_rows,
        ),
        Contender(
            "OpenLinkToken package", "openlinktoken-package",
            person + "per row, each encrypted as a JWE, CSV: its form for exchange",
            prepare, of_mode("package"), _token_rows,
        ),
    ]  # fmt: skip


def _sealed_rows(out: Path, _printed: Path) -> int:
    return sum(read_header(part.read_bytes()).context.rows for part in out.glob("*.moj"))


def _checked_rows(_out: Path, printed: Path) -> int:
    text = printed.read_text(encoding="utf-8")
    return int(json.loads(text[text.index("{") : text.rindex("}") + 1])["rows"])


def _plain_rows(_out: Path, printed: Path) -> int:
    return int(printed.read_text(encoding="ascii"))


def _encoded_rows(out: Path, _printed: Path) -> int:
    return len(json.loads(out.read_bytes())["clks"])


def _token_rows(out: Path, _printed: Path) -> int:
    """Rows with a token of the first rule, whose parts no row lacks; the file may be large."""
    count, before = 0, b""
    with out.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            count += (before + chunk).count(b"\nT1,")
            before = chunk[-3:]
    return count
