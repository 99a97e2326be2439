"""How each component is built and set up, and a whole region on one machine."""
