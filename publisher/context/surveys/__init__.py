"""Questionnaires for policy staff, professionals, and parents and young people.

``questions`` is what is asked, ``blank`` prints it, ``reading`` reads counted answers,
``disclosing`` decides what may be shown, and ``outcomes`` is what is kept: no count of persons.
"""
