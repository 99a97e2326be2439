"""The example settings and the example plan load, and show every key that there is."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel

import linker.settings
import publisher.settings
from shared.contract.periods import PeriodKind
from shared.hashing.custody.ceremony import Plan, load_plan
from shared.round import MAX_PERIODS, Expected, SchemaName, Supplier
from shared.settings import ServiceSettings, load_settings
from tests.support.markdown import ROOT

EXAMPLES = ROOT / "docs" / "voorbeelden"
SERVICES: list[tuple[str, type[ServiceSettings]]] = [
    ("linker.toml", linker.settings.Settings),
    ("publisher.toml", publisher.settings.Settings),
]
MODELS: list[tuple[str, type[BaseModel]]] = [*SERVICES, ("plan.toml", Plan)]


def document(name: str) -> dict[str, object]:
    return tomllib.loads((EXAMPLES / name).read_text(encoding="utf-8"))


def test_every_example_is_tested() -> None:
    assert sorted(path.name for path in EXAMPLES.iterdir()) == sorted(name for name, _ in MODELS)


@pytest.mark.parametrize(("name", "model"), MODELS)
def test_an_example_shows_every_key(name: str, model: type[BaseModel]) -> None:
    assert set(document(name)) == set(model.model_fields)


@pytest.mark.parametrize(("name", "model"), SERVICES)
def test_settings_load_with_paths_from_their_own_folder(
    name: str, model: type[ServiceSettings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(EXAMPLES / name, model)
    for path in (settings.key_folder, settings.identity, settings.policy, settings.agreements):
        assert path.parent == EXAMPLES.resolve()
    assert settings.database_url.startswith(f"sqlite:///{EXAMPLES.resolve()}")


@pytest.mark.parametrize(("name", "model"), SERVICES)
def test_a_default_in_the_example_is_the_default(name: str, model: type[ServiceSettings]) -> None:
    shown = document(name)
    for key, field in model.model_fields.items():
        default = field.default
        expected = default.model_dump() if isinstance(default, BaseModel) else default
        assert field.is_required() or shown[key] == expected, key


def test_the_services_do_not_want_the_same_port() -> None:
    ports = [document(name)["port"] for name, _ in SERVICES]
    assert len(set(ports)) == len(ports)


def test_the_plan_is_one_that_a_round_can_be_made_of() -> None:
    plan = load_plan(EXAMPLES / "plan.toml")
    assert plan.period_kind is PeriodKind.SCHOOL_YEAR
    assert [period.starts_on for period in plan.periods] == [date(2024, 8, 1), date(2025, 8, 1)]
    assert list(plan.first_years) == sorted(set(plan.first_years))
    assert len(plan.periods) <= MAX_PERIODS


def test_the_plan_shows_every_schema_and_covers_whom_it_names() -> None:
    by_schema: dict[SchemaName, set[int]] = {schema: set() for schema in SchemaName}
    for supplier in load_plan(EXAMPLES / "plan.toml").suppliers:
        for expected in supplier.expected:
            by_schema[expected.schema_name].update(expected.municipalities)
    assert by_schema[SchemaName.ENROLMENT] == by_schema[SchemaName.CARE]
    assert all(by_schema.values())


def test_the_plan_shows_every_key_of_a_supplier() -> None:
    suppliers = tomllib.loads((EXAMPLES / "plan.toml").read_text(encoding="utf-8"))["suppliers"]
    for supplier in suppliers:
        assert set(supplier) == set(Supplier.model_fields)
        for expected in supplier["expected"]:
            assert set(expected) == set(Expected.model_fields)
