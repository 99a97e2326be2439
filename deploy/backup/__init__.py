"""Backup and restore of one service; needs Python alone, so that it can be copied to a server."""
