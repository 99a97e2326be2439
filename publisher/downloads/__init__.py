"""Files that readers take away: rows of a released table, written in several formats.

Nothing here knows a web framework, and nothing here knows more than a released table.
"""
