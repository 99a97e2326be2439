"""Generate the whole region: people, schools, care, dirt, traps and files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from deploy.demo.generator.arrangements import give_within, invented_arrangements
from deploy.demo.generator.care import CareWriter
from deploy.demo.generator.care_files import OBJECTIONS_OF, write_care_files
from deploy.demo.generator.careers import simulate_careers
from deploy.demo.generator.dirt import Soiler
from deploy.demo.generator.enrolments import EnrolmentWriter
from deploy.demo.generator.numbers import citizen_numbers
from deploy.demo.generator.open_files import write_open_files
from deploy.demo.generator.people import duo_totals, make_people
from deploy.demo.generator.places import MUNICIPALITIES
from deploy.demo.generator.prevalence import draw_effects
from deploy.demo.generator.providers import invented_providers
from deploy.demo.generator.random_streams import dice, stream
from deploy.demo.generator.school_files import write_school_files
from deploy.demo.generator.schools import invented_schools, listed_schools
from deploy.demo.generator.spells import simulate_spells
from deploy.demo.generator.traps import Trapper, TrapPlan, plan_traps, with_merger
from deploy.demo.generator.truth import Provider, School, Truth

Progress = Callable[[str, int, int], None]
_OBJECTORS = 3
_STEPS = ("schools", "careers", "care", "people", "dirt", "files")
_README = (
    "SYNTHETISCH - geen echte cijfers.\r\n"
    "Alle personen, aanbieders en bedragen in deze map zijn verzonnen.\r\n"
)


@dataclass(frozen=True, slots=True)
class _Scope:
    seed: int
    first_year: int
    years: int
    scale: float

    @property
    def extracted_on(self) -> date:
        """The day on which the municipalities made their extracts."""
        return date(self.first_year + self.years, 8, 15)

    @property
    def periods(self) -> range:
        """First year of every school year."""
        return range(self.first_year, self.first_year + self.years)


def generate(
    target: Path,
    *,
    seed: int,
    schools: Path | None = None,
    swv_postcodes: Path | None = None,
    years: int = 6,
    first_year: int = 2020,
    pupils_scale: float = 1.0,
    progress: Progress | None = None,
) -> Truth:
    """Write a synthetic region into a folder and return what is true in it.

    Args:
        target: folder to make and fill; files in it are written over.
        seed: the same seed and arguments give the same bytes.
        schools: a real list of school locations to use instead of invented ones.
        swv_postcodes: postcode areas with their samenwerkingsverbanden, for that list.
        years: number of school years.
        first_year: calendar year in which the first school year starts.
        pupils_scale: size relative to the real region.
        progress: called with the step's name, the steps done and all steps.
    """
    scope = _Scope(seed, first_year, years, pupils_scale)
    step = _steps(progress)
    next(step)
    locations = (
        listed_schools(schools, seed, pupils_scale, swv_postcodes)
        if schools
        else invented_schools(seed, pupils_scale)
    )
    providers = invented_providers(seed)
    plan = plan_traps(locations, providers, first_year, years)
    locations = with_merger(locations, plan)
    truth = _live(scope, locations, providers, plan, step)
    next(step)
    _write(target, truth)
    next(step)
    return truth


def _live(
    scope: _Scope,
    schools: list[School],
    providers: list[Provider],
    plan: TrapPlan,
    step: Iterator[None],
) -> Truth:
    """Let everybody grow up, get care, fall into traps and become dirty."""
    seed, first_year, years = scope.seed, scope.first_year, scope.years
    arrangements = invented_arrangements(schools, plan, first_year, years)
    next(step)
    careers = simulate_careers(schools, seed, first_year, years, scope.scale)
    next(step)
    effects = draw_effects(schools, arrangements, frozenset(plan.residential), seed, years)
    spells = simulate_spells(careers, effects, seed, first_year, years)
    next(step)
    numbers = citizen_numbers(stream(seed, "numbers"))
    writer = CareWriter(providers, frozenset({plan.provider.group}), seed, scope.extracted_on)
    rows = EnrolmentWriter(careers, schools, first_year)
    drafts = make_people(careers, spells, rows, writer, numbers, seed, first_year)
    give_within(arrangements, drafts)
    trapper = Trapper(drafts, schools, writer, plan, scope.periods[-1])
    traps, tracers = trapper.spring(), trapper.tracers()
    trapper.objectors(OBJECTIONS_OF, _OBJECTORS)
    next(step)
    spared = plan.schools | {tracer.school for tracer in tracers}
    soiler = Soiler(schools, spared, writer, numbers, dice(seed, "dirt"))
    drafts += soiler.soil(drafts)
    return Truth(
        seed=seed,
        first_year=first_year,
        years=years,
        municipalities=MUNICIPALITIES,
        schools=tuple(schools),
        providers=tuple(providers),
        arrangements=tuple(arrangements),
        persons=tuple(draft.person() for draft in drafts),
        duo_totals=duo_totals(drafts, schools, seed, scope.periods),
        tracers=tracers,
        traps=traps,
    )


def _steps(progress: Progress | None) -> Iterator[None]:
    for done, name in enumerate((*_STEPS, "done")):
        if progress is not None:
            progress(name, done, len(_STEPS))
        yield


def _write(target: Path, truth: Truth) -> None:
    target.mkdir(parents=True, exist_ok=True)
    (target / "LEESMIJ.txt").write_bytes(_README.encode("ascii"))
    for name in ("bronnen", "duo"):
        (target / name).mkdir(exist_ok=True)
    write_open_files(target / "bronnen", truth)
    write_school_files(target / "duo", truth)
    write_care_files(target, truth)
