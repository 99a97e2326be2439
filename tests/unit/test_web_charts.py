"""Charts: from released cells only, whole lines only, marked, described, the same bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from xml.etree import ElementTree

import pyarrow as pa
import pytest

from publisher.dashboard.charts.data import ChartData, ChartKey, ChartKind
from publisher.dashboard.charts.drawing import draw
from publisher.dashboard.charts.looks import LOOKS
from publisher.dashboard.charts.making import chart_data
from publisher.dashboard.findings import CLIENTS, FORM_TABLE, MAIN_TABLE, RATE, Findings
from publisher.downloads.words import MARK, WITHHELD
from publisher.released import Release, ReleasedTable
from shared.reference import Level
from tests.support.region_release import PRIMARY, region_release
from tests.support.releases import (
    HIDDEN_SCHOOL,
    HIDDEN_YEAR_SCHOOL,
    PLAIN_SCHOOL,
    RELEASE_ID,
    SCRIPT_SCHOOL,
    ZERO_SCHOOL,
    cell_of,
    make_release,
    with_state,
)
from tests.support.web import Html, web

PATH = f"{MAIN_TABLE}/{RATE}"
SVG = "{http://www.w3.org/2000/svg}"
REGION_RATE = ChartKey(ChartKind.TREND, MAIN_TABLE, RATE, Level.REGION, "region")
REGION_FORMS = ChartKey(ChartKind.BARS, FORM_TABLE, CLIENTS, Level.REGION, "region")


def rate_of(school: str) -> ChartKey:
    return ChartKey(ChartKind.TREND, MAIN_TABLE, RATE, Level.SCHOOL, school)


def data_of(key: ChartKey, release: Release | None = None) -> ChartData:
    data = chart_data(Findings(release or make_release()), key)
    assert data is not None
    return data


def texts(svg: bytes) -> list[str]:
    # Drawn by this process from a fixture; nothing here parses what a stranger sent.
    return ["".join(each.itertext()) for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314


def test_every_point_is_a_released_value() -> None:
    release = make_release()
    data = data_of(rate_of(PLAIN_SCHOOL))
    own = {point.at: point.value for point in data.points if point.series == "deze school"}
    assert set(own) == set(data.axis)
    for period in release.manifest.periods:
        cell = cell_of(release, PLAIN_SCHOOL, "clients_per_100_pupils", period.code)
        assert cell.value is not None
        assert own[period.label] == cell.value / 10


def test_a_line_ends_at_a_hidden_year_and_a_new_one_starts_after_it() -> None:
    data = data_of(rate_of(HIDDEN_YEAR_SCHOOL))
    own = {point.at: point.line for point in data.points if point.series == "deze school"}
    assert "2022/2023" not in own
    assert own["2021/2022"] != own["2023/2024"] == own["2024/2025"]
    assert data.notes[data.axis.index("2022/2023")] == WITHHELD


def test_a_line_ends_at_a_trend_break() -> None:
    data = data_of(REGION_RATE)
    own = {point.at: point.line for point in data.points}
    assert own["2019/2020"] != own["2020/2021"] == own["2021/2022"]
    assert data.notes[1] == "trendbreuk"


def beside(*units: str, measure: str = RATE, level: Level = Level.REGION) -> ChartKey:
    return ChartKey(ChartKind.BESIDE, MAIN_TABLE, measure, level, ",".join(units))


def test_chosen_units_stand_on_one_scale_beside_the_region_each_under_its_own_name() -> None:
    release = region_release()
    places = ("municipality:GM0222", f"school:{PRIMARY}", "residence:GM0222")
    data = data_of(beside(*places), release)
    assert data.series == (
        "Doetinchem (gemeente)", "Basisschool De Linde", "Doetinchem (woongemeente)",
        "alle scholen in de regio",
    )  # fmt: skip
    last = {each.series: each.value for each in data.points if each.at == "2024/2025"}
    for place, name in zip(places, data.series[:-1], strict=True):
        cell = cell_of(release, place.partition(":")[2], RATE, 24)
        assert cell.value is not None
        assert last[name] == cell.value / 10
        assert name in data.alt
    for look in LOOKS.values():
        drawn = texts(draw(data, look))
        tops = [float(each) for each in drawn if each in ("20", "25", "30")]
        assert len(tops) % 3 == 0  # the same axis once for each
        assert len(set(tops)) < len(tops)


@pytest.mark.parametrize(
    "key",
    [
        beside(f"school:{PLAIN_SCHOOL}", "school:99ZZ99"),
        beside(f"school:{PLAIN_SCHOOL}", f"school:{PLAIN_SCHOOL}"),
        beside(f"school:{PLAIN_SCHOOL}", ""),
        beside(f"school:{PLAIN_SCHOOL}", measure=CLIENTS),
        beside(f"school:{PLAIN_SCHOOL}", level=Level.SCHOOL),
        beside(f"school:{HIDDEN_SCHOOL}"),
        beside(),
    ],
)
def test_chosen_units_have_one_address_and_something_to_compare(key: ChartKey) -> None:
    assert chart_data(Findings(make_release()), key) is None


def test_no_more_units_are_drawn_than_can_be_chosen() -> None:
    findings = Findings(region_release())
    schools = [f"school:{code}" for code in findings.units(Level.SCHOOL)]
    for count, is_drawn in ((5, True), (6, False)):
        data = chart_data(findings, beside(*schools[:count]))
        assert (data is not None) is is_drawn


def test_a_withheld_form_has_words_and_no_bar() -> None:
    data = data_of(REGION_FORMS)
    hidden = "Gesloten plaatsing"
    assert hidden in data.axis
    assert hidden not in {point.at for point in data.points}
    assert data.notes[data.axis.index(hidden)] == WITHHELD
    for look in LOOKS.values():
        assert texts(draw(data, look)).count(WITHHELD) == 1


def test_the_table_on_the_page_and_the_chart_beside_it_show_the_same() -> None:
    page = Html.of(web(make_release()).get(f"/scholen/{PLAIN_SCHOOL}").text)
    drawn = texts(draw(data_of(rate_of(PLAIN_SCHOOL)), LOOKS["licht"]))
    shown = [row[3] for row in page.tables[0][1:]]
    assert len(shown) == 6
    assert sorted(text for text in drawn if text in shown) == sorted(shown)


def test_nothing_is_drawn_where_nothing_was_released() -> None:
    findings = Findings(make_release())
    assert chart_data(findings, rate_of(HIDDEN_SCHOOL)) is None
    assert chart_data(findings, rate_of("99ZZ99")) is None
    assert (
        chart_data(
            findings, ChartKey(ChartKind.BARS, FORM_TABLE, CLIENTS, Level.SCHOOL, PLAIN_SCHOOL)
        )
        is None
    )


@pytest.mark.parametrize("key", [REGION_RATE, REGION_FORMS], ids=["trend", "bars"])
@pytest.mark.parametrize("look", LOOKS)
def test_every_look_is_whole_marked_and_the_same_bytes_again(key: ChartKey, look: str) -> None:
    data = data_of(key)
    svg = draw(data, LOOKS[look])
    assert svg == draw(data, LOOKS[look])
    words = " ".join(texts(svg))
    assert MARK in words
    assert RELEASE_ID in words
    root = ElementTree.fromstring(svg)  # noqa: S314
    assert root.attrib["role"] == "img"
    found = [root.find(f"{SVG}title"), root.find(f"{SVG}desc")]
    assert [each.text for each in found if each is not None] == [
        data.title,
        f"{data.alt} {MARK}",
    ]
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]+"', "", svg.decode())
    assert "<script" not in svg.decode()


def test_a_real_release_has_no_mark_in_its_charts() -> None:
    svg = draw(data_of(REGION_RATE, make_release(synthetic=False)), LOOKS["licht"])
    assert MARK.encode() not in svg


def test_a_name_cannot_become_markup_in_a_chart() -> None:
    svg = draw(data_of(rate_of(SCRIPT_SCHOOL)), LOOKS["licht"])
    assert b"<script>" not in svg
    assert "&lt;script&gt;" in svg.decode()


def test_a_chart_of_zeros_has_a_range() -> None:
    key = ChartKey(ChartKind.TREND, MAIN_TABLE, CLIENTS, Level.SCHOOL, ZERO_SCHOOL)
    data = data_of(key)
    zeros = replace(data, points=tuple(replace(each, value=0.0) for each in data.points))
    for look in LOOKS.values():
        drawn = draw(zeros, look)
        assert "NaN" not in drawn.decode()
        assert "1" in texts(drawn)


def _without(release: Release, unit: str) -> Release:
    tables = tuple(
        ReleasedTable.make(
            table.id,
            table.title,
            pa.Table.from_pylist(
                [row for row in table.cells.to_pylist() if row["unit"] != unit],
                schema=table.cells.schema,
            ),
        )
        for table in release.tables
    )
    return replace(release, tables=tables)


def test_a_withheld_unit_moves_no_axis_of_another() -> None:
    release = make_release()
    for key in (REGION_RATE, rate_of(PLAIN_SCHOOL)):
        with_it = draw(data_of(key, release), LOOKS["licht"])
        assert with_it == draw(data_of(key, _without(release, HIDDEN_SCHOOL)), LOOKS["licht"])


def test_charts_are_served_with_an_etag_and_as_images() -> None:
    client = web(make_release())
    for look in LOOKS:
        answer = client.get(REGION_RATE.address(RELEASE_ID, look, "svg"))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/svg+xml"
        again = client.get(
            REGION_RATE.address(RELEASE_ID, look, "svg"),
            headers={"If-None-Match": answer.headers["etag"]},
        )
        assert again.status_code == 304


@pytest.mark.parametrize(
    "address",
    [
        f"/grafieken/onbekend-v1.0/verloop/{PATH}/region/region/licht.svg",
        f"/grafieken/{RELEASE_ID}/taart/{PATH}/region/region/licht.svg",
        f"/grafieken/{RELEASE_ID}/verloop/{PATH}/planet/region/licht.svg",
        f"/grafieken/{RELEASE_ID}/verloop/{PATH}/region/region/roze.svg",
        f"/grafieken/{RELEASE_ID}/verloop/{PATH}/region/region/licht.gif",
        f"/grafieken/{RELEASE_ID}/verloop/geen_tabel/{RATE}/region/region/licht.svg",
        f"/grafieken/{RELEASE_ID}/staven/{PATH}/region/region/licht.svg",
        f"/grafieken/{RELEASE_ID}/verloop/{PATH}/school/{HIDDEN_SCHOOL}/licht.svg",
    ],
)
def test_an_unknown_chart_is_not_found(address: str) -> None:
    assert web(make_release()).get(address).status_code == 404


def test_a_withdrawn_release_has_no_charts() -> None:
    client = web(with_state(make_release(), "withdrawn"))
    assert client.get(REGION_RATE.address(RELEASE_ID, "licht", "svg")).status_code == 404


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio by WCAG 2.2."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("look", LOOKS)
def test_colours_of_charts_differ_enough(look: str) -> None:
    theme = LOOKS[look].theme
    assert contrast(theme.ink, theme.paper) >= 4.5
    for line in theme.lines:  # lines are also the colour of the figures above them
        assert contrast(line, theme.paper) >= 4.5


def test_colours_of_pages_differ_enough() -> None:
    sheet = web().get("/static/monitor.css").text
    assert len(sheet.encode()) <= 12_000
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part))
                   for part in sheet.split("@media (prefers-color-scheme: dark)")[:2])  # fmt: skip
    for colours in (light, dark):
        for text, paper in product(("ink", "quiet", "accent"), ("paper", "soft")):
            assert contrast(colours[text], colours[paper]) >= 4.5
        assert contrast(colours["on-accent"], colours["accent"]) >= 4.5
        assert contrast(colours["on-mark"], colours["mark"]) >= 4.5
