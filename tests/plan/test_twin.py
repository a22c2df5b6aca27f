"""The columnar stage machine says what the plain one says, move by move and turn by turn, on any history."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from duly.plan.ladder import Strategy
from duly.plan.stage import Advance
from tests.plan import histories, reference, worlds
from tests.plan.strategies import FULL, PLAIN, REAGED, RETURNING, SHORT

ON = date(2026, 3, 20)
PLANS = [worlds.loaded(text) for text in (PLAIN, FULL, SHORT, RETURNING, REAGED)]
BY_DIGEST = {plan.digest: plan for plan in PLANS}
SAID = (
    "case",
    "stage",
    "state",
    "code",
    "occurrence",
    "step",
    "channels",
    "may_fall_back",
    "deadline_on",
    "next_on",
)
Row = dict[str, Any]


def days(back: int, ahead: int) -> st.SearchStrategy[date]:
    """Days around ON."""
    return st.integers(-back, ahead).map(lambda n: ON + timedelta(days=n))


STATUSES = ["current"] * 6 + ["overdue"] * 3 + ["settled"]
OUTCOMES = ["accepted"] * 5 + ["unsure", "refused", "expired", "dropped", None]


@st.composite
def accounts(draw: st.DrawFn, name: str) -> Row:
    """One account as it may stand."""
    kind = draw(st.sampled_from(["overdue"] * 7 + ["ahead", "ahead", "today", "nothing", "small"]))
    changes: Row = {
        "creditor": draw(st.sampled_from(["jia", "jia", "jia", "yi"])),
        "product": draw(st.sampled_from(["card", "cash_loan"])),
        "status": draw(st.sampled_from(STATUSES)),
        "suit_list": draw(st.booleans()),
        "liable": draw(st.sampled_from([True] * 7 + [False])),
    }
    if kind in {"overdue", "small"}:
        dpd = draw(st.integers(1, 40))
        older = draw(st.sampled_from([0, 0, 3, 30]))
        row = worlds.overdue(ON, dpd, name, **changes)
        # Part payments move the oldest unpaid instalment, and not the day since which the account is overdue.
        row["episode_on"] -= timedelta(days=older)
        if kind == "small":
            row |= {"episode_on": None, "cured": True}
        if draw(st.booleans()):
            row |= {"next_due_on": draw(days(0, 9))}
        if draw(st.booleans()):
            row |= {"reaged_dpd": draw(st.one_of(st.none(), st.integers(-9, 40)))}
        return row
    if kind == "ahead":
        due = draw(days(-1, 9))
        return worlds.account_row(name, **changes, next_due_on=due, dpd=(ON - due).days)
    if kind == "today":
        return worlds.account_row(name, **changes, next_due_on=ON, dpd=0)
    return worlds.account_row(name, **changes)


@st.composite
def snapshots(draw: st.DrawFn, person: str) -> Row:
    """A person's accounts with files and messages that need not have come about lawfully."""
    count = draw(st.integers(1, 3))
    snapshot: Row = {
        "person": person,
        "rows": [draw(accounts(f"A{n}-{person}")) | {"person": person} for n in range(count)],
        "cases": [],
        "stages": [],
        "known": {},
        "earlier": {},
        "channels": draw(
            st.sampled_from([["sms", "email"], ["sms", "email", "letter"], ["sms"], ["letter"], []])
        ),
    }
    for row in snapshot["rows"]:
        _files(draw, snapshot, row)
        if row["episode_on"] and draw(st.booleans()):
            began = row["episode_on"] - timedelta(days=30)
            snapshot["earlier"][row["account"]] = (began, draw(days(25, 0)))
    ids = [case["case"] for case in snapshot["cases"]]
    names = [file["stage"] for file in snapshot["stages"]] or ["first"]
    for _ in range(draw(st.integers(0, 6)) if ids else 0):
        sent = _message(draw, person, names, ids)
        snapshot["known"][sent["key"]] = sent
    snapshot["known"] = list(snapshot["known"].values())
    return snapshot


def _files(draw: st.DrawFn, snapshot: Row, row: Row) -> None:
    """Up to two cases of the account, mostly the one that its arrears belong to, with the stages they came to."""
    since = row["episode_on"] or row["next_due_on"] or ON
    opened = False
    for day in draw(st.sampled_from([[since], [since], [since], [since, since - timedelta(days=30)], []])):
        states = (
            ["open"] * 5 + ["cured", "closed", "none", "joined"]
            if row["episode_on"]
            else ["none", "none", "open", "cured"]
        )
        state = draw(st.sampled_from(states))
        state = "cured" if state == "open" and opened else state
        opened = opened or state == "open"
        digest = draw(st.sampled_from([*BY_DIGEST]))
        case = worlds.case_of(row["account"], day)
        snapshot["cases"].append(
            {
                "case": case,
                "account": row["account"],
                "opened_on": day,
                "state": state,
                "strategy_digest": digest,
            }
        )
        segment = draw(st.sampled_from(BY_DIGEST[digest].segments))
        count = draw(st.integers(0, len(segment.stages)))
        for place, stage in enumerate(segment.stages[:count]):
            inside = ["open", "open", "served", "served", "closed", "closed_unserved", "lapsed"]
            state = draw(
                st.sampled_from(inside if place == count - 1 else ["closed", "closed_unserved", "lapsed"])
            )
            snapshot["stages"].append(
                {
                    "person": row["person"],
                    "case": case,
                    "account": row["account"],
                    "stage": stage.name,
                    "state": state,
                    "opened_on": draw(days(12, 0)),
                    "served_on": draw(days(10, 0)) if state in {"served", "closed"} else None,
                    "closed_on": None if state in {"open", "served"} else ON,
                }
            )


def _message(draw: st.DrawFn, person: str, names: list[str], ids: list[str]) -> Row:
    outcome = draw(st.sampled_from(OUTCOMES))
    left = outcome in {"accepted", "unsure"}
    return worlds.message(
        person=person,
        stage=draw(st.sampled_from(names)),
        day=draw(days(6, 0)),
        cases=draw(st.one_of(st.just(ids), st.lists(st.sampled_from(ids), min_size=1, unique=True))),
        creditor=draw(st.sampled_from(["jia", "jia", "jia", "yi"])),
        occurrence=draw(st.sampled_from([1, 1, 2, 3])),
        step=draw(st.sampled_from([0, 0, 1, 2])),
        channel=draw(st.sampled_from(["sms", "email", "letter"])),
        outcome=outcome,
        arrival=draw(st.sampled_from([None, None, "delivered", "failed", "unknown"])) if left else None,
        grade=draw(st.sampled_from([None, None, None, "attempted", "agreed_address"])) if left else None,
        arrived_on=draw(days(6, 1)),
        deadline_on=draw(st.one_of(st.none(), days(3, 6))),
    )


def agree(columnar: Advance, plain: reference.Answer) -> None:
    """Both machines moved the same things for the same reasons."""
    cases = columnar.case_moves.select("case", "account", "event", "from_state", "to_state", "on").rows()
    stages = columnar.stage_moves.select(
        "case", "stage", "event", "from_state", "to_state", "on", "why"
    ).rows()

    assert sorted(cases) == sorted(plain.case_moves)
    assert sorted(stages, key=str) == sorted(plain.stage_moves, key=str)
    for turn in columnar.turns.rows(named=True):
        expected = plain.turns[turn["account"]]
        said = {name: turn[name] for name in SAID if name in expected}
        wanted = {name: expected[name] for name in SAID if name in expected}
        if wanted.get("occurrence") is None:
            said.pop("channels", None)
            wanted.pop("channels", None)
            said.pop("may_fall_back", None)
            wanted.pop("may_fall_back", None)
        assert said == wanted


@settings(max_examples=60, deadline=None)
@given(
    people=st.tuples(*(snapshots(f"P{n}") for n in range(6))),
    current=st.sampled_from(PLANS),
    receipt_wait=st.integers(1, 3),
)
def test_both_machines_agree_on_any_snapshot(
    people: tuple[Row, ...], current: Strategy, receipt_wait: int
) -> None:
    """Whatever the files and messages hold, however they came about, both machines say the same."""
    columnar = worlds.advance(
        [row for each in people for row in each["rows"]],
        ON,
        current,
        cases=[row for each in people for row in each["cases"]],
        stages=[row for each in people for row in each["stages"]],
        known=[row for each in people for row in each["known"]],
        channels={each["person"]: each["channels"] for each in people},
        strategies=BY_DIGEST,
        receipt_wait=receipt_wait,
        earlier={account: found for each in people for account, found in each["earlier"].items()},
    )

    for each in people:
        asked = reference.Asked(
            accounts=each["rows"],
            cases=each["cases"],
            stages=each["stages"],
            known=each["known"],
            channels=frozenset(each["channels"]),
            strategies=BY_DIGEST,
            current=current.digest,
            on=ON,
            receipt_wait=receipt_wait,
            earlier=each["earlier"],
        )
        plain = reference.answer(asked)
        agree(_of(columnar, each["person"], plain), plain)


@settings(max_examples=9, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(seed=st.integers(0, 2**32), plan=st.sampled_from(PLANS))
def test_both_machines_agree_through_a_history(seed: int, plan: Strategy) -> None:
    """Day after day of payments, bounces, missed days and failing carriers, both machines say the same."""
    for day in histories.live(seed, plan, 25):
        for person, channels in (day.world.channels or {}).items():
            asked = reference.Asked(
                accounts=[row for row in day.world.rows(day.on) if row["person"] == person],
                cases=day.before.cases,
                stages=[file for file in day.before.stages if file["person"] == person],
                known=[sent for sent in day.before.known if sent["person"] == person],
                channels=frozenset(channels),
                strategies=BY_DIGEST,
                current=plan.digest,
                on=day.on,
                receipt_wait=day.world.receipt_wait,
                earlier=day.world.earlier(day.on),
            )
            plain = reference.answer(asked)
            agree(_of(day.answer, person, plain), plain)


def _of(answer: Advance, person: str, plain: reference.Answer) -> Advance:
    """One person's part of an answer; case moves are the account's, whoever else stands on it."""
    mine = pl.col("person") == person
    accounts = list(plain.turns)
    return dataclasses.replace(
        answer,
        case_moves=answer.case_moves.filter(pl.col("account").is_in(accounts)),
        stage_moves=answer.stage_moves.filter(mine),
        turns=answer.turns.filter(mine),
    )
