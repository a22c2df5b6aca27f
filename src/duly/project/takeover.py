"""`[takeover]` of duly.toml: what there is of the system used before, and where its cases begin with us.

A lender who goes live without a memory of who was called last week breaks a cap on his first day. So production asks
for 90 days of imported history, or for somebody's recorded word that there was none.
Refuses to let a history count for a stage that the strategy does not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from duly.book import history
from duly.book.mapping import Mapping as BookMapping
from duly.errors import Problem
from duly.model.past import ACCEPTED_BY_DEFAULT, Proof
from duly.model.said import say
from duly.plan.ladder import Strategy
from duly.plan.takeover import Policy, StartAt
from duly.project.document import Document
from duly.project.table import Table

KEYS = ("history", "by", "on", "why", "start_at", "proofs", "stages")
LEAST_DAYS = 90
_NONE = "none"


@dataclass(frozen=True, kw_only=True)
class NoHistory:
    """Somebody's word that nobody was contacted before, with his reason."""

    by: str
    on: date
    why: str


@dataclass(frozen=True, kw_only=True)
class Takeover:
    """What was decided. Without `none` the history is what the feed of that name holds."""

    none: NoHistory | None = None
    policy: Policy = field(default_factory=Policy)


def read(table: Table | None) -> Takeover:
    """The table, or what holds without one: nothing said of history, and every case begins with its first stage."""
    if table is None:
        return Takeover()
    none = None
    if table.word("history", (_NONE,), required=False) is not None:
        by, on, why = table.text("by"), table.day("on"), table.text("why")
        if by is not None and on is not None and why is not None:
            none = NoHistory(by=by, on=on, why=why)
    start_at = table.choice("start_at", StartAt, required=False) or StartAt.FIRST
    proofs = table.texts("proofs", among=[proof.value for proof in Proof])
    named = table.table("stages", None, required=False)
    stages = {} if named is None else {name: named.text(name) for name in named.value}
    if start_at is StartAt.PROVEN and not stages:
        what = say("`start_at` is `proven`, and no notice of the other system is mapped to a stage")
        table.refuse("start_at", "takeover.stages", what, say("Name them under [takeover.stages]."))
    return Takeover(
        none=none,
        policy=Policy(
            start_at=start_at,
            stages={name: stage for name, stage in stages.items() if stage is not None},
            proofs=frozenset(Proof(word) for word in proofs) or ACCEPTED_BY_DEFAULT,
        ),
    )


def disagreements(taken: Takeover, strategy: Strategy, written: Document) -> Iterator[Problem]:
    """Each notice that is mapped to a stage which the strategy does not have, or which can never count as done."""
    stages = {stage.name: stage for segment in strategy.segments for stage in segment.stages}
    for name, stage in taken.policy.stages.items():
        where = ("takeover", "stages", name)
        known = stages.get(stage)
        if known is None:
            what = say("`{stage}` is no stage of strategy.yaml", stage=stage)
            fit = sorted(one.name for one in stages.values() if not one.ahead and not one.asks_for_more)
            remedy = say("Write one of {stages}.", stages=", ".join(fit))
            yield written.problem(where, "takeover.stage_unknown", what, remedy)
        elif known.ahead or known.asks_for_more:
            what = say("`{stage}` asks for more than its day, and that is asked of us", stage=stage)
            remedy = say("Take the line out: the case comes to this stage by itself.")
            yield written.problem(where, "takeover.stage_beyond", what, remedy)


def lacking(
    taken: Takeover, book: BookMapping, root: Path, written: Document, *, on: date
) -> Iterator[Problem]:
    """What a lender who goes live on `on` lacks of history."""
    if taken.none is not None:
        return
    remedy = say(
        "Import the history of the system used before (feed `history`), or record in duly.toml that there was none: "
        '[takeover] history = "none", with by, on and why.'
    )
    if book.history is None:
        what = say("there is no history of who was contacted before: caps and stages would start blind")
        yield _lacks(written, "no_history", what, remedy)
        return
    first = history.first_day(root, book.history, as_of=on)
    if first is None:
        what = say("the files of the feed `history` hold no row that can be read")
        yield _lacks(written, "no_history", what, remedy)
    elif (days := (on - first).days) < LEAST_DAYS:
        what = say(
            "the imported history begins on {first}, {days} days ago; it takes {least}",
            first=first,
            days=days,
            least=LEAST_DAYS,
        )
        yield _lacks(written, "short_history", what, remedy)


def _lacks(written: Document, code: str, what: str, remedy: str) -> Problem:
    return replace(written.problem(("takeover",), code, what, remedy), code=f"production.{code}")
