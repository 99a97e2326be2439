"""The linkage beside pandas and polars: the same tally of the same deliveries."""
