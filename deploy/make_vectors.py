"""Write the test vectors of docs/formats.md between their markers.

What is drawn at random (a sealed envelope, a locked identity) and what another library spells
(Parquet) is kept from the document for as long as it still opens to the same content; everything
else is made anew, and is the same in every run.

    python -m deploy.make_vectors
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from deploy.vectors.bodies import body_vectors, refused_body_vectors
from deploy.vectors.envelopes import altered_vectors, envelope_vectors
from deploy.vectors.parties import Json
from deploy.vectors.primitives import (
    canonical_vectors,
    card_vectors,
    identity_vectors,
    number_vectors,
    pae_vectors,
    pseudonym_vectors,
    round_key_vectors,
)
from deploy.vectors.statements import (
    ledger_vectors,
    refused_statement_vectors,
    respelled_vectors,
    round_check_vectors,
    statement_vectors,
)

DOCUMENT = Path(__file__).parents[1] / "docs" / "formats.md"
BEGIN, END = "<!-- vectors: begin -->\n", "<!-- vectors: end -->"
_BLOCK = re.compile(r"^```json vector\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def read_vectors(text: str) -> Json:
    """Every vector of the document by its name."""
    return {block["vector"]: block["data"] for block in map(json.loads, _BLOCK.findall(text))}


def make_vectors(old: Json) -> Json:
    """Every vector by its name, in the order of the document.

    Args:
        old: the vectors that the document has, for what is kept.
    """
    bodies = body_vectors(old.get("bodies", {}))
    envelopes = envelope_vectors(old.get("envelopes", {}), bodies)
    address = envelopes["delivery-2"]["address"]
    return {
        "canonical-json": canonical_vectors(),
        "pre-authentication-encoding": pae_vectors(),
        "identities": identity_vectors(old.get("identities", {})),
        "cards": card_vectors(),
        "numbers": number_vectors(),
        "pseudonyms": pseudonym_vectors(),
        "round-keys": round_key_vectors(),
        "statements": statement_vectors(address),
        "altered-statements": refused_statement_vectors(address),
        "round-checks": round_check_vectors(),
        "bodies": bodies,
        "refused-bodies": refused_body_vectors(old.get("refused-bodies", [])),
        "envelopes": envelopes,
        "altered-envelopes": altered_vectors(old.get("altered-envelopes", []), envelopes),
        "ledger": ledger_vectors(),
        "respelled": respelled_vectors(address),
    }


def with_vectors(text: str) -> str:
    """The document with its vectors made anew."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    blocks = [
        "```json vector\n"
        + json.dumps({"vector": name, "data": data}, ensure_ascii=True, indent=1)
        + "\n```\n"
        for name, data in make_vectors(read_vectors(text)).items()
    ]
    return before + BEGIN + "\n" + "\n".join(blocks) + "\n" + END + after


def main() -> None:
    """Write the document."""
    DOCUMENT.write_text(with_vectors(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
