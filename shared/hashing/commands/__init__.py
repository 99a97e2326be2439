"""The command line: what is typed, asked and shown; no rule stands here."""
