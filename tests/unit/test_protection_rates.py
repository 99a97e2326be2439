"""Rates and coverage: quotients of released cells, withheld with either of them."""

from __future__ import annotations

import pandas as pd

from publisher.protection import Published, Rules, derive_rates, protect_tally
from shared.reference import Level
from tests.support.protection import PUBLISHED, Place, reference, school, some_region, tally


def clients(count: int) -> tuple[frozenset[str], ...]:
    return (frozenset({"2"}),) * count


class TestRates:
    def _derived(self, **rules: object) -> pd.DataFrame:
        bundle = reference(
            [school(f"0{i}AA00") for i in range(1, 6)],
            {"01AA00": 250, "02AA00": 45, "03AA00": 100, "04AA00": 0},
        )
        places = [
            Place("01AA00", 1, 200, clients(21)),
            Place("02AA00", 1, 45, clients(9)),
            Place("03AA00", 1, 100, clients(3)),
            Place("05AA00", 1, 80, clients(9)),
        ]
        published = (Published("pupils_and_clients", (Level.SCHOOL,)),)
        protected = protect_tally(tally(bundle, places), bundle, Rules(), published)
        chosen = Rules(**rules)  # type: ignore[arg-type]
        return derive_rates(protected.cells, bundle, chosen).set_index(["unit", "measure"])

    def test_a_rate_in_tenths_rounds_half_up(self) -> None:
        derived, place = self._derived(), ("01AA00", "clients_per_100_pupils")
        assert derived.loc[place, "value"] == 105
        assert derived.loc[place, "status"] == ""
        assert derived.loc[place, "decimals"] == 1

    def test_a_rate_is_withheld_with_its_count_or_over_too_few_pupils(self) -> None:
        derived = self._derived()
        for unit in ("02AA00", "03AA00"):
            assert derived.loc[(unit, "clients_per_100_pupils"), "status"] == "c"
            assert pd.isna(derived["value"]).loc[(unit, "clients_per_100_pupils")]
        assert derived.loc[("02AA00", "clients"), "value"] == 9

    def test_a_school_without_pupils_has_no_rate(self) -> None:
        assert self._derived().loc[("04AA00", "clients_per_100_pupils"), "status"] == "z"

    def test_coverage_needs_an_exact_total(self) -> None:
        derived = self._derived()
        assert derived.loc[("01AA00", "coverage_percent"), "value"] == 80
        assert ("05AA00", "coverage_percent") not in derived.index

    def test_every_rate_follows_from_two_released_cells(self) -> None:
        bundle, counted = some_region(5, schools=24)
        protected = protect_tally(counted, bundle, Rules(), PUBLISHED)
        derived = derive_rates(protected.cells, bundle, Rules())
        place = ["level", "unit", "period"]
        totals = derived[(derived["category"] == "") & (derived["table"] == "pupils_and_clients")]
        wide = totals.pivot(index=place, columns="measure", values="value")
        rates = wide["clients_per_100_pupils"].notna()
        assert rates.any()
        assert wide.loc[rates, ["clients", "pupils"]].notna().all().all()
