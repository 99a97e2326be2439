"""The test vectors of docs/formats.md: what is in them and how each is made."""
