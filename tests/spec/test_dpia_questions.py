"""The DPIA has the seventeen questions in order, and a measure for every risk."""

from __future__ import annotations

import re

import pytest

from tests.support.markdown import ROOT, flat, read, table

DPIA = read("docs/dpia/dpia.md")
LEVELS = ["laag", "midden", "hoog"]
STANDARDS = ROOT / ".." / "shared" / "standards"
SECTIONS = {"A": range(1, 11), "B": range(11, 16), "C": range(16, 17), "D": range(17, 18)}


def test_seventeen_questions_in_four_sections() -> None:
    headings = re.findall(r"^(?:## ([A-D])\. .+|### ([0-9]+)\. .+)$", DPIA, re.MULTILINE)
    found: dict[str, list[int]] = {}
    section = ""
    for letter, number in headings:
        section = letter or section
        found.setdefault(section, []).extend([int(number)] if number else [])
    assert found == {letter: list(numbers) for letter, numbers in SECTIONS.items()}


def test_no_question_is_empty() -> None:
    for answer in re.split(r"^### [0-9]+\. .+$", DPIA, flags=re.MULTILINE)[1:]:
        assert len(answer.split()) > 40


def test_a_level_of_risk_follows_from_chance_and_impact() -> None:
    for row in table(DPIA, "Nr.", "Risico voor betrokkenen").rows:
        _, _, _, chance, impact, level = row
        at_least, at_most = sorted((LEVELS.index(chance), LEVELS.index(impact)))
        assert at_least <= LEVELS.index(level) <= at_most, row[0]


def test_every_risk_has_a_measure_an_owner_and_a_residual_risk_that_is_no_higher() -> None:
    risks = {row[0]: row[5] for row in table(DPIA, "Nr.", "Risico voor betrokkenen").rows}
    measures = {row[0]: row for row in table(DPIA, "Risico", "Maatregelen").rows}
    assert list(risks) == list(measures) == [f"R{number}" for number in range(1, len(risks) + 1)]
    for risk, (_, what, owner, residual) in measures.items():
        assert what, risk
        assert owner, risk
        assert LEVELS.index(residual) <= LEVELS.index(risks[risk]), risk


def test_a_high_residual_risk_is_named_as_an_open_point() -> None:
    open_points = DPIA.split("**Open punten vóór *definitief*:**")[1]
    for risk, _, _, residual in table(DPIA, "Risico", "Maatregelen").rows:
        if residual == "hoog":
            assert risk in open_points


def test_every_risk_that_is_referred_to_exists() -> None:
    known = {row[0] for row in table(DPIA, "Nr.", "Risico voor betrokkenen").rows}
    assert set(re.findall(r"\bR[0-9]+\b", DPIA)) <= known


@pytest.mark.reference_data
@pytest.mark.skipif(not STANDARDS.is_dir(), reason="the standards do not lie beside the project")
def test_the_rijksmodel_has_the_same_questions() -> None:
    model = (STANDARDS / "dpia.yaml").read_text(encoding="utf-8")
    numbers = re.findall(r'^   id: "([0-9]+)"\n   is_official_id: true', model, re.MULTILINE)
    assert [number for number in numbers if int(number) <= 17] == [
        str(number) for number in range(1, 18)
    ]


@pytest.mark.reference_data
@pytest.mark.skipif(not STANDARDS.is_dir(), reason="the standards do not lie beside the project")
def test_no_sentence_of_a_standard_is_copied() -> None:
    ours = "\n".join(
        flat(path.read_text(encoding="utf-8"))
        for pattern in ("docs/**/*.md", "docs/**/*.toml", "*.md")
        for path in sorted(ROOT.glob(pattern))
    )
    for name in ("dpia.yaml", "designRules.md"):
        standard = flat((STANDARDS / name).read_text(encoding="utf-8"))
        sentences = [each for each in re.split(r"(?<=[.:?]) ", standard) if len(each) >= 60]
        assert len(sentences) > 20, "expected to find sentences to compare with"
        copied = [sentence for sentence in sentences if sentence in ours]
        assert not copied
