"""A small Spark cluster on this machine, and the same linkage on it and on the embedded engine."""
