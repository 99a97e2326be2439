"""The schools of the tests: two municipalities in a region, and one outside it."""

from __future__ import annotations

from shared.reference import Board, Municipality, Reference, School, Swv


def small_reference() -> Reference:
    """Two municipalities, four schools in the region and one outside."""

    def school(code: str, kind: str, place: int, *, inside: bool = True) -> School:
        po = "PO2503" if inside and kind == "BO" else ""
        vo = "VO2503" if inside and kind == "VO" else ""
        return School.model_validate(
            {
                "code": code,
                "name": f"School {code}",
                "board": "41001" if inside else "",
                "type": kind,
                "municipality": place,
                "swv_po": po,
                "swv_vo": vo,
                "in_region": inside,
            }
        )

    return Reference(
        region="proef",
        region_name="Proefregio",
        sources=(),
        municipalities=(
            Municipality(code=197, name="Aalten", in_region=True),
            Municipality(code=222, name="Doetinchem", in_region=True),
            Municipality(code=301, name="Zutphen", in_region=False),
        ),
        swvs=(Swv(code="PO2503", name="SWV PO"), Swv(code="VO2503", name="SWV VO")),
        boards=(Board(code="41001", name="Bestuur"),),
        schools=(
            school("99XA00", "BO", 197),
            school("99XA01", "BO", 222),
            school("99XB00", "VO", 197),
            school("99XC00", "VO", 222),
            school("99ZZ00", "VO", 301, inside=False),
        ),
    )
