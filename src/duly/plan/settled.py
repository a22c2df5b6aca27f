"""A draft when every message has its place on a route, or none: what that changes of it, and the whole put together.

Of a message its place changes the instant, of a decision seven columns. So whoever keeps a draft in files writes it
once, and reads of it what is in `OF_MESSAGE` and `OF_DECISION`.
Refuses to give anything a place: `spread` does.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from duly.plan import columns, decision, message
from duly.plan.draft import ASK, Draft
from duly.plan.inputs import Inputs

# Messages that have their places; `fresh` are those to be written, the others stand unsent already.
LAID: columns.Schema = {**message.MESSAGE, "fresh": pl.Boolean()}
# What `settle` must know of a drafted message, and of a drafted decision.
OF_MESSAGE = (
    *ASK, "day", "content", "person", "channel", "stage", "step", "billed", "cost_currency", "cost_micro",
)  # fmt: skip
OF_DECISION = (
    *(name for name in decision.PLACED if name != "outcome"), "due_channels", "due_step",
    "account", "currency", "overdue_minor",
)  # fmt: skip
_PLACE = ("not_before", "not_after", "supersedes", "fresh", "fits")


@dataclass(frozen=True, kw_only=True)
class Settled:
    """`places` and `decided` (decision.PLACED) of each message and decision of the draft, in its order; `withdrawn`
    the keys of unsent messages nobody wants any more, `arms` the ARM rows drawn now.
    """

    places: pl.DataFrame
    decided: pl.DataFrame
    withdrawn: pl.DataFrame
    arms: pl.DataFrame


def settle(drafted: Draft, turns: pl.DataFrame, inputs: Inputs) -> Settled:
    """The range with the places that `spread.lay_out` found (of everybody's messages; others are passed over).

    Of `inputs` only `on` and `known` are looked at, of the draft OF_MESSAGE and OF_DECISION.
    Raises ValueError if a message that left would be planned again.
    """
    asked = drafted.messages.select(name for name in OF_MESSAGE if name not in _PLACE)
    placed = asked.join(
        turns.select("key", "not_before", "not_after", "fits"), on="key", how="left", maintain_order="left"
    )
    planned = placed.filter("fits")
    message.refuse_sent(planned, inputs.known)
    fresh, withdrawn = message.against(planned, inputs.known, inputs.on)
    marked = fresh.select("key", "supersedes", fresh=pl.lit(value=True))
    places = placed.join(marked, on="key", how="left", maintain_order="left").with_columns(
        pl.col("supersedes", "fresh").fill_null(value=False)
    )
    return Settled(
        places=places.select(_PLACE),
        decided=decision.placed(drafted.decisions, placed, inputs.on),
        withdrawn=withdrawn,
        arms=drafted.arms.join(planned, on="person", how="semi", maintain_order="left"),
    )


def laid(messages: pl.LazyFrame, places: pl.LazyFrame) -> pl.LazyFrame:
    """LAID of drafted messages, in their order, without those that have no place."""
    rest = messages.drop(_PLACE, strict=False)
    return pl.concat([rest, places], how="horizontal").filter("fits").select(list(LAID))


def decisions(drafted: pl.LazyFrame, decided: pl.LazyFrame) -> pl.LazyFrame:
    """decision.DECISION of drafted decisions, in their order."""
    rest = drafted.drop(decision.PLACED)
    return pl.concat([rest, decided], how="horizontal").select(list(decision.DECISION))
