"""The files that a supplier reads, by what they are for, and the fields that each can have."""

from __future__ import annotations

from enum import StrEnum

KEY = "number"
"""The field with the citizen number, in every role."""


class FileRole(StrEnum):
    """What a source file is for."""

    ASSIGNMENTS = "assignments"
    STARTS = "starts"  # JW305 and JW307: when care really began and stopped
    DECLARATIONS = "declarations"
    PGB = "pgb"  # personal budgets, from the SVB or the municipality
    PUPILS = "pupils"
    LINKS = "links"  # koppelfile: which onderwijsnummer has which BSN
    OBJECTIONS = "objections"

    @property
    def label(self) -> str:
        """The role in Dutch."""
        return _LABELS[self]


_LABELS = {
    FileRole.ASSIGNMENTS: "toewijzingen",
    FileRole.STARTS: "start- en stopberichten",
    FileRole.DECLARATIONS: "declaraties",
    FileRole.PGB: "pgb's",
    FileRole.PUPILS: "leerlingen",
    FileRole.LINKS: "koppelfile",
    FileRole.OBJECTIONS: "bezwaren",
}

ROLE_OPTIONS = {
    FileRole.DECLARATIONS: "--declarations",
    FileRole.STARTS: "--starts",
    FileRole.PGB: "--pgb",
    FileRole.LINKS: "--links",
}
"""The option of the command line for every file that goes beside the first ones."""

OPTION_HELP = {
    FileRole.DECLARATIONS: "Declaraties bij de toewijzingen (JW323).",
    FileRole.STARTS: "Start- en stopberichten bij de toewijzingen (JW305, JW307).",
    FileRole.PGB: "Pgb's, bijvoorbeeld het bestand van de SVB.",
    FileRole.LINKS: "Koppelfile: welk BSN bij welk onderwijsnummer hoort.",
}
"""What each of these options is for."""

REQUIRED = {
    FileRole.ASSIGNMENTS: {KEY, "born_on", "provider", "starts_on", "ends_on"},
    FileRole.STARTS: {KEY, "assignment"},
    FileRole.DECLARATIONS: {KEY, "assignment", "provider", "declared_from", "declared_to"},
    FileRole.PGB: {KEY, "born_on", "starts_on", "ends_on"},
    FileRole.PUPILS: {KEY, "born_on", "residence", "school", "education", "enrolled_on", "left_on"},
    FileRole.LINKS: {KEY, "citizen_number"},
    FileRole.OBJECTIONS: {KEY},
}
"""Fields without which a file cannot be used."""

ONE_OF = {FileRole.ASSIGNMENTS: ("form", "category")}
"""Fields of which a profile names at least one; the first that it names is required in a file."""

_AMOUNTS = {"submitted_cents", "granted_cents", "submitted_eur", "granted_eur"}
_CARE = {
    "municipality", "assignment", "category", "product", "form", "domain", "kind", "measure",
    "crisis", "care_starts_on", "care_ends_on", "end_reason", "referrer", "budget_eur", "paid_eur",
    "paid_cents", "arrangement",
}  # fmt: skip

OPTIONAL = {
    FileRole.ASSIGNMENTS: _CARE
    | {"funding", "change_reason", "status", "assigned_on", "assigned_at"},
    FileRole.STARTS: {"care_starts_on", "care_ends_on", "end_reason", "status"},
    FileRole.DECLARATIONS: _AMOUNTS
    | {"category", "product", "volume", "unit", "sign", "status", "reference"},
    FileRole.PGB: _CARE | {"provider"},
    FileRole.PUPILS: {
        "number_type", "institution", "location", "main", "school_year", "counted_on",
    },
    FileRole.LINKS: set[str](),
    FileRole.OBJECTIONS: set[str](),
}  # fmt: skip
"""Fields that are used where a file has them."""

ROLES = {
    "care/1": {
        FileRole.ASSIGNMENTS: True,
        FileRole.STARTS: False,
        FileRole.DECLARATIONS: False,
        FileRole.PGB: False,
    },
    "enrolment/1": {FileRole.PUPILS: True, FileRole.LINKS: False},
    "objection/1": {FileRole.OBJECTIONS: True},
}
"""The files that each schema is made of, and whether one is obligatory."""

MAIN_ROLE = {
    schema: next(role for role, needed in roles.items() if needed)
    for schema, roles in ROLES.items()
}
"""The role of the files that a command names without an option."""
