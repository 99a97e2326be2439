"""What the peers run, each inside an environment of its own that holds nothing of this project."""
