"""Pages: what stands on them, and that nothing withheld does."""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from urllib.parse import urlparse

import pytest

from publisher.downloads.words import MARK, WITHHELD
from publisher.released import CellStatus
from tests.support.releases import (
    FORMULA_SCHOOL,
    HIDDEN_SCHOOL,
    HIDDEN_YEAR_SCHOOL,
    LATEST,
    PLAIN_SCHOOL,
    RELEASE_ID,
    SCRIPT_SCHOOL,
    ZERO_SCHOOL,
    cell_of,
    make_release,
    reference,
    with_state,
)
from tests.support.web import Html, bare_web, web

FIGURE_PAGES = (
    "/",
    "/gemeenten",
    "/gemeenten/GM0197",
    "/schoolsoorten",
    "/schoolsoorten/BO",
    "/scholen",
    "/scholen?zoek=de&volgorde=per-100",
    f"/scholen/{PLAIN_SCHOOL}",
    f"/scholen/{HIDDEN_YEAR_SCHOOL}",
    f"/scholen/{HIDDEN_SCHOOL}",
    "/samenwerkingsverbanden",
    "/woongemeenten/GM0197",
    "/onderwerpen",
    "/onderwerpen/gebruik",
    "/onderwerpen/vormen?niveau=type",
    "/vergelijken",
    f"/vergelijken?kies=school:{PLAIN_SCHOOL}&kies=municipality:GM0222",
    "/verkennen",
    "/arrangementen",
)
EVERY_PAGE = (
    *FIGURE_PAGES, "/methode", "/releases", f"/releases/{RELEASE_ID}", "/wijzigingen",
    "/toegankelijkheid",
)  # fmt: skip
WITHOUT_RELEASE = ("/releases", "/toegankelijkheid")
SAMPLED = ("/grafieken/", "/downloads/", "/verkennen", "/vergelijken", "/en/")
"""Kinds of address of which there are very many alike: a crawl takes the first few."""
SYMBOL = f"■{WITHHELD}"


@pytest.mark.parametrize("address", EVERY_PAGE)
def test_every_page_is_whole_and_accessible(address: str) -> None:
    answer = web(make_release()).get(address)
    assert answer.status_code == 200
    page = Html.of(answer.text)
    assert [each.attributes for each in page.all("html")] == [{"lang": "nl"}]
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
    assert page.attributes("a", "href")[0] == "#inhoud"
    assert page.attributes("main", "id") == ["inhoud"]
    levels = [int(each.tag[1]) for each in page.elements if each.tag in ("h1", "h2", "h3")]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all("scope" in each.attributes for each in page.all("th"))
    assert all(each.attributes["alt"] for each in page.all("img"))
    ids = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    assert len(set(ids)) == len(ids)
    described = page.attributes("section", "aria-labelledby") + page.attributes("label", "for")
    assert set(described) <= set(ids)
    fields = set(page.attributes("input", "id") + page.attributes("select", "id"))
    assert fields == set(page.attributes("label", "for"))


@pytest.mark.parametrize("address", EVERY_PAGE)
def test_no_page_needs_more_than_its_own_origin_and_no_script(address: str) -> None:
    page = Html.of(web(make_release()).get(address).text)
    assert not page.all("script")
    assert not page.all("style")
    for element in page.elements:
        assert "style" not in element.attributes
        assert not any(name.startswith("on") for name in element.attributes)
        for name in ("href", "src", "srcset", "action"):
            parts = urlparse(element.attributes.get(name, ""))
            assert (parts.scheme, parts.netloc) == ("", "")


def test_every_link_leads_somewhere() -> None:
    client = web(make_release())
    seen: set[str] = set()
    waiting = {"/"}
    taken = Counter[str]()
    while waiting:
        address = min(waiting)
        waiting.remove(address)
        seen.add(address)
        kind = next((part for part in SAMPLED if part in address), "")
        taken[kind] += 1
        if kind and taken[kind] > 6:
            continue
        answer = client.get(address)
        # The documents of governance are not at hand here, and the page says so.
        assert answer.status_code == (503 if address == "/verantwoording" else 200), address
        if answer.headers["content-type"].startswith("text/html"):
            page = Html.of(answer.text)
            links = page.attributes("a", "href") + page.attributes("link", "href")
            links += page.attributes("img", "src")  # the other looks: test_web_charts.py
            # The feed of releases is of another room: tests/**/test_announcing_*.py.
            waiting |= {link.split("#")[0] or "/" for link in links} - seen - {"/uitgaven.atom"}
    assert f"/scholen/{PLAIN_SCHOOL}" in seen
    assert any(address.startswith("/grafieken/") for address in seen)
    assert any("/downloads/" in address for address in seen)


@pytest.mark.parametrize("address", EVERY_PAGE)
def test_fragments_exist_where_links_point(address: str) -> None:
    client = web(make_release())
    page = Html.of(client.get(address).text)
    for link in page.attributes("a", "href"):
        path, _, fragment = link.partition("#")
        if fragment:
            target = page if not path else Html.of(client.get(path).text)
            assert fragment in [each.attributes.get("id") for each in target.elements]


@pytest.mark.parametrize("address", [each for each in EVERY_PAGE if each not in WITHOUT_RELEASE])
def test_the_synthetic_mark_stands_on_every_page(address: str) -> None:
    assert MARK in web(make_release()).get(address).text
    assert MARK not in web(make_release(synthetic=False)).get(address).text


def test_a_school_profile_shows_the_released_figures() -> None:
    release = make_release()
    page = Html.of(web(release).get(f"/scholen/{PLAIN_SCHOOL}").text)
    for period in release.manifest.periods:
        shown = page.row(period.label if period.code != 20 else f"{period.label} (trendbreuk)")[1:]
        for text, measure in zip(
            shown, ("pupils", "clients", "clients_per_100_pupils"), strict=True
        ):
            cell = cell_of(release, PLAIN_SCHOOL, measure, period.code)
            assert cell.value is not None
            assert float(text.replace(",", ".")) == cell.value / 10**cell.decimals


def test_a_withheld_figure_is_one_symbol_with_its_words_and_never_zero() -> None:
    page = Html.of(web(make_release()).get(f"/scholen/{HIDDEN_YEAR_SCHOOL}").text)
    assert page.row("2022/2023")[2:] == [SYMBOL, SYMBOL]
    assert SYMBOL not in page.row("2021/2022")


def test_a_true_zero_is_a_zero() -> None:
    page = Html.of(web(make_release()).get(f"/scholen/{ZERO_SCHOOL}").text)
    assert page.row("2024/2025")[2:] == ["0", "0,0"]


def test_a_school_without_any_figure_has_a_page_without_a_chart() -> None:
    text = web(make_release()).get(f"/scholen/{HIDDEN_SCHOOL}").text
    page = Html.of(text)
    assert not page.all("img")
    assert "Waarom ziet u niet alle cijfers?" in text
    assert {cell for period in ("2019/2020", "2024/2025") for cell in page.row(period)[2:]} == {
        SYMBOL
    }


def test_a_changed_set_of_municipalities_is_a_marked_break() -> None:
    text = web(make_release()).get("/").text
    assert "2020/2021 (trendbreuk)" in Html.of(text).text
    assert text.count("(trendbreuk)") == 1


def test_names_cannot_become_markup() -> None:
    client = web(make_release())
    for address in ("/scholen", f"/scholen/{SCRIPT_SCHOOL}", "/gemeenten/GM0222"):
        text = client.get(address).text
        assert "<script>" not in text
        assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &#34;De Beuk&#34;" in text


def test_a_search_term_cannot_become_markup() -> None:
    text = web(make_release()).get("/scholen", params={"zoek": '"><script>x</script>'}).text
    assert "<script>" not in text
    assert "Geen school gevonden" in text


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("linde", ["Basisschool De Linde"]),
        ("  DE   es ", ["Basisschool De Es"]),
        ("99xg", ["Basisschool De Wilg"]),
        ("bestaat niet", []),
    ],
)
def test_search_finds_by_parts_of_the_name_and_by_code(wanted: str, found: list[str]) -> None:
    page = Html.of(web(make_release()).get("/scholen", params={"zoek": wanted}).text)
    assert [row[0] for table in page.tables for row in table[1:]] == found


def test_an_order_by_figure_puts_withheld_last_and_unknown_orders_are_by_name() -> None:
    client = web(make_release())

    def names(order: str) -> list[str]:
        page = Html.of(client.get("/scholen", params={"volgorde": order}).text)
        return [row[0] for row in page.tables[0][1:]]

    assert names("per-100")[-1] == "Aventurijn speciaal onderwijs"
    assert names("naam")[2] == "Aventurijn speciaal onderwijs"
    assert names("iets anders") == names("naam")
    release = make_release()
    by_pupils = [
        cell_of(release, school.code, "pupils", LATEST).value
        for name in names("leerlingen")
        for school in reference().schools
        if school.name == name
    ]
    assert by_pupils == sorted(by_pupils, key=lambda value: -(value or 0))


def test_pages_name_the_place_of_a_school_and_list_the_schools_of_a_place() -> None:
    client = web(make_release())
    page = Html.of(client.get(f"/scholen/{PLAIN_SCHOOL}").text)
    assert "/gemeenten/GM0197" in page.attributes("a", "href")
    listed = Html.of(client.get("/gemeenten/GM0197").text).attributes("a", "href")
    assert f"/scholen/{FORMULA_SCHOOL}" in listed
    assert f"/scholen/{HIDDEN_SCHOOL}" not in listed


def test_pages_do_without_the_reference() -> None:
    client = bare_web(make_release())
    for address in EVERY_PAGE:
        assert client.get(address).status_code == 200
    listed = Html.of(client.get("/gemeenten/GM0197").text).attributes("a", "href")
    assert f"/scholen/{FORMULA_SCHOOL}" not in listed


@pytest.mark.parametrize("address", [*FIGURE_PAGES, "/methode", "/releases"])
def test_before_the_first_release_pages_say_so(address: str) -> None:
    answer = web().get(address)
    assert answer.status_code == 200
    page = Html.of(answer.text)
    assert not page.all("img")
    if address in FIGURE_PAGES:
        assert "Er zijn nu geen cijfers" in page.text


@pytest.mark.parametrize("address", FIGURE_PAGES)
def test_a_withdrawn_release_shows_no_figure(address: str) -> None:
    page = Html.of(web(with_state(make_release(), "withdrawn")).get(address).text)
    assert "De cijfers zijn ingetrokken" in page.text
    assert not page.tables
    assert not page.all("img")


def test_the_page_of_a_withdrawn_release_says_so_and_offers_no_file() -> None:
    client = web(with_state(make_release(), "withdrawn"))
    text = client.get(f"/releases/{RELEASE_ID}").text
    assert "Deze uitgave is ingetrokken." in text
    assert "/downloads/" not in text
    assert "ingetrokken" in Html.of(client.get("/releases").text).row(RELEASE_ID)[3]


def test_a_superseded_release_keeps_its_files() -> None:
    newer = make_release(release_id="voorbeeld-2025-v1.1", supersedes=RELEASE_ID)
    client = web(newer, with_state(make_release(), "superseded"))
    text = client.get(f"/releases/{RELEASE_ID}").text
    assert "Deze uitgave is vervangen." in text
    assert "/downloads/" in text
    assert f'href="/releases/{RELEASE_ID}"' in client.get("/releases/voorbeeld-2025-v1.1").text


def test_the_page_of_a_release_shows_what_was_signed() -> None:
    release = make_release()
    text = web(release).get(f"/releases/{RELEASE_ID}").text
    manifest = release.manifest
    for wanted in (
        release.sha256,
        manifest.policy,
        *(entry.sha256 for entry in manifest.tables),
        "publisher, gemeente-een, fg-twee",
        "2 maart 2026",
    ):
        assert wanted in text


@pytest.mark.parametrize(
    "address", ["/scholen/99ZZ99", "/gemeenten/GM9999", "/schoolsoorten/XX", "/releases/x"]
)
def test_an_unknown_name_is_a_helpful_page_that_does_not_repeat_it(address: str) -> None:
    answer = web(make_release()).get(address)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Html.of(answer.text)
    assert "/scholen" in page.attributes("a", "href")
    assert address.rsplit("/", 1)[1] not in page.text.split()


def test_pages_are_small_with_two_hundred_schools() -> None:
    client = web(make_release(extra_schools=200), book=reference(200))
    for address in ("/", "/scholen", "/gemeenten/GM0197", "/schoolsoorten/BO"):
        page = client.get(address).content
        assert len(gzip.compress(page)) <= 60_000
    assert len(Html.of(client.get("/scholen").text).tables[0]) == 1 + 207


def test_pages_have_an_etag_of_their_bytes_and_security_headers() -> None:
    client = web(make_release())
    first = client.get("/")
    assert first.headers["cache-control"] == "no-cache"
    assert "default-src 'none'" in first.headers["content-security-policy"]
    again = client.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_same_release_gives_the_same_pages() -> None:
    first, second = web(make_release()), web(replace(make_release()))
    for address in EVERY_PAGE:
        assert first.get(address).content == second.get(address).content


def test_no_status_but_the_released_one_shows() -> None:
    """Every withheld cell of the release is a symbol on the page of its school, and no other."""
    release = make_release()
    client = web(release)
    for school in (PLAIN_SCHOOL, HIDDEN_YEAR_SCHOOL, HIDDEN_SCHOOL, ZERO_SCHOOL):
        page = Html.of(client.get(f"/scholen/{school}").text)
        withheld = sum(
            cell_of(release, school, measure, period.code).status is CellStatus.WITHHELD
            for period in release.manifest.periods
            for measure in ("pupils", "clients", "clients_per_100_pupils")
        )
        shown = sum(
            cell.strip() == SYMBOL for table in page.tables for row in table for cell in row
        )
        assert shown == withheld
