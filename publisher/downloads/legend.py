"""What stands beside the figures: the codebook, the footnotes and where the figures come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from publisher.downloads.columns import DUTCH, ENGLISH
from publisher.downloads.extract import Extract
from publisher.downloads.words import LEVEL_WORDS, MARK, STATUS_WORDS
from publisher.released import CellStatus, Manifest

CODEBOOK_HEADER = ("onderdeel", "code", "naam", "uitleg")
CodebookRow = tuple[str, str, str, str]

_ABOUT_STATUS = {
    CellStatus.WITHHELD: "Het cijfer kan iets over een kind verraden. Het is dus niet nul.",
    CellStatus.ROUNDED: "Afgerond op een veelvoud van vijf. De grenzen staan ernaast.",
    CellStatus.NOT_APPLICABLE: "Dit cijfer kan hier niet bestaan.",
    CellStatus.NOT_AVAILABLE: "De bron heeft dit niet geleverd.",
    CellStatus.UNRELIABLE: "Gebruik dit cijfer niet om conclusies te trekken.",
    CellStatus.PROVISIONAL: "Dit cijfer kan nog veranderen in een volgende uitgave.",
}


def codebook(extracts: Sequence[Extract]) -> list[CodebookRow]:
    """Every column, level, status, period, measure and category of the extracts, with its meaning.

    Args:
        extracts: of one release.
    """
    manifest = extracts[0].manifest
    rows: list[CodebookRow] = [
        ("kolom", column.name, "", column.meaning) for column in (*ENGLISH, *DUTCH)
    ]
    rows += [("niveau", each.value, LEVEL_WORDS[each], "") for each in LEVEL_WORDS]
    rows += [
        ("status", each.value, words, _ABOUT_STATUS[each]) for each, words in STATUS_WORDS.items()
        if words
    ]  # fmt: skip
    rows += [
        ("periode", str(each.code), each.label, f"van {each.starts_on} tot en met {each.ends_on}")
        for each in manifest.periods
    ]
    rows += [
        (
            "maat",
            note.id,
            f"{note.label} ({note.unit})",
            f"{note.definition} {note.caution}".strip(),
        )
        for note in manifest.measures
    ]
    # One line per category, by table, since two tables may use the same code for other things.
    for extract in extracts:
        pairs = extract.rows.select(["category", "category_label"]).group_by(
            ["category", "category_label"], use_threads=False
        )
        for row in pairs.aggregate([]).to_pylist():
            if row["category"]:
                rows.append(("categorie", row["category"], row["category_label"], extract.table.id))
    return rows


def footnotes(extracts: Sequence[Extract]) -> list[str]:
    """What a reader has to know before using the figures, in plain Dutch."""
    return list(_footnotes(extracts))


def _footnotes(extracts: Sequence[Extract]) -> Iterator[str]:
    manifest = extracts[0].manifest
    if manifest.synthetic:
        yield f"{MARK}. Deze cijfers zijn verzonnen, om te laten zien hoe de monitor werkt."
    if manifest.provisional:
        yield "Dit zijn voorlopige cijfers. Ze kunnen in een volgende uitgave veranderen."
    yield (
        "Een cijfer met status c wordt niet getoond om de privacy van kinderen te beschermen. "
        "Vul daar nooit nul voor in."
    )
    statuses = {
        each for extract in extracts for each in extract.rows["status"].unique().to_pylist()
    }
    if CellStatus.ROUNDED in statuses:
        yield "Een cijfer met status r is afgerond op een veelvoud van vijf; 0 betekent dan 0–4."
    for earlier, later in trend_breaks(manifest):
        yield (
            f"Tussen {earlier} en {later} is er een trendbreuk: er deden andere gemeenten mee. "
            "Vergelijk deze periodes niet zomaar met elkaar."
        )
    overlapping = {entry.id for entry in manifest.tables if entry.overlaps}
    for extract in extracts:
        if extract.table.id in overlapping:
            yield (
                f"In de tabel {extract.table.title} kan een kind bij meer dan één categorie "
                "staan. De categorieën tellen dus niet op tot het totaal."
            )
    for note in manifest.measures:
        if note.caution:
            yield f"{note.label}: {note.caution}"


def trend_breaks(manifest: Manifest) -> list[tuple[str, str]]:
    """Labels of each pair of successive periods in which other municipalities took part."""
    periods = sorted(manifest.periods, key=lambda period: period.code)
    return [
        (before.label, now.label)
        for before, now in pairwise(periods)
        if set(manifest.covered.get(str(before.code), ()))
        != set(manifest.covered.get(str(now.code), ()))
    ]


def provenance(extracts: Sequence[Extract], statement_sha256: str) -> dict[str, Any]:
    """From which signed release the figures come, and under which policy; only public facts."""
    manifest = extracts[0].manifest
    signed = {entry.id: entry.sha256 for entry in manifest.tables}
    return {
        "releaseId": manifest.release_id,
        "version": manifest.version,
        "title": manifest.title,
        "synthetic": manifest.synthetic,
        "mark": extracts[0].mark,
        "provisional": manifest.provisional,
        "statementSha256": statement_sha256,
        "signedTables": {extract.table.id: signed[extract.table.id] for extract in extracts},
        "filters": extracts[0].filters.given(),
        "roundId": manifest.round_id,
        "revision": manifest.revision,
        "policyVersion": manifest.policy_version,
        "policySha256": manifest.policy,
        "dpiaVersion": manifest.dpia_version,
        "referenceSha256": manifest.reference,
        "protection": manifest.proof.model_dump(mode="json"),
        "software": manifest.software,
        "madeAt": manifest.made_at.isoformat(),
        "supersedes": manifest.supersedes,
        "sources": list(manifest.sources),
    }
