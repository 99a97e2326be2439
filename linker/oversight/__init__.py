"""Oversight: what people look at, and nothing that changes a round.

For the operator the delivery matrix, the quality of a linkage and its alarms; for the privacy
officer what is held, until when, and what was destroyed.
"""
