"""What differs between two policies is said in plain Dutch, with what it does."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.demo.documents import shipped_policy
from linker.cli import linker
from linker.rounds.policy_changes import Effect, changes, report
from shared.errors import ConfigurationError
from shared.policy import Policy, read_policy

SHIPPED = shipped_policy()


def policy(text: str) -> Policy:
    return read_policy(text.encode()).policy


def changed(*swaps: tuple[str, str]) -> str:
    text = SHIPPED
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def test_nothing_changed_is_said_so() -> None:
    assert report(policy(SHIPPED), policy(SHIPPED + "\n# opmerking\n")) == (
        "Er is niets veranderd.",
    )


@pytest.mark.parametrize(
    ("old", "new", "effect", "words"),
    [
        ("\nthreshold = 5", "\nthreshold = 4", Effect.WIDER, "threshold: was 5, wordt 4"),
        ("\nthreshold = 5", "\nthreshold = 6", Effect.NARROWER, "threshold: was 5, wordt 6"),
        ("group = true", "group = false", Effect.WIDER, "group: was ja, wordt nee"),
        ("dominance_percent = 50", "dominance_percent = 60", Effect.WIDER, "wordt 60"),
        ('direction = "either"', 'direction = "both"', Effect.OTHER, "was either, wordt both"),
        ("input_after_close_days = 90", "input_after_close_days = 91", Effect.WIDER, "91 dagen"),
        ("ledger_days = 1825", "ledger_days = 1000", Effect.NARROWER, "logboek"),
        ("approvers = 2", "approvers = 3", Effect.NARROWER, "approvers"),
        ("sensitive = false", "sensitive = true", Effect.NARROWER, "wel iets gevoeligs"),
        ("max_rows_per_delivery = 1", "max_rows_per_delivery = 2", Effect.WIDER, "omvang"),
        ('linker = "koppelaar"', 'linker = "ander"', Effect.OTHER, "de koppelaar: was koppelaar"),
        (
            'id = "P6"\ntext = "Het',
            'id = "P6"\ntext = "Een',
            Effect.OTHER,
            "doel P6 heeft een andere tekst",
        ),
        (
            'category = "gevoelig"\npurposes = ["P1"]',
            'category = "gevoelig"\npurposes = ["P1", "P2"]',
            Effect.WIDER,
            "gegeven education van enrolment/1, doel P2 komt erbij",
        ),
    ],
)
def test_a_change_says_what_it_does(old: str, new: str, effect: Effect, words: str) -> None:
    before, after = policy(SHIPPED), policy(changed((old, new)))
    (found,) = changes(before, after)
    assert found.effect is effect
    assert words in found.text
    (back,) = changes(after, before)
    opposite = {Effect.WIDER: Effect.NARROWER, Effect.NARROWER: Effect.WIDER}
    assert back.effect is opposite.get(effect, effect)


def test_tables_levels_and_recipients_come_and_go() -> None:
    before = policy(SHIPPED)
    fewer = before.model_copy(update={"tables": before.tables[1:]})
    (gone,) = changes(before, fewer)
    assert gone.effect is Effect.NARROWER
    assert before.tables[0].id in gone.text
    narrowed = before.tables[0].model_copy(
        update={
            "levels": before.tables[0].levels[1:],
            "recipients": (*before.tables[0].recipients, "pers"),
        }
    )
    other = before.model_copy(update={"tables": (narrowed, *before.tables[1:])})
    assert [each.effect for each in changes(before, other)] == [Effect.NARROWER, Effect.WIDER]


def test_what_is_allowed_needs_a_new_version_of_the_dpia() -> None:
    wider = ("\nthreshold = 5", "\nthreshold = 4")
    before = policy(SHIPPED)
    assert any(line.startswith("LET OP") for line in report(before, policy(changed(wider))))
    number = f'dpia_version = "{before.dpia_version}"'
    renewed = policy(changed(wider, (number, 'dpia_version = "9.0"')))
    assert not any(line.startswith("LET OP") for line in report(before, renewed))
    only_name = policy(changed(('linker = "koppelaar"', 'linker = "ander"')))
    assert any(line.startswith("LET OP") for line in report(before, only_name))


def test_the_command_prints_it_and_needs_no_installation(tmp_path: Path) -> None:
    for name, text in (("a", SHIPPED), ("b", changed(("slide = 1", "slide = 2")))):
        (tmp_path / f"{name}.toml").write_text(text)
    told = CliRunner().invoke(
        linker, ["policy", "diff", str(tmp_path / "a.toml"), str(tmp_path / "b.toml")]
    )
    assert told.exit_code == 0
    assert told.output.startswith("[strenger] de grens slide: was 1, wordt 2.\n")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("split_threshold = 10", "split_threshold = 4", "sensitive split"),
        ('linker = "koppelaar"', 'linker = "sleutelbeheer"', "neither the key office"),
        ('publisher = "publicist"', 'publisher = "koppelaar"', "neither the key office"),
        ('id = "P2"', 'id = "P1"', "a purpose is declared once"),
        ('id = "clients_by_form"', 'id = "pupils_and_clients"', "a table is declared once"),
        ('name = "education"', 'name = "school"', "an attribute is declared once"),
        ('name = "care/1"', 'name = "enrolment/1"', "a schema is declared once"),
    ],
)
def test_a_contradictory_policy_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        policy(changed((old, new)))
