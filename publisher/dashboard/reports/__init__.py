"""Reports to take to a meeting: what a release says of an area, on paper or as a tagged PDF."""
