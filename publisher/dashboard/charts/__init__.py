"""Charts from released cells: what one shows (``data``), how it looks, and how it is drawn."""
