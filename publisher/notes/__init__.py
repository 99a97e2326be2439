"""Notes about signals and measures: what was seen, what is done, by whom, when to look again."""
