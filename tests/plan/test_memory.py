"""The law is asked once about acts that look alike and before which nothing happened, and answers the same."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import polars as pl

from duly.law import columnar
from duly.law import frames as law_frames
from duly.plan import act, draft
from duly.plan.inputs import Inputs
from tests.plan import plans
from tests.plan.plans import ON, account, hold, instalment, point

SPOKEN_TO = "P7"


class Counted(columnar.Reading):
    """The law in columns, which notes how many acts it is asked about each time."""

    def __init__(self, inputs: Inputs) -> None:
        super().__init__(inputs.law, inputs.policy)
        self.asked: list[int] = []

    def ahead(self, acts: pl.DataFrame, history: pl.DataFrame, *, before: datetime) -> pl.DataFrame:
        """What the columns answer."""
        self.asked.append(acts.height)
        return super().ahead(acts, history, before=before)


def crowd(count: int = 20, at: time = time(10)) -> Inputs:
    """People in arrears who differ in nothing; one of them was written to two days ago, one has a hold."""
    persons = [f"P{n}" for n in range(count)]
    book = plans.book(
        [account(f"A-{person}", person) for person in persons],
        [instalment(ON - timedelta(days=3), f"A-{person}", person) for person in persons],
        contacts=[point(person=person) for person in persons],
        holds=[hold("dispute", person="P3")],
    )
    past = {
        "at": datetime(2026, 11, 18, 2, tzinfo=UTC),
        "kind": "message_sent",
        "channel": "sms",
        "person": SPOKEN_TO,
        "account": f"A-{SPOKEN_TO}",
        "number": f"key-{SPOKEN_TO}-sms",
        "ref": "0" * 32,
    }
    history = pl.DataFrame([past], schema=dict(law_frames.HISTORY))
    inputs = plans.inputs(book, at=at, history=history)
    return replace(inputs, reading=Counted(inputs))


def asked(inputs: Inputs) -> list[int]:
    """How many acts the law was asked about, each time."""
    assert isinstance(inputs.reading, Counted)
    found = [*inputs.reading.asked]
    inputs.reading.asked.clear()
    return found


def test_acts_that_look_alike_are_one_question() -> None:
    """The hold is asked with and without; then nineteen people of whom one was written to: two questions each time."""
    inputs = crowd()

    draft.draft(inputs)

    assert asked(inputs) == [2, 2]


def test_what_was_asked_before_is_not_asked_again() -> None:
    """Another range of the same plan: what holds bar is known, and what may be said is asked again."""
    inputs = crowd()
    first = draft.draft(inputs)
    asked(inputs)

    again = draft.draft(inputs)

    assert asked(inputs) == [2]
    for name, frame in again.frames().items():
        assert frame.equals(first.frames()[name]), name


def test_what_others_may_ask_is_asked_beforehand() -> None:
    """Two holds and two products met in two cases are four answers, with and without: a third person needs none."""
    inputs = crowd()
    few = inputs.book.accounts.with_columns(
        product=pl.when(pl.col("person") == "P3").then(pl.lit("card")).otherwise("product")
    )
    holds = pl.concat(
        [inputs.book.holds, inputs.book.holds.with_columns(person=pl.lit("P4"), kind=pl.lit("hardship"))]
    )
    draft.draft(replace(inputs, book=replace(inputs.book, accounts=few, holds=holds)))
    asked(inputs)

    found = draft.draft(replace(inputs, book=replace(inputs.book, holds=holds.reverse())))

    assert asked(inputs) == [2]
    alone = draft.draft(
        replace(inputs, book=replace(inputs.book, holds=holds.reverse()), memory=act.Memory())
    )
    assert found.decisions.equals(alone.decisions)


def test_another_instant_and_another_law_are_asked_anew() -> None:
    """What is remembered is good for one instant under one law."""
    inputs = crowd()
    draft.draft(inputs)
    asked(inputs)
    later = replace(inputs, at=inputs.at + timedelta(hours=1))
    stricter = replace(inputs, policy={"cn-freq-04": 0})
    stricter = replace(stricter, reading=Counted(stricter))

    draft.draft(later)
    barred = draft.draft(stricter)

    assert asked(later) == [2, 2]
    assert asked(stricter) == [2, 2]
    assert barred.decisions.equals(draft.draft(replace(stricter, memory=act.Memory())).decisions)


def test_remembering_changes_no_answer() -> None:
    """At night and at noon, with a memory and without one."""
    for at in (time(3), time(12)):
        inputs = crowd(at=at)
        draft.draft(inputs)

        known, plain = draft.draft(inputs), draft.draft(replace(inputs, memory=act.Memory()))

        for name, frame in known.frames().items():
            assert frame.equals(plain.frames()[name]), name


def test_a_memory_stays_where_it_is() -> None:
    """Sent to another process it is empty: the law it speaks of is not there."""
    inputs = crowd()
    draft.draft(inputs)
    assert inputs.reading is not None
    bench = draft._bench(inputs)
    assert inputs.memory.said(bench, inputs.at) is not None

    sent = pickle.loads(pickle.dumps(inputs.memory))

    assert sent.said(bench, inputs.at) is None
