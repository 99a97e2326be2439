"""A needle of each kind is found wherever it is planted, so that finding none means something."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from tests.support.needles import Needles, scan

NUMBER = "999000007"
PSEUDONYM = hashlib.sha256(b"nobody").digest()
NEEDLES = Needles.of([NUMBER], [PSEUDONYM])
NOISE = hashlib.shake_256(b"noise").digest(1_200_000)


@pytest.mark.parametrize(
    ("needle", "kind"),
    [
        (NUMBER.encode(), "number raw"),
        (b"999.000.007", "number punctuated"),
        (b"9990 00 007", "number punctuated"),
        (NUMBER.encode().hex().encode(), "number hex"),
        (base64.b64encode(NUMBER.encode()), "number base64"),
        (PSEUDONYM, "pseudonym raw"),
        (PSEUDONYM.hex().encode(), "pseudonym hex"),
        (PSEUDONYM.hex().upper().encode(), "pseudonym hex"),
        (base64.b64encode(PSEUDONYM), "pseudonym base64"),
        (base64.urlsafe_b64encode(PSEUDONYM).rstrip(b"="), "pseudonym base64"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 1_048_570, 1_199_000])
def test_a_planted_needle_is_found(needle: bytes, kind: str, place: int) -> None:
    hay = NOISE[:place] + b" " + needle + b" " + NOISE[place:]
    assert kind in NEEDLES.found_in(hay)


def test_noise_and_other_numbers_are_no_needles() -> None:
    assert NEEDLES.found_in(NOISE) == []
    assert NEEDLES.found_in(b"999000019 sha256 9990000070 a999000007") == []


def test_a_folder_is_scanned_but_for_what_is_the_suppliers_own(tmp_path: Path) -> None:
    for name in ("own", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file.bin").write_bytes(b"\0" + PSEUDONYM)
    scanned, findings = scan(tmp_path, NEEDLES, outside=[tmp_path / "own"])
    assert (scanned, findings) == (1, ["other/file.bin: pseudonym raw"])
