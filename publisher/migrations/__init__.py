"""Migrations of the database, newest last; run by `publisher migrate`."""
