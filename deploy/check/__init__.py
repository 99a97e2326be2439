"""Checks of everything that is deployed: ``python -m deploy.check``."""
