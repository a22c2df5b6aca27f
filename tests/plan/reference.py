"""The stage machine once more, slow and obvious, for one person: loops over dictionaries, no columns.

It is the second opinion that the columnar one is held equal to. It shares the strategy's values and the enums of
`model` with it, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from duly.model.account import CLOSED_TO_NOTICES
from duly.model.case import case_id
from duly.model.notice import NoticeClass
from duly.model.party import Channel
from duly.plan.ladder import At, By, Segment, Stage, Strategy, Then

Row = dict[str, Any]
ARRIVED = {"delivered", "acknowledged"}
SHUT = {status.value for status in CLOSED_TO_NOTICES}


@dataclass
class Answer:
    """What the machine says for one person."""

    case_moves: list[tuple[Any, ...]] = field(default_factory=list)
    stage_moves: list[tuple[Any, ...]] = field(default_factory=list)
    turns: dict[str, Row] = field(default_factory=dict)


@dataclass
class Track:
    """A case of this person, and where it stands."""

    account: Row
    case: str
    early: bool
    segment: Segment | None
    digest: str
    began: date
    stage: Stage | None = None
    state: str | None = None
    stage_opened: date | None = None
    served_on: date | None = None
    wait: str | None = None
    wait_on: date | None = None

    def began_of_count(self, on: date) -> date:
        """The day from which days past due are counted."""
        return on - timedelta(days=self.account["dpd"])


@dataclass(frozen=True, kw_only=True)
class Asked:
    """`accounts` are rows of ACCOUNT with ARREARS of one person, the rest rows of CASE, STAGE and KNOWN."""

    accounts: Sequence[Row]
    cases: Sequence[Row]
    stages: Sequence[Row]
    known: Sequence[Row]
    channels: frozenset[str]
    strategies: Mapping[str, Strategy]
    current: str
    on: date
    receipt_wait: int
    earlier: Mapping[str, tuple[date, date]] = field(default_factory=dict)  # by account: first day, cured on


def answer(asked: Asked) -> Answer:
    """What the machine says of one person."""
    world, out = _World(asked), Answer()
    tracks: dict[str, Track] = {}
    state_of = {row["case"]: (row["state"], row["opened_on"]) for row in asked.cases}
    ahead: set[str] = set()
    for account in asked.accounts:
        track = _episode(account, asked, out, state_of)
        if track is not None and track.early:
            ahead.add(track.case)
        if track is not None and account["liable"] and track.segment is not None:
            tracks[account["account"]] = track
    _lapse(world, {track.case: track for track in tracks.values()}, ahead, state_of, out)
    for track in tracks.values():
        _move(track, world, out)
    turns = _turns(list(tracks.values()), world)
    for account in asked.accounts:
        out.turns[account["account"]] = _explain(account, tracks, turns, asked, out)
    return out


# -- episodes ---------------------------------------------------------------------------------------------------


def _episode(account: Row, asked: Asked, out: Answer, state_of: dict[str, tuple[str, date]]) -> Track | None:
    name, since = account["account"], account["episode_on"]
    mine = {row["case"]: row for row in asked.cases if row["account"] == name}
    opened = next((row for row in mine.values() if row["state"] == "open"), None)

    def move(case: str, event: str, before: str, after: str, began: date) -> None:
        out.case_moves.append((case, name, event, before, after, asked.on))
        state_of[case] = (after, began)

    if opened is not None:
        if account["status"] in SHUT:
            move(opened["case"], "account_closed", "open", "closed", opened["opened_on"])
            return None
        older = mine.get(case_id(name, since), {}).get("state") if since is not None else None
        if since is not None and (
            since == opened["opened_on"] or (since < opened["opened_on"] and older == "closed")
        ):
            return _track(account, opened["opened_on"], opened["strategy_digest"], asked, early=False)
        if since is not None and since < opened["opened_on"]:
            move(opened["case"], "join", "open", "joined", opened["opened_on"])
        else:
            move(opened["case"], "cure", "open", "cured", opened["opened_on"])
    if account["status"] in SHUT:
        return None
    if since is not None:
        case = case_id(name, since)
        before = mine[case]["state"] if case in mine else "none"
        if before == "closed":
            return None
        event = {"none": "first_unpaid", "cured": "reversal", "joined": "part"}[before]
        move(case, event, before, "open", since)
        digest = mine[case]["strategy_digest"] if case in mine else asked.current
        return _track(account, since, digest, asked, early=False)
    due = account["next_due_on"]
    if due is None or due <= asked.on:
        return None
    case = case_id(name, due)
    if case in mine and mine[case]["state"] != "none":
        return None
    digest = mine[case]["strategy_digest"] if case in mine else asked.current
    return _track(account, due, digest, asked, early=True)


def _track(account: Row, began: date, digest: str, asked: Asked, *, early: bool) -> Track:
    segment = _segment(account, asked.strategies[digest])
    case = case_id(account["account"], began)
    return Track(account=account, case=case, early=early, segment=segment, digest=digest, began=began)


def _segment(account: Row, strategy: Strategy) -> Segment | None:
    for segment in strategy.segments:
        if all(account[key] in values for key, values in segment.when.items()):
            return segment
    return None


# -- what is known ----------------------------------------------------------------------------------------------


class _World:
    def __init__(self, asked: Asked) -> None:
        self.stages, self.known, self.channels = asked.stages, asked.known, asked.channels
        self.on, self.receipt_wait = asked.on, asked.receipt_wait
        self.earlier = asked.earlier
        self.digests = {row["case"]: row["strategy_digest"] for row in asked.cases}

    def of_notice(self, track: Track, stage: str) -> list[Row]:
        return [
            row
            for row in self.known
            if (row["creditor"], row["brand"]) == (track.account["creditor"], track.account["brand"])
            and row["stage"] == stage
        ]

    def last(self, track: Track, stage: str) -> int:
        return max((row["occurrence"] for row in self.of_notice(track, stage) if counted(row)), default=0)

    def told(self, track: Track, stage: str, opened: date) -> list[Row]:
        return [
            row
            for row in self.of_notice(track, stage)
            if counted(row) and track.case in row["cases"] and sent_on(row) >= opened
        ]

    def ways(self, stage: Stage) -> list[tuple[int, list[str]]]:
        found = []
        for number, step in enumerate(stage.steps):
            usable = [str(channel.value) for channel in step if channel.value in self.channels]
            if usable:
                found.append((number, usable))
        return found


def counted(row: Row) -> bool:
    """Whether the message left, or may have left."""
    return row["outcome"] in {"accepted", "unsure"}


def spent(row: Row) -> bool:
    """Whether a try on its channel is over."""
    return row["outcome"] in {"accepted", "unsure", "refused", "expired"}


def sent_on(row: Row) -> date:
    """The day it left."""
    day: date = row["sent_on"] or row["day"]
    return day


def grade(row: Row) -> str | None:
    """How well it is shown to have arrived."""
    return row["grade"] or ("delivered" if row["arrival"] == "delivered" else None)


# -- stages -----------------------------------------------------------------------------------------------------


def _lapse(
    world: _World,
    by_case: Mapping[str, Track],
    ahead: set[str],
    state_of: Mapping[str, tuple[str, date]],
    out: Answer,
) -> None:
    for row in world.stages:
        if row["state"] not in {"open", "served"}:
            continue
        state, began = state_of.get(row["case"], ("none", None))
        track = by_case.get(row["case"])
        stage = track.segment.stage(row["stage"]) if track and track.segment else None
        why = None
        if state == "closed":
            why = "account_closed"
        elif state == "cured":
            why = "cured"
        elif state == "joined":
            why = "joined"
        elif state == "open":
            why = "due_date" if stage is not None and stage.ahead else None
        elif row["case"] not in ahead:
            why = "due_date" if began is not None and began <= world.on else "paid_early"
        if why is not None:
            event = "due_date" if why == "due_date" else "cure"
            out.stage_moves.append((row["case"], row["stage"], event, row["state"], "lapsed", world.on, why))


def _move(track: Track, world: _World, out: Answer) -> None:
    assert track.segment is not None
    rows = {row["stage"]: row for row in world.stages if row["case"] == track.case}
    listed = [stage for stage in track.segment.stages if stage.ahead == track.early]
    place = max((i for i, stage in enumerate(listed) if stage.name in rows), default=None)
    states = {name: row["state"] for name, row in rows.items()}
    then: int | None = _entry(track, listed, world) if place is None else 0
    entered = bool(then)
    if place is not None:
        stage, row = listed[place], rows[listed[place].name]
        track.stage, track.state = stage, row["state"]
        track.stage_opened, track.served_on = row["opened_on"], row["served_on"]
        if track.state in {"open", "served"}:
            _serve(track, stage, world, out)
            _close(track, stage, world, out)
        states[stage.name] = track.state or ""
        then = None
        if track.state == "closed":
            then = place + 1
        elif track.state == "closed_unserved":
            if stage.unserved.then is Then.COUNSEL:
                track.wait = "with_counsel"
            else:
                then = place + 1
        elif track.state == "lapsed" and not track.early:
            then = place
        elif track.state in {"open", "served"}:
            return
    if track.wait is None and (then is None or then >= len(listed)):
        track.wait = "last_stage_done"
    if track.wait is not None or then is None:
        track.state = None
        return
    target = listed[then]
    code, day = _blocked(track, target, states, world)
    if code is None:
        again = place is not None and then == place
        before, why = ("lapsed", "reversal") if again else ("waiting", "re_entry" if entered else "reached")
        out.stage_moves.append((track.case, target.name, "reached", before, "open", world.on, why))
        track.stage, track.state, track.stage_opened, track.served_on = target, "open", world.on, None
    else:
        track.stage, track.state, track.wait, track.wait_on = target, None, code, day


def _delay(track: Track, on: date) -> int:
    if track.early:
        return int((on - track.account["next_due_on"]).days)
    dpd: int = track.account["dpd"]
    return dpd


def _counted(track: Track, stage: Stage, on: date) -> int | None:
    """The days past due by which the stage opens and rests; None where the lender counts none."""
    delay = _delay(track, on)
    if stage.by is not By.REAGED or "reaged_dpd" not in track.account:
        return delay
    reaged = track.account["reaged_dpd"]
    return None if reaged is None else min(reaged, delay)


def _blocked(
    track: Track, target: Stage, states: Mapping[str, str], world: _World
) -> tuple[str | None, date | None]:
    delay = _counted(track, target, world.on)
    if target.from_dpd is not None and delay is None:
        return "stage_not_reached", None
    if target.from_dpd is not None and delay is not None and delay < target.from_dpd:
        return "stage_not_reached", world.on + timedelta(days=target.from_dpd - delay)
    if target.on_list is not None and not track.account["suit_list"]:
        return "not_on_list", None
    after = target.after
    if after is not None and after.served:
        row = next((r for r in world.stages if r["case"] == track.case and r["stage"] == after.stage), None)
        told = world.told(track, after.stage, row["opened_on"]) if row else []
        if not any(grade(message) in {g.value for g in after.served} for message in told):
            return "earlier_not_served", None
    if after is not None and after.deadline and states.get(after.stage) != "closed":
        return "earlier_deadline_open", None
    rests = _rests(track, target, world)
    return ("cooling_off", rests + timedelta(days=1)) if rests else (None, None)


def _rests(track: Track, stage: Stage, world: _World) -> date | None:
    """The last day on which a nudge rests because the account was cured not long ago."""
    cooling = track.segment.cooling_off if track.segment else None
    found = world.earlier.get(track.account["account"])
    if cooling is None or found is None or track.early:
        return None
    if stage.notice is None or stage.notice_class is not NoticeClass.NUDGE:
        return None
    if cooling.up_to_minor is not None and track.account["overdue_minor"] > cooling.up_to_minor:
        return None
    last = found[1] + timedelta(days=cooling.days)
    # What is guarded comes of day whatever was cured, and so does all that stands before it.
    reached: int | None = None
    for each in track.segment.stages if track.segment else ():
        if each.ahead:
            continue
        reached = each.from_dpd if each.from_dpd is not None else reached
        if each.notice_class is not NoticeClass.NUDGE and reached is not None:
            last = min(last, track.began_of_count(world.on) + timedelta(days=reached - 1))
            break
    return last if world.on <= last else None


def _entry(track: Track, listed: Sequence[Stage], world: _World) -> int:
    """The stage with which a case begins: later than the first only for somebody who was told all before it."""
    entry = track.segment.re_entry if track.segment else None
    found = world.earlier.get(track.account["account"])
    if track.early or entry is None or entry.at is not At.SAME or found is None:
        return 0
    if (track.began - found[1]).days > entry.within:
        return 0
    before = case_id(track.account["account"], found[0])
    if world.digests.get(before) != track.digest:
        return 0
    rows = {row["stage"]: row for row in world.stages if row["case"] == before}
    places = [place for place, stage in enumerate(listed) if stage.name in rows]
    if not places:
        return 0
    stood = next((p for p in places if rows[listed[p].name]["served_on"] is None), places[-1])
    waited_for = {stage.after.stage for stage in listed if stage.after is not None}
    place = 0
    while place < stood:
        passed, following = listed[place], listed[place + 1]
        needed = passed.notice_class is not NoticeClass.NUDGE or passed.name in waited_for
        asks = (
            following.approval,
            following.action,
            following.on_list,
            following.after,
            following.before_limit,
        )
        if needed or any(each is not None for each in asks):
            break
        place += 1
    return place


def _serve(track: Track, stage: Stage, world: _World, out: Answer) -> None:
    assert track.stage_opened is not None
    arrivals = [
        max(message["arrived_on"] or sent_on(message), sent_on(message))
        for message in world.told(track, stage.name, track.stage_opened)
        if grade(message) in {each.value for each in stage.grades(Channel(message["channel"]))}
        and message["channel"] in {channel.value for step in stage.steps for channel in step}
    ]
    found = min(arrivals, default=None)
    if track.state == "served":
        assert track.served_on is not None
        if found is None or found > track.served_on:
            out.stage_moves.append(
                (track.case, stage.name, "retracted", "served", "open", world.on, "receipt_corrected")
            )
            track.state, track.served_on = "open", None
    if track.state == "open":
        track.served_on = None
        if found is not None:
            out.stage_moves.append((track.case, stage.name, "service", "open", "served", found, "arrived"))
            track.state, track.served_on = "served", found


def _close(track: Track, stage: Stage, world: _World, out: Answer) -> None:
    if stage.deadline is None:
        return
    assert track.stage_opened is not None
    told = world.told(track, stage.name, track.stage_opened)
    named = [message["deadline_on"] for message in told if message["deadline_on"] is not None]
    given = timedelta(days=stage.deadline)
    if track.state == "served":
        assert track.served_on is not None
        if world.on > max([track.served_on + given, *named]):
            out.stage_moves.append(
                (track.case, stage.name, "deadline_passed", "served", "closed", world.on, "deadline_passed")
            )
            track.state = "closed"
    elif told:
        enough = len({message["occurrence"] for message in told}) >= stage.unserved.after
        over = world.on > max([min(sent_on(message) for message in told) + given, *named])
        if enough and over and not _under_way(track, stage, world):
            out.stage_moves.append(
                (track.case, stage.name, "unserved", "open", "closed_unserved", world.on, "unserved")
            )
            track.state = "closed_unserved"


# -- turns ------------------------------------------------------------------------------------------------------


@dataclass
class Progress:
    """Where the last occurrence that counts has come to, for one track."""

    last: int
    live: bool
    got: bool
    unsure: bool
    waiting_until: date | None
    step: int | None
    rest: list[str]
    later: tuple[int, list[str]] | None


def _progress(track: Track, stage: Stage, world: _World) -> Progress:
    last = world.last(track, stage.name)
    rows = [row for row in world.of_notice(track, stage.name) if row["occurrence"] == last]
    opened = track.stage_opened or date.max
    live = any(row["occurrence"] == last for row in world.told(track, stage.name, opened))
    ways = {channel.value for way in stage.steps for channel in way}
    got = any(grade(row) in ARRIVED for row in rows) or any(
        row["occurrence"] == last
        and row["channel"] in ways
        and grade(row) in {each.value for each in stage.grades(Channel(row["channel"]))}
        for row in world.told(track, stage.name, opened)
    )
    open_ended = [
        row for row in rows if counted(row) and row["arrival"] is None and grade(row) not in ARRIVED
    ]
    until = [
        sent_on(row) + timedelta(days=world.receipt_wait)
        for row in open_ended
        if row["outcome"] == "accepted"
    ]
    until = [day for day in until if day >= world.on]
    step: int | None = None
    rest: list[str] = []
    later: tuple[int, list[str]] | None = None
    if rows:
        step = max(rows, key=lambda row: (row["day"], row["step"]))["step"]
        done = {row["channel"] for row in rows if row["step"] == step and spent(row)}
        usable = world.ways(stage)
        rest = [
            channel for number, each in usable if number == step for channel in each if channel not in done
        ]
        later = next((way for way in usable if way[0] > step), None)
    return Progress(
        last=last,
        live=live,
        got=got,
        unsure=any(row["outcome"] == "unsure" for row in open_ended),
        waiting_until=max(until, default=None),
        step=step,
        rest=rest,
        later=later,
    )


def _under_way(track: Track, stage: Stage, world: _World) -> bool:
    now = _progress(track, stage, world)
    going = now.unsure or now.waiting_until is not None or bool(now.rest) or now.later is not None
    return now.live and not now.got and going


def _paused(track: Track, on: date) -> bool:
    start = track.stage.from_dpd if track.stage else None
    if track.state is None or track.stage is None or start is None:
        return False
    counted = _counted(track, track.stage, on)
    return counted is None or counted < start


def _turns(tracks: Sequence[Track], world: _World) -> dict[str, Row]:
    busy = {
        (track.account["creditor"], track.account["brand"], track.stage.name)
        for track in tracks
        if track.state and track.stage and track.stage.notice and not _paused(track, world.on)
        if _rests(track, track.stage, world) is None
        if _under_way(track, track.stage, world)
    }
    return {track.account["account"]: _turn(track, world, busy) for track in tracks}


def _turn(track: Track, world: _World, busy: set[tuple[str, str, str]]) -> Row:
    stage, on = track.stage, world.on
    turn: Row = {"case": track.case, "stage": stage.name if stage else None, "state": track.state}
    turn |= dict.fromkeys(("occurrence", "step", "channels", "may_fall_back", "deadline_on", "next_on"))
    if track.state is None or stage is None:
        return {**turn, "code": track.wait, "next_on": track.wait_on}
    if _paused(track, on):
        assert stage.from_dpd is not None
        counted = _counted(track, stage, on)
        ahead = None if counted is None else on + timedelta(days=stage.from_dpd - counted)
        return {**turn, "code": "below_stage", "next_on": ahead}
    if stage.notice is None:
        return {**turn, "code": "action_due"}
    rests = _rests(track, stage, world)
    if rests is not None:
        return {**turn, "code": "cooling_off", "next_on": rests + timedelta(days=1)}
    group = (track.account["creditor"], track.account["brand"], stage.name)
    return _Notice(track, stage, world, turn).answer(busy=group in busy)


class _Notice:
    """What is due of one stage's notice for one case."""

    def __init__(self, track: Track, stage: Stage, world: _World, turn: Row) -> None:
        assert track.stage_opened is not None
        self.track, self.stage, self.world, self.turn = track, stage, world, turn
        self.now = _progress(track, stage, world)
        self.told = world.told(track, stage.name, track.stage_opened)
        self.until = self._until()

    def _until(self) -> date | None:
        named: list[date] = [row["deadline_on"] for row in self.told if row["deadline_on"] is not None]
        start = self.track.served_on or min((sent_on(message) for message in self.told), default=None)
        if self.stage.deadline is None or not (start or named):
            return None
        days: list[date] = [start + timedelta(days=self.stage.deadline)] if start else []
        return max([*days, *named])

    def answer(self, *, busy: bool) -> Row:
        if _under_way(self.track, self.stage, self.world):
            return self._going()
        waiting = self.now.waiting_until
        if busy and not self.told:
            return self.say("joins_next_occurrence")
        if busy:
            return self.say("receipt_outstanding", waiting + timedelta(days=1) if waiting else None)
        if self.told and self.stage.every is None:
            return self._said()
        sent = [sent_on(row) for row in self.world.of_notice(self.track, self.stage.name) if counted(row)]
        ready = max(sent) + timedelta(days=self.stage.every or 1) if sent else self.world.on
        if ready > self.world.on:
            return self.say("repeat_not_due" if self.told else "joins_next_occurrence", ready)
        return self._again()

    def say(self, code: str, next_on: date | None = None) -> Row:
        return {**self.turn, "code": code, "next_on": next_on}

    def _said(self) -> Row:
        if self.until is None:
            return self.say("said_once")
        return self.say(
            "deadline_running", self.until + timedelta(days=1) if self.until >= self.world.on else None
        )

    def _going(self) -> Row:
        now = self.now
        if now.rest:
            outstanding = now.unsure or now.waiting_until is not None
            assert now.step is not None
            return self.due("rest_of_step", now.last, (now.step, now.rest), alone=outstanding)
        if now.unsure:
            return self.say("handover_unsure")
        if now.waiting_until is not None:
            return self.say("receipt_outstanding", now.waiting_until + timedelta(days=1))
        assert now.later is not None
        return self.due("fallback", now.last, now.later, alone=False)

    def _again(self) -> Row:
        ways = self.world.ways(self.stage)
        of_notice = self.world.of_notice(self.track, self.stage.name)
        rows = [row for row in of_notice if row["occurrence"] > self.now.last]
        chosen = ways[0] if ways else (0, [])
        if ways and rows:
            step = max(rows, key=lambda row: (row["day"], row["step"]))["step"]
            done = {row["channel"] for row in rows if row["step"] == step and spent(row)}
            rest = [c for number, usable in ways if number == step for c in usable if c not in done]
            later = [way for way in ways if way[0] > step]
            if rest:
                chosen = (step, rest)
            elif later:
                chosen = later[0]
            elif max(row["day"] for row in rows) >= self.world.on:
                return self.say("tried_today", self.world.on + timedelta(days=1))
        plain = "repeat" if self.told else "first_notice"
        code = "fallback" if ways and chosen[0] > ways[0][0] else plain
        return self.due(code, self.now.last + 1, chosen, alone=False)

    def due(self, code: str, occurrence: int, way: tuple[int, list[str]], *, alone: bool) -> Row:
        account, on = self.track.account, self.world.on
        for row in self.world.known:
            same = (row["creditor"], row["brand"]) == (account["creditor"], account["brand"])
            other = (row["stage"], row["occurrence"]) != (self.stage.name, occurrence)
            if same and other and counted(row) and sent_on(row) == on:
                return self.say("one_notice_a_day", on + timedelta(days=1))
        last_day = None
        if self.stage.deadline is not None:
            index = len({message["occurrence"] for message in self.told}) + (occurrence != self.now.last)
            stands = self.until is not None and self.until >= on and index > self.stage.unserved.after
            named_before = self.track.state == "served" or stands
            last_day = self.until if named_before else on + timedelta(days=self.stage.deadline)
        step, channels = way
        return {
            **self.turn,
            "code": code,
            "occurrence": occurrence,
            "step": step,
            "channels": channels,
            "may_fall_back": not alone,
            "deadline_on": last_day,
        }


def _explain(
    account: Row, tracks: Mapping[str, Track], turns: Mapping[str, Row], asked: Asked, out: Answer
) -> Row:
    name = account["account"]
    nothing: Row = dict.fromkeys(("case", "stage", "state", "occurrence", "step", "channels"))
    if not account["liable"]:
        return {**nothing, "code": "not_liable"}
    if account["status"] in SHUT:
        return {**nothing, "code": "account_closed"}
    track, turn = tracks.get(name), turns.get(name)
    outside = {"stage_not_reached", "last_stage_done"}
    if track is not None and turn is not None and not (track.early and turn["code"] in outside):
        return turn
    found = _episode(account, asked, Answer(), {})
    if found is not None and not found.early:
        return {**nothing, "code": "no_segment"}
    if any(move[1] == name and move[2] == "cure" for move in out.case_moves):
        return {**nothing, "code": "paid"}
    if account["episode_on"] is not None:
        return {**nothing, "code": "case_closed"}
    if account["overdue_minor"] > 0:
        return {**nothing, "code": "below_tolerance"}
    return {**nothing, "code": "nothing_overdue", "next_on": turn["next_on"] if turn else None}
