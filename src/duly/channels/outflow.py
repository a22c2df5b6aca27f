"""The way out that every windowed channel shares: released messages wait here for room, and for their
answers.

A message leaves whole: all its segments are taken at once or none, its permit is used up at that instant and
not before, and one that found no room within a permit's life was never written. Refuses to know a protocol:
it gives out bytes with tokens, and takes fates for tokens.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from duly.channels import answer, base, pace
from duly.channels.answer import Fate, Segment
from duly.model import permit

_PATIENCE = permit.LIFE.total_seconds()


@dataclass(slots=True, kw_only=True)
class _Batch:
    answers: list[answer.Answer | None]
    left: int
    heard: base.Heard | None
    done: asyncio.Future[list[answer.Answer]]


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """One message on its way, with what became of each segment so far."""

    released: base.Released
    place: int
    until: float
    batch: _Batch = field(repr=False)
    fates: list[Segment | None]
    throttled: bool = False


@dataclass(slots=True, frozen=True, eq=False)
class Token:
    """One segment, written at `at`."""

    job: Job
    number: int
    at: float


class Outflow:
    """Messages waiting for room and messages waiting for answers, of one route."""

    def __init__(self, *, route: str, turnstile: base.Turnstile, rate: pace.Pace) -> None:
        self._route = route
        self._turnstile = turnstile
        self.pace = rate
        self._waiting: deque[Job] = deque()
        self.waiting_segments = 0
        self.in_flight = 0

    def offer(
        self, batch: Sequence[base.Released], now: float, heard: base.Heard | None
    ) -> asyncio.Future[list[answer.Answer]]:
        """Queue a batch; the future holds its answers in the batch's order."""
        done: asyncio.Future[list[answer.Answer]] = asyncio.get_running_loop().create_future()
        held = _Batch(answers=[None] * len(batch), left=len(batch), heard=heard, done=done)
        for place, released in enumerate(batch):
            count = released.encoded.count
            self._waiting.append(
                Job(released=released, place=place, until=now + _PATIENCE, batch=held, fates=[None] * count)
            )
            self.waiting_segments += count
        if not batch:
            done.set_result([])
        return done

    def take(self, free: int, now: float) -> list[tuple[Token, bytes]]:
        """What to write now into `free` places of the window: it must be written before anything else
        happens.
        """
        taken: list[tuple[Token, bytes]] = []
        while self._waiting:
            job = self._waiting[0]
            count = len(job.fates)
            if job.until <= now:
                self._drop(job)
                _finish(job, answer.never_written("there was no room within the permit's life", count))
            elif job.batch.done.done():  # whoever asked for it went away
                self._drop(job)
            elif count > free - len(taken) or self.pace.room(now) < 1:
                break
            else:
                self._drop(job)
                fault = self._turnstile.admit(job.released, route=self._route)
                if fault is not None:
                    _finish(job, answer.turned_away(fault, count))
                    continue
                self.pace.spend(job.released.encoded.segments, now)
                self.in_flight += count
                parts = job.released.encoded.parts
                taken += [(Token(job, number, now), part) for number, part in enumerate(parts)]
        return taken

    def next_deadline(self, now: float) -> float | None:
        """When `take` may have more to do although nothing was heard."""
        if not self._waiting:
            return None
        return min(self._waiting[0].until, max(self.pace.ready_at(now), now))

    def abandon(self, reason: str) -> None:
        """Nothing more is written: everything that waits was never written."""
        while self._waiting:
            job = self._waiting[0]
            self._drop(job)
            _finish(job, answer.never_written(reason, len(job.fates)))

    def settle(self, token: Token, segment: Segment, now: float, *, throttled: bool = False) -> None:
        """A written segment met its fate."""
        job = token.job
        self.in_flight -= 1
        job.fates[token.number] = segment
        if throttled:
            job.throttled = True
            self.pace.slow_down(now)
        fates = [fate for fate in job.fates if fate is not None]
        if len(fates) == len(job.fates):
            _finish(job, answer.settle(fates, throttled=job.throttled))

    def settle_late(self, token: Token, segment: Segment) -> answer.Accepted | answer.Refused | None:
        """A segment was answered after all: what that makes of its message, None if it is still unsure."""
        job = token.job
        job.fates[token.number] = segment
        fates = [fate for fate in job.fates if fate is not None]
        if len(fates) < len(job.fates) or any(fate.fate is Fate.UNANSWERED for fate in fates):
            return None
        given = answer.settle(fates)
        return None if isinstance(given, answer.Unsure) else given

    def _drop(self, job: Job) -> None:
        self._waiting.popleft()
        self.waiting_segments -= len(job.fates)


def _finish(job: Job, given: answer.Answer) -> None:
    batch = job.batch
    batch.answers[job.place] = given
    batch.left -= 1
    if batch.done.done():
        return
    if batch.heard is not None:
        try:
            batch.heard(job.place, given)
        except Exception as error:  # noqa: BLE001 - the caller's own failure goes back to the caller
            batch.done.set_exception(error)
            return
    if batch.left == 0:
        batch.done.set_result([one for one in batch.answers if one is not None])
