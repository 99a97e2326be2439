"""Read the fields that several kinds of file have: municipality, provider, product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.codes import PROVIDER_TYPES, Domain, Form
from shared.hashing.checks import Check
from shared.hashing.profile import CodeLists, Profile
from shared.hashing.rows import Coded, Mask, Rows

Ints = npt.NDArray[np.int64]

UNKNOWN = -1
EMPTY = -2
AGB_DIGITS = 8

_MUNICIPALITY = r"(?i)^(?:gm)?0*(?P<code>\d{1,4})$"


def municipality_codes(column: Coded) -> Ints:
    """CBS codes of texts such as ``0197``, ``197`` and ``GM0197``; ``EMPTY`` or ``UNKNOWN``."""
    found = pc.struct_field(pc.extract_regex(column.values, _MUNICIPALITY), "code")
    codes = found.cast(pa.int64()).fill_null(UNKNOWN)
    values: Ints = pc.if_else(pc.equal(column.values, ""), EMPTY, codes).to_numpy(False)
    return values[column.indices]


def providers(rows: Rows) -> Ints:
    """AGB codes as numbers; rows without one that is possible are refused.

    Excel makes a number of ``06012345``, so that a code of seven digits has lost its zero.
    """
    column = rows.coded("provider")
    digits = pc.replace_substring_regex(column.values, "[ .-]", "")
    lengths = pc.binary_length(digits).to_numpy(False)
    plausible = pc.match_substring_regex(digits, r"^\d{7,8}$")
    codes = pc.if_else(plausible, digits, "0").cast(pa.int64()).to_numpy(False)
    unusable = ~plausible.to_numpy(False)
    listed = np.isin(codes // 10 ** (AGB_DIGITS - 2), sorted(int(kind) for kind in PROVIDER_TYPES))
    rows.flag(Check.PROVIDER_UNUSABLE, unusable[column.indices], "provider")
    rows.flag(Check.PROVIDER_TYPE, ~listed[column.indices], "provider")
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

    The lists of the row's own municipality go before those of the profile, and a product code
    before its category.
    """
    form = np.full(len(municipality), UNKNOWN, np.int64)
    domain = np.full(len(municipality), UNKNOWN, np.int64)
    category, product = _category(rows), rows.coded("product")
    everywhere: Mask = np.ones(len(municipality), np.bool_)
    layers: list[tuple[CodeLists, Mask]] = [(profile.codes, everywhere)]
    for key, lists in profile.municipality.items():
        layers.append((lists, municipality == int(key.removeprefix("GM"))))
    for lists, where in layers:
        for column, forms, domains in (
            (category, lists.form_by_category, lists.domain_by_category),
            (product, lists.form_by_product, lists.domain_by_product),
        ):
            _overlay(form, column.lookup(forms, UNKNOWN), where)
            _overlay(domain, column.lookup(domains, UNKNOWN), where)
    return Meaning(form, domain)


def known_meaning(rows: Rows, found: Meaning) -> Meaning:
    """The same with the contract's codes for unknown, reported per row."""
    unknown = found.form == UNKNOWN
    rows.flag(Check.CATEGORY_UNKNOWN, unknown, "category")
    return Meaning(
        np.where(unknown, Form.UNKNOWN, found.form),
        np.where(unknown | (found.domain == UNKNOWN), Domain.UNKNOWN, found.domain),
    )


def leave_out_other_care(rows: Rows, profile: Profile) -> None:
    """Leave out rows whose category the profile names as no youth care."""
    outside = _category(rows).lookup(dict.fromkeys(profile.codes.not_youth_care, 1), UNKNOWN)
    rows.flag(Check.NOT_YOUTH_CARE, outside == 1, "category")


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


def assignment_keys(rows: Rows) -> pa.StringArray:
    """Assignment numbers in one spelling; Excel drops the zeros before a number."""
    column = rows.coded("assignment")
    spelled = pc.utf8_ltrim(pc.utf8_upper(column.values), characters="0")
    return spelled.take(pa.array(column.indices))
