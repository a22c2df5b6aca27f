"""The drill: a real send, and kill -9 of its parts at random instants, each started again at once.

    result = drill(folder, messages=3000, kills=30, seed=1)
    assert result.holds

The instants are drawn from the seed: how far the carrier has got, and some moments more, so that some kills meet
what is still getting up from the one before. What is killed is a worker (sender, inbox, waker), the worker that
holds the evidence log (the sequencer), or the project's PostgreSQL. A worker that is killed is the one that sends.
Refuses to end before everything that was planned has come to its end, and before the evidence is checked.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.app import proofs
from duly.run import clock
from duly.store import sql
from tests.crash import reckoning, yard
from tests.crash.yard import Carrier

_SQL = sql.load()

KINDS = ("worker", "sequencer", "postgres")
WORKERS = 2

_STILL = 90.0  # seconds without anything new at the carrier, or to the end, after which the drill gives up
_GETTING_UP = 0.3  # a kill comes at most so many seconds after its mark
_QUIET = 0.5  # the end has come when nothing has been left to do for so long


@dataclass(frozen=True, kw_only=True)
class Result:
    """What the drill came to.

    `kills` by what was killed, `doubts` messages that ever were in doubt (`ends` tells which still are),
    `most_in_doubt` the most segments in doubt that one worker left behind at one death, `fell` workers that ended by
    themselves, each with its last words. `twice`, `lost` and `without_end` count messages and must be 0; `wrong` names
    everything that does not add up.
    """

    seed: int
    seconds: float
    messages: int
    segments: int
    kills: Mapping[str, int]
    ends: Mapping[str, int]
    doubts: int
    most_in_doubt: int
    twice: int
    lost: int
    without_end: int
    wrong: tuple[str, ...]
    fell: tuple[str, ...]

    @property
    def accepted(self) -> int:
        """Messages that the carrier took whole, and said so."""
        return self.ends.get("accepted", 0)

    @property
    def amiss(self) -> int:
        """Messages twice, lost or without an end: the value of a drill, which must be 0."""
        return self.twice + self.lost + self.without_end

    @property
    def holds(self) -> bool:
        """Nothing twice, nothing lost, everything ended, all of it provable, and no worker ended by itself."""
        return not (self.amiss or self.wrong or self.fell)

    def __str__(self) -> str:
        """The figures in one paragraph, then a line for each thing that is wrong."""
        kills = ", ".join(f"{count} {kind}" for kind, count in self.kills.items()) or "none"
        ends = ", ".join(f"{count} {end}" for end, count in sorted(self.ends.items()))
        said = (
            f"seed {self.seed}: {self.messages} messages, {self.segments} segments at the carrier in"
            f" {self.seconds:.1f} s; kills: {kills}; ends: {ends}; in doubt {self.doubts}, at most"
            f" {self.most_in_doubt} segments at one death; twice {self.twice}, lost {self.lost},"
            f" without end {self.without_end}"
        )
        return "\n".join([said, *self.wrong, *self.fell])


@dataclass(frozen=True, kw_only=True)
class _Strike:
    """One kill: when the carrier has so many segments and some seconds have passed, of that kind."""

    at: int
    after: float
    kind: str
    whom: int


def drill(
    place: Path,
    *,
    messages: int,
    kills: int,
    seed: int,
    rate: int = 150,
    carrier: Carrier | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Result:
    """Run the drill in the empty folder `place`: at least about `messages` messages, `kills` kills.

    `rate` is the route's segments a second, `say` is told each kill. Raises AssertionError when it does not end.
    """
    with yard.open_yard(place, messages=messages, rate=rate, carrier=carrier or Carrier()) as at:
        begun = time.monotonic()
        supervisor = Supervisor(at)
        for _ in range(WORKERS):
            at.hire()
        done: Counter[str] = Counter()
        for strike in _strikes(at, kills=kills, seed=seed):
            supervisor.wait_for(strike)
            done[supervisor.strike(strike)] += 1
            say(f"{time.monotonic() - begun:6.1f} s, {supervisor.taken()} segments: {strike.kind}")
        supervisor.see_out()
        seconds = time.monotonic() - begun
        with contextlib.closing(at.opened.connect(patient=True)) as connection:
            proofs.place_waiting(at.opened, connection)
        found = reckoning.reckon(at.opened, at.journal)
        return Result(
            seed=seed,
            seconds=seconds,
            messages=found.messages,
            segments=found.segments,
            kills=done,
            ends=found.ends,
            doubts=found.doubted,
            most_in_doubt=max(found.doubts.values(), default=0),
            twice=len(found.twice),
            lost=len(found.lost),
            without_end=len(found.without_end),
            wrong=(*found.twice, *found.lost, *found.without_end, *found.wrong),
            fell=tuple(supervisor.fell),
        )


def _strikes(at: yard.Yard, *, kills: int, seed: int) -> list[_Strike]:
    chance = random.Random(seed)
    with contextlib.closing(at.opened.connect()) as connection:
        row = connection.execute(
            "select sum(parts) from message where route = %s", [reckoning.SMS]
        ).fetchone()
    segments = int(row[0]) if row is not None else 0
    kinds = [KINDS[n % len(KINDS)] for n in range(kills)]
    chance.shuffle(kinds)
    marks = sorted(chance.randrange(1, segments * 95 // 100) for _ in range(kills))
    return [
        _Strike(at=mark, after=chance.uniform(0, _GETTING_UP), kind=kind, whom=chance.randrange(WORKERS))
        for mark, kind in zip(marks, kinds, strict=True)
    ]


class Supervisor:
    """Starts again whatever ends, and kills what it is told to."""

    def __init__(self, at: yard.Yard) -> None:
        self._at = at
        self._read = 0
        self._lines = 0
        self.fell: list[str] = []

    def taken(self) -> int:
        """How many segments the carrier has taken."""
        if self._at.journal.exists():
            with self._at.journal.open("rb") as file:
                file.seek(self._read)
                fresh = file.read()
            self._read += len(fresh)
            self._lines += fresh.count(b"\n")
        return self._lines

    def wait_for(self, strike: _Strike) -> None:
        """Until the carrier has got as far as the strike wants it."""
        last, since = self.taken(), time.monotonic()
        while self.taken() < strike.at:
            self._tend()
            time.sleep(0.01)
            if self._lines != last:
                last, since = self._lines, time.monotonic()
            assert time.monotonic() < since + _STILL, self._story(f"nothing goes on at {last} segments")
        time.sleep(strike.after)

    def strike(self, strike: _Strike) -> str:
        """Kill, have it started again; says what kind it was in the end."""
        if strike.kind == "postgres":
            self._patiently(self._at.kill_postmaster, "there is no PostgreSQL to kill")
            return strike.kind
        if strike.kind == "sequencer":
            self._patiently(lambda: self._at.sequencer() is not None, "nobody keeps the evidence")
            victim = self._at.sequencer()
        else:
            # Of several workers one has the route to the carrier; the others stand by, and killing them says little.
            victim = self._at.sender() or self._at.workers[strike.whom]
        if victim is None:  # gone between two looks
            return self.strike(strike)
        victim.kill()
        self._at.replace(victim)
        return strike.kind

    def see_out(self) -> None:
        """Wait until nothing is left to do, then end the workers as an operator does."""
        since = quiet = time.monotonic()
        while time.monotonic() < quiet + _QUIET:
            self._tend()
            if self._left():
                quiet = time.monotonic()
            time.sleep(0.05)
            assert time.monotonic() < since + _STILL, self._story(f"it does not end: {self._left()}")
        for hand in self._at.workers:
            code = hand.end(within=30)
            if code != 0:
                self.fell.append(
                    f"{hand.name} ended with {code} when it was told to stop: {hand.said()[-800:]}"
                )

    def _left(self) -> dict[str, Any]:
        """What is left to do, none of it 0; a virtual clock that waits for the next batch is moved on."""
        try:
            with contextlib.closing(self._at.opened.connect()) as connection:
                return _left(connection)
        except (errors.DatabaseAway, psycopg.OperationalError):
            return {"database": "away"}

    def _tend(self) -> None:
        for hand in [one for one in self._at.workers if not one.alive]:
            code = hand.process.returncode
            # The database went away while it got up: whoever watches over it starts it again.
            if hand.up or code != errors.DatabaseAway.exit_code:
                self.fell.append(f"{hand.name} ended by itself with {code}: {hand.said()[-800:]}")
            self._at.replace(hand)

    def _patiently(self, wanted: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + _STILL
        while not wanted():
            self._tend()
            time.sleep(0.01)
            assert time.monotonic() < deadline, self._story(otherwise)

    def _story(self, what: str) -> str:
        hands = [*self._at.gone, *self._at.workers]
        return "\n".join([what, *self.fell, *(f"{hand.name}: {hand.said()[-400:]}" for hand in hands)])


def _left(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    since = yard.ON - timedelta(days=1)
    with connection.cursor(row_factory=dict_row) as cursor:
        state = cursor.execute(_SQL["outbox_state"], {"since": since}).fetchone() or {}
        waits = (
            cursor.execute(_SQL["still_awaited"], {"day": yard.ON, "routes": [reckoning.SMS]}).fetchone()
            or {}
        )
        open_ = cursor.execute(
            "select count(*) as open from permit p where not exists"
            " (select 1 from answer a where a.key = p.key and a.attempt = p.attempt)"
        ).fetchone()
    if state["queued"] and not state["due"] and not state["claimed"]:
        clock.advance_to(connection, state["next_at"])
    left = {**state, "wakes": waits["wakes"], **(open_ or {})}
    return {name: left[name] for name in ("queued", "claimed", "wakes", "open") if left[name]}
