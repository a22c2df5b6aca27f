"""What became of a hand-over: `Accepted`, `Refused` or `Unsure`, from the fate of each segment.

Refuses to guess: a segment that was written and not answered makes its whole message `Unsure`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from duly.model import notice, permit


class Fate(Enum):
    """What became of one segment."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # the carrier said no; the message may go another way or later
    REFUSED_FINAL = "refused_final"  # the carrier said no, and would say so again
    UNWRITTEN = "unwritten"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One segment's fate, with the carrier's id of it as given, or the carrier's code of the refusal.

    The id is empty when the carrier took the segment without naming it.
    """

    fate: Fate
    remote_id: str = ""
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """The carrier took every segment. `remote_ids` are its own strings, in the order of the segments."""

    remote_ids: tuple[str, ...]
    segments: tuple[Segment, ...]
    outcome: notice.Outcome = notice.Outcome.ACCEPTED


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """Nothing of the message is at the carrier.

    `retry` says whether the same message may go back to the queue (and through the gate) again; `written`
    whether any byte left; `throttled` that the carrier asked for less; `fault` is set when our own turnstile
    refused.
    """

    reason: str
    retry: bool
    code: str
    written: bool
    segments: tuple[Segment, ...]
    throttled: bool = False
    fault: permit.Fault | None = None
    outcome: notice.Outcome = notice.Outcome.REFUSED


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsure:
    """Some of it left and nobody knows whether it arrived: it counts, and is never retried blindly."""

    reason: str
    segments: tuple[Segment, ...]
    outcome: notice.Outcome = notice.Outcome.UNSURE


Answer = Accepted | Refused | Unsure


def settle(segments: Sequence[Segment], *, throttled: bool = False) -> Answer:
    """The message's answer from its segments' fates.

    Any segment written and unanswered makes the message `Unsure` (D16), and so does a message of which the
    carrier took some segments and not the others: to send it again would repeat the part that arrived.
    """
    if not segments:
        raise ValueError("a message has at least one segment")
    held = tuple(segments)
    fates = {segment.fate for segment in held}
    if fates == {Fate.ACCEPTED}:
        return Accepted(remote_ids=tuple(segment.remote_id for segment in held), segments=held)
    if Fate.UNANSWERED in fates:
        first = next(segment for segment in held if segment.fate is Fate.UNANSWERED)
        return Unsure(reason=first.reason, segments=held)
    if Fate.ACCEPTED in fates:
        taken = sum(segment.fate is Fate.ACCEPTED for segment in held)
        return Unsure(reason=f"the carrier took {taken} of {len(held)} segments", segments=held)
    worst = min(held, key=lambda segment: _GRAVITY[segment.fate])
    return Refused(
        reason=worst.reason,
        retry=worst.fate is not Fate.REFUSED_FINAL,
        code=worst.code,
        written=worst.fate is not Fate.UNWRITTEN,
        segments=held,
        throttled=throttled,
    )


_GRAVITY = {Fate.REFUSED_FINAL: 0, Fate.REFUSED: 1, Fate.UNWRITTEN: 2}


def accepted(remote_ids: Sequence[str]) -> Accepted:
    """The answer for a message of which the carrier has every segment, under these ids."""
    segments = tuple(Segment(fate=Fate.ACCEPTED, remote_id=one) for one in remote_ids)
    return Accepted(remote_ids=tuple(remote_ids), segments=segments)


def turned_away(found: permit.Fault, count: int) -> Refused:
    """The answer for a message that the turnstile did not let through; nothing was written."""
    reason = f"no valid permit: {found.value}"
    segment = Segment(fate=Fate.UNWRITTEN, code=f"permit.{found.value}", reason=reason)
    return Refused(
        reason=reason,
        retry=found in permit.INNOCENT,
        code=segment.code,
        written=False,
        segments=(segment,) * count,
        fault=found,
    )


def never_written(reason: str, count: int) -> Refused:
    """The answer for a message of which no byte left."""
    segment = Segment(fate=Fate.UNWRITTEN, code="unwritten", reason=reason)
    return Refused(reason=reason, retry=True, code=segment.code, written=False, segments=(segment,) * count)
