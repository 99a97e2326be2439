"""The guide for analysts: its questions are those that are tried, its topics the policy's."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient

from deploy.make_topics import GUIDE, topics_part, with_topics
from publisher.dashboard.topics import TOPICS
from shared.policy import load_policy
from tests.support.dashboards import DOCUMENTS, NOTES, QUESTIONS, Question, dashboard
from tests.support.region_release import region_release
from tests.support.web import Html

TEXT = GUIDE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def client() -> TestClient:
    return dashboard(region_release(), notes=lambda: NOTES)


def test_the_topics_are_those_of_the_policy() -> None:
    assert with_topics(TEXT) == TEXT, "run python -m deploy.make_pages"


def test_every_topic_has_a_row_and_every_published_table_a_topic() -> None:
    rows = topics_part().splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows] == [
        *(topic.title for topic in TOPICS), "Arrangementen",
    ]  # fmt: skip
    policy = load_policy(DOCUMENTS / "policy.toml").policy
    published = {table.id for table in policy.tables}
    forms = next(row for row in rows if row.startswith("| Vormen van hulp |"))
    assert "school" in forms  # rounded there, in a table of its own
    said = [row for row in rows if "nog niet gepubliceerd" not in row]
    assert len(said) == sum(
        any({part.table, f"{part.table}_school"} & published for part in topic.parts)
        for topic in TOPICS
    ) + any("arrangement" in table.levels for table in policy.tables)


def test_no_question_takes_more_than_three_clicks_and_the_guide_has_them_all() -> None:
    assert {len(question.clicks) for question in QUESTIONS} <= {1, 2, 3}
    rows = re.findall(r"^\| .+\? \|.+\| ([0-3–]+) \|$", TEXT, re.MULTILINE)
    assert len(rows) >= len(QUESTIONS) - 1  # costs by type and by school share a row


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: each.id)
def test_every_click_is_a_link_that_is_there_and_leads_to_the_answer(
    client: TestClient, question: Question
) -> None:
    """What a browser does with a mouse, without one: quick enough to try every question."""
    at = "/"
    for click in question.clicks:
        page = Html.of(client.get(at).text)
        if click.startswith("/scholen?zoek="):
            assert "/scholen" in page.attributes("form", "action")
        else:
            links = {unquote(link) for link in page.attributes("a", "href")}
            assert unquote(click) in links, at
        at = click
    assert question.answer in Html.of(client.get(at).text).text
