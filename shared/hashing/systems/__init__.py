"""What the files of a source system look like: profiles, and how to make and ask for files."""
