"""To whom nothing can be due is told so at once, and it is what the long way would have told him, to the byte."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duly.book import reaged, tolerance
from duly.book.columns import REAGE, Book
from duly.book.mapping import Figures
from duly.book.tolerance import Cure, Cures
from duly.model import notice
from duly.plan import columns, draft, limitation, plan, quiet
from duly.plan.inputs import Inputs, Reckoning
from tests.plan import plans, worlds
from tests.plan.plans import ON, account, hold, instalment, payment, point
from tests.plan.strategies import FULL, PLAIN

PLANS = [worlds.loaded(text) for text in (PLAIN, FULL)]
SOON = date(2026, 11, 23)  # three days ahead, when the plain strategy reminds
LATER = SOON + timedelta(days=1)
Row = dict[str, Any]


def parted(inputs: Inputs) -> quiet.Parted:
    """Who goes the long way."""
    reckoned = tolerance.standing(inputs.book, inputs.on, inputs.reckoning.cures)
    standing = inputs.book.accounts.join(reckoned, on=["person", "account"], maintain_order="left")
    return quiet.part(standing, reaged.days(inputs.book, inputs.on), limitation.holds(inputs), inputs)


def one(due_on: date | None = LATER, **changes: Any) -> Inputs:
    """A person with one account, of which an instalment falls due on that day."""
    book = plans.book(
        [account(**changes.pop("account", {}))],
        [instalment(due_on)] if due_on else [],
        changes.pop("payments", ()),
        [point()],
        changes.pop("holds", ()),
    )
    return plans.inputs(book, **changes)


def cases(state: str, opened_on: date) -> pl.DataFrame:
    """A case of the account in that state."""
    row = {
        "case": worlds.case_of("A1", opened_on),
        "account": "A1",
        "opened_on": opened_on,
        "state": state,
        "strategy_digest": PLANS[0].digest,
    }
    return worlds.frame([row], columns.CASE)


def stages(state: str, day: date) -> pl.DataFrame:
    """A stage of a case of the account."""
    row = {
        "person": "P1",
        "case": worlds.case_of("A1", day),
        "account": "A1",
        "stage": "first",
        "state": state,
    }
    return worlds.frame(
        [row | {"opened_on": day, "served_on": None, "closed_on": None}],
        columns.STAGE,
    )


OLD = ON - timedelta(days=200)
QUIET: Mapping[str, Inputs] = {
    "falls due later": one(),
    "owes nothing any more": one(None),
    "paid what fell due": one(ON - timedelta(days=9), payments=[payment(ON - timedelta(days=9), 123_000)]),
    "falls due today": one(ON),
    "is closed": one(SOON, account={"status": "settled"}),
    "is not liable": one(SOON, account={"liable": False, "role": "none"}),
    "had a case that was cured": one(cases=cases("cured", OLD)),
    "had a stage that lapsed": one(cases=cases("cured", OLD), stages=stages("lapsed", OLD)),
    "had a hold that ended": one(holds=[hold("dispute", until=ON)]),
    "has a hold that is yet to come": one(holds=[hold("dispute", since=ON + timedelta(days=1))]),
    "has a hold on a point alone": one(holds=[hold("wrong_number", point="P1-sms")]),
}
LOUD: Mapping[str, Inputs] = {
    "is reminded": one(SOON),
    "owes": one(ON - timedelta(days=1)),
    "owes too little to open a case": one(
        ON - timedelta(days=1), reckoning=Reckoning(cures=Cures(general=Cure(minor=10**9)))
    ),
    "has an open case": one(cases=cases("open", OLD)),
    "was reminded": one(cases=cases("none", OLD)),
    "had a case of the day to come": one(cases=cases("cured", LATER)),
    "has an open stage": one(stages=stages("open", OLD)),
    "has a served stage": one(stages=stages("served", OLD)),
    "has a hold": one(holds=[hold("dispute")]),
    "has a hold on the account": one(holds=[hold("dispute", "A1")]),
    "does not agree with the ledger": one(
        account={"ledger_overdue_minor": 1, "ledger_as_of": ON}, reckoning=Reckoning()
    ),
    "plans with a strategy that nobody knows": replace(one(), current="gone"),
}


@pytest.mark.parametrize("name", QUIET)
def test_who_is_quiet(name: str) -> None:
    """Nothing is due, and no stage, hold or law has a part in it."""
    found = parted(QUIET[name])

    assert found.loud.is_empty()
    assert found.calm.height == 1


@pytest.mark.parametrize("name", LOUD)
def test_who_goes_the_long_way(name: str) -> None:
    """One day, cent, hold, case or stage is enough."""
    found = parted(LOUD[name])

    assert found.calm.is_empty()
    assert found.loud.height == 1


def test_a_person_is_quiet_with_all_accounts_or_with_none() -> None:
    """Of two accounts one is overdue: the other goes the long way with it."""
    due = [instalment(LATER), instalment(ON - timedelta(days=3), "A2"), instalment(LATER, "A3", "P2")]
    book = plans.book([account(), account("A2"), account("A3", "P2")], due)

    found = parted(plans.inputs(book))

    assert found.loud["account"].to_list() == ["A1", "A2"]
    assert found.calm["account"].to_list() == ["A3"]


def test_a_quiet_person_is_told_when_the_answer_can_be_another() -> None:
    """Four days ahead of the due date: tomorrow is the day of the reminder."""
    row = plans.decision(plan.decide(one()))

    assert (row["outcome"], row["code"]) == ("nothing_due", "nothing_overdue")
    assert row["next_on"] == ON + timedelta(days=1)


def crowd(seed: int) -> Inputs:
    """Forty persons, most of them quiet, each with whatever makes one quiet or not."""
    chance = random.Random(seed)
    strategy = chance.choice(PLANS)
    rows: dict[str, list[Row]] = {
        name: []
        for name in ("accounts", "due", "paid", "points", "holds", "cases", "stages", "known", "reages")
    }
    for n in range(40):
        person = f"P{n}"
        rows["points"] += [
            point(channel, person=person) for channel in chance.choice([["sms"], ["sms", "email"], []])
        ]
        for name in [f"A{n}", *([f"B{n}"] if chance.random() < 0.2 else [])]:
            _account(chance, rows, name, person, strategy.digest)
        if n and chance.random() < 0.1:  # liable for what the person before borrowed
            _shared(rows, f"A{n - 1}", person, chance.choice([True, False]))
        if chance.random() < 0.1:
            rows["holds"].append(
                hold(
                    chance.choice(["dispute", "wrong_number", "hardship"]),
                    chance.choice([None, f"A{n}"]),
                    person,
                    point=chance.choice([None, f"{person}-sms"]),
                    until=chance.choice([None, ON, ON + timedelta(days=1)]),
                )
            )
    order = chance.random() < 0.5  # a book lies in order, but nobody is to depend on it
    accounts = rows["accounts"]
    accounts = (
        sorted(accounts, key=lambda row: (row["bucket"], row["person"], row["account"]))
        if order
        else accounts
    )
    book = plans.book(accounts, rows["due"], rows["paid"], rows["points"], rows["holds"])
    book = Book(**(book.frames() | {"reages": worlds.frame(rows["reages"], REAGE)}))
    return plans.inputs(
        book,
        strategy=strategy,
        strategies={each.digest: each for each in PLANS},
        cases=worlds.frame(rows["cases"], columns.CASE),
        stages=worlds.frame(rows["stages"], columns.STAGE),
        known=worlds.frame(rows["known"], columns.KNOWN),
        stale=chance.choice([frozenset(), frozenset(), frozenset({"payments"})]),
        reckoning=Reckoning(
            cures=Cures(general=Cure(minor=chance.choice([0, 0, 5_000]))),
            figures=chance.choice([Figures.OURS, Figures.OURS, Figures.LEDGER]),
        ),
    )


def _account(chance: random.Random, rows: dict[str, list[Row]], name: str, person: str, digest: str) -> None:
    said = (
        {}
        if chance.random() < 0.8
        else {"ledger_overdue_minor": chance.choice([0, 0, 7]), "ledger_as_of": ON}
    )
    rows["accounts"].append(
        account(
            name,
            person,
            product=chance.choice(["card", "cash_loan"]),
            creditor=chance.choice(["jia", "晨曦消费金融"]),
            status=chance.choice(["current"] * 8 + ["settled", "written_off"]),
            liable=chance.random() < 0.9,
            **said,
        )
    )
    day = ON + timedelta(days=chance.choice([*range(1, 10), *range(1, 10), 30, 0, -1, -5, -40]))
    rows["due"].append(instalment(day, name, person))
    if chance.random() < 0.4:
        paid = chance.choice([123_000, 123_000, 120_000])
        rows["paid"].append(payment(ON - timedelta(days=chance.choice([0, 50])), paid, name, person))
    if chance.random() < 0.1:
        rows["reages"].append(
            {"person": person, "account": name, "reaged_on": ON - timedelta(days=2), "counts_from": ON}
        )
    if chance.random() < 0.3:
        since = chance.choice([day, day, ON - timedelta(days=90)])
        state = chance.choice(["none", "cured", "cured", "closed", "joined", "open"])
        case = worlds.case_of(name, since)
        rows["cases"].append(
            {"case": case, "account": name, "opened_on": since, "state": state, "strategy_digest": digest}
        )
        if chance.random() < 0.5:
            stage = {"person": person, "case": case, "account": name, "stage": "first", "opened_on": ON}
            rows["stages"].append(
                stage
                | {"state": chance.choice(["lapsed", "closed", "open"]), "served_on": None, "closed_on": None}
            )
        if name.startswith("A") and chance.random() < 0.5:
            rows["known"].append(
                worlds.message(person=person, stage="first", day=ON - timedelta(days=1), cases=[case])
            )


def _shared(rows: dict[str, list[Row]], name: str, person: str, liable: bool) -> None:
    first = next(row for row in rows["accounts"] if row["account"] == name)
    mine = {"person": person, "role": "co_borrower", "liable": liable}
    rows["accounts"].append(first | mine | {"bucket": notice.bucket(person)})
    for kind in ("due", "paid"):
        rows[kind] += [row | {"person": person} for row in rows[kind] if row["account"] == name]


def drafted(inputs: Inputs, *, quietly: bool) -> draft.Draft:
    """The draft, or the draft in which everybody goes the long way."""
    with pytest.MonkeyPatch.context() as patched:
        if not quietly:
            patched.setattr(quiet, "_loud", lambda rows, *_: rows["person"].unique())
        return draft.draft(inputs)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_what_a_quiet_person_is_told_is_what_the_long_way_tells(seed: int) -> None:
    """Every frame of the draft, to the byte, with stale feeds, other tolerances and either one's figures."""
    inputs = crowd(seed)

    short, long = (drafted(inputs, quietly=quietly).frames() for quietly in (True, False))

    assert parted(inputs).calm.height > 0
    for name, frame in short.items():
        assert frame.schema == long[name].schema
        assert frame.equals(long[name]), name


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_quiet_ones_change_nothing_for_the_others(seed: int) -> None:
    """The book with them and the book without: the same rows of everybody else."""
    inputs = crowd(seed)
    others = pl.col("person").is_in(parted(inputs).loud["person"].implode())
    few = Book(**{name: frame.filter(others) for name, frame in inputs.book.frames().items()})

    whole, rest = draft.draft(inputs), draft.draft(replace(inputs, book=few))

    assert 0 < rest.decisions.height < whole.decisions.height
    assert whole.decisions.filter(others).equals(rest.decisions)
    for name in ("messages", "new_cases", "case_moves", "stage_moves", "arms"):
        assert getattr(whole, name).equals(getattr(rest, name)), name
