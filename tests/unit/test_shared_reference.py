"""The reference bundle, and building it from files as DUO and others publish them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract.codes import Form, SchoolType, Sector
from shared.contract.periods import Period, PeriodKind, school_year
from shared.errors import InputError
from shared.hashing.custody.reference_files import ReferenceFiles, build_reference, school_type
from shared.reference import Level, Reference
from tests.support.places import small_reference

SCHOOLS = """brin;vestigingscode;naam;type;postcode;gemeente;gemeentecode
99XA;99XA00;De Eerste;basisschool;7121AA;AALTEN;GM0197
99XB;99XB00;Het College;VBO/MAVO/HAVO/VWO;7001AA;DOETINCHEM;GM0222
99XC;99XC00;De Stap;(V)SO;7001AB;DOETINCHEM;GM0222
99ZA;99ZA00;Elders;basisschool;7201AA;ZUTPHEN;GM0301
"""
MUNICIPALITIES = "code;omschrijving\nGM0197;Aalten\nGM0222;Doetinchem\n"
POSTCODES = (
    "postcode4;gemeente_2017;swv_po;swv_vo\n7121;Aalten;PO2502;VO2502\n7001;D;PO2503;VO2503\n"
)
TOTALS = "vestigingscode;schooljaar;leerlingen\n99XA00;2024/2025;120\n99XA00;2025/2026;<5\n"


def build(folder: Path, **texts: str) -> Reference:
    """A bundle from the texts above, some of them changed."""
    every = {
        "schools": SCHOOLS,
        "municipalities": MUNICIPALITIES,
        "swv_postcodes": POSTCODES,
        "pupil_totals": TOTALS,
        **texts,
    }
    paths = {}
    for name, text in every.items():
        paths[name] = folder / f"{name}.csv"
        paths[name].write_bytes(text.encode("cp1252"))
    return build_reference(
        ReferenceFiles(**paths),
        region="proef",
        region_name="Proefregio",
        licence="CC0",
        retrieved_on=date(2026, 10, 1),
    )


def test_a_bundle_is_built_from_original_files(tmp_path: Path) -> None:
    bundle = build(tmp_path)
    first = bundle.school_by_code["99XA00"]
    assert (first.type, first.swv_po, first.swv_vo) == (SchoolType.BO, "PO2502", "")
    assert bundle.school_by_code["99XB00"].swv_vo == "VO2503"
    assert not bundle.school_by_code["99ZA00"].in_region
    assert bundle.label(Level.MUNICIPALITY, "GM0301") == "Zutphen"
    masked = bundle.pupil_total("99XA00", 25)
    assert masked is not None
    assert (masked.low, masked.high) == (1, 4)
    assert bundle.pupil_total("99XB00", 25) is None


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    one = build(tmp_path)
    assert one.to_bytes() == build(tmp_path).to_bytes()
    again = Reference.from_bytes(one.to_bytes())
    assert (again, again.sha256) == (one, one.sha256)


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ({"schools": SCHOOLS.replace("type", "soort")}, "column-missing"),
        ({"schools": SCHOOLS.replace("basisschool", "kroeg")}, "reference-value"),
        ({"schools": SCHOOLS.splitlines()[0]}, "reference-file-empty"),
        ({"pupil_totals": TOTALS.replace("120", "ongeveer 120")}, "reference-value"),
    ],
)
def test_a_wrong_file_is_named_with_row_and_column(
    tmp_path: Path, texts: dict[str, str], code: str
) -> None:
    with pytest.raises(InputError, match=code):
        build(tmp_path, **texts)


def test_a_bundle_refers_only_to_what_it_holds() -> None:
    data = small_reference().to_bytes()
    for change in ((b'"municipality":197', b'"municipality":198'), (b"PO2503", b"PO2999")):
        with pytest.raises(InputError, match="reference-invalid"):
            Reference.from_bytes(data.replace(*change, 1))


def test_every_unit_of_a_school_has_a_name() -> None:
    bundle = small_reference()
    for school in bundle.schools:
        for level, unit in school.units().items():
            assert bundle.label(level, unit) != ""
    assert bundle.label(Level.TYPE_MUNICIPALITY, "BO*GM0197") == "basisonderwijs in Aalten"


def test_a_school_outside_the_region_adds_to_elsewhere_and_total_only() -> None:
    outside = small_reference().school_by_code["99ZZ00"]
    assert outside.units() == {Level.ELSEWHERE: "VO", Level.TOTAL: "total"}


@pytest.mark.parametrize(
    ("word", "kind"),
    [("SBAO", SchoolType.SBO), ("VBO/MAVO", SchoolType.VO), ("PRO", SchoolType.PRO),
     ("MBO", SchoolType.MBO), ("HAVO/VWO", SchoolType.VO), ("kroeg", None)],
)  # fmt: skip
def test_the_words_of_duos_lists_are_known(word: str, kind: SchoolType | None) -> None:
    assert school_type(word) is kind


@pytest.mark.reference_data
def test_every_word_of_the_real_list_is_known(reference_data: Path) -> None:
    lines = (reference_data / "scholen_achterhoek_2024-11.csv").read_text("utf-8-sig").splitlines()
    assert all(school_type(line.split(";")[3]) is not None for line in lines[1:])


def test_types_have_a_sector_and_forms_a_label() -> None:
    assert {kind.sector for kind in SchoolType} == set(Sector)
    assert all(kind.label and kind.sector.label for kind in SchoolType)
    assert [form for form in Form if form.with_stay] == [11, 12, 13, 14]
    assert max(Form) < 20  # what is no youth care has no code


@given(st.integers(10, 98), st.sampled_from(PeriodKind))
def test_periods_of_one_kind_follow_each_other_without_a_gap(code: int, kind: PeriodKind) -> None:
    one, following = Period(kind=kind, code=code), Period(kind=kind, code=code + 1)
    assert (following.starts_on - one.ends_on).days == 1
    assert one.starts_on <= one.reference_on <= one.ends_on
    assert one.days == (following.starts_on - one.starts_on).days


def test_a_school_year_runs_from_august_to_july() -> None:
    year = school_year(2023)
    assert (year.starts_on, year.ends_on) == (date(2023, 8, 1), date(2024, 7, 31))
    assert (year.label, year.days, year.code) == ("2023/2024", 366, 23)
