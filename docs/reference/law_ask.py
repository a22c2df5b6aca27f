"""Write docs/reference/law-ask.schema.json from the code: `python docs/reference/law_ask.py`."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from duly.law import document, facts, hours, jsontext, jurisdictions, rules, stated, values, vocabulary
from duly.law.facts import FactKind

SCHEMA = Path(__file__).with_name("law-ask.schema.json")
PAGE = Path(__file__).with_name("law-ask.md")

TEXT: Mapping[str, Any] = {"type": "string", "minLength": 1}
FLAG: Mapping[str, Any] = {"type": ["boolean", "null"]}
WHOLE: Mapping[str, Any] = {"type": ["integer", "null"], "minimum": 0, "maximum": jsontext.MOST}
INSTANT: Mapping[str, Any] = {"type": "string", "pattern": f"^{jsontext.INSTANT.pattern}$"}
DAY: Mapping[str, Any] = {"type": ["string", "null"], "pattern": f"^{jsontext.DAY.pattern}$"}
_DATE: Mapping[str, Any] = {**DAY, "type": "string"}
_OPEN_CODE = "X[A-Z](-[0-9A-Za-z]+)?|ZZ"  # codes left to users, as `jurisdictions` reads them
_DAYS = "|".join(hours.DAYS)
_CLOCK = "([01][0-9]|2[0-4]):[0-5][0-9](:[0-5][0-9])?"
_HOURS = f"(({_DAYS})(,({_DAYS}))* )?{_CLOCK}-{_CLOCK}"
_STATED = f"^{_HOURS}$"


def schema() -> dict[str, Any]:
    """The schema of a document and, under `$defs`, of a question and of an answer."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A question to `duly law ask`, or an array of them; the answer is $defs/answers",
        "oneOf": [_to("question"), {"type": "array", "items": _to("question")}],
        "$defs": {
            "question": question(),
            "event": _object(
                document.EVENT,
                at=INSTANT,
                kind={
                    "anyOf": [
                        {"enum": sorted(values.EVENT_KINDS)},
                        {"type": "string", "pattern": f"^{values.NOTICE}."},
                    ]
                },
                channel=_or_null(vocabulary.CHANNELS),
                debt=_nullable(TEXT),
                number=_nullable(TEXT),
                person=_nullable(TEXT),
                ref=_nullable(TEXT),
                dated=DAY,
                marks=_set(vocabulary.MARKS),
            ),
            "consent": _object(
                document.CONSENT,
                basis={"enum": list(vocabulary.BASES)},
                given=INSTANT,
                form=_or_null(vocabulary.FORMS),
                channel=_or_null(vocabulary.CHANNELS),
                revoked=_nullable(INSTANT),
            ),
            "facts": _facts(),
            "answers": {"oneOf": [_to("answer"), {"type": "array", "items": _to("answer")}]},
            "answer": answer(),
            "reason": _object(
                (("rule", "version", "cite", "effect", "status", "reading"), ()),
                rule=TEXT,
                version=TEXT,
                cite=TEXT,
                effect={"enum": [one.value for one in rules.Effect]},
                status={"enum": [one.value for one in rules.Status]},
                reading={"enum": [one.value for one in rules.Reading]},
            ),
        },
    }


def question() -> dict[str, Any]:
    """One act with its history."""
    return _object(
        document.QUESTION,
        pack=TEXT,
        jurisdictions={
            "type": "array",
            "minItems": 1,
            "items": {
                "anyOf": [
                    {"enum": list(jurisdictions.JURISDICTIONS)},
                    {"type": "string", "pattern": f"^({_OPEN_CODE})$"},
                ]
            },
        },
        at=INSTANT,
        actor=_fact("actor"),
        debt_class=_fact("debt_class"),
        product=_fact("product"),
        act=_object(
            document.ACT,
            channel=_fact("channel"),
            action=_fact("action"),
            stage=_fact("stage"),
            mandatory=FLAG,
            technology=_fact("technology"),
            recipient=_object(
                document.RECIPIENT,
                role=_fact("recipient_role"),
                place=_fact("place"),
                shared=FLAG,
                verified_days=WHOLE,
            ),
        ),
        debtor=_object(
            document.DEBTOR,
            id=TEXT,
            zones={"type": ["array", "null"], "items": TEXT},
            states=_set(vocabulary.STATES | vocabulary.HOLDS),
            consents={"type": ["array", "null"], "items": _to("consent")},
            preferences={"type": ["array", "null"], "items": {"type": "string", "pattern": _STATED}},
        ),
        debt=_object(document.DEBT, id=TEXT, account=TEXT),
        history={"type": "array", "items": _to("event")},
        facts={"anyOf": [_to("facts"), {"type": "null"}]},
        text=_nullable(TEXT),
    )


def answer() -> dict[str, Any]:
    """One verdict."""
    return _object(
        (("verdict", "until", "because", "blocked_by", "in_doubt", "facts"), ()),
        verdict={"enum": [kind.value for kind in values.Kind]},
        until=_nullable({"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$"}),
        because={"type": "array", "items": _to("reason")},
        blocked_by={"type": "array", "items": _to("reason")},
        in_doubt={"type": "array", "items": _object((("rule", "fact"), ()), rule=TEXT, fact=TEXT)},
        facts={"type": "object"},
    )


def _facts() -> dict[str, Any]:
    shapes = {name: _fact(name) for name in stated.NAMES}
    shapes |= {name: {"type": ["array", "null"], "items": TEXT} for name in ("accounts", "number_zones")}
    return {
        "type": "object",
        "properties": shapes | {"number": _nullable(TEXT)},
        "patternProperties": {
            rf"^{stated.POLICY.replace('.', '[.]')}.": {
                "anyOf": [
                    WHOLE,
                    {"type": "string", "pattern": f"^{_HOURS}( *; *{_HOURS})*$"},
                    {"type": "array", "items": {"type": "string", "pattern": _STATED}},
                    _object(
                        stated.CALENDAR,
                        **{"from": _DATE, "until": _DATE},
                        weekend={"type": "array", "items": {"enum": list(hours.DAYS)}},
                        holidays={"type": "array", "items": _DATE},
                        working={"type": "array", "items": _DATE},
                    ),
                ]
            }
        },
        "additionalProperties": False,
    }


def _fact(name: str) -> Mapping[str, Any]:
    fact = facts.FACTS[name]
    match fact.kind:
        case FactKind.WORD:
            return _or_null(fact.values) if fact.values else _nullable(TEXT)
        case FactKind.WORDS:
            return _set(fact.values)
        case FactKind.FLAG:
            return FLAG
        case _:
            return WHOLE


def _object(keys: tuple[Collection[str], Collection[str]], **properties: Mapping[str, Any]) -> dict[str, Any]:
    required, optional = keys
    if set(properties) != {*required, *optional}:
        raise LookupError(f"{sorted(properties)} are not {sorted((*required, *optional))}")
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _or_null(words: Collection[str]) -> dict[str, Any]:
    return {"enum": [*words, None]}


def _nullable(shape: Mapping[str, Any]) -> dict[str, Any]:
    return {**shape, "type": [shape["type"], "null"]}


def _set(words: Collection[str]) -> dict[str, Any]:
    return {"type": ["array", "null"], "items": {"enum": list(words)}}


def _to(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def written() -> str:
    """The text of the schema's file."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(written(), encoding="utf-8")
