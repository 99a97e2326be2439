"""Releasing: the life of a release, from a staged one to its end.

`releases` has every move, each with its entry in the ledger; `permissions` says who may do it,
`publisher.policies` what may happen at all; `approvals` is what an approver reads and signs;
`internal` seals what readers never get.
"""
