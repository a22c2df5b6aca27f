"""The frames that go into a plan and come out of it: names, types and meaning of every column.

Ids and facts only: no name, number, address or text is in any of them (DESIGN D18).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

Schema = Mapping[str, pl.DataType]

# An episode as it stands. `opened_on` is the due date that was first left unpaid; a case in state `none` was
# only reminded of ahead of its due date.
CASE: Schema = {
    "case": pl.String(),
    "account": pl.String(),
    "opened_on": pl.Date(),
    "state": pl.String(),  # model.case.CaseState
    "strategy_digest": pl.String(),
}

# A stage of a case for one liable person; only stages that were begun have a row.
STAGE: Schema = {
    "person": pl.String(),
    "case": pl.String(),
    "account": pl.String(),
    "stage": pl.String(),
    "state": pl.String(),  # model.case.StageState
    "opened_on": pl.Date(),
    "served_on": pl.Date(),  # the day from which the deadline counts
    "closed_on": pl.Date(),
}

# Every message ever planned for these persons, one row a key: its newest version and what became of it.
KNOWN: Schema = {
    "key": pl.Binary(),
    "person": pl.String(),
    "creditor": pl.String(),
    "brand": pl.String(),
    "stage": pl.String(),
    "occurrence": pl.Int32(),
    "step": pl.Int32(),
    "channel": pl.String(),
    "point": pl.String(),
    "cases": pl.List(pl.String()),
    "day": pl.Date(),  # the local day it was planned for
    "deadline_on": pl.Date(),  # the last day that the debtor was given in its text; null where none
    "content": pl.String(),  # the digest of what it says, as the plan gave it
    "outcome": pl.String(),  # model.notice.Outcome; null while planned and unsent
    "sent_on": pl.Date(),  # local day of the hand-over; null where it never left
    "arrival": pl.String(),  # model.notice.Arrival
    "grade": pl.String(),  # model.notice.Grade
    "arrived_on": pl.Date(),
}

# What another system says happened before this one took over; ours is in none of it. `shown` is what its proof bears.
PAST: Schema = {
    "key": pl.Binary(),
    "person": pl.String(),
    "account": pl.String(),
    "kind": pl.String(),  # model.past.PastKind
    "day": pl.Date(),
    "channel": pl.String(),
    "notice": pl.String(),  # the other system's name of it
    "arrival": pl.String(),  # model.notice.Grade, as asserted
    "shown": pl.String(),  # model.notice.Grade
    "arrived_on": pl.Date(),
    "proof": pl.String(),  # model.past.Proof
    "source": pl.String(),
    "reference": pl.String(),
}

# The arm that a person was drawn into, for ever.
ARM: Schema = {"person": pl.String(), "experiment": pl.String(), "arm": pl.String()}

# Channels by which a person can be reached at all: one row for each with a usable contact point.
REACH: Schema = {"person": pl.String(), "channel": pl.String()}

# Episodes of which nothing was written down before: to be opened in state `none`, before any move.
NEW_CASE: Schema = {name: kind for name, kind in CASE.items() if name != "state"}

CASE_MOVE: Schema = {
    "case": pl.String(),
    "account": pl.String(),
    "event": pl.String(),  # model.case.CaseEvent
    "from_state": pl.String(),
    "to_state": pl.String(),
    "on": pl.Date(),
}

# In the order in which they happen, for each person and case.
STAGE_MOVE: Schema = {
    "person": pl.String(),
    "case": pl.String(),
    "account": pl.String(),
    "stage": pl.String(),
    "event": pl.String(),  # model.case.StageEvent
    "from_state": pl.String(),
    "to_state": pl.String(),
    "on": pl.Date(),  # the day of the plan, but of a service the day of the arrival
    "why": pl.String(),
}

# What a person's turn is on an account today, one row for each (person, account) of the book.
TURN: Schema = {
    "person": pl.String(),
    "account": pl.String(),
    "case": pl.String(),
    "strategy_digest": pl.String(),
    "segment": pl.String(),
    "stage": pl.String(),
    "rank": pl.Int32(),  # the stage's place in its list, for choosing the highest
    "state": pl.String(),
    "code": pl.String(),  # code.Code
    "occurrence": pl.Int32(),  # of what is due
    "step": pl.Int32(),
    "channels": pl.List(pl.String()),  # by which it is due, all at once
    "may_fall_back": pl.Boolean(),  # nothing of this occurrence is still under way
    "deadline_on": pl.Date(),  # the last day to be named in the notice
    "last_on": pl.Date(),  # when the person was last told of this case at this stage
    "next_on": pl.Date(),  # the first day on which the answer can be another
}


def empty(schema: Schema) -> pl.DataFrame:
    """A frame of nothing with these columns."""
    return pl.DataFrame(schema=dict(schema))


def shaped(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Exactly the columns of `schema`, in order and of its types; an absent one raises."""
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())
