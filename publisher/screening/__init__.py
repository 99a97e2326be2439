"""Screening: named checks of a release before people are asked to sign it.

`checks` is the one table of checks; each names its function in `signing`, `contents`, `symbols`,
`totals`, `labels`, `periods` or `comparing`. `subject` is what they look at, `screen` runs them and
says whether the release may be submitted, `reporting` writes the outcome.

A check looks at what readers will see and at public documents. It shares nothing with the
protection, and no message of it holds a figure.
"""
