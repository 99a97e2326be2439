"""Code lists of the contract: closed, typed, with a Dutch label for every code.

Source: iJw 3.2 (COD327, JZ020, JZ588), CBS Beleidsinformatie Jeugd (hulpvorm), DUO school types.
Codes on the wire are small integers, so that no text can hide in a delivery.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Labelled(IntEnum):
    """A wire code that carries its Dutch label."""

    label: str

    def __new__(cls, value: int, label: str) -> Labelled:
        """Make the member from its code and its label."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


class Form(Labelled):
    """CBS *hulpvorm* of a trajectory.

    Transport, probation, protection and preventive judicial activities (product categories 42,
    47, 48 and 49) are not *jeugdhulp* and have no code: such rows never leave the supplier.
    """

    DISTRICT_TEAM = 1, "wijk- of buurtteam"
    AMBULATORY = 2, "ambulant op locatie van de aanbieder"
    DAY_CARE = 3, "daghulp op locatie van de aanbieder"
    NETWORK = 4, "in het netwerk van de jeugdige"
    FOSTER_CARE = 11, "pleegzorg"
    FAMILY_HOME = 12, "gezinsgericht"
    SECURE_STAY = 13, "gesloten plaatsing"
    OTHER_STAY = 14, "overig verblijf"
    UNKNOWN = 19, "vorm onbekend (onder meer crisis)"

    @property
    def with_stay(self) -> bool:
        """Whether the child stays elsewhere (CBS 11 to 14)."""
        return 11 <= self.value <= 14


class Domain(Labelled):
    """What kind of help a product is, beside the form in which it is given."""

    UNKNOWN = 0, "onbekend"
    YOUTH_AND_UPBRINGING = 1, "jeugd- en opvoedhulp"
    BASIC_MENTAL_HEALTH = 2, "generalistische basis-ggz"
    SPECIALIST_MENTAL_HEALTH = 3, "specialistische ggz"
    DYSLEXIA = 4, "dyslexiezorg"
    PERSONAL_CARE = 5, "persoonlijke verzorging"
    CRISIS = 6, "crisis"
    DAY_TREATMENT = 7, "dagbehandeling"
    STAY = 8, "verblijf"
    PAEDIATRICS = 9, "kindergeneeskunde"
    TAILORED = 10, "maatwerkarrangement"
    NATIONAL = 11, "landelijk ingekochte zorg"


class Referrer(Labelled):
    """Who referred (COD327; 7 is CBS's *onbekend*)."""

    MUNICIPALITY = 1, "gemeente"
    GENERAL_PRACTITIONER = 2, "huisarts"
    YOUTH_PHYSICIAN = 3, "jeugdarts"
    CERTIFIED_INSTITUTION = 4, "gecertificeerde instelling"
    MEDICAL_SPECIALIST = 5, "medisch specialist"
    NONE = 6, "zelfverwijzer of geen verwijzer"
    UNKNOWN = 7, "onbekend"
    COURT = 8, "rechter, officier van justitie of functionaris JJI"


class Funding(Labelled):
    """How the care is paid."""

    IN_KIND = 1, "zorg in natura"
    PERSONAL_BUDGET = 2, "persoonsgebonden budget"


class EndReason(Labelled):
    """Why a trajectory ended (CBS *reden beëindiging*; JZ588 is mapped to it)."""

    RUNNING = 0, "loopt door"
    AS_PLANNED = 1, "volgens plan"
    BY_AGREEMENT = 2, "voortijdig, in overeenstemming"
    BY_CLIENT = 3, "voortijdig, eenzijdig door de cliënt"
    BY_PROVIDER = 4, "voortijdig, eenzijdig door de aanbieder"
    EXTERNAL = 5, "voortijdig, door externe omstandigheden"
    OTHER = 8, "andere reden"
    UNKNOWN = 9, "onbekend"


class Education(Labelled):
    """The pupil's own kind of education; belongs to the pupil, not to the school."""

    AS_SCHOOL = 0, "als de schoolsoort"
    TRANSITION_YEAR = 1, "brugjaar"
    VMBO_BK = 2, "vmbo basis of kader"
    VMBO_GT = 3, "vmbo gemengd of theoretisch"
    HAVO = 4, "havo"
    VWO = 5, "vwo"
    MBO_1 = 11, "mbo niveau 1"
    MBO_2 = 12, "mbo niveau 2"
    MBO_3 = 13, "mbo niveau 3"
    MBO_4 = 14, "mbo niveau 4"
    VAVO = 15, "vavo"


class SchoolType(StrEnum):
    """Type of a school location; a level of publication."""

    BO = "BO"
    SBO = "SBO"
    SO = "SO"
    VSO = "VSO"
    PRO = "PRO"
    VO = "VO"
    MBO = "MBO"

    @property
    def label(self) -> str:
        """The type in Dutch words."""
        return _SCHOOL_TYPE_LABELS[self]

    @property
    def sector(self) -> Sector:
        """The sector that the type belongs to."""
        return _SECTORS[self]


class Sector(StrEnum):
    """Sector of education: the level above the school type."""

    PO = "PO"
    SPECIAL = "SO"
    VO = "VO"
    MBO = "MBO"

    @property
    def label(self) -> str:
        """The sector in Dutch words."""
        return _SECTOR_LABELS[self]


_SCHOOL_TYPE_LABELS = {
    SchoolType.BO: "basisonderwijs",
    SchoolType.SBO: "speciaal basisonderwijs",
    SchoolType.SO: "speciaal onderwijs",
    SchoolType.VSO: "voortgezet speciaal onderwijs",
    SchoolType.PRO: "praktijkonderwijs",
    SchoolType.VO: "voortgezet onderwijs",
    SchoolType.MBO: "middelbaar beroepsonderwijs",
}
_SECTORS = {
    SchoolType.BO: Sector.PO,
    SchoolType.SBO: Sector.PO,
    SchoolType.SO: Sector.SPECIAL,
    SchoolType.VSO: Sector.SPECIAL,
    SchoolType.PRO: Sector.VO,
    SchoolType.VO: Sector.VO,
    SchoolType.MBO: Sector.MBO,
}
_SECTOR_LABELS = {
    Sector.PO: "primair onderwijs",
    Sector.SPECIAL: "(voortgezet) speciaal onderwijs",
    Sector.VO: "voortgezet onderwijs",
    Sector.MBO: "middelbaar beroepsonderwijs",
}

PROVIDER_TYPES = frozenset(
    {
        "01", "02", "03", "04", "05", "06", "08", "11", "12", "17", "18", "22", "24", "25", "26",
        "30", "35", "40", "41", "42", "43", "44", "45", "47", "48", "49", "50", "51", "53", "54",
        "55", "57", "59", "60", "63", "64", "65", "66", "70", "71", "72", "73", "75", "76", "79",
        "84", "85", "87", "88", "90", "91", "93", "94", "96", "97", "98",
    }
)  # fmt: skip
"""First two digits (*zorgverlenersoort*) with which an AGB provider code may start."""

NO_PROVIDER = "00000000"
"""In the place of a provider: a helper without an AGB code, on a personal budget only."""
