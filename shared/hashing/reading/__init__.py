"""Read a source file as text, block by block, whatever it was saved as."""
