"""Durable state of a service: one database, one transaction per event, and its ledger.

Ships only in the linker's and the publisher's wheel.
"""
