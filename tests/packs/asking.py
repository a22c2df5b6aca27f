"""Questions put to a shipped pack as `duly law ask` puts them, and what comes back in short."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Mapping
from typing import Any

from duly.law import document, pack, reply
from duly.law.pack import Pack

# Verdict, until, what blocks, and what is in doubt: rule and fact.
Said = tuple[str, str | None, list[str], list[tuple[str, str]]]


@functools.cache
def shipped(name: str) -> Pack:
    """The pack of that name."""
    found, problems = pack.load(pack.shipped(name))
    assert problems == []
    assert found is not None
    return found


def ask(rules: Pack, call: Mapping[str, Any], **changed: Any) -> Said:
    """What the rules say of the call with some of it changed; keys with `__` go inwards."""
    asked: Any = copy.deepcopy(dict(call))
    for name, value in changed.items():
        *outer, last = name.split("__")
        place = asked
        for key in outer:
            place = place[key]
        place[last] = value
    (question,), _, problems = document.read(json.dumps(asked).encode(), "q.json")
    assert problems == []
    said: Any = reply.answer(rules, question)
    blocks = [one["rule"] for one in said["blocked_by"]]
    return said["verdict"], said["until"], blocks, [(one["rule"], one["fact"]) for one in said["in_doubt"]]
