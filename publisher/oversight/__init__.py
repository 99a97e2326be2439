"""Oversight: what people look at, and nothing that changes a round or a release."""
