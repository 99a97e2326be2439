"""The publisher: protects a tally, has it approved, and shows what was released."""
