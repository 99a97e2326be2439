"""Verification without a solver: does every release carry its proof?

Nothing here imports the side that searches (secondary, solver, audit): what a release must
satisfy is stated a second time, from the released cells, the reference and the rules, and
checked in integer arithmetic.
"""
