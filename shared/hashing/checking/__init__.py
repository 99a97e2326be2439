"""What can be wrong with a source file, how cells are read, and how that is told."""
