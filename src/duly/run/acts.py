"""An act as the outbox keeps it: the facts the planner asked the law about, without instant, history or text.

`freeze` makes the JSON that goes into the message row, `revive` asks again at another instant with what is
known then. Refuses facts that JSON cannot hold exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from duly.law import values

_TUPLES = ("jurisdictions", "accounts", "zones")
_WORDS = (
    "person",
    "actor",
    "debt_class",
    "product",
    "channel",
    "action",
    "stage",
    "notice_class",
    "technology",
    "number",
    "recipient_role",
    "liable",
    "consent",
    "point_state",
    "shared",
    "place",
)


def freeze(act: values.Act) -> dict[str, object]:
    """The standing facts of an act as plain JSON values."""
    frozen: dict[str, object] = {name: getattr(act, name) for name in _WORDS}
    frozen |= {name: list(getattr(act, name)) for name in _TUPLES}
    frozen["holds"] = None if act.holds is None else sorted(act.holds)
    frozen["facts"] = {name: _plain(value) for name, value in act.facts.items()}
    return frozen


def revive(
    frozen: Mapping[str, object],
    *,
    at: datetime,
    history: Sequence[values.Contact],
    claims: frozenset[str] | None,
    elements: frozenset[str] | None,
    debt_disclosed: bool | None,
    policy: values.Policy,
) -> values.Act:
    """The act at an instant, with everything that counts against it by then."""
    holds = frozen["holds"]
    facts = frozen["facts"]
    if not isinstance(facts, Mapping):
        raise TypeError("the facts of a kept act are an object")
    return values.Act(
        at=at.replace(microsecond=0),
        history=tuple(history),
        claims=claims,
        elements=elements,
        policy=policy,
        holds=None if holds is None else frozenset(_texts(holds)),
        # What the text tells is asked of the text that leaves, not of the one that was planned.
        facts={name: _lively(value) for name, value in facts.items()} | {"debt_disclosed": debt_disclosed},
        **{name: tuple(_texts(frozen[name])) for name in _TUPLES},  # type: ignore[arg-type]  # names are of tuples
        **{name: frozen[name] for name in _WORDS},  # type: ignore[arg-type]  # written by `freeze` from an Act
    )


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError("a kept act holds lists of words")
    return [str(word) for word in value]


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return {"instant": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, frozenset | set):
        return {"set": sorted(str(word) for word in value)}
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"a fact of type {type(value).__name__} cannot be kept exactly")


def _lively(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    if "instant" in value:
        return datetime.fromisoformat(str(value["instant"]))
    if "day" in value:
        return date.fromisoformat(str(value["day"]))
    return frozenset(_texts(value["set"]))
