"""Everything that can be wrong with a source file: one numbered table.

``2xxx`` is fatal: nothing is sealed. ``3xxx`` is a warning: a row is left out, changed or kept,
and counted. What each says, what to do about it in the words of Excel and an example stand under
its number in ``texts/nl.toml`` and ``texts/en.toml``; they never hold a value.
"""

from __future__ import annotations

from enum import Enum, StrEnum

from shared.errors import InputError
from shared.hashing.language import Language, chosen, texts, tr


class Effect(StrEnum):
    """What a finding does to its row, or to the delivery."""

    FATAL = "fatal"  # the delivery cannot be sealed
    REFUSED = "refused"  # the row is wrong and is dropped
    LEFT_OUT = "left_out"  # the row is sound but does not belong in this delivery
    CHANGED = "changed"  # the row goes along, with another value than it had
    KEPT = "kept"  # the row goes along as it is

    @property
    def drops(self) -> bool:
        """Whether the row is dropped."""
        return self in (Effect.REFUSED, Effect.LEFT_OUT)


class Check(Enum):
    """A thing that can be found in a source file: its number and its effect."""

    # 20xx: the file as a whole
    FILE_UNREADABLE = (2001, Effect.FATAL)
    FILE_EMPTY = (2002, Effect.FATAL)
    FILE_HEADER_ONLY = (2003, Effect.FATAL)
    FILE_ENCODING = (2004, Effect.FATAL)
    FILE_NUL = (2005, Effect.FATAL)
    FILE_NOT_A_TABLE = (2006, Effect.FATAL)
    FILE_QUOTES = (2007, Effect.FATAL)
    WORKBOOK_PASSWORD = (2008, Effect.FATAL)
    WORKBOOK_BROKEN = (2009, Effect.FATAL)
    WORKBOOK_TOO_LARGE = (2010, Effect.FATAL)
    WORKBOOK_SHEETS = (2011, Effect.FATAL)
    COLUMNS_MISSING = (2012, Effect.FATAL)
    COLUMNS_DOUBLE = (2013, Effect.FATAL)
    COLUMNS_TOO_MANY = (2014, Effect.FATAL)
    ROLE_MISSING = (2015, Effect.FATAL)

    # 21xx: the rows together
    ROWS_MOSTLY_REFUSED = (2101, Effect.FATAL)
    NOTHING_LEFT = (2102, Effect.FATAL)

    # 30xx: rows that are not data
    ROW_EMPTY = (3001, Effect.LEFT_OUT)
    ROW_HEADER = (3002, Effect.LEFT_OUT)
    ROW_TOTALS = (3003, Effect.LEFT_OUT)
    ROW_RAGGED = (3004, Effect.REFUSED)
    CELL_ERROR = (3005, Effect.KEPT)

    # 31xx: citizen numbers
    NUMBER_EMPTY = (3101, Effect.REFUSED)
    NUMBER_CHARACTERS = (3102, Effect.REFUSED)
    NUMBER_LENGTH = (3103, Effect.REFUSED)
    NUMBER_CHECKSUM = (3104, Effect.REFUSED)
    NUMBER_SENTINEL = (3105, Effect.REFUSED)
    NUMBER_OTHER_TYPE = (3106, Effect.KEPT)

    # 32xx: dates and ages
    BIRTH_UNUSABLE = (3201, Effect.REFUSED)
    DATE_PARTIAL = (3202, Effect.CHANGED)
    START_UNUSABLE = (3203, Effect.REFUSED)
    END_UNUSABLE = (3204, Effect.REFUSED)
    END_BEFORE_START = (3205, Effect.REFUSED)
    BIRTH_AFTER_START = (3206, Effect.CHANGED)
    AGE_ADULT = (3207, Effect.KEPT)

    # 33xx: enrolments
    PERIOD_UNUSABLE = (3301, Effect.REFUSED)
    PERIOD_OTHER = (3302, Effect.LEFT_OUT)
    PERIOD_CONFLICT = (3303, Effect.KEPT)
    NOT_ENROLLED = (3304, Effect.LEFT_OUT)
    ENROLLED_UNUSABLE = (3305, Effect.REFUSED)
    ENROLLED_EMPTY = (3306, Effect.KEPT)
    RESIDENCE_UNUSABLE = (3307, Effect.REFUSED)
    RESIDENCE_OTHER = (3308, Effect.LEFT_OUT)
    SCHOOL_UNUSABLE = (3309, Effect.REFUSED)
    EDUCATION_UNKNOWN = (3310, Effect.CHANGED)
    MAIN_UNKNOWN = (3311, Effect.CHANGED)
    LINK_USED = (3312, Effect.CHANGED)

    # 34xx: care
    CARE_REMOVED = (3401, Effect.LEFT_OUT)
    CATEGORY_UNKNOWN = (3402, Effect.CHANGED)
    PROVIDER_UNUSABLE = (3403, Effect.REFUSED)
    PROVIDER_PADDED = (3404, Effect.CHANGED)
    PROVIDER_TYPE = (3405, Effect.REFUSED)
    REFERRER_EMPTY = (3406, Effect.CHANGED)
    REFERRER_UNKNOWN = (3407, Effect.CHANGED)
    FUNDING_EMPTY = (3408, Effect.CHANGED)
    FUNDING_UNKNOWN = (3409, Effect.REFUSED)
    END_REASON_UNKNOWN = (3410, Effect.CHANGED)
    MUNICIPALITY_UNUSABLE = (3411, Effect.REFUSED)
    MUNICIPALITY_OTHER = (3412, Effect.LEFT_OUT)
    CARE_OUTSIDE = (3413, Effect.KEPT)
    DAYS_CAPPED = (3414, Effect.CHANGED)
    NOT_YOUTH_CARE = (3415, Effect.LEFT_OUT)
    CARE_CORRECTED = (3416, Effect.LEFT_OUT)
    CARE_WITHDRAWN = (3417, Effect.LEFT_OUT)
    BIRTH_DIFFERS = (3418, Effect.KEPT)
    CARE_ONE_DAY = (3419, Effect.KEPT)
    FORM_UNKNOWN = (3420, Effect.CHANGED)
    PROVIDER_NONE = (3421, Effect.CHANGED)
    ROW_COST_UNUSABLE = (3422, Effect.CHANGED)
    BUDGET_TAKEN = (3423, Effect.KEPT)
    ROW_COST_ZERO = (3424, Effect.KEPT)
    ARRANGEMENT_UNKNOWN = (3425, Effect.CHANGED)
    START_UNMATCHED = (3431, Effect.LEFT_OUT)
    START_WITHDRAWN = (3432, Effect.LEFT_OUT)
    START_DATES_UNUSABLE = (3433, Effect.REFUSED)
    START_KEY_EMPTY = (3434, Effect.REFUSED)

    # 35xx: declarations
    COST_UNMATCHED = (3501, Effect.LEFT_OUT)
    AMOUNT_UNUSABLE = (3502, Effect.REFUSED)
    AMOUNT_TOO_LARGE = (3503, Effect.REFUSED)
    DECLARED_PERIOD_UNUSABLE = (3504, Effect.REFUSED)
    SIGN_UNKNOWN = (3505, Effect.REFUSED)
    VOLUME_UNUSABLE = (3506, Effect.CHANGED)
    COST_OUTSIDE = (3507, Effect.LEFT_OUT)
    COST_MOVED = (3508, Effect.CHANGED)
    COST_CAPPED = (3509, Effect.CHANGED)
    DECLARATION_NUMBER = (3510, Effect.KEPT)
    LINE_AGAIN = (3511, Effect.LEFT_OUT)
    LINE_DOUBLE = (3512, Effect.KEPT)
    LINE_ZERO = (3513, Effect.LEFT_OUT)
    LINE_WITHDRAWN = (3514, Effect.LEFT_OUT)

    # 36xx: objections
    OBJECTION_DOUBLE = (3601, Effect.LEFT_OUT)

    # 37xx: the file that links education numbers to citizen numbers (koppelfile)
    LINK_NOT_EDUCATION = (3701, Effect.LEFT_OUT)
    LINK_CITIZEN_UNUSABLE = (3702, Effect.REFUSED)
    LINK_CONFLICT = (3703, Effect.LEFT_OUT)

    def __init__(self, code: int, effect: Effect) -> None:
        """Number of the finding (2xxx or 3xxx), and what it does."""
        self.code = code
        self.effect = effect

    @property
    def slug(self) -> str:
        """Kebab-case name: the code of the error that a fatal finding becomes."""
        return self.name.lower().replace("_", "-")

    @property
    def text(self) -> str:
        """What was found, in the chosen language."""
        return self.said(chosen())["text"]

    @property
    def fix(self) -> str:
        """What to do about it, in the chosen language."""
        return self.said(chosen())["fix"]

    def said(self, language: Language) -> dict[str, str]:
        """Its ``text`` and ``fix`` in a language, and its ``example`` in Dutch."""
        found: dict[str, str] = texts(language)["checks"][str(self.code)]
        return found

    def error(self, column: str = "") -> FileError:
        """The error that stops the reading of a file.

        Args:
            column: the name that the profile gives to the column; never read from the file.
        """
        return FileError(self, column)


class FileError(InputError):
    """A source file cannot be read at all.

    Attributes:
        check: the fatal finding that this is.
        column: the column by its name in the profile, or empty.
    """

    def __init__(self, check: Check, column: str = "") -> None:
        place = f" ({tr('kolom')} {column})" if column else ""
        message = f"{check.text.removesuffix('.')}{place}."
        super().__init__(check.slug, message, hint=check.fix)
        self.check = check
        self.column = column


BY_CODE = {check.code: check for check in Check}
"""Every check by its number."""
