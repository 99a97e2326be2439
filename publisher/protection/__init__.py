"""Disclosure control with proofs: what may be published so that no withheld count is computed.

``protect_tally`` decides and proves; ``verify_protection`` checks the proof without a solver.
"""

from publisher.protection.certificates import Certificate, from_json_lines, to_json_lines
from publisher.protection.grid import Published
from publisher.protection.narrowing import narrowed_until_made
from publisher.protection.rates import derive_rates
from publisher.protection.report import ProtectionReport, TableReport
from publisher.protection.rounding.draw import rounding_key
from publisher.protection.rounding.method import Rounding
from publisher.protection.rounding.places import RoundedTable
from publisher.protection.rules import Rules
from publisher.protection.tally import Protected, protect_tally, verify_protection
from publisher.protection.time.earlier import Earlier, earlier_release

__all__ = [
    "Certificate",
    "Earlier",
    "Protected",
    "ProtectionReport",
    "Published",
    "RoundedTable",
    "Rounding",
    "Rules",
    "TableReport",
    "derive_rates",
    "earlier_release",
    "from_json_lines",
    "narrowed_until_made",
    "protect_tally",
    "rounding_key",
    "to_json_lines",
    "verify_protection",
]
