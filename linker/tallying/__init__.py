"""Tallying: from the sealed deliveries of a closed round to one sealed tally on its way.

`making` has the steps in order: open and re-key (`opening`), count (`linker.linkage`), explain what
did not link (`unlinked`, `causes`, `quality`), say what was used (`manifest`), keep it (`linkages`)
and send it (`outbox`). `replay` counts again; `mirrors` is what a supplier may hear.
"""
