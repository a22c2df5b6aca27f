"""A small world in which days pass: debts with payments, the files of the cases, and a carrier that may fail.

The frames that go into the machine are made here from plain rows, and its moves are applied here as the database
applies them: what the transition tables of `model.case` do not list is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import polars as pl

from duly.book import columns as book
from duly.book import reaged
from duly.model.case import (
    CASE_TRANSITIONS,
    STAGE_TRANSITIONS,
    CaseEvent,
    CaseState,
    StageEvent,
    StageState,
    case_id,
)
from duly.model.notice import NoticeId, message_key
from duly.model.party import Channel
from duly.plan import columns, relapse, stage, strategy, takeover
from duly.plan.ladder import Strategy

Row = dict[str, Any]

START = date(2026, 3, 2)


def loaded(text: str) -> Strategy:
    """The strategy of a text without problems."""
    found, problems = strategy.load(text)
    assert found is not None, problems
    return found


def account_row(account: str = "A1", person: str = "P1", **changes: object) -> Row:
    """A row of ACCOUNT with its ARREARS: one person, nothing overdue, nothing further due."""
    row: Row = {
        "person": person,
        "bucket": 0,
        "account": account,
        "role": "borrower",
        "liable": True,
        "creditor": "jia",
        "servicer": "jia",
        "brand": "jia",
        "product": "cash_loan",
        "currency": "CNY",
        "jurisdiction": "CN",
        "debt_class": "consumer",
        "locale": "zh-CN",
        "zones": ["Asia/Shanghai"],
        "status": "current",
        "status_since": START,
        "tail": "1234",
        "contract_on": START,
        "rate_ppm": 180_000,
        "overdue_ppm": 240_000,
        "year_days": 360,
        "ledger_principal_minor": None,
        "ledger_interest_minor": None,
        "ledger_fee_minor": None,
        "ledger_penalty_minor": None,
        "ledger_overdue_minor": None,
        "ledger_balance_minor": None,
        "ledger_as_of": None,
        "suit_list": False,
        "day_count": None,
        "rounds": None,
        "compound_months": None,
        "grace_days": None,
        "clause": None,
        "cap_ppm": None,
        "all_in_cap_ppm": None,
        "outside_charges": None,
        "dpd": None,
        "dpd_bucket": "current",
        "first_unpaid_on": None,
        "episode_on": None,
        "next_due_on": None,
        "next_due_minor": 0,
        "principal_minor": 0,
        "interest_minor": 0,
        "fee_minor": 0,
        "penalty_minor": 0,
        "overdue_minor": 0,
        "ledger_difference_minor": None,
        "agrees": None,
        "beside": None,
        "cured": True,
        "total_minor": 0,
        "barred_minor": 0,
        "lacks": None,
    }
    return {**row, **changes}


def overdue(on: date, dpd: int, account: str = "A1", person: str = "P1", **changes: object) -> Row:
    """An account whose oldest unpaid instalment fell due `dpd` days before `on`."""
    due = on - timedelta(days=dpd)
    return account_row(
        account,
        person,
        **{
            "dpd": dpd,
            "first_unpaid_on": due,
            "episode_on": due,
            "overdue_minor": 123_000,
            "principal_minor": 123_000,
            "cured": False,
            **changes,
        },
    )


def split(rows: Sequence[Row]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """ACCOUNT and ARREARS of rows that hold both; what a row does not say is null."""
    accounts = [{name: row.get(name) for name in book.ACCOUNT} for row in rows]
    arrears = [{name: row.get(name) for name in book.ARREARS} for row in rows]
    return (
        pl.DataFrame(accounts, schema=dict(book.ACCOUNT)),
        pl.DataFrame(arrears, schema=dict(book.ARREARS)),
    )


def frame(rows: Iterable[Mapping[str, Any]], schema: columns.Schema) -> pl.DataFrame:
    """Rows as a frame; keys that are no columns are left out."""
    return pl.DataFrame(
        [{name: row.get(name) for name in schema} for row in rows], schema=dict(schema), orient="row"
    )


def advance(
    rows: Sequence[Row],
    on: date,
    plan: Strategy,
    *,
    cases: Iterable[Row] = (),
    stages: Iterable[Row] = (),
    known: Iterable[Row] = (),
    channels: Mapping[str, Iterable[str]] | None = None,
    strategies: Mapping[str, Strategy] | None = None,
    receipt_wait: int = 1,
    earlier: Mapping[str, tuple[date, date]] | None = None,
    past: pl.DataFrame | None = None,
    taken_over: takeover.Policy | None = None,
) -> stage.Advance:
    """The columnar machine over plain rows; unless `channels` says otherwise, people have SMS and e-mail."""
    accounts, arrears = split(rows)
    people = sorted({row["person"] for row in rows})
    reachable = channels if channels is not None else dict.fromkeys(people, ("sms", "email"))
    reach = [
        {"person": person, "channel": channel} for person in people for channel in reachable.get(person, ())
    ]
    return stage.advance(
        standing=accounts.join(arrears, on=["person", "account"], maintain_order="left"),
        cases=frame(cases, columns.CASE),
        stages=frame(stages, columns.STAGE),
        known=frame(known, columns.KNOWN),
        reach=frame(reach, columns.REACH),
        strategies={plan.digest: plan, **(strategies or {})},
        current=plan.digest,
        on=on,
        receipt_wait=receipt_wait,
        past=past,
        taken_over=taken_over,
        earlier=frame(
            (
                {"account": account, "earlier_on": began, "cured_on": cured}
                for account, (began, cured) in (earlier or {}).items()
            ),
            relapse.EARLIER,
        ),
        reaged=frame((row for row in rows if "reaged_dpd" in row), reaged.REAGED),
    )


def message(
    *,
    stage: str,
    day: date,
    person: str = "P1",
    cases: Sequence[str] = (),
    occurrence: int = 1,
    step: int = 0,
    channel: str = "sms",
    outcome: str | None = "accepted",
    arrival: str | None = None,
    grade: str | None = None,
    arrived_on: date | None = None,
    deadline_on: date | None = None,
    creditor: str = "jia",
    brand: str = "jia",
    point: str | None = None,
) -> Row:
    """A row of KNOWN: a message of that stage planned for `day` and what became of it."""
    where = point or f"{person}-{channel}"
    notice = NoticeId(person=person, creditor=creditor, brand=brand, stage=stage, occurrence=occurrence)
    left = outcome in {"accepted", "unsure"}
    if grade is None and arrival == "delivered":
        grade = "delivered"
    return {
        "key": message_key(notice, point=where, channel=Channel(channel), step=step),
        "person": person,
        "creditor": creditor,
        "brand": brand,
        "stage": stage,
        "occurrence": occurrence,
        "step": step,
        "channel": channel,
        "point": where,
        "cases": list(cases),
        "day": day,
        "deadline_on": deadline_on,
        "content": "",
        "outcome": outcome,
        "sent_on": day if left else None,
        "arrival": arrival,
        "grade": grade,
        "arrived_on": (arrived_on or day) if arrival is not None else None,
    }


@dataclass
class Debt:
    """One account with its instalments and payments; amounts in whole yuan are enough here."""

    account: str
    due: Sequence[date]
    amount: int = 100
    persons: Sequence[str] = ("P1",)
    paid: list[tuple[date, int]] = field(default_factory=list)
    changes: Row = field(default_factory=dict)

    def rows(self, on: date) -> list[Row]:
        """The account as it stands on `on`, one row for each person."""
        unpaid = self._unpaid(on)
        late = [due for due in unpaid if due < on]
        soon = [due for due in unpaid if due >= on]
        episode = self._episode(on) if late else None
        delay = (on - late[0]).days if late else (on - soon[0]).days if soon else None
        standing: Row = {
            "dpd": delay,
            "first_unpaid_on": late[0] if late else None,
            "episode_on": episode,
            "next_due_on": soon[0] if soon else None,
            "next_due_minor": self.amount if soon else 0,
            "overdue_minor": len(late) * self.amount,
            "principal_minor": len(late) * self.amount,
            "cured": episode is None,
            **self.changes,
        }
        return [account_row(self.account, person, **standing) for person in self.persons]

    def earlier(self, on: date) -> tuple[date, date] | None:
        """The last episode that was over before the one of today began: its first day, and when it was cured."""
        since, found = None, None
        day = min(self.due)
        while day <= on:
            late = [due for due in self._unpaid(day) if due < day]
            if since is not None and not late:
                found = (since, day)
            since = (since or late[0]) if late else None
            day += timedelta(days=1)
        return found if since is not None else None

    def _unpaid(self, on: date) -> list[date]:
        whole = sum(amount for day, amount in self.paid if day <= on) // self.amount
        return list(self.due)[max(whole, 0) :]

    def _episode(self, on: date) -> date | None:
        """The due date since which something was overdue on every evening."""
        since = None
        day = min(self.due)
        while day <= on:
            late = [due for due in self._unpaid(day) if due < day]
            since = (since or late[0]) if late else None
            day += timedelta(days=1)
        return since


@dataclass
class World:
    """The files of the cases, and what was said. `plan` runs a day; `carry` hands over what is due."""

    strategy: Strategy
    debts: list[Debt]
    channels: Mapping[str, Sequence[str]] | None = None
    receipt_wait: int = 1
    past: pl.DataFrame | None = None
    taken_over: takeover.Policy | None = None
    cases: dict[str, Row] = field(default_factory=dict)
    stages: dict[tuple[str, str, str], Row] = field(default_factory=dict)
    known: dict[bytes, Row] = field(default_factory=dict)
    log: list[tuple[date, str, str, str, str, str]] = field(default_factory=list)

    def rows(self, on: date) -> list[Row]:
        """All accounts as they stand."""
        return sorted(
            (row for debt in self.debts for row in debt.rows(on)),
            key=lambda row: (row["person"], row["account"]),
        )

    def earlier(self, on: date) -> dict[str, tuple[date, date]]:
        """The earlier episode of each account that is in one."""
        found = {debt.account: debt.earlier(on) for debt in self.debts}
        return {account: episode for account, episode in found.items() if episode is not None}

    def plan(self, on: date) -> stage.Advance:
        """Run the machine and apply its moves."""
        answer = advance(
            self.rows(on),
            on,
            self.strategy,
            cases=self.cases.values(),
            stages=self.stages.values(),
            known=self.known.values(),
            channels=self.channels,
            receipt_wait=self.receipt_wait,
            past=self.past,
            taken_over=self.taken_over,
            earlier=self.earlier(on),
        )
        self.apply(answer)
        return answer

    def apply(self, answer: stage.Advance) -> None:
        """Write the moves down as the database does."""
        for row in answer.new_cases.rows(named=True):
            assert row["case"] not in self.cases
            self.cases[row["case"]] = {**row, "state": "none"}
        for move in answer.case_moves.rows(named=True):
            case = self.cases[move["case"]]
            assert case["state"] == move["from_state"]
            to = CASE_TRANSITIONS[CaseState(move["from_state"]), CaseEvent(move["event"])]
            assert to.value == move["to_state"]
            case["state"] = move["to_state"]
        for move in answer.stage_moves.rows(named=True):
            self._move(move)

    def _move(self, move: Row) -> None:
        key = (move["person"], move["case"], move["stage"])
        assert move["case"] in self.cases
        fresh: Row = dict.fromkeys(columns.STAGE)
        file = self.stages.setdefault(
            key,
            {
                **fresh,
                "person": key[0],
                "case": key[1],
                "stage": key[2],
                "account": move["account"],
                "state": "waiting",
            },
        )
        assert file["state"] == move["from_state"], (file, move)
        to = STAGE_TRANSITIONS[StageState(move["from_state"]), StageEvent(move["event"])]
        assert to.value == move["to_state"]
        file["state"] = move["to_state"]
        if move["event"] == "reached":
            file["opened_on"] = move["on"]
        if move["event"] == "service":
            file["served_on"] = move["on"]
        if move["event"] == "retracted":
            file["served_on"] = None
        if move["to_state"] in {"closed", "closed_unserved", "lapsed"}:
            file["closed_on"] = move["on"]
        self.log.append((move["on"], move["person"], move["case"], move["stage"], move["event"], move["why"]))

    def due(self, answer: stage.Advance) -> list[Row]:
        """What is due, one row a notice and channel: the highest stage of each person, creditor and brand."""
        found: dict[tuple[str, str, str], list[Row]] = {}
        heads = {(row["person"], row["account"]): row for row in self.rows(START)}
        for turn in answer.turns.rows(named=True):
            if turn["occurrence"] is None:
                continue
            head = heads[turn["person"], turn["account"]]
            found.setdefault((turn["person"], head["creditor"], head["brand"]), []).append(turn)
        notices: list[Row] = []
        for (person, creditor, brand), turns in found.items():
            top = max(turns, key=lambda turn: turn["rank"])
            same = [
                t
                for t in turns
                if (t["stage"], t["occurrence"], t["step"]) == (top["stage"], top["occurrence"], top["step"])
            ]
            notice = {
                "person": person,
                "creditor": creditor,
                "brand": brand,
                "stage": top["stage"],
                "occurrence": top["occurrence"],
                "step": top["step"],
                "cases": sorted(turn["case"] for turn in same),
                "deadline_on": top["deadline_on"],
            }
            notices += [{**notice, "channel": channel} for channel in top["channels"]]
        return notices

    def carry(
        self, notice: Row, on: date, outcome: str | None = "accepted", arrival: str | None = None
    ) -> Row:
        """Plan the message for `on`, and hand it over with this outcome and arrival."""
        row = message(day=on, outcome=outcome, arrival=arrival, **notice)
        before = self.known.get(row["key"])
        assert before is None or before["outcome"] not in {"accepted", "unsure"}, "said twice"
        self.known[row["key"]] = row
        return row


def case_of(account: str, due: date) -> str:
    """The name of an episode."""
    return case_id(account, due)
