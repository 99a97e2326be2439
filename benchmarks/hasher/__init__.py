"""``make bench-hasher``: from a file of pupils to sealed envelopes, beside three peers."""
