"""Profiles: the shipped ones load, and mistakes are refused with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.contract.codes import Education, EndReason, Form, Funding, Referrer
from shared.errors import ConfigurationError, InputError
from shared.hashing.roles import FileRole
from shared.hashing.systems.profile import SHIPPED, load_profile, shipped_profile

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
    categories = {*(str(number) for number in [*range(31, 39), *range(40, 56)]), "P5"}
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


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('category = ["c"]\n', ""),
        ('category = ["c"]', "category = []"),
        ("[files.assignments]", "[files.pupils]"),
        ("[files.assignments]", "[files.declarations]"),
        ("care/1", "enrolment/1"),
    ],
)
def test_a_care_profile_names_a_form_or_a_category(tmp_path: Path, old: str, new: str) -> None:
    text = """name = "eigen"
title = "Eigen"
schema_name = "care/1"
[files.assignments]
number = ["n"]
born_on = ["b"]
provider = ["p"]
starts_on = ["s"]
ends_on = ["e"]
category = ["c"]
"""
    path = tmp_path / "eigen.toml"
    path.write_text(text, encoding="utf-8")
    assert load_profile(path).layouts[FileRole.ASSIGNMENTS].required >= {"category"}
    path.write_text(text.replace("category", "form"), encoding="utf-8")
    assert load_profile(path).layouts[FileRole.ASSIGNMENTS].required >= {"form"}
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError):
        load_profile(path)


def test_every_field_of_the_standard_is_read_by_its_own_name() -> None:
    files = shipped_profile("ijw-jeugdhulp").files
    standard = {
        FileRole.ASSIGNMENTS: ("Bsn Geboortedatum ToewijzingNummer Categorie Code Ingangsdatum "
                               "Einddatum Toewijzingsdatum Toewijzingstijd RedenWijziging"),
        FileRole.STARTS: "Bsn ToewijzingNummer Begindatum Einddatum RedenBeeindiging "
                         "StatusAanlevering",
        FileRole.DECLARATIONS: ("Bsn ToewijzingNummer ProductCategorie ProductCode Begindatum "
                                "Einddatum GeleverdVolume Eenheid IngediendBedrag DebetCredit "
                                "ProductReferentie ToegekendBedrag"),
    }  # fmt: skip
    for role, names in standard.items():
        known = {name for headers in files[role].values() for name in headers}
        assert {name.lower() for name in names.split()} <= known
    # The standard has eurocents; only names that people made up hold euros.
    declared = files[FileRole.DECLARATIONS]
    assert "ingediendbedrag" in declared["submitted_cents"]
    assert "ingediendbedrag" not in declared["submitted_eur"]


def test_profile_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        shipped_profile("../secret")
    with pytest.raises(InputError):
        load_profile(tmp_path / "none.toml")
