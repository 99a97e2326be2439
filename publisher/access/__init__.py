"""Who may see what of this publisher: tokens, roles, signing in, and the log of who saw it."""
