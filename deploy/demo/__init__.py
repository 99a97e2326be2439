"""The demonstration: a whole region on one machine, with synthetic people only."""
