"""Write docs/reference/channels.md from the code: `python docs/reference/channels.py`."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

from duly.channels import answer, base, folder, inbound, smpp, smpp_coding
from duly.model import permit
from duly.wire.smpp import receipt, state, status

PAGE = Path(__file__).with_suffix(".md")

HEAD = """\
# Channels

A channel carries messages to people, and brings back receipts and replies.
It translates and never decides: what may leave is the gate's word, and a channel writes nothing without it.
How to connect one is told in [SMPP](../howto/channels/smpp.md) and [folder](../howto/channels/folder.md).

This page is generated from the code by `python docs/reference/channels.py`.
"""


def page() -> str:
    """The whole page."""
    return "\n".join(
        (
            HEAD,
            "## What each can do\n",
            matrix(shipped()),
            "## What can come of a hand-over\n",
            "The answer of a message follows from the fate of each of its segments.\n",
            outcomes(),
            "## Why a permit does not let bytes through\n",
            "A permit covers these bytes, on this route, for two seconds, once.",
            "After the ones marked *again* the message goes back through the gate.",
            "The others mean a defect or an attempt.\n",
            faults(),
            "## What an SMPP carrier's answer means\n",
            "Codes of SMPP 3.4, section 5.1.3, table 5-2, and of 5.0 from 0x100 on; a code that is not here is final.",
            "What a carrier's own codes mean is said under `dialect` in channels.yaml.\n",
            codes(),
            "## What an SMPP carrier's receipt means\n",
            receipts(),
            "## The states of an SMPP session\n",
            "Drawn from the table that the session runs on.\n",
            f"```mermaid\n{state.picture()}```\n",
        )
    )


def shipped() -> tuple[base.Capabilities, ...]:
    """Every channel that ships, with its usual settings."""
    turnstile = base.Turnstile(key=bytes(permit.KEY_BYTES), clock=lambda: datetime.min.replace(tzinfo=UTC))
    settings = smpp.Settings(route="sms", host="localhost", port=2775, system_id="", password="", source="")
    return (
        settings.capabilities(),
        folder.Folder(folder.Settings(route="files", path=Path()), turnstile=turnstile).can,
    )


def matrix(channels: tuple[base.Capabilities, ...]) -> str:
    """The features, a row each, from the capabilities."""
    rows = [
        [_WORDS[field.name], *(_told(getattr(one, field.name)) for one in channels)]
        for field in dataclasses.fields(base.Capabilities)
        if field.name != "name"
    ]
    return table([["", *(f"`{one.name}`" for one in channels)], *rows])


def outcomes() -> str:
    """Which fates make which answer."""
    Fate = answer.Fate  # noqa: N806 - it is a class
    cases = [
        ("every segment accepted", [Fate.ACCEPTED, Fate.ACCEPTED]),
        ("any segment written and unanswered", [Fate.ACCEPTED, Fate.UNANSWERED]),
        ("some accepted, others refused", [Fate.ACCEPTED, Fate.REFUSED]),
        ("refused, for now", [Fate.REFUSED, Fate.REFUSED]),
        ("refused, and would be again", [Fate.REFUSED, Fate.REFUSED_FINAL]),
        ("never written", [Fate.UNWRITTEN, Fate.UNWRITTEN]),
    ]
    rows = [["segments", "answer", "counts as a contact", "the same message again"]]
    for words, fates in cases:
        given = answer.settle([answer.Segment(fate=fate) for fate in fates])
        counts = not isinstance(given, answer.Refused)
        again = (
            "back through the gate"
            if isinstance(given, answer.Refused) and given.retry
            else "never by itself"
        )
        rows.append([words, f"`{type(given).__name__}`", "yes" if counts else "no", again])
    return table(rows)


def faults() -> str:
    """What the turnstile names."""
    rows = [
        [f"`{one.value}`", _FAULTS[one], "*again*" if one in permit.INNOCENT else ""] for one in permit.Fault
    ]
    return table([["fault", "", ""], *rows])


def codes() -> str:
    """The status table."""
    rows = [
        [f"0x{one.code:02X}", f"`{one.name}`", one.means, _DONE[one.outcome]] for one in status.TABLE.values()
    ]
    return table([["code", "name", "means", "what we do"], *rows])


def receipts() -> str:
    """The carrier's words and ours."""
    rows = [
        [
            f"`{one.value}`",
            str(receipt.NUMBERS.get(one, "")),
            ours.value,
            "no" if one in receipt.ON_ITS_WAY else "yes",
        ]
        for one, ours in smpp_coding.ARRIVALS.items()
    ]
    return table([["state", "number", "for us", "the last word"], *rows])


def table(rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join((lines[0], f"| {' | '.join('---' for _ in rows[0])} |", *lines[1:], ""))


def _told(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, frozenset):
        return ", ".join(sorted(one.value for one in value))
    if isinstance(value, inbound.Provenance):
        return value.value.replace("_", " ")
    if isinstance(value, tuple):
        return ", ".join(value) or "as the route says"
    return "no" if value is None else str(value)


_WORDS = {
    "carries": "carries",
    "unit": "counted in",
    "max_parts": "at most so many of them a message",
    "max_bytes": "at most so many bytes of text",
    "receipts": "receipts, and how sure they are",
    "replies": "replies",
    "idempotent": "recognises a repeated hand-over",
    "echoes_reference": "receipts may carry our reference",
    "queries": "can be asked what became of a message",
    "refuses": "content it refuses",
}
_FAULTS = {
    permit.Fault.OTHER_ROUTE: "made for another route",
    permit.Fault.OTHER_MESSAGE: "made for another message",
    permit.Fault.OTHER_BYTES: "made for other bytes",
    permit.Fault.FORGED: "not signed by the gate",
    permit.Fault.AHEAD: "from further ahead than two clocks may differ",
    permit.Fault.STALE: "older than two seconds, or than this process",
    permit.Fault.EXPIRED: "the message's life is over",
    permit.Fault.USED: "used before",
}
_DONE = {
    status.Class.ACCEPTED: "accepted",
    status.Class.REFUSED_RETRY: "refused; may be tried again",
    status.Class.REFUSED_FINAL: "refused for good",
    status.Class.THROTTLED: "refused; tried again, and slower",
}


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
