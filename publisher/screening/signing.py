"""Checks of what is signed: signature, hashes, mark, policy, proof."""

from __future__ import annotations

from collections import Counter

from publisher.released import CellStatus
from publisher.screening.subject import Places, Screened
from shared.canonical import sha256_hex
from shared.errors import TrustError


def signature(it: Screened) -> Places:
    """The publisher's own signature stands under the statement."""
    try:
        it.statement.check_signed_by(it.publisher)
    except TrustError as error:
        yield f"manifest ({error.code})"


def statement_hash(it: Screened) -> Places:
    """The release goes by the hash of its statement."""
    if it.statement.sha256 != it.release.sha256:
        yield "manifest"


def table_hashes(it: Screened) -> Places:
    """The bytes of each table are the ones that the manifest pins."""
    for table in it.release.tables:
        if table.id in it.entry and sha256_hex(table.to_bytes()) != it.entry[table.id].sha256:
            yield table.id


def table_list(it: Screened) -> Places:
    """The manifest names exactly the tables that there are."""
    named = Counter(entry.id for entry in it.manifest.tables)
    found = Counter(table.id for table in it.release.tables)
    yield from sorted((named - found) + (found - named))


def row_counts(it: Screened) -> Places:
    """The manifest's number of rows."""
    for table in it.release.tables:
        if table.id in it.entry and it.entry[table.id].rows != table.cells.num_rows:
            yield table.id


def withheld_counts(it: Screened) -> Places:
    """The manifest's number of withheld cells."""
    for table in it.release.tables:
        withheld = table.cells["status"].to_pylist().count(CellStatus.WITHHELD.value)
        if table.id in it.entry and it.entry[table.id].withheld != withheld:
            yield table.id


def summary_pinned(it: Screened) -> Places:
    """Approvers read the summary that the manifest pins."""
    if it.manifest.summary_sha256 != it.summary_sha256:
        yield "samenvatting"


def synthetic_mark(it: Screened) -> Places:
    """A synthetic round gives a marked release, and no other does."""
    if it.manifest.synthetic is not it.synthetic:
        yield "manifest"


def policy_pinned(it: Screened) -> Places:
    """The policy of the round, by hash and by version."""
    if it.manifest.policy != it.policy_sha256 or it.manifest.policy_version != it.policy.version:
        yield "manifest"


def dpia_version(it: Screened) -> Places:
    """The version of the DPIA that the policy names."""
    if it.manifest.dpia_version != it.policy.dpia_version:
        yield "manifest"


def reference_pinned(it: Screened) -> Places:
    """The reference bundle of the round."""
    if it.manifest.reference != it.reference.sha256:
        yield "manifest"


def sources_named(it: Screened) -> Places:
    """Readers can see where the figures come from."""
    if not it.manifest.sources:
        yield "manifest"


def software_named(it: Screened) -> Places:
    """Readers can see which program made the figures."""
    if not it.manifest.software.strip():
        yield "manifest"


def protection_proof(it: Screened) -> Places:
    """The independent verifier accepts every proof."""
    if it.proof_refused or not it.manifest.proof.verified:
        yield f"manifest ({it.proof_refused or 'niet nagerekend'})"


def attack_result(it: Screened) -> Places:
    """No withheld cell can be computed, or told too closely."""
    if it.manifest.proof.exactly_exposed:
        yield "precies te berekenen"
    if it.manifest.proof.too_narrow:
        yield "te nauw te schatten"


def rules_named(it: Screened) -> Places:
    """The verdict says by which rules."""
    if not it.manifest.proof.rules.strip():
        yield "manifest"


def overlap_noted(it: Screened) -> Places:
    """A table whose categories hold more than its total says that they overlap."""
    cells = it.cells[it.cells["measure"].eq("clients") & it.cells["value"].notna()]
    key = ["table", "level", "unit", "period"]
    parts = cells[cells["category"].ne("")].groupby(key)["value"].sum()
    whole = cells[cells["category"].eq("")].set_index(key)["value"]
    both = parts.to_frame("parts").join(whole.to_frame("whole"), how="inner")
    over = both[both["parts"] > both["whole"]]
    for table in sorted(set(over.index.get_level_values("table"))):
        if not it.entry[table].overlaps:
            yield table
