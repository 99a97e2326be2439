"""The koppelfile: which citizen number belongs to which education number; it stays in the building.

A municipality fills in the pupils of whom it knows both numbers, and DUO links them. A pupil whom
the C-levering still knows by an onderwijsnummer gets the BSN that the file has for it; without one
the pupil counts at school, but no care can be linked.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from shared.hashing.checking.rows import Mask, Rows
from shared.hashing.checks import Check
from shared.hashing.deriving.context import Context
from shared.hashing.deriving.fields import Ints
from shared.hashing.deriving.keys import NOBODY, person_codes
from shared.hashing.deriving.late import report_late
from shared.hashing.normalise import normalise_column
from shared.hashing.roles import FileRole

_RECORD = np.dtype(
    [("education", np.int32), ("citizen", np.int32), ("file", np.int16), ("row", np.int32)]
)


@dataclass(frozen=True, slots=True)
class Links:
    """Education numbers in order, and the citizen number of each, as ``person_codes`` has them."""

    education: Ints = field(repr=False)
    citizen: Ints = field(repr=False)

    def linked(self, person: Ints) -> tuple[Ints, Mask]:
        """The persons, with a citizen number where one is linked, and for whom that is so."""
        if not len(self.education):
            return person, np.zeros(len(person), np.bool_)
        at = np.minimum(np.searchsorted(self.education, person), len(self.education) - 1)
        found = self.education[at] == person
        return np.where(found, self.citizen[at], person), found


def read_links(context: Context) -> Links:
    """All links of the koppelfiles; an education number with two citizen numbers has none."""
    blocks = [np.zeros(0, _RECORD), *(_read(rows) for rows in context.rows(FileRole.LINKS))]
    records = np.unique(np.concatenate(blocks))
    education = records["education"].astype(np.int64)
    numbers, first = np.unique(education, return_index=True)
    citizen = records["citizen"].astype(np.int64)
    lowest, highest = citizen[first], citizen[first]
    if len(numbers):
        lowest, highest = (reduce.reduceat(citizen, first) for reduce in (np.minimum, np.maximum))
    clear = lowest == highest
    conflict = np.isin(education, numbers[~clear])
    report_late(context, Check.LINK_CONFLICT, FileRole.LINKS, records[conflict])
    return Links(numbers[clear], lowest[clear])


def _read(rows: Rows) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    education = person_codes(rows.numbers())
    rows.flag(Check.LINK_NOT_EDUCATION, education > NOBODY, "number")
    citizen = person_codes(normalise_column(rows.coded("citizen_number").texts()).numbers)
    rows.flag(Check.LINK_CITIZEN_UNUSABLE, citizen <= NOBODY, "citizen_number")
    records = np.zeros(len(rows.alive), _RECORD)
    records["education"], records["citizen"] = education, citizen
    records["file"], records["row"] = rows.origin
    return records[rows.alive]
