"""A profile: what the files of one source system look like, and what its codes mean.

A profile is a TOML file. The tool ships one per source system; a municipality copies one to
change a column name or to say what its own product codes are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.contract.codes import Domain, Education, EndReason, Form, Funding, Referrer
from shared.errors import ConfigurationError
from shared.files import read_file
from shared.hashing.reading.headers import Layout
from shared.hashing.roles import KEY, ONE_OF, OPTIONAL, REQUIRED, ROLES, FileRole

SHIPPED = (
    "bezwaren",
    "cbs-beleidsinformatie",
    "duo-leerplicht",
    "eenvoudig",
    "ijw-jeugdhulp",
)

HeaderNames = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
CodeKey = Annotated[str, Field(pattern=r"^[^a-z]{1,40}$")]
"""A source code, in capitals: texts are matched in capitals."""
MunicipalityKey = Annotated[str, Field(pattern=r"^GM[0-9]{4}$")]
ArrangementNumber = Annotated[int, Field(ge=0, le=9_999)]
"""Of an *onderwijs-zorgarrangement* in the reference bundle; 0 is none."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CodeLists(_Frozen):
    """What source codes mean in the contract.

    The form that a file names goes before its product code, and that before its category.

    Attributes:
        not_youth_care: product categories that are no youth care; their rows are left out.
        form: what a file writes for the form itself, such as the codes of CBS.
        domain: what a file writes for the kind of help itself.
        arrangement: what a file writes for the *onderwijs-zorgarrangement* itself, where that is
            not its number.
    """

    not_youth_care: frozenset[CodeKey] = frozenset()
    form_by_category: Mapping[CodeKey, Form] = {}
    form_by_product: Mapping[CodeKey, Form] = {}
    domain_by_category: Mapping[CodeKey, Domain] = {}
    domain_by_product: Mapping[CodeKey, Domain] = {}
    form: Mapping[CodeKey, Form] = {}
    domain: Mapping[CodeKey, Domain] = {}
    domain_by_form: Mapping[CodeKey, Domain] = {}
    arrangement: Mapping[CodeKey, ArrangementNumber] = {}
    arrangement_by_product: Mapping[CodeKey, ArrangementNumber] = {}


class Profile(_Frozen):
    """One source system.

    Attributes:
        files: per role the fields and the names that their columns can have.
        youth_care_kinds: what a column with the kind of record says of youth care; rows of
            another kind are left out.
        codes: what product categories and product codes mean.
        municipality: the same, where one municipality means something else by a code.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    title: str
    schema_name: Literal["enrolment/1", "care/1", "objection/1"]
    files: Mapping[FileRole, Mapping[str, HeaderNames]]
    youth_care_kinds: frozenset[CodeKey] = frozenset()
    codes: CodeLists = CodeLists()
    municipality: Mapping[MunicipalityKey, CodeLists] = {}
    referrer: Mapping[CodeKey, Referrer] = {}
    end_reason: Mapping[CodeKey, EndReason] = {}
    funding: Mapping[CodeKey, Funding] = {}
    education: Mapping[CodeKey, Education] = {}

    @model_validator(mode="after")
    def _has_the_fields_of_its_schema(self) -> Profile:
        roles = ROLES[self.schema_name]
        obligatory = {role for role, needed in roles.items() if needed}
        if not obligatory <= set(self.files) <= set(roles):
            raise ValueError(f"a profile for {self.schema_name} describes {sorted(obligatory)}")
        for role, columns in self.files.items():
            known = REQUIRED[role] | OPTIONAL[role] | set(ONE_OF.get(role, ()))
            missing, unknown = REQUIRED[role] - columns.keys(), columns.keys() - known
            if missing or unknown:
                raise ValueError(f"{role}: missing {sorted(missing)}, unknown {sorted(unknown)}")
            if role in ONE_OF and not columns.keys() & set(ONE_OF[role]):
                raise ValueError(f"{role}: one of {', '.join(ONE_OF[role])} is needed")
        return self

    @cached_property
    def layouts(self) -> dict[FileRole, Layout]:
        """The layout of every role's files."""
        return {
            role: Layout(columns, _required(role, columns.keys()), KEY)
            for role, columns in self.files.items()
        }

    def is_obligatory(self, role: FileRole) -> bool:
        """Whether a delivery cannot do without files of this role."""
        return ROLES[self.schema_name][role]

    def code_lists(self, municipality: int) -> tuple[CodeLists, ...]:
        """The code lists to look in for a municipality, its own first."""
        own = self.municipality.get(f"GM{municipality:04d}")
        return (own, self.codes) if own else (self.codes,)


def _required(role: FileRole, named: Collection[str]) -> frozenset[str]:
    """What a file must have: what its role needs, and the first of the alternatives named."""
    first = next((field for field in ONE_OF.get(role, ()) if field in named), None)
    return frozenset(REQUIRED[role] | ({first} if first else set()))


def named_profile(name: str) -> Profile:
    """A profile by its path when that ends in ``.toml``, else the one that comes with the tool.

    Raises:
        ConfigurationError: ``profile-invalid`` or ``profile-unknown``.
    """
    return load_profile(Path(name)) if name.endswith(".toml") else shipped_profile(name)


def load_profile(path: Path) -> Profile:
    """Read a profile from a file.

    Raises:
        ConfigurationError: ``profile-invalid``, with the place in the profile.
    """
    return _parsed(read_file(path, "a profile").decode("utf-8", errors="replace"), path.name)


def shipped_profile(name: str) -> Profile:
    """A profile that comes with the tool.

    Raises:
        ConfigurationError: ``profile-unknown``.
    """
    return _parsed(shipped_text(name), name)


def shipped_text(name: str) -> str:
    """The TOML of a profile that comes with the tool, with its comments.

    Raises:
        ConfigurationError: ``profile-unknown``.
    """
    if name not in SHIPPED:
        raise ConfigurationError(
            "profile-unknown",
            f"expected one of {', '.join(SHIPPED)}, got another profile name",
            hint="give one of these names, or the path of your own profile file",
            about=f"kies uit {', '.join(SHIPPED)}",
        )
    file = resources.files("shared.hashing.systems").joinpath("profiles", f"{name}.toml")
    return file.read_text(encoding="utf-8")


def _parsed(text: str, name: str) -> Profile:
    try:
        return Profile.model_validate(tomllib.loads(text))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the profile"
        problem = f"{place}: {first['msg']}"
    except tomllib.TOMLDecodeError as error:
        problem = f"not TOML: {error}"
    raise ConfigurationError(
        "profile-invalid",
        f"expected a valid profile in {name}, got {problem}",
        hint="compare it with a profile that comes with the tool",
        about=f"{name}: {problem}",
    )
