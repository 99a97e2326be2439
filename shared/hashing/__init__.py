"""The supplier's side, in the hasher wheel only: check source files and make pseudonyms."""
