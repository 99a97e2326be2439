"""A log of processing as the Dutch *Logboek Dataverwerkingen* has it, made from the ledger.

Every ledger entry that is about personal data is one operation of one processing activity of the
register (DPIA question 3). A round is one trace. A service handles deliveries and tallies whole,
so a line is about a batch and names no data subject: the standard allows none.

Source: Logboek Dataverwerkingen, fields of a log line; docs/dpia/verwerkersregister.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from shared.ledger import Entry, Event

OK: Final = 1
"""Status code: it went well. What did not is in no ledger, for it changed nothing."""

ACTIVITIES: Final[dict[Event, str | None]] = {
    Event.KEY_OFFERED: None,
    Event.ROUND_OPENED: "V1",
    Event.ROUND_CLOSED: None,
    Event.ROUND_REOPENED: None,
    Event.ROUND_LINKED: "V4",
    Event.PART_STORED: "V3",
    Event.DELIVERY_COMPLETE: "V3",
    Event.DELIVERY_CURRENT: "V3",
    Event.DELIVERY_HELD: "V3",
    Event.DELIVERY_DECIDED: "V3",
    Event.DELIVERY_SUPERSEDED: "V8",
    Event.TALLY_QUEUED: "V4",
    Event.TALLY_WITHDRAWN: "V8",
    Event.TALLY_ACKNOWLEDGED: "V4",
    Event.TALLY_RECEIVED: "V6",
    Event.TALLY_SUPERSEDED: "V8",
    Event.RELEASE_STAGED: "V6",
    Event.RELEASE_SUBMITTED: "V7",
    Event.APPROVAL_RECORDED: "V7",
    Event.CHANGE_REQUESTED: "V7",
    Event.RELEASE_APPROVED: "V7",
    Event.RELEASE_PUBLISHED: "V7",
    Event.RELEASE_SUPERSEDED: "V7",
    Event.RELEASE_WITHDRAWN: "V7",
    Event.RELEASE_EXPIRED: "V7",
    Event.RELEASE_ANNOUNCED: "V7",
    Event.CONTEXT_IMPORTED: None,
    Event.CONTEXT_WITHDRAWN: None,
    Event.NOTE_WRITTEN: "V10",
    Event.NOTE_REMOVED: "V10",
    Event.TOKEN_CREATED: "V9",
    Event.TOKEN_REVOKED: "V9",
    Event.ACCESS_PROPOSED: "V9",
    Event.ACCESS_GRANTED: "V9",
    Event.ACCESS_REVOKED: "V9",
    Event.DESTROYING: "V8",
    Event.DESTROYED: "V8",
}
"""The activity that an entry is an operation of; none where nothing of a person is handled."""


def processing_lines(entries: Iterable[Entry], register: str, service: str) -> Iterator[str]:
    """One line of JSON per operation, in the order of the ledger.

    Args:
        register: address of the register; an activity is an anchor in it.
        service: name of the service, as the resource that did it.
    """
    for entry in entries:
        activity = ACTIVITIES[entry.event]
        if activity is not None:
            yield json.dumps(_line(entry, f"{register}#{activity}", service), sort_keys=True)


def _line(entry: Entry, activity: str, service: str) -> dict[str, Any]:
    about = json.loads(entry.body)
    subject = str(about.get("round") or about.get("release") or service)
    return {
        "trace_id": hashlib.sha256(f"{service} {subject}".encode()).hexdigest()[:32],
        "operation_id": entry.sha256[:16],
        "status_code": OK,
        "name": entry.event.value,
        "start_time": entry.at,
        "end_time": entry.at,
        "resource": {"name": service, "ledger_seq": entry.seq},
        "attributes": {"dpl.core.processing_activity_id": activity},
    }
