"""Rounds: accepted (`lifecycle`), and at last destroyed (`retention`)."""
