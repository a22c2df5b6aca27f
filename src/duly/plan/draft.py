"""The plan of some whole persons, as far as it can be made without the others: the unit of work of a big book.

    drafted = draft(inputs)                      # Arrow in, Arrow out: one range of buckets, anywhere
    turns = spread.lay_out(all the asks, routes)      # the routes are everybody's: brought together once
    found = settled.settle(drafted, turns, inputs)    # and told to each range again

The contract of `draft`, for whoever calls it on another thread, process or machine:

- `inputs` holds whole persons: every account, contact point, hold, case, stage, message, arm and past contact of each
  person in it, and the past contacts of every number of theirs. Rows about anybody else change nothing.
- It is a pure function of `inputs`, and of `names` where that is given: it is asked once, for exactly the persons to
  whom something is due, so nobody else's name is ever opened.
- Persons in other ranges change nothing, so any division of a book into ranges gives the same rows, and ranges put
  together in the order of their buckets give the same bytes. Only `spread` and the totals look across ranges.
- All frames in and out are plain Arrow columns; what comes out holds no name, number, address or text.
- `frames` and `of_frames` take a draft apart for a wire that carries frames, and put it together again.

Refuses to give anything a place on a route, and to keep anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from duly.book import cures, reaged, tolerance
from duly.book.ledger import Terms
from duly.law import columnar
from duly.plan import (
    act,
    answers,
    bars,
    columns,
    contact,
    decision,
    limitation,
    message,
    notices,
    occurrence,
    quiet,
    relapse,
    stage,
    stated,
    tables,
    waves,
)
from duly.plan.code import Code
from duly.plan.inputs import Inputs

# Asked for persons (String, sorted, each once); answers `person` and `name`, without those who have none.
Naming = Callable[[pl.Series], pl.DataFrame]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """`messages` are message.MESSAGE at their first lawful instant, `decisions` decision.DRAFTED as if each of them
    found its place, `arms` the ARM rows drawn for those that are told something; the moves are `stage.Advance`'s.
    """

    messages: pl.DataFrame
    decisions: pl.DataFrame
    new_cases: pl.DataFrame
    case_moves: pl.DataFrame
    stage_moves: pl.DataFrame
    arms: pl.DataFrame

    def frames(self) -> dict[str, pl.DataFrame]:
        """The frames by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def asks(self) -> pl.DataFrame:
        """What `spread.lay_out` must know of the messages."""
        return self.messages.select(ASK)


# What is known of a message when it asks for its place on a route.
ASK = ("key", "route", "parts", "not_before", "not_after")


def of_frames(frames: Mapping[str, pl.DataFrame]) -> Draft:
    """The draft that `Draft.frames` took apart."""
    return Draft(**frames)


def draft(inputs: Inputs, *, names: Naming | None = None) -> Draft:
    """What is due to these persons, what the law and the text say of it. See the contract above.

    Raises ValueError where the inputs contradict each other.
    """
    at, bench = _instant(inputs), _bench(inputs)
    reckoned = tolerance.standing(
        inputs.book,
        inputs.on,
        inputs.reckoning.cures,
        tolerance_minor=inputs.reckoning.tolerance_minor,
        tolerances_minor=inputs.reckoning.tolerances_minor,
        rounding=inputs.reckoning.rounding,
    )
    counted = reaged.days(inputs.book, inputs.on, rounding=inputs.reckoning.rounding)
    stage.refuse_doubles(inputs.known)
    expired = limitation.holds(inputs)
    whole = _beside(inputs.book.accounts, reckoned)
    parted = quiet.part(whole, counted, expired, inputs)
    loud = parted.loud
    points = contact.known(
        _of(loud, inputs.book.contacts),
        inputs.book.holds,
        {route.channel for route in inputs.routes},
        inputs.on,
        within=inputs.verified_within,
    )
    reach = contact.reach(points)
    moved = stage.advance(
        standing=loud,
        cases=_of(loud, inputs.cases, by="account"),
        stages=inputs.stages,
        known=_of(loud, inputs.known),
        reach=reach,
        strategies=inputs.strategies,
        current=inputs.current,
        on=inputs.on,
        receipt_wait=inputs.receipt_wait,
        limits=_limits(inputs, loud),
        earlier=_earlier(inputs, loud),
        reaged=counted,
        past=inputs.past,
        taken_over=inputs.taken_over,
    )
    both = _with_reaged(loud, counted)
    standing = bars.with_holds(
        stated.state(both, inputs.book, inputs.on, inputs.reckoning.figures), expired, inputs
    )
    steps = tables.build(inputs.strategies)
    due = notices.due(moved.turns, standing, steps)
    refused = answers.before_the_law(due, inputs)
    due = due.join(refused, on=["person", "account"], how="anti", maintain_order="left")
    others = standing.join(
        moved.turns.filter(pl.col("code") == Code.NOT_LIABLE.value), on=["person", "account"], how="semi"
    ).filter(pl.col("overdue_minor") > 0)
    barred, untold = bars.found(due, others, at, bench, inputs)
    due = due.join(barred, on=["person", "account"], how="anti", maintain_order="left")
    due, arms = notices.with_arms(due, inputs)
    wanted, covered = notices.gather(due, _told(inputs.known), inputs)
    if names is not None:
        inputs = replace(inputs, names=names(wanted["person"].unique().sort()))
    around = waves.world(inputs, bench, at, contact.best(_of(wanted, points)), reach, steps)
    found = waves.run(wanted, around)
    built = message.build(found, wanted, inputs)
    said = answers.gather(
        refused=refused,
        barred=pl.concat([barred, untold]),
        covered=covered,
        found=found,
        laid=built,
        inputs=inputs,
    )
    messages = columns.shaped(built, message.MESSAGE)
    told = decision.build(standing, moved.turns, said, inputs.law, inputs.on)
    return Draft(
        messages=messages,
        decisions=parted.woven(told, quiet.decided(parted.calm, inputs)),
        new_cases=moved.new_cases,
        case_moves=moved.case_moves,
        stage_moves=moved.stage_moves,
        arms=_drawn(arms, inputs.arms, messages),
    )


def _instant(inputs: Inputs) -> datetime:
    """The first instant at which anything may be planned: `at`, but never before the day begins."""
    if inputs.at.tzinfo is None or inputs.at.microsecond:
        raise ValueError("the instant of a plan carries a zone and has whole seconds")
    begins = datetime.combine(inputs.on, time(), ZoneInfo(inputs.zone))
    return max(inputs.at, begins).astimezone(UTC)


def _bench(inputs: Inputs) -> act.Bench:
    ends = datetime.combine(inputs.on + timedelta(days=1), time(), ZoneInfo(inputs.zone)).astimezone(UTC)
    reading = inputs.reading or columnar.Reading(inputs.law, inputs.policy)
    if (reading.pack, reading.policy) != (inputs.law, inputs.policy):
        raise ValueError("the law was laid out for other rules than the plan is made by")
    return act.Bench(law=reading, actors=inputs.actors, day_end=ends, memory=inputs.memory)


def _limits(inputs: Inputs, reckoned: pl.DataFrame) -> pl.DataFrame | None:
    """How long the claims that are overdue may still be raised; not asked where no stage waits for it."""
    waits = any(
        stage.before_limit is not None
        for strategy in inputs.strategies.values()
        for segment in strategy.segments
        for stage in segment.stages
    )
    return limitation.left(inputs, reckoned.filter(pl.col("overdue_minor") > 0)) if waits else None


def _beside(accounts: pl.DataFrame, reckoned: pl.DataFrame) -> pl.DataFrame:
    """ACCOUNT with ARREARS. Raises ValueError where they do not stand in one order: nobody is told another's debt."""
    owner = ["person", "account"]
    if not accounts.select(owner).equals(reckoned.select(owner)):
        raise ValueError("what the accounts owe is not in the order of the accounts")
    return pl.concat([accounts, reckoned.drop(owner)], how="horizontal")


def _of(some: pl.DataFrame, rows: pl.DataFrame, *, by: str = "person") -> pl.DataFrame:
    """Those of the rows that are about the persons (or accounts) of `some`."""
    return rows.filter(pl.col(by).is_in(some[by].unique().implode()))


def _with_reaged(standing: pl.DataFrame, counted: pl.DataFrame) -> pl.DataFrame:
    """`standing` with `reaged_dpd`, the lender's own count of the accounts that it re-aged."""
    if counted.is_empty():
        return standing.with_columns(reaged_dpd=pl.lit(None, pl.Int32))
    return standing.join(counted, on=["person", "account"], how="left", maintain_order="left")


def _earlier(inputs: Inputs, reckoned: pl.DataFrame) -> pl.DataFrame | None:
    """What the accounts in arrears were cured of before; not asked where no strategy treats a relapse as one."""
    reach = relapse.reach(inputs.strategies)
    if reach is None:
        return None
    found = []
    for book, cure in inputs.reckoning.cures.parts(inputs.book):
        terms = Terms(cure_minor=cure.minor, cure_days=cure.days, rounding=inputs.reckoning.rounding)
        mine = reckoned.join(book.accounts, on=["person", "account"], how="semi", maintain_order="left")
        found.append(cures.before(book, mine, inputs.on, terms=terms, today=reach.today, begun=reach.begun))
    return pl.concat(found)


def _told(known: pl.DataFrame) -> pl.DataFrame:
    """Each case of which anything ever left."""
    left = occurrence.read(known).filter("counted")
    return left.select(case="cases").explode("case").unique().sort("case")


def _drawn(arms: pl.DataFrame, known: pl.DataFrame, messages: pl.DataFrame) -> pl.DataFrame:
    """The arms drawn now, of persons to whom something is said."""
    new = arms.join(known, on=["person", "experiment"], how="anti")
    return new.join(messages, on="person", how="semi").sort("person", "experiment")
