"""The document of a table as OpenAPI describes it; its bytes come from the JSON download."""

from __future__ import annotations

from publisher.api.documents import Document
from publisher.released import MeasureNote


class TableRow(Document):
    """One released cell; ``value`` is null when the status says why there is none.

    ``lower`` and ``upper`` are the bounds of a rounded value, and else the value itself.
    """

    level: str
    unit: str
    unit_label: str
    period: int
    period_label: str
    category: str
    category_label: str
    measure: str
    measure_label: str
    value: float | None
    lower: float | None
    upper: float | None
    status: str


class TableDocument(Document):
    """A released table with its legend."""

    release_id: str
    synthetic: bool
    mark: str
    table_id: str
    title: str
    table_sha256: str
    policy_version: str
    dpia_version: str
    version: str
    provisional: bool
    sources: tuple[str, ...]
    filters: dict[str, str]
    levels: dict[str, str]
    statuses: dict[str, str]
    footnotes: tuple[str, ...]
    measures: tuple[MeasureNote, ...]
    rows: tuple[TableRow, ...]
