"""Random histories: weeks in which people pay, payments bounce, days are missed, and carriers fail."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from duly.plan.ladder import Strategy
from duly.plan.stage import Advance
from tests.plan import worlds
from tests.plan.worlds import START, Debt, World

HOUSES = 8


@dataclass
class Day:
    """One day on which the plan was run: the moves and turns of the morning, and what was handed over."""

    on: date
    world: World
    before: Files
    answer: Advance
    handed: list[worlds.Row]


@dataclass
class Files:
    """Copies of what was written down before the plan ran."""

    cases: list[worlds.Row]
    stages: list[worlds.Row]
    known: list[worlds.Row]


def live(seed: int, strategy: Strategy, days: int, *, missed: float = 0.15) -> Iterator[Day]:
    """Each day of a history on which the plan is run."""
    chance = random.Random(seed)
    world = _born(chance, strategy)
    on = START - timedelta(days=chance.randrange(-12, 6))
    for _ in range(days):
        on += timedelta(days=1)
        _pay(chance, world, on)
        _hear(chance, world, on)
        if chance.random() < missed:
            continue
        _expire(world, on)
        before = Files(
            cases=copy.deepcopy(list(world.cases.values())),
            stages=copy.deepcopy(list(world.stages.values())),
            known=copy.deepcopy(list(world.known.values())),
        )
        answer = world.plan(on)
        handed = [_hand_over(chance, world, notice, on) for notice in world.due(answer)]
        yield Day(on=on, world=world, before=before, answer=answer, handed=handed)


def _born(chance: random.Random, strategy: Strategy) -> World:
    """Households that have nothing to do with each other, so that one run of the plan serves them all."""
    debts: list[Debt] = []
    channels: dict[str, list[str]] = {}
    for house in range(HOUSES):
        first, second = f"P{house}", f"Q{house}"
        usable = [["sms", "email"], ["sms", "email"], ["sms", "email", "letter"], ["email"], ["sms"]]
        channels |= {first: chance.choice(usable), second: ["sms"]}
        gap = chance.choice([5, 11, 30])
        for number in range(chance.choice([1, 1, 2, 3])):
            begins = START + timedelta(days=chance.randrange(6) + number * chance.choice([0, 0, 2, 6]))
            changes = {
                "creditor": chance.choice(["jia", "jia", "yi"]),
                "product": chance.choice(["card", "cash_loan"]),
                "suit_list": chance.random() < 0.5,
            }
            debts.append(
                Debt(
                    f"A{house}{number}",
                    [begins + timedelta(days=gap * n) for n in range(3)],
                    persons=chance.choice([[first], [first], [first, second]]),
                    changes=changes,
                )
            )
    return World(strategy, debts, channels, receipt_wait=chance.choice([1, 2]))


def _pay(chance: random.Random, world: World, on: date) -> None:
    for debt in world.debts:
        if chance.random() < 0.08:
            # Whole instalments or half of one, entered today with today's date or an earlier one.
            day = on - timedelta(days=chance.choice([0, 0, 0, 2, 9]))
            debt.paid.append((day, debt.amount * chance.choice([1, 1, 2, 3]) // chance.choice([1, 1, 2])))
        if debt.paid and chance.random() < 0.04:
            debt.paid.pop(chance.randrange(len(debt.paid)))  # it bounced, as if it had never been made


def _hear(chance: random.Random, world: World, on: date) -> None:
    """Receipts of what left before, and now and then a correction."""
    for row in world.known.values():
        waits = row["outcome"] in {"accepted", "unsure"} and row["arrival"] is None and row["sent_on"] < on
        if waits and chance.random() < 0.5:
            row["arrival"] = chance.choice(["delivered", "delivered", "failed", "unknown"])
            row["arrived_on"] = on - timedelta(days=chance.choice([0, 1]))
            row["grade"] = "delivered" if row["arrival"] == "delivered" else None
        elif row["arrival"] == "delivered" and chance.random() < 0.01:
            row["arrival"], row["grade"] = "failed", None


def _expire(world: World, on: date) -> None:
    for row in world.known.values():
        if row["outcome"] is None and row["day"] < on:
            row["outcome"] = "expired"


def _hand_over(chance: random.Random, world: World, notice: worlds.Row, on: date) -> worlds.Row:
    outcome = chance.choice(["accepted"] * 6 + ["unsure", "refused", "expired", "dropped", None])
    arrival = chance.choice([None, "delivered", "delivered", "failed"]) if outcome == "accepted" else None
    return world.carry(notice, on, outcome, arrival)
