"""A case of the project lived through day by day, by the same plan that the real days are planned with.

Each day's messages are taken as accepted and, but on the channels the case says, delivered; the moves of cases and
stages are made as the database makes them. Nothing is sent and nothing is read but the project and the case.
Refuses to shorten: every day from the first to the last is planned.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from duly.book import columns as book_columns
from duly.book.columns import Book
from duly.model import notice
from duly.model.account import BUCKETS
from duly.model.case import CaseState, StageEvent, StageState
from duly.model.notice import Arrival, Grade, Outcome
from duly.plan import columns, plan
from duly.plan.inputs import Inputs, Reckoning
from duly.plan.plan import Plan
from duly.project.cases import Account, Case
from duly.project.folder import Project
from duly.run import outfit, standing

MORNING = time(7, 30)
_KEY = bytes(32)  # codes and arms of a case are nobody's
_NAME = "测试"
_FINISHED = {StageState.CLOSED.value, StageState.CLOSED_UNSERVED.value, StageState.LAPSED.value}


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day that was lived through."""

    on: date
    plan: Plan


def live(project: Project, case: Case) -> Iterator[Day]:
    """Every day of the case, in order."""
    world = _World(project, case)
    day = case.first
    while day <= case.on:
        made = plan.decide(world.inputs(day))
        yield Day(on=day, plan=made)
        world.take(day, made)
        day += timedelta(days=1)


class _World:
    """What is known of the case's people so far, as the database would know it."""

    def __init__(self, project: Project, case: Case) -> None:
        self.project, self.case = project, case
        self.cases: dict[str, dict[str, Any]] = {}
        self.stages: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.known: dict[bytes, dict[str, Any]] = {}
        self.arms: list[dict[str, Any]] = []
        self.history: list[dict[str, Any]] = []
        self.routes = outfit.ways(project)
        self.words = outfit.said(project, _KEY)

    def inputs(self, day: date) -> Inputs:
        project = self.project
        return Inputs(
            on=day,
            at=datetime.combine(day, MORNING, ZoneInfo(project.settings.zone)),
            zone=project.settings.zone,
            book=book(project, self.case, day),
            names=pl.DataFrame(
                [(row.person, _NAME) for row in _persons(self.case)],
                schema={"person": pl.String(), "name": pl.String()},
                orient="row",
            ),
            cases=_frame(list(self.cases.values()), columns.CASE),
            stages=_frame(list(self.stages.values()), columns.STAGE),
            known=_frame(list(self.known.values()), columns.KNOWN),
            arms=_frame(self.arms, columns.ARM),
            history=_frame(self.history, standing.HISTORY),
            strategies={project.strategy.digest: project.strategy},
            current=project.strategy.digest,
            law=project.law,
            policy=project.policy,
            actors={code: licence.actor for code, licence in project.settings.licences.items()},
            routes=self.routes,
            words=self.words,
            reckoning=Reckoning(
                cures=project.book.cures,
                tolerance_minor=project.book.tolerance_minor,
                tolerances_minor=project.book.tolerances_minor,
                figures=project.book.figures,
            ),
            arm_key=_KEY,
            verified_within=project.settings.limits.verified_within_days,
        )

    def take(self, day: date, made: Plan) -> None:
        """Make the plan's moves, and have its messages accepted."""
        for row in made.new_cases.iter_rows(named=True):
            self.cases.setdefault(row["case"], {**row, "state": CaseState.NONE.value})
        for row in made.case_moves.iter_rows(named=True):
            self.cases[row["case"]]["state"] = row["to_state"]
        for row in made.stage_moves.iter_rows(named=True):
            self._move(row)
        self.arms += made.arms.to_dicts()
        for row in made.messages.iter_rows(named=True):
            self._accept(day, row)

    def _move(self, move: Mapping[str, Any]) -> None:
        key = (move["person"], move["case"], move["stage"])
        empty = dict.fromkeys(("opened_on", "served_on", "closed_on"))
        stage = self.stages.setdefault(
            key, {name: move[name] for name in ("person", "case", "account", "stage")} | empty
        )
        stage["state"] = move["to_state"]
        if move["event"] == StageEvent.REACHED.value:
            stage |= {"opened_on": move["on"], "served_on": None}
        elif move["event"] == StageEvent.SERVICE.value:
            stage["served_on"] = move["on"]
        elif move["event"] == StageEvent.RETRACTED.value:
            stage["served_on"] = None
        stage["closed_on"] = move["on"] if move["to_state"] in _FINISHED else None

    def _accept(self, day: date, message: Mapping[str, Any]) -> None:
        arrives = message["channel"] not in {channel.value for channel in self.case.undelivered}
        self.known[message["key"]] = {name: message.get(name) for name in columns.KNOWN} | {
            "outcome": Outcome.ACCEPTED.value,
            "sent_on": day,
            "arrival": (Arrival.DELIVERED if arrives else Arrival.FAILED).value,
            "grade": (Grade.DELIVERED if arrives else Grade.ATTEMPTED).value,
            "arrived_on": day,
        }
        self.history += [
            {
                "at": message["not_before"],
                "kind": "message_sent",
                "channel": message["channel"],
                "person": message["person"],
                "account": account,
                "number": message["value_key"],
                "ref": message["key"].hex(),
            }
            for account in message["accounts"]
        ]


def book(project: Project, case: Case, day: date) -> Book:
    """The case's rows as a book, with the payments known on `day`."""
    holders = defaultdict(list)
    for row in case.accounts:
        holders[row.account].append(row.person)
    instalments = [
        {
            "person": person,
            "account": row.account,
            "seq": number,
            "due_on": row.due_on,
            "principal_minor": row.principal_minor,
            "interest_minor": row.interest_minor,
            "fee_minor": row.fee_minor,
        }
        for number, row in enumerate(sorted(case.instalments, key=lambda each: each.due_on), start=1)
        for person in holders[row.account]
    ]
    payments = [
        {
            "person": person,
            "account": row.account,
            "payment": f"payment-{number}",
            "paid_on": row.paid_on,
            "amount_minor": row.amount_minor,
            "kind": row.kind,
            "toward": None,
            "part": None,
            "reason": None,
        }
        for number, row in enumerate(case.payments, start=1)
        if row.paid_on <= day
        for person in holders[row.account]
    ]
    contacts = [
        {
            "person": row.person,
            "point": (point := f"{row.person}-{row.channel.value}{number}"),
            "channel": row.channel.value,
            "value_key": hashlib.sha256(point.encode()).hexdigest(),
            "source": "case",
            "state": row.state.value,
            "consent": row.consent.value,
            "verified_on": row.verified_on,
            "agreed_for_service": row.agreed_for_service,
            "rank": number,
            "place": row.place.value if row.place else None,
            "shared": row.shared,
        }
        for number, row in enumerate(case.contacts)
    ]
    holds = [
        {
            "person": row.person,
            "account": row.account,
            "point": None,
            "kind": row.kind.value,
            "since": row.since,
            "until": row.until,
        }
        for row in case.holds
    ]
    return book_columns.arrange(
        Book(
            accounts=_frame([_account(project, case, row) for row in case.accounts], book_columns.ACCOUNT),
            instalments=_frame(instalments, book_columns.INSTALMENT),
            payments=_frame(payments, book_columns.PAYMENT),
            contacts=_frame(contacts, book_columns.CONTACT),
            holds=_frame(holds, book_columns.HOLD),
        )
    )


def _account(project: Project, case: Case, row: Account) -> dict[str, Any]:
    who = project.settings
    brands = [signature.brand for route in project.routes for signature in route.signatures]
    creditor = next(iter(who.creditors), "creditor")
    return {
        "person": row.person,
        "bucket": notice.bucket(row.person) % BUCKETS,
        "account": row.account,
        "role": row.role.value,
        "liable": row.liable,
        "creditor": creditor,
        "servicer": creditor,
        "brand": row.brand or next(iter(brands), "brand"),
        "product": row.product,
        "currency": who.currency,
        "jurisdiction": row.jurisdiction or next(iter(who.licences)),
        "debt_class": row.debt_class,
        "locale": row.locale or who.locale,
        "zones": [who.zone] if row.zones is None else list(row.zones),
        "status": row.status.value,
        "status_since": case.first,
        "tail": "0001",
        "contract_on": None,
        "rate_ppm": 0,
        "overdue_ppm": row.overdue_ppm,
        "year_days": 360,
        "ledger_principal_minor": None,
        "ledger_interest_minor": None,
        "ledger_fee_minor": None,
        "ledger_penalty_minor": None,
        "ledger_overdue_minor": row.ledger_overdue_minor,
        "ledger_balance_minor": None,
        "ledger_as_of": None if row.ledger_overdue_minor is None else case.on - timedelta(days=1),
        "suit_list": row.suit_list,
        # A case speaks of notices, not of contracts: it reckons the plain way.
        **dict.fromkeys(
            ("day_count", "rounds", "compound_months", "grace_days", "clause", "cap_ppm", "all_in_cap_ppm")
        ),
        "outside_charges": None,
    }


def _persons(case: Case) -> list[Account]:
    return list({row.person: row for row in case.accounts}.values())


def _frame(rows: list[dict[str, Any]], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame({name: [row[name] for row in rows] for name in schema}, schema=dict(schema))
