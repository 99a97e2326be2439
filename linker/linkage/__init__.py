"""What is counted, and on which engine: re-keyed deliveries in, cells of a tally out."""
