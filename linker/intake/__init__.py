"""Intake: from an envelope to a delivery that counts, is held, or is refused.

`steps` has the numbered steps, cheap first; `inspection` and `parquet_form` look at an opened part
in a process of its own (`child`, `child_main`); `deliveries` has the life of a delivery; `figures`,
`plausibility` and `judging` compare a complete one with what came before; `reasons` are the words.
"""
