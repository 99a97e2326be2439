"""The content of the page with the delivery matrix of a round, in Dutch: for the operator only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from html import escape
from typing import Final

from linker.intake.reasons import in_dutch
from linker.oversight.matrix import Line, Matrix, Received
from linker.store import DeliveryState, RoundState
from shared.service.markup import (
    box,
    cell,
    facts,
    name_cell,
    number,
    section,
    sentence,
    table,
)

DELIVERY_STATES: Final = {
    DeliveryState.INCOMPLETE: "niet compleet",
    DeliveryState.HELD: "aangehouden",
    DeliveryState.CURRENT: "telt mee",
    DeliveryState.SUPERSEDED: "vervangen",
    DeliveryState.REJECTED: "afgewezen",
}
ROUND_STATES: Final = {
    RoundState.OPEN: "open",
    RoundState.CLOSED: "gesloten",
    RoundState.LINKED: "gekoppeld",
    RoundState.SENT: "verstuurd",
    RoundState.DESTROYING: "wordt vernietigd",
    RoundState.DESTROYED: "vernietigd",
}
SCHEMAS: Final = {
    "enrolment/1": "leerlingen",
    "care/1": "jeugdhulp",
    "objection/1": "bezwaren",
}
_GONE = (RoundState.DESTROYING, RoundState.DESTROYED)


def matrix_page(matrix: Matrix) -> str:
    """What must be done, what is there of whom, and what was refused."""
    heads = ("Leverancier", "Wat", "Uiterlijk", "Stand", "Rijen", "Vervangen")
    refused = (
        (name_cell(each.supplier), cell(each.code), cell(number(each.count), "num"))
        for each in matrix.refused
    )
    return (
        facts(
            (
                ("Stand van de ronde", ROUND_STATES[matrix.state]),
                ("Keer gekoppeld", number(matrix.revision)),
            )
        )
        + _linked(matrix)
        + _to_do(matrix)
        + section(
            "Leveringen",
            sentence(
                "Elke regel is wat één leverancier moet leveren. Een levering telt pas mee als zij "
                "compleet en bekeken is. Van bezwaren staat hier nooit hoeveel het er zijn."
            ),
            table(
                "Leveringen per leverancier",
                heads,
                (row for line in matrix.lines for row in _rows(line)),
                "Niets.",
            ),
        )
        + section(
            "Geweigerd bij de deur",
            sentence(
                "Een geweigerde envelop is niet bewaard. De leverancier zag de code en wat hij kan "
                "doen."
            ),
            table(
                "Geweigerde enveloppen",
                ("Leverancier", "Code", "Aantal"),
                refused,
                "Er is niets geweigerd.",
            ),
        )
    )


def tasks(matrix: Matrix) -> tuple[str, ...]:
    """What an operator has to do in an open round; nothing in any other state."""
    if matrix.state is not RoundState.OPEN:
        return ()
    return tuple(task for line in matrix.lines for task in _tasks(line))


def _tasks(line: Line) -> Iterator[str]:
    what = f"{SCHEMAS[line.schema_name]} van {line.supplier}"
    for each in line.received:
        if each.state is DeliveryState.HELD:
            yield f"Beslis over levering {each.delivery} ({what}): zij is aangehouden."
        elif each.state is DeliveryState.INCOMPLETE:
            yield f"Van levering {each.delivery} ({what}) ontbreken delen. Vraag ernaar."
    if line.overdue:
        yield f"Bel {line.supplier}: de laatste dag voor {SCHEMAS[line.schema_name]} is voorbij."


def _to_do(matrix: Matrix) -> str:
    if matrix.state is not RoundState.OPEN:
        return ""
    found = tasks(matrix)
    if found:
        return box("Wat u moet doen", found, is_warning=True)
    return box("Wat u moet doen", ["Nu niets. Wacht op leveringen, of sluit de ronde."])


def _linked(matrix: Matrix) -> str:
    """Where the quality report is, once there is one."""
    if not matrix.revision or matrix.state in _GONE:
        return ""
    address = f"/operator/rounds/{escape(matrix.round_id)}/koppeling"
    return f'<p><a href="{address}">Hoe er is gekoppeld, en waar u naar kijkt</a></p>\n'


def _rows(line: Line) -> Iterator[tuple[str, ...]]:
    """A row per delivery that came, or one that says that none did."""
    late = ", te laat" if line.overdue else ""
    if not line.received:
        yield _row(line, f"nog niets ontvangen{late}", "", line.superseded)
    for place, each in enumerate(line.received):
        rows = "" if each.rows is None else number(each.rows)
        replaced = None if place else line.superseded  # once for all deliveries of the line
        yield _row(line, f"{_standing(each)}{late}", rows, replaced)


def _row(line: Line, standing: str, rows: str, replaced: int | None) -> tuple[str, ...]:
    return (
        name_cell(line.supplier),
        cell(SCHEMAS[line.schema_name]),
        cell(_day(line.due_on), "whole"),
        cell(standing),
        cell(rows, "num"),
        cell("" if replaced is None else number(replaced), "num"),
    )


def _standing(received: Received) -> str:
    said = f"{DELIVERY_STATES[received.state]}: {received.delivery}"
    return f"{said} ({in_dutch(received.held_for)})" if received.held_for else said


def _day(day: date) -> str:
    return f"{day.day}-{day.month}-{day.year}"
