"""The files that a supplier reads, by what they are for, and the fields that each can have."""

from __future__ import annotations

from enum import StrEnum

KEY = "number"
"""The field with the citizen number, in every role."""


class FileRole(StrEnum):
    """What a source file is for."""

    ASSIGNMENTS = "assignments"
    DECLARATIONS = "declarations"
    PUPILS = "pupils"
    OBJECTIONS = "objections"

    @property
    def label(self) -> str:
        """The role in Dutch."""
        return _LABELS[self]


_LABELS = {
    FileRole.ASSIGNMENTS: "toewijzingen",
    FileRole.DECLARATIONS: "declaraties",
    FileRole.PUPILS: "leerlingen",
    FileRole.OBJECTIONS: "bezwaren",
}

REQUIRED = {
    FileRole.ASSIGNMENTS: {KEY, "born_on", "provider", "category", "starts_on", "ends_on"},
    FileRole.DECLARATIONS: {KEY, "assignment", "provider", "declared_from", "declared_to"},
    FileRole.PUPILS: {KEY, "born_on", "residence", "school", "education", "enrolled_on", "left_on"},
    FileRole.OBJECTIONS: {KEY},
}
"""Fields without which a file cannot be used."""

OPTIONAL = {
    FileRole.ASSIGNMENTS: {
        "municipality", "assignment", "product", "care_starts_on", "care_ends_on", "end_reason",
        "change_reason", "referrer", "funding",
    },
    FileRole.DECLARATIONS: {
        "category", "product", "volume", "unit", "sign", "submitted_cents", "granted_cents",
        "submitted_eur", "granted_eur",
    },
    FileRole.PUPILS: {
        "number_type", "institution", "location", "main", "school_year", "counted_on",
    },
    FileRole.OBJECTIONS: set[str](),
}  # fmt: skip
"""Fields that are used where a file has them."""

ROLES = {
    "care/1": {FileRole.ASSIGNMENTS: True, FileRole.DECLARATIONS: False},
    "enrolment/1": {FileRole.PUPILS: True},
    "objection/1": {FileRole.OBJECTIONS: True},
}
"""The files that each schema is made of, and whether one is obligatory."""
