"""Benchmarks: numbers that the design promises, measured side by side with what else there is."""
