"""docs/dpia/dpia.json: the same answers in the form of the Rijksmodel's output schema.

Ids are those of the model's tasks. An answer that repeats inside one that repeats carries its place
between brackets, as the schema allows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from deploy.governance.answers import TALLY, Processing
from deploy.governance.readable import filled
from deploy.governance.sources import Sources

SCHEMA = (
    "https://github.com/MinBZK/par-dpia-form/blob/main/schemas/assessment-output.v2.schema.json"
)
URN = "urn:nl:dpia:3.0"
HEALTH = "Type bijzondere persoonsgegevens: Gegevens over gezondheid"
Value = str | list[str] | None
Group = list[Mapping[str, Value]]


def dpia_document(sources: Sources) -> bytes:
    """The document's bytes; the same answers give the same bytes."""
    edited = datetime.combine(sources.answers.edited_on, time(12), UTC).isoformat()
    made = _Made(sources)
    answers: dict[str, Any] = {id_: _answer(value, edited) for id_, value in made.single().items()}
    for id_, group in made.repeated().items():
        answers[id_] = [
            {"_index": n, **{key: _answer(value, edited) for key, value in each.items()}}
            for n, each in enumerate(group)
        ]
    document = {
        "$schema": SCHEMA,
        "metadata": {"urn": URN, "createdAt": edited},
        "answers": {id_: answers[id_] for id_ in sorted(answers, key=_order)},
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _answer(value: Value, edited: str) -> dict[str, Any]:
    return {"value": value, "lastEditedAt": edited}


def _order(id_: str) -> tuple[int, ...]:
    return tuple(int(part) for part in id_.split("."))


def _nested(groups: Iterable[Mapping[str, Value]]) -> dict[str, Value]:
    """Answers of a group inside a group, each with its place."""
    return {f"{key}[{n}]": value for n, each in enumerate(groups) for key, value in each.items()}


@dataclass(frozen=True, slots=True)
class _Made:
    sources: Sources

    def single(self) -> dict[str, Value]:
        """Answers that do not repeat."""
        answers = self.sources.answers
        texts = {each.number: filled(each.text, self.sources) for each in answers.questions}
        necessity, proportion = texts[14].split("**Proportionaliteit", 1)
        found: dict[str, Value] = {
            "0": answers.texts.intro.strip(),
            "1.1": texts[1],
            "4": texts[4],
            "12.1.1": "true",
            "12.2.1": "false",
            "12.3.1": "true",
            "14.1": necessity.strip(),
            "14.2": f"**Proportionaliteit{proportion}",
            "18": filled(answers.texts.summary, self.sources),
            "19.2": self.sources.policy.status.value,
        }
        extra = {2: "2.3", 3: "3.2", 5: "5.2", 6: "6.2", 7: "7.2", 8: "8.2", 9: "9.2", 10: "10.2",
                 11: "11.2", 12: "12.4", 13: "13.2", 16: "16.2", 17: "17.2"}  # fmt: skip
        found |= {id_: texts[number] for number, id_ in extra.items()}
        found["17.3"] = answers.texts.open_points.strip()
        for right in answers.rights:
            found[f"{right.question}.1"] = "true" if right.applies else None
            found[f"{right.question}.2"] = right.how
            found[f"{right.question}.3"] = "true" if right.limited else None
            if right.limited:
                found[f"{right.question}.4"] = right.limit
        if self.sources.policy.fg_advice_on is not None:
            found["19.5.6"] = self.sources.policy.fg_advice_on.isoformat()
        return found

    def repeated(self) -> dict[str, Group]:
        """Answers that repeat, under the task that repeats."""
        answers = self.sources.answers
        return {
            "2.1": self._data(),
            "3.1": [
                {"3.1.1": self._name(each), "3.1.2": each.what, "3.1.3": self._labels(each)}
                for each in answers.processings
            ],
            "5.1": [
                _nested({"5.1.1": text} for text in self._aims(each))
                for each in answers.processings
            ],
            "6.1": [self._parties(each) for each in answers.processings],
            "7.1": [
                {"7.1.1": text}
                for text in (
                    *(each.interest for each in answers.parties),
                    *(f"{each.who}: {each.text}" for each in answers.interests),
                )
            ],
            "8.1": [
                {
                    "8.1.1.1[0]": "Nederland of een ander land van de EER (voorstel)",
                    "8.1.1.3[0]": "geen doorgifte buiten de EER",
                }
                for _ in answers.processings
            ],
            "9.1": [self._laws(each) for each in answers.processings],
            "10.1": [self._terms(each) for each in answers.processings],
            "11.1": [self._ground(each) for each in answers.processings],
            "12.1.2": [self._special(HEALTH)],
            "12.3.2": [self._numbers()],
            "13.1": [self._compatible(each) for each in answers.processings],
            "16.1": self._risks(),
            "17.1": self._measures(),
            "19.1": [
                {
                    "19.1.1": answers.version,
                    "19.1.2": answers.edited_on.isoformat(),
                    "19.1.3": answers.note,
                }
            ],
        }

    def _name(self, each: Processing) -> str:
        return f"{each.id} {each.name}"

    def _attributes(self, schemas: Iterable[str]) -> list[str]:
        return [
            f"{attribute.label} ({schema.name})"
            for schema in self.sources.policy.schemas
            if schema.name in schemas
            for attribute in schema.attributes
        ]

    def _labels(self, each: Processing) -> list[str]:
        extra = ["telling (tally)"] if TALLY in each.data else []
        return [*self._attributes(each.data), *extra, *each.own]

    def _subjects(self) -> list[str]:
        return [each.name for each in self.sources.answers.subjects]

    def _subjects_of(self, of: Processing) -> list[str]:
        return [each.name for each in self.sources.answers.subjects if each.id in of.subjects]

    def _data(self) -> Group:
        subjects = self._subjects()
        pupils, young = subjects[0], subjects[1]
        found: Group = []
        for schema in self.sources.policy.schemas:
            (fits,) = [
                each
                for each in self.sources.answers.compatibility
                if each.schema_name == schema.name
            ]
            for attribute in schema.attributes:
                found.append(
                    {
                        "2.1.1": f"{attribute.label} ({schema.name})",
                        "2.1.2": young if schema.name.startswith("care") else pupils,
                        "2.1.3": schema.name,
                        "2.1.4": attribute.category,
                        "2.1.5": fits.original,
                        "2.1.6": "true",
                        "2.1.7": schema.source,
                    }
                )
        found.append({"2.1.1": "telling (tally)", "2.1.2": pupils, "2.1.3": TALLY,
                      "2.1.4": "bijzonder", "2.1.5": "deze monitor",
                      "2.1.6": "false"})  # fmt: skip
        found.append({"2.1.1": "naam, organisatie en handtekening op een kaart",
                      "2.1.2": subjects[2], "2.1.3": "kaart", "2.1.4": "gewoon",
                      "2.1.5": "deze monitor", "2.1.6": "false"})  # fmt: skip
        for each in self.sources.answers.processings:
            for label in each.own:
                found.append({"2.1.1": label, "2.1.2": self._subjects_of(each)[0],
                              "2.1.3": each.name, "2.1.4": "gewoon",
                              "2.1.5": "deze monitor", "2.1.6": "false"})  # fmt: skip
        return found

    def _aims(self, each: Processing) -> list[str]:
        texts = {purpose.id: purpose.text for purpose in self.sources.policy.purposes}
        return [f"{id_}: {texts[id_]}" for id_ in each.purposes]

    def _parties(self, each: Processing) -> dict[str, Value]:
        return _nested(
            {
                "6.1.1.1": party.who,
                "6.1.1.2": list(party.avg_roles),
                "6.1.1.3": party.functions,
                "6.1.1.4": self._labels(each),
                "6.1.1.5": self._subjects_of(each),
            }
            for party in self.sources.answers.parties
            if each.id in party.processings
        )

    def _laws(self, each: Processing) -> dict[str, Value]:
        by_id = {law.id: law for law in self.sources.answers.laws}
        return _nested(
            {
                "9.1.1.1": by_id[id_].what_for,
                "9.1.1.2": f"{by_id[id_].source} ({by_id[id_].checked})",
            }
            for id_ in each.laws
        )

    def _terms(self, each: Processing) -> dict[str, Value]:
        kept = self.sources.policy.retention.model_dump()
        return _nested(
            {
                "10.1.1.2": self._subjects_of(each),
                "10.1.1.3": self._labels(each),
                "10.1.1.4": "Minder dan 1 maand" if kept[name] < 31 else "Aantal jaren",
                "10.1.1.5": f"{name}: {kept[name]} dagen; zie bewaartermijnen.md",
            }
            for name in each.terms
        )

    def _ground(self, each: Processing) -> dict[str, Value]:
        (ground,) = [g for g in self.sources.answers.grounds if g.id == each.ground]
        return {"11.1.1.1[0]": ground.option, "11.1.1.2[0]": f"{ground.ground}. {ground.why}"}

    def _special(self, kind: str) -> dict[str, Value]:
        touched = [each for each in self.sources.answers.processings if "care/1" in each.data]
        return {
            "12.1.2.1": [self._name(each) for each in touched],
            "12.1.2.2": self._subjects()[1:2],
            "12.1.2.3": self._attributes(("care/1",)),
            "12.1.2.4": kind,
            "12.1.2.5": "Voorstel: Jeugdwet, artikel 7.4.4, tweede lid (te verifiëren); vraag 12.",
        }

    def _numbers(self) -> dict[str, Value]:
        touched = [each for each in self.sources.answers.processings if each.data]
        return {
            "12.3.2.1": [self._name(each) for each in touched],
            "12.3.2.2": self._subjects()[:2],
            "12.3.2.3": [
                label for label in self._attributes(("enrolment/1", "care/1", "objection/1"))
                if label.startswith("pseudoniem")
            ],
            "12.3.2.4": "Het BSN blijft bij de leverancier; daarbuiten een pseudoniem per ronde.",
        }  # fmt: skip

    def _compatible(self, each: Processing) -> dict[str, Value]:
        law = "Toelaatbaar op grond van Unie- of lidstaatrechtelijk recht"
        return _nested(
            {
                "13.1.1.1": self._subjects()[:2],
                "13.1.1.2": self._attributes((fits.schema_name,)),
                "13.1.1.3": ", ".join(each.purposes),
                "13.1.1.4": fits.original,
                "13.1.1.5": fits.option,
                **({"13.1.1.6": fits.why} if fits.option == law else {}),
            }
            for fits in self.sources.answers.compatibility
            if fits.schema_name in each.data
        )

    def _risks(self) -> Group:
        return [
            {
                "16.1.1": f"{each.id} {each.text}",
                "16.1.2": each.origin,
                "16.1.3": each.chance,
                "16.1.4": each.chance_why,
                "16.1.5": each.impact,
                "16.1.6": each.impact_why,
                "16.1.7": each.level,
                "16.1.8": each.level_why,
            }
            for each in self.sources.answers.risks
        ]

    def _measures(self) -> Group:
        return [
            {
                "17.1.1": [f"{each.id} {each.text}"],
                "17.1.2": each.origin,
                "17.1.3": filled(each.measures, self.sources),
                "17.1.4": each.residual,
                **({"17.1.5": "nog geen advies van de AP gevraagd", "17.1.6": "Nederland"}
                   if each.residual == "hoog" else {}),
                "17.1.7": each.owner,
            }
            for each in self.sources.answers.risks
        ]  # fmt: skip
