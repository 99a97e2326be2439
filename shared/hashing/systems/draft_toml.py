"""Write a drafted profile as TOML, with comments, and with what is still open marked as such."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shared.contract.codes import Domain, Education, EndReason, Form, Funding, Labelled, Referrer
from shared.hashing.roles import MAIN_ROLE, FileRole
from shared.hashing.systems.drafting import Drafted, missing
from shared.hashing.systems.profile import CodeLists, Profile, shipped_profile

_BARE = re.compile(r"[A-Za-z0-9_-]+")
LABELS = {
    "number": "BSN of onderwijsnummer",
    "citizen_number": "BSN",
    "born_on": "geboortedatum",
    "municipality": "gemeentecode",
    "assignment": "toewijzingnummer",
    "provider": "AGB-code van de aanbieder",
    "category": "productcategorie",
    "product": "productcode",
    "form": "hulpvorm",
    "domain": "soort hulp",
    "kind": "soort jeugdzorg (jeugdhulp, jeugdbescherming, jeugdreclassering)",
    "measure": "maatregel van jeugdbescherming of jeugdreclassering",
    "crisis": "gestart met crisis",
    "arrangement": "nummer van het onderwijs-zorgarrangement",
    "starts_on": "begindatum",
    "ends_on": "einddatum",
    "care_starts_on": "datum waarop de zorg echt begon",
    "care_ends_on": "datum waarop de zorg echt stopte",
    "end_reason": "reden van beëindiging",
    "change_reason": "reden van wijziging (JZ002)",
    "status": "status aanlevering (COD467)",
    "assigned_on": "toewijzingsdatum",
    "assigned_at": "toewijzingstijd",
    "referrer": "verwijzer",
    "funding": "leveringsvorm (ZIN of PGB)",
    "paid_eur": "besteed bedrag, in euro's",
    "paid_cents": "besteed bedrag, in eurocenten",
    "budget_eur": "budget, in euro's",
    "declared_from": "begin van de gedeclareerde periode",
    "declared_to": "einde van de gedeclareerde periode",
    "volume": "geleverd volume",
    "unit": "eenheid (WJ756)",
    "sign": "debet of credit",
    "reference": "kenmerk van de declaratieregel",
    "submitted_cents": "ingediend bedrag, in eurocenten",
    "granted_cents": "toegekend bedrag, in eurocenten",
    "submitted_eur": "ingediend bedrag, in euro's",
    "granted_eur": "toegekend bedrag, in euro's",
    "number_type": "soort nummer (B of O)",
    "residence": "woongemeente",
    "school": "vestigingscode, zoals 00AA00",
    "institution": "BRIN van de instelling",
    "location": "vestiging, twee cijfers",
    "education": "onderwijssoort",
    "enrolled_on": "datum van inschrijving",
    "left_on": "datum van uitschrijving",
    "main": "hoofdinschrijving",
    "school_year": "schooljaar",
    "counted_on": "peildatum",
}
"""Every field in Dutch, in the order in which a profile tells them."""
_ORDER = {name: place for place, name in enumerate(LABELS)}

MEANINGS: Mapping[str, tuple[Labelled, ...]] = {
    "category": tuple(Form),
    "form": tuple(Form),
    "domain": tuple(Domain),
    "funding": tuple(Funding),
    "referrer": tuple(Referrer),
    "end_reason": tuple(code for code in EndReason if code is not EndReason.RUNNING),
    "education": tuple(Education),
}
"""What a code of a field can mean."""
NOT_YOUTH_CARE = -1
"""The meaning of a product category that is no youth care."""
MARK = "ONTBREEKT"
"""Stands in the comment of everything that is still open."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """A profile that is being drafted.

    Attributes:
        files: per role the column of every field.
        meanings: per coded field the codes that were given a meaning.
        unknown: per coded field the codes in the files that have no meaning yet.
    """

    name: str
    schema: str
    files: Mapping[FileRole, Mapping[str, str]]
    meanings: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    unknown: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def open_points(self) -> list[str]:
        """What is still needed before the profile can be used, in Dutch."""
        main = MAIN_ROLE[self.schema]
        absent = [] if main in self.files else [f"{main.label}: het bestand zelf"]
        return absent + [
            f"{role.label}: {LABELS[name]}"
            for role, fields in self.files.items()
            for name in missing(role, fields.keys())
        ]


def base_of(schema: str, files: Mapping[FileRole, Mapping[str, str]]) -> Profile | None:
    """The shipped profile whose code lists a new one starts with."""
    if schema == "objection/1":
        return None
    if schema == "enrolment/1":
        return shipped_profile("duo-leerplicht")
    by_form = "category" not in files.get(FileRole.ASSIGNMENTS, {})
    return shipped_profile("eenvoudig" if by_form else "ijw-jeugdhulp")


def known_codes(base: Profile | None, name: str) -> set[str]:
    """The codes of a field that the code lists of ``base`` know, and what Excel makes of them."""
    if base is None:
        return set()
    codes = base.codes
    lists: dict[str, set[str]] = {
        "category": {*codes.form_by_category, *codes.not_youth_care},
        "product": {
            *codes.form_by_product,
            *codes.domain_by_product,
            *codes.arrangement_by_product,
        },
        "form": set(codes.form),
        "domain": set(codes.domain),
        "funding": set(base.funding),
        "referrer": set(base.referrer),
        "end_reason": set(base.end_reason),
        "education": set(base.education),
    }
    known = lists[name]
    return known | {code.removeprefix("0") for code in known if len(code) == 2}


def render(sketch: Sketch, drafts: Sequence[Drafted]) -> str:
    """The TOML of a drafted profile; it loads when nothing is open."""
    return "\n".join(_lines(sketch, drafts)) + "\n"


def _lines(sketch: Sketch, drafts: Sequence[Drafted]) -> Iterator[str]:
    yield "# Profiel, gemaakt met `hasher profile new`. Lees het na voordat u het gebruikt."
    for point in sketch.open_points:
        yield f"# {MARK}: {point}"
    yield f"name = {json.dumps(sketch.name)}"
    yield f"title = {json.dumps(sketch.name)}"
    yield f"schema_name = {json.dumps(sketch.schema)}"
    columns = {drafted.role: drafted.columns for drafted in drafts}
    guesses = {drafted.role: drafted.guesses for drafted in drafts}
    for role, fields in sketch.files.items():
        yield ""
        yield f"# Bestand met {role.label}: veld = [naam van de kolom]"
        yield f"[files.{role.value}]"
        for name, header in sorted(fields.items(), key=lambda item: _ORDER[item[0]]):
            yield f"{name} = [{_text(header)}]  # {LABELS[name]}"
        for name in missing(role, fields.keys()):
            guess = guesses.get(role, {}).get(name)
            maybe = (
                f"{_text(guess)}]  # misschien; {LABELS[name]}"
                if guess
                else f"...]  # {LABELS[name]}"
            )
            yield f"# {MARK}: {name} = [{maybe}"
        unused = [c.header for c in columns.get(role, ()) if c.header not in fields.values()]
        if unused:
            yield f"# Niet gelezen: {', '.join(_text(header) for header in unused)}"
    base = base_of(sketch.schema, sketch.files)
    if base is not None:
        yield from _code_lists(sketch, base)


def _code_lists(sketch: Sketch, base: Profile) -> Iterator[str]:
    codes, added = base.codes, sketch.meanings
    categories = added.get("category", {})
    outside = [code for code, meaning in categories.items() if meaning == NOT_YOUTH_CARE]
    forms = {code: meaning for code, meaning in categories.items() if meaning != NOT_YOUTH_CARE}
    if sketch.schema == "care/1":
        yield from _lists_of_care(codes, forms, outside, added)
    for name, listed in (
        ("referrer", base.referrer),
        ("end_reason", base.end_reason),
        ("funding", base.funding),
        ("education", base.education),
    ):
        yield from _table(name, listed, added.get(name, {}), MEANINGS[name])
    for name, unknown in sketch.unknown.items():
        if unknown:
            yield ""
            yield f"# {MARK}: betekenis van deze codes voor {LABELS[name]} (tellen als onbekend):"
            yield f"#   {', '.join(unknown)}"


def _lists_of_care(
    codes: CodeLists,
    forms: Mapping[str, int],
    outside: Sequence[str],
    added: Mapping[str, Mapping[str, int]],
) -> Iterator[str]:
    if codes.not_youth_care or outside:
        yield ""
        yield "# Productcategorieën die geen jeugdhulp zijn: zulke rijen verlaten het gebouw niet."
        yield "[codes]"
        listed = ", ".join(json.dumps(code) for code in sorted({*codes.not_youth_care, *outside}))
        yield f"not_youth_care = [{listed}]"
    form, domain = tuple(Form), tuple(Domain)
    yield from _table("codes.form_by_category", codes.form_by_category, forms, form)
    yield from _table("codes.form_by_product", codes.form_by_product, {}, form)
    yield from _table("codes.domain_by_category", codes.domain_by_category, {}, domain)
    yield from _table("codes.domain_by_product", codes.domain_by_product, {}, domain)
    yield from _table("codes.form", codes.form, added.get("form", {}), form)
    yield from _table("codes.domain", codes.domain, added.get("domain", {}), domain)
    yield from _table("codes.domain_by_form", codes.domain_by_form, {}, domain)


def _table(
    name: str, listed: Mapping[str, int], added: Mapping[str, int], meanings: Sequence[Labelled]
) -> Iterator[str]:
    labels = {int(code): code.label for code in meanings}
    lines = {**{code: int(meaning) for code, meaning in listed.items()}, **added}
    if not lines:
        return
    yield ""
    yield f"[{name}]"
    for code, meaning in lines.items():
        key = code if _BARE.fullmatch(code) else json.dumps(code, ensure_ascii=False)
        yield f"{key} = {meaning}  # {labels[meaning]}"


def _text(header: str) -> str:
    return json.dumps(header, ensure_ascii=False)
