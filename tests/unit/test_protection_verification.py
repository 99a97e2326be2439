"""The verifier refuses every proof that is not the proof of this release."""

from __future__ import annotations

from dataclasses import replace

import pytest

from publisher.protection.audit import audit_claim
from publisher.protection.cellproblem import CellProblem
from publisher.protection.certificates import Certificate, from_json_lines, to_json_lines
from publisher.protection.engine import protect_block
from publisher.protection.verification.cells import claim_of_cells
from publisher.protection.verification.check import check_claim
from shared.errors import ProtectionError
from tests.support.small_tables import Small, protect_small, small_spec


@pytest.fixture(scope="module")
def small() -> Small:
    rows = [
        {"u": unit, "b": category, "n": n, "m": "p" if unit in "abc" else "q"}
        for unit, counts in {
            "a": (3, 20, 9), "b": (20, 30, 2), "c": (9, 1, 30), "d": (12, 14, 4), "e": (2, 9, 9),
        }.items()
        for category, n in zip("xyz", counts, strict=True)
    ]  # fmt: skip
    return protect_small(small_spec([["m"], []], breakdown=True), rows)


def _refused(small: Small, certificates: tuple[Certificate, ...], step: int) -> None:
    with pytest.raises(ProtectionError) as caught:
        check_claim(small.claim, certificates)
    assert caught.value.code == "verification-failed"
    assert caught.value.message.startswith(f"step {step}:")


def test_the_proof_of_the_release_is_accepted(small: Small) -> None:
    certificates = small.solution.certificates
    assert check_claim(small.claim, certificates) == len(certificates) > 4
    assert from_json_lines(to_json_lines(certificates)) == certificates


def test_a_missing_certificate_is_refused(small: Small) -> None:
    owned = [demand.cell for demand in small.claim.demands]
    for cell in owned:
        rest = tuple(c for c in small.solution.certificates if c.cell != cell)
        _refused(small, rest, 5)


def test_every_changed_step_is_refused(small: Small) -> None:
    for certificate in small.solution.certificates:
        for place, (key, step) in enumerate(certificate.delta):
            steps = [*certificate.delta]
            steps[place] = (key, -step)
            others = tuple(c for c in small.solution.certificates if c is not certificate)
            with pytest.raises(ProtectionError):
                check_claim(small.claim, (*others, Certificate(certificate.cell, tuple(steps))))


def test_a_left_out_step_is_refused(small: Small) -> None:
    first, *rest = small.solution.certificates
    for place in range(len(first.delta)):
        delta = first.delta[:place] + first.delta[place + 1 :]
        _refused(small, (Certificate(first.cell, delta), *rest), 4)


def test_a_certificate_in_the_name_of_another_cell_is_refused(small: Small) -> None:
    """Its change is a true alternative, but not of the cell that it now claims."""
    first, *rest = small.solution.certificates
    moved = {key for key, _ in first.delta}
    other = next(d.cell for d in small.claim.demands if d.cell not in moved)
    _refused(small, (*rest, replace(first, cell=other)), 4)


def test_an_empty_repeated_or_foreign_step_is_refused(small: Small) -> None:
    first, *rest = small.solution.certificates
    published = next(k for k in small.claim.true if k not in small.hidden)
    for delta in (
        (), (*first.delta, first.delta[0]), (*first.delta, ("unit/nowhere/", 1)),
        (*first.delta, (published, 1)),
    ):  # fmt: skip
        _refused(small, (Certificate(first.cell, tuple(delta)), *rest), 4)


def test_a_rule_sensitive_cell_that_is_published_is_refused(small: Small) -> None:
    cell = small.claim.demands[0].cell
    claim = claim_of_cells(small.spec, small.cells, small.hidden - {cell})
    with pytest.raises(ProtectionError, match="step 1"):
        check_claim(claim, small.solution.certificates)


def test_a_published_secondary_cell_is_refused(small: Small) -> None:
    for cell in small.solution.secondary:
        claim = claim_of_cells(small.spec, small.cells, small.hidden - {cell})
        with pytest.raises(ProtectionError, match="step 4"):
            check_claim(claim, small.solution.certificates)
        assert audit_claim(claim).exact or audit_claim(claim).too_narrow


def test_an_error_names_no_cell_and_no_value(small: Small) -> None:
    with pytest.raises(ProtectionError) as caught:
        check_claim(small.claim, ())
    assert "unit/" not in str(caught.value)


def test_a_total_that_could_be_lower_may_not_be_proved_beyond_its_class() -> None:
    """Only where bounds leave nothing lower does an alternative above T - 1 count."""
    rows = [{"u": u, "n": n} for u, n in (("a", 4), ("b", 30), ("c", 40))]
    small = protect_small(small_spec(), rows)
    secondary = next(iter(small.solution.secondary))
    upward = Certificate.of("unit/a/", {"unit/a/": 1, secondary: -1})
    _refused(small, (upward,), 5)


def test_an_alternative_below_what_a_reader_knows_is_refused() -> None:
    """A withheld positive cell is at least 1, whatever the relations would allow."""
    rows = [{"u": u, "n": n} for u, n in (("a", 2), ("b", 1), ("c", 30))]
    small = protect_small(small_spec(), rows)
    forged = Certificate.of("unit/a/", {"unit/a/": 1, "unit/b/": -1})
    _refused(small, (*small.solution.certificates, forged), 4)


@pytest.mark.parametrize(
    "line",
    [b"[]", b"{}", b"x", b'{"cell":1,"delta":[]}', b'{"cell":"a","delta":[["b",1.5]]}'],
)  # fmt: skip
def test_a_line_that_is_no_certificate_is_refused(line: bytes) -> None:
    with pytest.raises(ProtectionError) as caught:
        from_json_lines(line)
    assert caught.value.code == "certificate-invalid"


def test_two_runs_give_the_same_bytes(small: Small) -> None:
    again = protect_block(CellProblem.of(small.spec, small.cells).build, small.spec.rules)
    assert again.withheld == small.solution.withheld
    assert to_json_lines(again.certificates) == to_json_lines(small.solution.certificates)


def test_what_no_pattern_can_protect_is_an_error() -> None:
    """A lone pupil in the file's only unit of which the denominator is 1: no alternative."""
    with pytest.raises(ProtectionError) as caught:
        protect_small(small_spec(denominator=True), [{"u": "a", "n": 1, "d": 1}])
    assert caught.value.code == "protection-unmet"
