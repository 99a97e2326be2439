"""The second method: a table of counts per school, rounded with a key and audited on intervals.

``draw`` rounds one count; ``places`` says which counts there are and what they are tied to, for
both sides of the proof; ``fitting`` finds which of them can be shown, with proofs that hold
beside the exact tables. The verifier states the claim a second time, in
``verification/rounded``.

Source: PROTECTION 7.
"""
