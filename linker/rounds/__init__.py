"""Rounds: opened and closed (`lifecycle`), `reopening`, and at last destroyed (`retention`)."""
