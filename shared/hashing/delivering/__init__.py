"""From the contract's rows to pseudonyms, envelopes and the linker; and the own list."""
