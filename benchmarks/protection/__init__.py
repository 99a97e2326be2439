"""Secondary suppression beside a peer: the same tables, and the same attack on both results."""
