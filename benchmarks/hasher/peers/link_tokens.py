"""OpenLinkToken's published Python library, driven over a CSV file as its documentation shows.

Its command line is not published as a package, so these lines stand in for it: one thread, row by
row, the five token rules, a CSV file with a line per rule. ``MODE FILE OUT``:

    tokenize    tokens under HMAC-SHA-256; by its documentation not for exchange
    package     the same, each token encrypted (AES-256-GCM) and wrapped as a JWE: for exchange
"""

from __future__ import annotations

import csv
import secrets
import sys
from pathlib import Path

from openlinktoken.tokens.token_definition import (
    TokenDefinition,
)
from openlinktoken.tokens.token_generator import TokenGenerator
from openlinktoken.tokens.tokenizer.sha256_tokenizer import (
    SHA256Tokenizer,
)
from openlinktoken.tokentransformer.encrypt_token_transformer import (
    EncryptTokenTransformer,
)
from openlinktoken.tokentransformer.hash_token_transformer import (
    HashTokenTransformer,
)
from openlinktoken.tokentransformer.jwe_match_token_formatter import (
    JweMatchTokenFormatter,
)

RING = "bench"


def main(mode: str, file: str, out: str) -> None:
    """Do the job."""
    definition, transport_key = TokenDefinition(), secrets.token_bytes(32)
    transformers = [HashTokenTransformer(secrets.token_bytes(32))]
    wrappers = {}
    if mode == "package":
        transformers.append(EncryptTokenTransformer(transport_key))
        wrappers = {
            rule: JweMatchTokenFormatter(transport_key, RING, rule)
            for rule in definition.get_token_identifiers()
        }
    generator = TokenGenerator(definition, SHA256Tokenizer(transformers))
    with Path(file).open(newline="") as source, Path(out).open("w", newline="") as sink:
        writer = csv.writer(sink)
        writer.writerow(("RuleId", "Token", "RecordId"))
        for person in csv.DictReader(source):
            record = person.pop("RecordId")
            tokens = generator.get_all_tokens_via_field_id(person).tokens
            for rule in sorted(tokens):
                token = wrappers[rule].transform(tokens[rule]) if wrappers else tokens[rule]
                writer.writerow((rule, token, record))


if __name__ == "__main__":
    main(*sys.argv[1:])
