"""Figures from elsewhere beside the region's own: open data of CBS, DUO and OCW, and surveys.

``catalogue/`` says which sources there are, ``importing/`` reads their original files,
``surveys/`` reads and protects outcomes of questionnaires, ``keeping`` stores both, and ``shown``
is all that the pages know of them.
"""
