"""The day's plan: from what is owed and what was said so far to what is to be said, and every reason.

    plan = decide(Inputs(...))
    plan.messages      # what is to be written into the outbox
    plan.decisions     # one row for each person and account: done or not done, and why

A pure function of its inputs, for whole persons of any set of buckets: the same inputs give the same bytes, and a
plan made twice changes nothing. A big book is planned range by range (`draft`) and bound here; however it was divided,
the plan is the same. Refuses to send, to keep a text, and to look anything up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from duly.plan import columns, draft, message, settled, spread
from duly.plan.code import Code
from duly.plan.draft import Draft
from duly.plan.inputs import Inputs
from duly.plan.settled import Settled

# The order in which messages wait; the key makes it one order only.
ORDER = ("not_before", "route", "key")
# What must be known of all messages at once; the rest of each is looked at a stretch of the day at a time.
_HEAD = (
    "key", "person", "overdue_minor", "deadline_on", "supersedes", "not_before", "not_after", "route", "notice",
    "template_digest", "cost_micro",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What a plan comes to. Sums are in minor units and never across currencies; each account counts once."""

    outcomes: Mapping[str, int]
    codes: Mapping[str, int]
    messages: int
    persons: int
    parts: int
    billed: int
    by_channel: Mapping[str, int]
    by_stage: Mapping[str, int]
    overdue_minor: Mapping[str, int]
    cost_micro: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Page:
    """What is big of one range, in memory or in a file: `laid` (settled.LAID) and `decisions` (decision.DECISION)."""

    laid: pl.LazyFrame
    decisions: pl.LazyFrame


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """One range of a plan: its page, and what is small enough to be kept of every range at once."""

    page: Page
    new_cases: pl.DataFrame
    case_moves: pl.DataFrame
    stage_moves: pl.DataFrame
    withdrawn: pl.DataFrame
    arms: pl.DataFrame
    counts: Mapping[str, pl.DataFrame]
    persons: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`withdrawn` (`key`) unsent messages nobody wants any more, the moves to be recorded before the messages as
    `stage.Advance` holds them, `arms` the ARM rows drawn now, `totals` of the planned messages; and the pages.
    """

    on: date
    pages: tuple[Page, ...]
    withdrawn: pl.DataFrame
    new_cases: pl.DataFrame
    case_moves: pl.DataFrame
    stage_moves: pl.DataFrame
    arms: pl.DataFrame
    totals: Totals

    @property
    def messages(self) -> pl.DataFrame:
        """message.MESSAGE to be written."""
        return self._laid(pl.col("fresh")).sort(*ORDER)

    @property
    def planned(self) -> pl.DataFrame:
        """All messages wanted today, those that stand unsent already included."""
        return self._laid(pl.lit(value=True)).sort(*ORDER)

    @property
    def decisions(self) -> pl.DataFrame:
        """decision.DECISION, by bucket, person and account."""
        return pl.concat([page.decisions for page in self.pages]).collect()

    def withheld(self) -> pl.DataFrame:
        """The decisions about what waits until two people release it."""
        asked = pl.col("code") == Code.APPROVAL_MISSING.value
        return pl.concat([page.decisions.filter(asked) for page in self.pages]).collect()

    def heads(self) -> pl.DataFrame:
        """Of every message to be written, what must be known of all of them at once."""
        return pl.concat([page.laid.filter("fresh").select(_HEAD) for page in self.pages]).collect()

    def stretches(self, most: int) -> Iterator[pl.DataFrame]:
        """The messages to be written, a stretch of the day after the other, about `most` at a time.

        What may leave at one instant is in one stretch.
        """
        begins = pl.concat([page.laid.filter("fresh").select("not_before") for page in self.pages])
        instants = begins.collect()["not_before"].sort()
        ends = dict.fromkeys(instants[place] for place in range(most, len(instants), most))
        bounds = [*ends, None] if len(instants) else []
        for since, until in zip([None, *ends], bounds, strict=False):
            within = pl.col("fresh")
            if since is not None:
                within &= pl.col("not_before") >= since
            if until is not None:
                within &= pl.col("not_before") < until
            if (rows := self._laid(within)).height:
                yield rows.sort(*ORDER)

    def _laid(self, wanted: pl.Expr) -> pl.DataFrame:
        rows = pl.concat([page.laid.filter(wanted) for page in self.pages]).collect()
        return columns.shaped(rows, message.MESSAGE)


def decide(inputs: Inputs) -> Plan:
    """The plan of `inputs.on`. Raises ValueError where the inputs contradict each other."""
    return of_draft(draft.draft(inputs), inputs)


def of_draft(drafted: Draft, inputs: Inputs) -> Plan:
    """The plan of a book that was drafted in one go."""
    turns = spread.lay_out(drafted.asks(), inputs.routes)
    return bind(inputs.on, [leaf(drafted, settled.settle(drafted, turns, inputs))])


def leaf(drafted: Draft, found: Settled, page: Page | None = None) -> Leaf:
    """One range, of which the messages and decisions are on `page`; in memory where none is given.

    Of a draft whose page is given, OF_MESSAGE and OF_DECISION of `settled` are enough.
    """
    planned = drafted.messages.drop(found.places.columns, strict=False).hstack(found.places).filter("fits")
    decisions = drafted.decisions.drop(found.decided.columns, strict=False).hstack(found.decided)
    sent = decisions.filter(pl.col("messages").list.len() > 0)
    return Leaf(
        page=page or _in_memory(drafted, found),
        new_cases=drafted.new_cases,
        case_moves=drafted.case_moves,
        stage_moves=drafted.stage_moves,
        withdrawn=found.withdrawn,
        arms=found.arms,
        counts={
            "outcomes": decisions.group_by("outcome").len(),
            "codes": decisions.group_by("code").len(),
            "by_channel": planned.group_by("channel").len(),
            "by_stage": planned.group_by("stage").len(),
            "cost_micro": planned.group_by("cost_currency").agg(pl.col("cost_micro").sum()),
            "sent": sent.select("account", "currency", "overdue_minor").unique("account"),
            "parts": planned.select(pl.col("parts", "billed").sum(), messages=pl.len()),
        },
        persons=planned["person"].n_unique(),
    )


def _in_memory(drafted: Draft, found: Settled) -> Page:
    return Page(
        laid=settled.laid(drafted.messages.lazy(), found.places.lazy()),
        decisions=settled.decisions(drafted.decisions.lazy(), found.decided.lazy()),
    )


def bind(on: date, leaves: Iterable[Leaf]) -> Plan:
    """The plan of these ranges, given in the order of their buckets. Co-borrowers' ranges hold the same moves."""
    found = list(leaves)
    new_cases = pl.concat([one.new_cases for one in found])
    case_moves = pl.concat([one.case_moves for one in found])
    return Plan(
        on=on,
        pages=tuple(one.page for one in found),
        withdrawn=pl.concat([one.withdrawn for one in found]).sort("key"),
        new_cases=new_cases.unique("case", keep="first", maintain_order=True).sort("case"),
        case_moves=case_moves.unique(maintain_order=True).sort("account", maintain_order=True),
        stage_moves=pl.concat([one.stage_moves for one in found]).sort("person", maintain_order=True),
        arms=pl.concat([one.arms for one in found]).sort("person", "experiment"),
        totals=_totals(found),
    )


def _totals(leaves: list[Leaf]) -> Totals:
    def counts(name: str) -> dict[str, int]:
        found: Counter[str] = Counter()
        for one in leaves:
            found.update(dict(one.counts[name].iter_rows()))
        return dict(sorted(found.items()))

    sent = pl.concat([one.counts["sent"] for one in leaves]).unique("account")
    owed = sent.group_by("currency").agg(pl.col("overdue_minor").sum())
    sums = pl.concat([one.counts["parts"] for one in leaves]).sum()
    return Totals(
        outcomes=counts("outcomes"),
        codes=counts("codes"),
        messages=int(sums["messages"].item()),
        persons=sum(one.persons for one in leaves),
        parts=int(sums["parts"].item()),
        billed=int(sums["billed"].item()),
        by_channel=counts("by_channel"),
        by_stage=counts("by_stage"),
        overdue_minor=dict(owed.sort("currency").iter_rows()),
        cost_micro=counts("cost_micro"),
    )
