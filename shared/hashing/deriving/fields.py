"""Read the fields that several kinds of file have: municipality, provider, product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.codes import PROVIDER_TYPES, Domain, Form
from shared.hashing.checking.rows import Coded, Mask, Rows
from shared.hashing.checks import Check
from shared.hashing.systems.profile import CodeLists, Profile

Ints = npt.NDArray[np.int64]

UNKNOWN = -1
EMPTY = -2
AGB_DIGITS = 8
NO_PROVIDER = 0
"""Care on a personal budget by somebody without an AGB code: ``00000000`` on the wire."""
WITHDRAWN = r"^0?3$"
"""COD467 *verwijderen*: the row takes back what was sent before."""
YES_NO = {"J": 1, "JA": 1, "1": 1, "WAAR": 1, "TRUE": 1, "N": 0, "NEE": 0, "0": 0, "ONWAAR": 0,
          "FALSE": 0}  # fmt: skip
_CRISIS = YES_NO | {"01": 1, "2": 0, "02": 0}
"""CBS writes 1 for yes and 2 for no."""
_NO_MEASURE = dict.fromkeys(("0", "00", "-", "N.V.T.", "NVT", "GEEN", "NEE", "N"), 1)

NO_ARRANGEMENT = 0

_MUNICIPALITY = r"(?i)^(?:gm)?0*(?P<code>\d{1,4})$"
_ARRANGEMENT = r"^0*(?P<number>\d{1,4})$"


def municipality_codes(column: Coded) -> Ints:
    """CBS codes of texts such as ``0197``, ``197`` and ``GM0197``; ``EMPTY`` or ``UNKNOWN``."""
    found = pc.struct_field(pc.extract_regex(column.values, _MUNICIPALITY), "code")
    codes = found.cast(pa.int64()).fill_null(UNKNOWN)
    values: Ints = pc.if_else(pc.equal(column.values, ""), EMPTY, codes).to_numpy(False)
    return values[column.indices]


def providers(rows: Rows, may_lack: Mask | None = None) -> Ints:
    """AGB codes as numbers; rows without one that is possible are refused.

    Excel makes a number of ``06012345``, so that a code of seven digits has lost its zero.

    Args:
        may_lack: rows that may be without a provider; they get ``NO_PROVIDER``.
    """
    column = rows.coded("provider")
    lacking = np.zeros(len(rows.alive), np.bool_) if may_lack is None else may_lack & column.empty()
    digits = pc.replace_substring_regex(column.values, "[ .-]", "")
    lengths = pc.binary_length(digits).to_numpy(False)
    plausible = pc.match_substring_regex(digits, r"^\d{7,8}$")
    codes = pc.if_else(plausible, digits, "0").cast(pa.int64()).to_numpy(False)
    unusable = ~plausible.to_numpy(False)
    listed = np.isin(codes // 10 ** (AGB_DIGITS - 2), sorted(int(kind) for kind in PROVIDER_TYPES))
    rows.flag(Check.PROVIDER_NONE, lacking, "provider")
    rows.flag(Check.PROVIDER_UNUSABLE, unusable[column.indices] & ~lacking, "provider")
    rows.flag(Check.PROVIDER_TYPE, ~listed[column.indices] & ~lacking, "provider")
    rows.flag(Check.PROVIDER_PADDED, (lengths == AGB_DIGITS - 1)[column.indices], "provider")
    found: Ints = codes[column.indices]
    return found


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the product of each row is."""

    form: Ints
    domain: Ints


def meaning(rows: Rows, profile: Profile, municipality: Ints) -> Meaning:
    """Form and domain of every row; ``UNKNOWN`` where no list has its codes.

    The lists of the row's own municipality go before those of the profile, a form that the file
    names before its product, and a product code before its category.
    """
    form, domain = _nothing(rows), _nothing(rows)
    category, product = _category(rows), rows.coded("product")
    own_form, own_domain = rows.coded("form"), rows.coded("domain")
    for lists, where in _layers(profile, municipality):
        for column, forms, domains in (
            (category, lists.form_by_category, lists.domain_by_category),
            (product, lists.form_by_product, lists.domain_by_product),
            (own_form, lists.form, lists.domain_by_form),
            (own_domain, {}, lists.domain),
        ):
            _overlay(form, column.lookup(forms, UNKNOWN), where)
            _overlay(domain, column.lookup(domains, UNKNOWN), where)
    _overlay(domain, _crisis(rows), np.ones(len(domain), np.bool_))
    return Meaning(form, domain)


def arrangements(rows: Rows, profile: Profile, municipality: Ints) -> Ints:
    """The number of every row's *onderwijs-zorgarrangement*; 0 is none.

    What the file says of it goes before its product; a number counts as that number, unless the
    list of the profile has it.
    """
    column, product = rows.coded("arrangement"), rows.coded("product")
    found, own = _nothing(rows), _numbers(column)
    for lists, where in _layers(profile, municipality):
        _overlay(found, product.lookup(lists.arrangement_by_product, UNKNOWN), where)
        _overlay(own, column.lookup(lists.arrangement, UNKNOWN), where)
    rows.flag(Check.ARRANGEMENT_UNKNOWN, (own == UNKNOWN) & ~column.empty(), "arrangement")
    _overlay(found, own, np.ones(len(own), np.bool_))
    return np.where(found == UNKNOWN, NO_ARRANGEMENT, found)


def _numbers(column: Coded) -> Ints:
    """Numbers of texts such as ``2`` and ``02``; ``UNKNOWN`` for any other."""
    found = pc.struct_field(pc.extract_regex(column.values, _ARRANGEMENT), "number")
    values: Ints = found.cast(pa.int64()).fill_null(UNKNOWN).to_numpy(zero_copy_only=False)
    return values[column.indices].copy()


def _nothing(rows: Rows) -> Ints:
    return np.full(len(rows.alive), UNKNOWN, np.int64)


def _layers(profile: Profile, municipality: Ints) -> list[tuple[CodeLists, Mask]]:
    """The code lists and the rows for which each counts, a later one before an earlier one."""
    layers: list[tuple[CodeLists, Mask]] = [(profile.codes, np.ones(len(municipality), np.bool_))]
    for key, lists in profile.municipality.items():
        layers.append((lists, municipality == int(key.removeprefix("GM"))))
    return layers


def _crisis(rows: Rows) -> Ints:
    """Care that started as a crisis is crisis care, as product category 46 has it."""
    started = rows.coded("crisis").lookup(_CRISIS, UNKNOWN)
    return np.where(started == 1, Domain.CRISIS, UNKNOWN)


def known_meaning(rows: Rows, found: Meaning) -> Meaning:
    """The same with the contract's codes for unknown, reported per row."""
    unknown = found.form == UNKNOWN
    if rows.has("form"):
        rows.flag(Check.FORM_UNKNOWN, unknown, "form")
    else:
        rows.flag(Check.CATEGORY_UNKNOWN, unknown, "category")
    return Meaning(
        np.where(unknown, Form.UNKNOWN, found.form),
        np.where((found.domain == UNKNOWN), Domain.UNKNOWN, found.domain),
    )


def leave_out_other_care(rows: Rows, profile: Profile) -> None:
    """Leave out rows that are no youth care: by category, by kind, or because of a measure."""
    outside = _category(rows).lookup(dict.fromkeys(profile.codes.not_youth_care, 1), UNKNOWN)
    rows.flag(Check.NOT_YOUTH_CARE, outside == 1, "category")
    if profile.youth_care_kinds:
        kind = rows.coded("kind")
        counts = kind.lookup(dict.fromkeys(profile.youth_care_kinds, 1), UNKNOWN)
        rows.flag(Check.NOT_YOUTH_CARE, (counts != 1) & ~kind.empty(), "kind")
    measure = rows.coded("measure")
    none = measure.empty() | (measure.lookup(_NO_MEASURE, UNKNOWN) == 1)
    rows.flag(Check.NOT_YOUTH_CARE, ~none, "measure")


def _category(rows: Rows) -> Coded:
    """The category; of a row without one, the first two characters of its product code."""
    category, product = rows.coded("category"), rows.coded("product")
    empty = category.empty()
    if not empty.any():
        return category
    start = Coded(pc.utf8_slice_codeunits(product.values, 0, 2), product.indices)
    texts = pc.if_else(pa.array(empty), start.texts(), category.texts()).dictionary_encode()
    return Coded(texts.dictionary, texts.indices.to_numpy())


def _overlay(target: Ints, found: Ints, where: Mask) -> None:
    known = where & (found != UNKNOWN)
    target[known] = found[known]
