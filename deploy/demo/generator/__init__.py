"""A synthetic region: open data, DUO files and municipal care files, and the truth behind them.

Nobody in it exists. What counts, for whoever reads the files (README.md has it in full):

- A care row runs from datum_start_zorg, else ingangsdatum, to datum_stop_zorg, else einddatum,
  else it is open; a date before 1950 is empty; reden_wijziging 13 means never sent; a row whose
  number is invalid or a sentinel is refused.
- A client of a school year (1 August to 31 July) is a pupil of the population with at least one
  day of youth care in it, counted once over municipalities.
- A pupil's school is the enrolment active on 1 October: main first, then the smallest code.
"""

from deploy.demo.generator.region import generate
from deploy.demo.generator.truth import Dirt, Truth

__all__ = ["Dirt", "Truth", "generate"]
