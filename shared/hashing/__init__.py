"""The supplier's side: check source files, derive the contract, make pseudonyms. Hasher wheel only."""
