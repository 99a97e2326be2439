"""What the captures of docs/handleiding/gemeente.md are made with: a scene, a terminal, marks."""
