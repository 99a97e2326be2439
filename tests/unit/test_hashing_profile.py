"""Profiles: the shipped ones load, and mistakes are refused with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.contract.codes import Education, EndReason, Form, Funding, Referrer
from shared.errors import ConfigurationError, InputError
from shared.hashing.profile import SHIPPED, load_profile, shipped_profile
from shared.hashing.roles import FileRole

MINIMAL = """
name = "eigen"
title = "Eigen"
schema_name = "objection/1"
[files.objections]
number = ["nummer"]
"""


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_profiles_load(name: str) -> None:
    profile = shipped_profile(name)
    assert profile.name == name
    assert set(profile.layouts) == set(profile.files)


def test_care_profile_gives_every_category_a_form_and_a_domain() -> None:
    codes = shipped_profile("ijw-jeugdhulp").codes
    categories = {str(number) for number in [*range(31, 39), *range(40, 56)]}
    counted = categories - codes.not_youth_care
    assert codes.not_youth_care == {"42", "47", "48", "49"}
    assert set(codes.form_by_category) == counted == set(codes.domain_by_category)
    assert all(isinstance(form, Form) for form in codes.form_by_category.values())


def test_code_lists_reach_every_code_of_the_contract() -> None:
    care, duo = shipped_profile("ijw-jeugdhulp"), shipped_profile("duo-leerplicht")
    assert set(care.referrer.values()) == set(Referrer)
    assert set(care.funding.values()) == set(Funding)
    made_here = {EndReason.RUNNING, EndReason.UNKNOWN}
    assert set(care.end_reason.values()) == set(EndReason) - made_here
    assert set(duo.education.values()) == set(Education)
    reached = {*care.codes.form_by_category.values(), *care.codes.form_by_product.values()}
    assert reached == set(Form)


def test_own_profile(tmp_path: Path) -> None:
    path = tmp_path / "eigen.toml"
    path.write_text(MINIMAL, encoding="utf-8")
    assert load_profile(path).layouts[FileRole.OBJECTIONS].shown("number") == "nummer"


@pytest.mark.parametrize(
    "text",
    [
        MINIMAL.replace("number =", "nummer ="),
        MINIMAL + 'extra = ["x"]',
        MINIMAL + "[codes.form_by_category]\n45 = 5",
        MINIMAL + "[municipality.Aalten.form_by_category]\n45 = 2",
        MINIMAL + "[codes.form_by_category]\n45a04 = 2",
        MINIMAL + "[onbekend]\nx = 1",
        MINIMAL.replace("objection/1", "care/1"),
        "name = ",
    ],
)
def test_mistakes_in_a_profile(tmp_path: Path, text: str) -> None:
    path = tmp_path / "eigen.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_profile(path)
    assert caught.value.code == "profile-invalid"


def test_profile_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        shipped_profile("../secret")
    with pytest.raises(InputError):
        load_profile(tmp_path / "none.toml")
