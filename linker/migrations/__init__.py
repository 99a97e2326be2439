"""Migrations of the database, newest last; run by `linker migrate`."""
