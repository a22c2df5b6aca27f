"""Cases on which the two readings once differed, or nearly could, as plain JSON: kept for good, one file a case."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from duly.law import calendars, values

FOLDER = Path(__file__).parent / "corpus"
_TUPLES = ("jurisdictions", "accounts", "zones", "number_zones", "preferred")
_SETS = ("holds", "written_holds", "states", "claims", "conduct", "elements", "memberships")


def freeze(pack: str, act: values.Act, folder: Path = FOLDER) -> Path:
    """Write the act down as a case of the pack; the same case is the same file."""
    said = {"pack": pack, "act": as_json(act)}
    text = json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    path = folder / f"{pack}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
    path.write_text(text, encoding="utf-8")
    return path


def thaw(path: Path) -> tuple[str, values.Act]:
    """The case in the file: its pack and its act."""
    said = json.loads(path.read_text(encoding="utf-8"))
    return said["pack"], from_json(said["act"])


def as_json(act: values.Act) -> dict[str, Any]:
    """The act in plain JSON; what is unknown or empty by default is left out."""
    found: dict[str, Any] = {}
    for name in values.Act.__slots__:
        value = getattr(act, name)
        known_empty = name in {*_SETS, "consents"} and value is not None
        if known_empty or (value is not None and value not in ((), {})):
            found[name] = _plain(value)
    return found


def from_json(said: Mapping[str, Any]) -> values.Act:
    """The act that `as_json` wrote."""
    taken = dict(said)
    taken["at"] = datetime.fromisoformat(said["at"])
    taken |= {name: tuple(said[name]) for name in _TUPLES if name in said}
    taken |= {name: frozenset(said[name]) for name in _SETS if name in said}
    taken["history"] = tuple(_contact(one) for one in said.get("history", ()))
    if "consents" in said:
        taken["consents"] = tuple(_consent(one) for one in said["consents"])
    taken["policy"] = {name: _policy(one) for name, one in said.get("policy", {}).items()}
    return values.Act(**taken)


def _plain(value: Any) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case frozenset():
            return sorted(_plain(one) for one in value)
        case tuple():
            return [_plain(one) for one in value]
        case values.Contact() | values.Consent():
            said = {name: getattr(value, name) for name in type(value).__slots__}
            return {name: _plain(one) for name, one in said.items() if one not in (None, "", frozenset())}
        case values.Lift():
            return {"people": list(value.people), "on": value.on.isoformat(), "why": value.why}
        case calendars.Days():
            raise TypeError("a case brings no calendar of its own")
        case Mapping():
            return {name: _plain(one) for name, one in value.items()}
        case _:
            return value


def _contact(said: Mapping[str, Any]) -> values.Contact:
    dated = date.fromisoformat(said["dated"]) if "dated" in said else None
    words = {name: said.get(name, "") for name in ("kind", "channel", "person", "account", "number", "ref")}
    marks = frozenset(said.get("marks", ()))
    return values.Contact(at=datetime.fromisoformat(said["at"]), dated=dated, marks=marks, **words)


def _consent(said: Mapping[str, Any]) -> values.Consent:
    moments = {name: datetime.fromisoformat(said[name]) for name in ("given", "revoked") if name in said}
    words = {name: said.get(name, "") for name in ("basis", "form", "channel")}
    return values.Consent(**moments, **words)  # type: ignore[arg-type]


def _policy(said: Any) -> int | str | values.Lift:
    if isinstance(said, dict):
        first, second = said["people"]
        return values.Lift(people=(first, second), on=date.fromisoformat(said["on"]), why=said["why"])
    return said  # type: ignore[no-any-return]
