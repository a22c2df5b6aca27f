"""The fast reading: a frame of acts, all rules at once, the same answers as `decide` with all reasons.

What does not depend on the instant is worked out once for each act and text. Windows and caps are then
asked of an instant, first the act's own, and for those that time may mend of later ones, each the earliest
that any rule standing in the way allows, until nothing stands in the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypedDict, cast

import polars as pl

from duly.law import frames, slots, timeline, values, verdicts, waiting, workbench
from duly.law.decide import HORIZON
from duly.law.pack import Pack

act_of = frames.act_of


def judge(
    pack: Pack,
    acts: pl.DataFrame,
    history: pl.DataFrame,
    policy: values.Policy | None = None,
    *,
    horizon: timedelta = HORIZON,
) -> pl.DataFrame:
    """One verdict for each act. The columns of the frames and of the answer: see `duly.law`."""
    return Reading(pack, policy or {}, horizon=horizon).judge(acts, history)


class Reading:
    """The fast reading of one pack under one policy: what depends on neither acts nor history is laid out once."""

    def __init__(self, pack: Pack, policy: values.Policy, *, horizon: timedelta = HORIZON) -> None:
        pack = pack.settled(policy)
        self.pack = pack
        self.policy = policy
        self._horizon = int(horizon.total_seconds())
        self._types = verdicts.Types.of(pack)
        self._slots = slots.lay_out(pack, policy)
        self._laid: dict[tuple[int, ...], workbench.Layout] = {}

    def judge(self, acts: pl.DataFrame, history: pl.DataFrame) -> pl.DataFrame:
        """What the module's `judge` answers."""
        if acts.is_empty():
            return self._types.answer(acts["act"].dtype)
        bench = self._bench(acts, history)
        judged = bench.at_once()
        return bench.answer(acts["act"], judged, _until(judged, waiting.mended(bench, judged)))

    def ahead(self, acts: pl.DataFrame, history: pl.DataFrame, *, before: datetime) -> pl.DataFrame:
        """`judge`, for whoever may wait: what time mends before `before` is answered as of the instant it is mended.

        One more column, `not_before`: the instant found, where the act is lawful then. `blocked_by` of such an act
        is what stood in its way until then. Of an act that is lawful at no instant before `before`,
        `blocked_by` and `in_doubt` say what stands in its way once the hours allow it, if they do before then.
        Rules, versions and facts are plain strings.
        """
        if acts.is_empty():
            answer = self._types.answer(acts["act"].dtype)
            return _in_strings(answer.with_columns(not_before=pl.lit(None, frames.INSTANT)))
        bench, end, given = self._bench(acts, history), frames.seconds_of(before), acts["act"]
        judged = bench.at_once()
        found = waiting.mended(bench, judged, named=True)
        first = bench.answer(given, judged, _until(judged, found))
        at_once = pl.when(pl.col("verdict") == values.Kind.PERMIT.value).then(acts["at"].cast(frames.INSTANT))
        first = first.with_columns(at_once.alias("not_before"))
        held = judged.only(pl.col("verdict") != values.Kind.PERMIT.value)
        for one in found:
            soon = one.judged.rows["_t"] < end
            later = bench.answer(given, one.judged).with_columns(
                not_before=frames.instants(one.judged.rows["_t"]),
                blocked_by=bench.ledger.named("binds", one.binds),
            )
            names = ("verdict", "because", "latest", "not_before", "blocked_by")
            first = _put_over(first, names, later.filter(soon))
            mended = one.judged.rows.filter(soon).select("_row")
            held = replace(held, rows=held.rows.join(mended, on="_row", how="anti", maintain_order="left"))
        for opened in waiting.opened(bench, held, end):
            first = _put_over(first, ("verdict", "blocked_by", "in_doubt"), bench.answer(given, opened))
        return _in_strings(first)

    def _bench(self, acts: pl.DataFrame, history: pl.DataFrame) -> workbench.Bench:
        within = timeline.period(acts, self._horizon)
        texts = [slot for slot in self._slots if slot.begins < within[1] and slot.ends > within[0]]
        return workbench.set_up(
            self.pack,
            self.policy,
            self._lay_out(texts),
            (acts, history),
            within=within,
            horizon=self._horizon,
        )

    def _lay_out(self, texts: list[slots.Slot]) -> workbench.Layout:
        numbers = tuple(text.number for text in texts)
        if numbers not in self._laid:
            self._laid[numbers] = workbench.Layout.of(self.pack, self._types, texts)
        return self._laid[numbers]


def _until(judged: workbench.Judged, found: Sequence[waiting.Mended]) -> pl.Series:
    """The second at which each act is mended, null where it is not."""
    until = pl.repeat(None, judged.rows.height, dtype=pl.Int64, eager=True)
    for one in found:
        until = until.scatter(one.judged.rows["_row"], one.judged.rows["_t"])
    return until


def _in_strings(answer: pl.DataFrame) -> pl.DataFrame:
    """The answer with its lists in plain strings, to be put together with others."""
    return answer.with_columns(
        pl.col("because", "blocked_by").cast(pl.List(pl.Struct({"rule": pl.String, "version": pl.String}))),
        pl.col("in_doubt").cast(pl.List(pl.Struct({"rule": pl.String, "fact": pl.String}))),
    )


def _put_over(rows: pl.DataFrame, names: Sequence[str], others: pl.DataFrame) -> pl.DataFrame:
    """`rows` with the columns `names` taken from `others` where that has the same act."""
    if others.is_empty():
        return rows
    put = others.select("act", pl.lit(value=True).alias("_put"), *(pl.col(n).alias(f"_{n}") for n in names))
    joined = rows.join(put, on="act", how="left", maintain_order="left")
    return joined.with_columns(
        pl.when("_put").then(pl.col(f"_{name}")).otherwise(pl.col(name)).alias(name) for name in names
    ).select(rows.columns)


class Answer(TypedDict):
    """One row of the answer."""

    act: object
    verdict: str
    until: datetime | None
    latest: datetime | None
    because: list[dict[str, str]]
    blocked_by: list[dict[str, str]]
    in_doubt: list[dict[str, str]]


def judge_acts(pack: Pack, acts: Sequence[values.Act]) -> list[Answer]:
    """The verdicts of plain acts that know nothing of each other, each with its own history and policy."""
    answers: dict[int, Answer] = {}
    policies: list[values.Policy] = []
    for act in acts:
        if act.policy not in policies:
            policies.append(act.policy)
    for policy in policies:
        places = [place for place, act in enumerate(acts) if act.policy == policy]
        frame, history = frames.of_acts([frames.apart(acts[place], place) for place in places])
        rows = cast("list[Answer]", judge(pack, frame, history, policy).rows(named=True))
        answers.update(zip(places, rows, strict=True))
    return [answers[place] for place in range(len(acts))]
