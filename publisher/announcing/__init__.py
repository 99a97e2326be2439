"""Telling the world that a release came, was replaced or went: feed, catalogue and webhooks."""
