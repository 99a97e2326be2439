"""The data contract: wire schemas, code lists, periods, and guards against raw identifiers."""
