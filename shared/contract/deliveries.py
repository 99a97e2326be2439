"""What a supplier may deliver: ``enrolment/1``, ``care/1`` and ``objection/1``.

Source: DESIGN 4. The publisher never imports this module: it has a pseudonym in it.
"""

from __future__ import annotations

import pyarrow as pa

from shared.contract.codes import Domain, Education, EndReason, Form, Funding, Referrer
from shared.contract.columns import WireSchema, code, flag, integer, octets

PSEUDONYM_BYTES = 32
OBJECTION_BLOCK = 25
"""Objections are padded to a multiple of this number of rows: nobody learns how many there are."""

_PSEUDONYM = octets("pseudonym", PSEUDONYM_BYTES, "pseudoniem (HMAC-SHA-256, per ronde)")
_PERIOD = integer("period", pa.uint8(), "periode (eerste jaar min 2000)", 10, 99)

ENROLMENT = WireSchema(
    "enrolment/1",
    (
        _PSEUDONYM,
        _PERIOD,
        octets("school", 6, "school (BRIN en vestiging)"),
        code("education", "onderwijssoort van de leerling", Education),
        integer(
            "residence", pa.uint16(), "woongemeente (CBS-code; 0 is buiten Nederland)", 0, 9999
        ),
        integer("age", pa.uint8(), "leeftijd op de peildatum, in jaren", 0, 120),
        flag("linkable", "heeft een BSN en is dus koppelbaar"),
        flag("main", "hoofdinschrijving"),
    ),
)

CARE = WireSchema(
    "care/1",
    (
        _PSEUDONYM,
        _PERIOD,
        code("form", "hulpvorm (CBS)", Form),
        code("domain", "soort hulp", Domain),
        octets("provider", 8, "aanbieder (AGB-code)"),
        code("referrer", "verwijzer", Referrer),
        code("funding", "leveringsvorm", Funding),
        flag("started", "traject begon in de periode"),
        flag("first", "eerste traject van dit kind in deze levering"),
        flag("ended", "traject eindigde in de periode"),
        code("end_reason", "reden van beëindiging", EndReason),
        integer("days_in_period", pa.uint16(), "dagen zorg in de periode", 1, 366),
        integer("days_since_start", pa.int32(), "dagen sinds de start van het traject", 1, 10_000),
        integer("age_at_start", pa.uint8(), "leeftijd bij de start, in jaren", 0, 120),
        integer(
            "cost_eur", pa.int32(), "kosten in de periode, in hele euro's", -999_999, 9_999_999
        ),
        integer("half_days", pa.uint16(), "dagdelen dagbehandeling in de periode", 0, 2_000),
        integer("arrangement", pa.uint16(), "onderwijs-zorgarrangement (0 is geen)", 0, 9_999),
    ),
)

OBJECTION = WireSchema("objection/1", (_PSEUDONYM,))

SCHEMAS = {schema.name: schema for schema in (ENROLMENT, CARE, OBJECTION)}
"""Every schema that a delivery can have; there is no other."""
