"""Intake: from an envelope with a tally to one that is kept, or refused with a code.

`steps` has the numbered steps, cheap first; `headings` compares a tally's header with its round.
"""
