"""How long things of access last, apart from what settings and policy say."""

from __future__ import annotations

from datetime import timedelta

SIGN_IN = timedelta(minutes=10)
"""How long somebody may take at the identity provider."""
LONGEST_SESSION = timedelta(hours=12)
"""What the settings allow at most."""
FORGOTTEN = timedelta(days=7)
"""When the daily run takes what nobody came back for; the next sign-in takes it before."""
