"""What the parties agree on: identities, envelopes, statements, ledger, rounds, contract."""

__version__ = "0.1.0"
