"""Original files of open data: read whole by the catalogue, or refused at one named place."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from publisher.context.catalogue import Catalogue, Source, catalogue, load_catalogue
from publisher.context.figures import Areas, Figures, from_bytes, to_bytes
from publisher.context.importing.areas import read_areas
from publisher.context.importing.lists import read_list
from publisher.context.importing.reading import About, read_figures
from publisher.context.surveys.blank import blank_counts
from publisher.context.surveys.outcomes import Outcomes
from publisher.context.surveys.questions import questionnaires
from shared.errors import ConfigurationError, InputError, NotFoundError, StateError

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
ABOUT = About(date(2026, 2, 1), "2024")
LEAVERS = (
    '"ID";"Geslacht";"Regiokenmerken";"Perioden";"Leerlingen_1";"VoortijdigSchoolverlaters_2"\r\n'
    '1;"T001038";"NL01      ";"2022SJ00";1299640;30225\r\n'
    '2;"T001038";"GM0197    ";"2022SJ00";1610;22\r\n'
    '3;"3000   ";"GM0197    ";"2022SJ00";800;12\r\n'
    '4;"T001038";"GM0222    ";"2022SJ00";3830;.\r\n'
    '5;"T001038";"PV25      ";"2022SJ00";159000;3000\r\n'
)


def read(text: str, source: str, about: About = ABOUT) -> Figures:
    known = catalogue()
    return read_figures(text.encode(), known.source(source), known, about)


def refused(text: str, source: str = "cbs-schoolverlaters", about: About = ABOUT) -> InputError:
    with pytest.raises(InputError) as error:
        read(text, source, about)
    return error.value


def parts(found: Figures) -> dict[tuple[str, str, str], tuple[int | None, int | None]]:
    return {
        (value.indicator, value.area, value.period): (value.numerator, value.denominator)
        for value in found.values
    }


def original(name: str) -> bytes:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"reference_data: {name} is not beside the project")
    return path.read_bytes()


# --- layouts ----------------------------------------------------------------------------------


def test_a_statline_file_is_read_by_area_and_school_year() -> None:
    found = parts(read(LEAVERS, "cbs-schoolverlaters"))
    assert found == {
        ("schoolverlaters", "NL", "2022/2023"): (30225, 1299640),
        ("schoolverlaters", "GM0197", "2022/2023"): (22, 1610),
        ("schoolverlaters", "GM0222", "2022/2023"): (None, 3830),
    }


def test_several_columns_make_a_numerator_and_quarters_are_left_out() -> None:
    text = (
        "ID;RegioS;Perioden;TotaleBevolking_1;JongerDan5Jaar_4;k_5Tot10Jaar_5;k_10Tot15Jaar_6;"
        "k_15Tot25Jaar_7\n1;GM0197;2024JJ00;27000;1200;1300;1500;3100\n"
        "2;GM0197;2024KW01;27000;1;1;1;1\n3;NL00;2024JJ00;17942942;849000;.;962000;2188000\n"
    )
    found = parts(read(text, "cbs-kerncijfers"))
    assert found["jeugd", "GM0197", "2024"] == (7100, 27000)
    assert found["jeugd", "NL", "2024"] == (None, 17942942)
    assert found["inwoners", "NL", "2024"] == (17942942, None)
    assert {period for _, _, period in found} == {"2024"}


def test_thousands_are_multiplied_and_a_decimal_comma_is_a_comma() -> None:
    text = "ID;VormenVanJeugdzorg;Regio;Perioden;GerealiseerdeKosten_2\n"
    text += "1;A045561;GM0197;2023JJ00;12345,5\n"
    found = parts(read(text, "cbs-kosten"))
    assert found["kosten-jeugdzorg", "GM0197", "2023"] == (12_345_500, None)


def test_schools_add_up_and_a_masked_number_makes_its_sum_unknown() -> None:
    text = (
        "vestigingscode;type;gemeentecode;leerlingen\n1;basisschool;GM0197;100\n"
        "2;SBAO;GM0197;20\n3;VBO/MAVO;GM0222;300\n4;PRO;GM0222;<5\n5;basisschool;GM0294;50\n"
    )
    found = parts(read(text, "duo-leerlingen"))
    assert found["leerlingen-speciaal", "GM0197", "2024"] == (20, 120)
    assert found["leerlingen-speciaal", "GM0294", "2024"] == (0, 50)
    assert found["leerlingen-vo", "GM0222", "2024"] == (None, None)
    assert found["leerlingen-bo", "GM0222", "2024"] == (0, None)


def test_the_country_is_the_sum_of_a_file_that_covers_it() -> None:
    text = (
        "GEMEENTENUMMER;SCHOOLJAAR;ABSOLUUT VERZUIM LEERPLICHTIGEN;LANGDURIG RELATIEF VERZUIM;"
        "LEERPLICHTIGEN\n0197;2023-2024;3;7;4100\n222;2023-2024;10;20;9000\n"
    )
    found = parts(read(text, "ocw-thuiszitters"))
    assert found["thuiszitters", "GM0197", "2023/2024"] == (10, 4100)
    assert found["thuiszitters", "NL", "2023/2024"] == (40, 13100)


@pytest.mark.parametrize("source", catalogue().sources, ids=lambda each: each.id)
def test_every_source_reads_a_file_of_its_own_layout(source: Source) -> None:
    """One row per area: whatever a source asks for, such a file can give."""
    columns = list(dict.fromkeys([
        *source.area[:1], *([source.period] if source.period else []), *source.keep,
        *(name for measure in source.measures
          for term in (*measure.numerator, *measure.denominator)
          for name in (*term.where, term.column) if name),
    ]))  # fmt: skip
    wheres = [term.where for measure in source.measures
              for term in (*measure.numerator, *measure.denominator)]  # fmt: skip
    rows = []
    for where in {str(each): each for each in wheres}.values():
        cells = dict.fromkeys(columns, "7")
        cells |= {column: values[0] for column, values in {**source.keep, **where}.items()}
        cells |= dict.fromkeys(source.area[:1], "GM0197" if source.area_form == "cbs" else "0197")
        if source.period:
            cells[source.period] = "2023JJ00" if source.period_form == "cbs" else "2023"
        rows.append(";".join(cells.values()))
    found = read("\n".join([";".join(columns), *rows]), source.id)
    assert {each.indicator for each in found.values} == {m.indicator for m in source.measures}
    assert all(each.numerator for each in found.values)


# --- originals --------------------------------------------------------------------------------


def test_the_original_list_of_primary_schools_is_read() -> None:
    data = original("duo-03-alle-vestigingen-bo_2021-10.csv")
    known = catalogue()
    found = parts(read_figures(data, known.source("duo-vestigingen-bo"), known, ABOUT))
    rows = csv.DictReader(data.decode("cp1252").splitlines(), delimiter=";")
    counted = Counter(f"GM{row['GEMEENTENUMMER']}" for row in rows)
    assert found.pop(("vestigingen-bo", "NL", "2024")) == (counted.total(), None) == (6215, None)
    assert {area: value[0] for (_, area, _), value in found.items()} == counted


def test_the_original_list_of_pupils_is_read() -> None:
    data = original("scholen_achterhoek_2024-11.csv")
    known = catalogue()
    found = parts(read_figures(data, known.source("duo-leerlingen"), known, ABOUT))
    rows = list(csv.DictReader(data.decode("utf-8-sig").splitlines(), delimiter=";"))
    for place in {row["gemeentecode"] for row in rows}:
        own = [row for row in rows if row["gemeentecode"] == place]
        numbers = [int(row["leerlingen"]) for row in own if row["leerlingen"]]
        whole = sum(numbers) if len(numbers) == len(own) else None
        assert found["leerlingen", place, "2024"] == (whole, None)
        primary = sum(int(row["leerlingen"]) for row in own if row["type"] == "basisschool")
        assert found["leerlingen-bo", place, "2024"] == (primary, whole)
    parts_of_whole = [found[f"leerlingen-{kind}", "GM0222", "2024"][0]
                      for kind in ("bo", "speciaal", "vo")]  # fmt: skip
    assert sum(each or 0 for each in parts_of_whole) == found["leerlingen", "GM0222", "2024"][0]


def test_the_original_table_of_referrers_is_read() -> None:
    data = original("cbs_85096NED_2021_verwijzer_duur.csv")
    known = catalogue()
    found = parts(read_figures(data, known.source("cbs-verwijzers"), known, ABOUT))
    assert found["via-huisarts", "NL", "2024"] == (222165, 625545)


def test_the_original_list_of_postcodes_is_read() -> None:
    found = {each.code: each for each in read_areas(original("swv_postcode4_2017.csv"), ABOUT).swvs}
    assert found["PO2502"].whole == ("Aalten", "Oost Gelre", "Winterswijk")
    assert found["PO2502"].partly == ()
    assert "Bronckhorst" in found["PO2503"].partly
    assert "Bronckhorst" not in found["PO2503"].whole


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (LEAVERS.replace("Leerlingen_1", "Leerlingen_9"), "context-column-missing", "Leerlingen_1"),
        (LEAVERS.replace('"ID"', '"Perioden"'), "context-column-twice", "column Perioden"),
        (LEAVERS.replace("1610;22", "1610;veel"), "context-value",
         "line 3, column VoortijdigSchoolverlaters_2"),
        (LEAVERS.replace("1610;22", "1610;-22"), "context-value", "line 3"),
        (LEAVERS.replace("1610;22", "1610;NaN"), "context-value", "line 3"),
        (LEAVERS.replace("1610;22", "1610"), "context-row-length", "line 3"),
        (LEAVERS.replace('"GM0197    ";"2022SJ00";1610', '"Aalten";"2022SJ00";1610'),
         "context-area", "line 3, column Regiokenmerken"),
        (LEAVERS.replace('"GM0222    ";"2022SJ00"', '"GM0222    ";"2022"'), "context-period",
         "line 5, column Perioden"),
        (LEAVERS.replace("3000   ", "T001038"), "context-row-twice", "line 4"),
        (LEAVERS.replace("T001038", "T009999"), "context-nothing", "cbs-schoolverlaters"),
        ("", "context-file-empty", "headings"),
        (LEAVERS + "\0", "context-not-text", "text"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_its_place(text: str, code: str, place: str) -> None:
    error = refused(text)
    assert error.code == code
    assert place in error.message
    assert "veel" not in str(error)


def test_a_file_without_a_year_needs_one() -> None:
    text = "verwijzer;trajecten\nTotaal;10\nHuisarts;5\nGemeentelijke toegang;2\n"
    for period in ("", "24", "2024/2026"):
        error = refused(text, "cbs-verwijzers", About(date(2026, 1, 1), period))
        assert error.code == "context-period-missing"


def test_an_unknown_source_is_refused() -> None:
    with pytest.raises(NotFoundError, match="context-source-unknown"):
        catalogue().source("cbs-onzin")


def test_a_municipality_with_a_postcode_elsewhere_lies_in_neither_whole() -> None:
    text = "postcode4;gemeente;swv_po;swv_vo\n1;Aalten;PO2502;VO2502\n2;Bronckhorst;PO2502;VO2502\n"
    text += "3;Bronckhorst;PO2503;VO2502\n4;Elders;PO2503;\n5;Elders;PO2503;VO2502\n"
    found = {each.code: (each.whole, each.partly) for each in read_areas(text.encode(), ABOUT).swvs}
    assert found == {
        "PO2502": (("Aalten",), ("Bronckhorst",)),
        "PO2503": (("Elders",), ("Bronckhorst",)),
        "VO2502": (("Aalten", "Bronckhorst"), ("Elders",)),
    }


def test_a_list_of_postcodes_without_a_municipality_is_refused() -> None:
    for text, code in (
        ("postcode4;swv_po;swv_vo\n7121;PO2502;VO2502\n", "context-column-missing"),
        ("gemeente;swv_po;swv_vo\nAalten;PO25;VO2502\n", "context-area"),
        ("gemeente;swv_po;swv_vo\n", "context-nothing"),
    ):
        with pytest.raises(InputError, match=code):
            read_areas(text.encode(), ABOUT)


# --- documents and sources of one's own -------------------------------------------------------


def test_what_was_read_is_kept_and_read_again() -> None:
    found = read(LEAVERS, "cbs-schoolverlaters")
    assert from_bytes(to_bytes(found), Figures) == found
    assert read(LEAVERS, "cbs-schoolverlaters") == found
    with pytest.raises(StateError, match="context-kept-invalid"):
        from_bytes(to_bytes(found), Areas)


def test_a_region_describes_a_source_of_its_own(tmp_path: Path) -> None:
    own = tmp_path / "bronnen.toml"
    own.write_text(
        '[[sources]]\nid = "ggd"\ntitle = "Jeugdpeiling"\nholder = "GGD"\n'
        'page = "https://example.org/"\nlicence = "CC0"\nchecked = "assumed"\n'
        'area = ["gemeente"]\nperiod = "jaar"\nperiod_form = "year"\n'
        '[[sources.measures]]\nindicator = "inwoners"\nnumerator = [{ column = "aantal" }]\n'
    )
    known = load_catalogue(own)
    found = read_figures(
        b"gemeente;jaar;aantal\nGM0197;2023;9\n", known.source("ggd"), known, ABOUT
    )
    assert parts(found) == {("inwoners", "GM0197", "2023"): (9, None)}
    assert len(known.sources) == len(catalogue().sources) + 1
    for wrong in (
        "sources = 3",
        '[[sources]]\nid = "x"',
        "[[zomaar]]\nid = 'x'",
        "=",
        "[[sources]]",
    ):
        own.write_text(wrong)
        with pytest.raises(ConfigurationError, match="context-sources-invalid"):
            load_catalogue(own)


def test_a_part_that_never_comes_by_makes_the_figure_and_the_country_unknown(
    tmp_path: Path,
) -> None:
    own = tmp_path / "bronnen.toml"
    own.write_text(
        '[[sources]]\nid = "delen"\ntitle = "Delen"\nholder = "X"\npage = "https://example.org/"\n'
        'licence = "CC0"\nchecked = "assumed"\narea = ["plaats"]\nsums_to_country = true\n'
        '[[sources.measures]]\nindicator = "inwoners"\nnumerator = ['
        '{ column = "n", where = { soort = ["a"] } }, '
        '{ column = "n", where = { soort = ["b"] } }]\n'
    )
    known = load_catalogue(own)
    text = b"plaats;soort;n\nGM0197;a;1\nGM0197;b;2\nGM0222;a;4\n"
    found = parts(read_figures(text, known.source("delen"), known, ABOUT))
    assert found["inwoners", "GM0197", "2024"] == (3, None)
    assert found["inwoners", "GM0222", "2024"] == (None, None)
    assert found["inwoners", "NL", "2024"] == (None, None)


def test_a_catalogue_that_contradicts_itself_is_refused() -> None:
    whole = catalogue().model_dump()
    for part, change in (
        ("indicators", {"theme": "onbekend"}),
        ("indicators", {"id": whole["indicators"][1]["id"]}),
        ("sources", {"id": whole["sources"][1]["id"]}),
    ):
        entries = [{**whole[part][0], **change}, *whole[part][1:]]
        with pytest.raises(ValueError, match=r"catalogue|theme|unknown"):
            Catalogue.model_validate({**whole, part: entries})


# --- lists ------------------------------------------------------------------------------------


def listed(folder: Path, *files: tuple[str, str, str]) -> Path:
    for name, _, text in files:
        (folder / name).write_text(text)
    path = folder / "bestanden.toml"
    path.write_text(
        "".join(f'[[files]]\nfile = "{name}"\nsource = "{source}"\n' for name, source, _ in files)
    )
    return path


def test_a_list_reads_every_file_as_what_it_is(tmp_path: Path) -> None:
    asked = questionnaires()
    counts = blank_counts(asked, asked.group("beleid"), "2024").replace(";\r\n", ";50\r\n")
    swv = "postcode4;gemeente;swv_po;swv_vo\n7121;Aalten;PO2502;VO2502\n"
    path = listed(
        tmp_path,
        ("a.csv", "cbs-schoolverlaters", LEAVERS),
        ("b.csv", "swv-gebieden", swv),
        ("c.csv", "vragenlijst", counts),
    )
    day = date(2026, 3, 4)
    found = read_list(path, catalogue(), 10, today=day, synthetic=True)
    assert [type(each) for each in found] == [Figures, Areas, Outcomes]
    assert all(each.synthetic for each in found)


def test_a_list_with_a_wrong_file_reads_nothing_and_names_it(tmp_path: Path) -> None:
    path = listed(tmp_path, ("a.csv", "cbs-schoolverlaters", LEAVERS),
                  ("b.csv", "cbs-kosten", LEAVERS))  # fmt: skip
    with pytest.raises(InputError, match=r"context-column-missing: b\.csv: "):
        read_list(path, catalogue(), 10, today=date(2026, 1, 1), synthetic=False)
    for wrong in ("", "files = 3", '[[files]]\nfile = "../a.csv"\nsource = "x"\n', "=",
                  '[[files]]\nfile = "a.csv"\n'):  # fmt: skip
        path.write_text(wrong)
        with pytest.raises(InputError, match="context-list-invalid"):
            read_list(path, catalogue(), 10, today=date(2026, 1, 1), synthetic=False)
