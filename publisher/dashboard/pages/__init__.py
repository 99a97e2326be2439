"""The page types: each module has ``routes(site)``, and makes what its template shows."""
