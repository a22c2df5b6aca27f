"""The rows of the outbox that a plan asks for: what to say to whom, when at the earliest, until when at the latest.

A message is planned under a key that does not change from day to day (`model.notice`), so a plan made again gives
the same rows: what stands there unsent and says the same is left alone, what says something else replaces it, and
what left is never given again.
Refuses to hold a text, a name or a number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from duly.model import notice
from duly.model.notice import NoticeId
from duly.plan import act, columns, saying
from duly.plan.inputs import Inputs

MESSAGE: columns.Schema = {
    "key": pl.Binary(),
    "notice_key": pl.Binary(),
    "day": pl.Date(),
    "person": pl.String(),
    "creditor": pl.String(),
    "servicer": pl.String(),
    "brand": pl.String(),
    "stage": pl.String(),
    "occurrence": pl.Int32(),
    "step": pl.Int32(),
    "notice": pl.String(),
    "class": pl.String(),
    "locale": pl.String(),
    "channel": pl.String(),
    "route": pl.String(),
    "point": pl.String(),
    "value_key": pl.String(),
    "cases": pl.List(pl.String()),
    "accounts": pl.List(pl.String()),
    "currency": pl.String(),
    "overdue_minor": pl.Int64(),
    "principal_minor": pl.Int64(),
    "interest_minor": pl.Int64(),
    "fee_minor": pl.Int64(),
    "penalty_minor": pl.Int64(),
    "as_of": pl.Date(),
    "due_on": pl.Date(),
    "deadline_on": pl.Date(),
    "dpd": pl.Int64(),
    "fields": pl.String(),  # saying.FIGURES as canonical JSON, and `figures` by case
    "act": pl.String(),  # act.kept
    "verify_code": pl.String(),
    "release": pl.String(),  # the list by which two people released it; empty where none is asked for
    "template_digest": pl.String(),
    "parts": pl.Int32(),
    "billed": pl.Int32(),
    "cost_micro": pl.Int64(),
    "cost_currency": pl.String(),
    "not_before": act.INSTANT,
    "not_after": act.INSTANT,
    "binding_rule": pl.String(),
    "strategy_digest": pl.String(),
    "pack_digest": pl.String(),
    "arm": pl.String(),
    "content": pl.String(),
    "supersedes": pl.Boolean(),
}
# When it may leave is no part of what it says: a plan made again later in the day must not replace it.
_NOT_CONTENT = frozenset({"not_before", "not_after", "binding_rule", "content", "supersedes"})
_CONTENT_BYTES = 16
_NOTICE = ("person", "creditor", "brand", "stage", "occurrence")
_SPOKEN = (*(name for name in saying.FIGURES if name != "brand"), "brand_said", "figures")


def build(found: pl.DataFrame, notices: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    """MESSAGE of everything in `found` (`waves.FOUND`) that may leave, with the `notice_id` of each."""
    rows = found.filter(pl.col("code").is_null()).join(
        notices.drop("step", "code", "channels"), on="notice_id", maintain_order="left"
    )
    prices = {route.name: route.cost_micro for route in inputs.routes}
    currencies = {route.name: route.currency for route in inputs.routes}
    moved = pl.col("blocked_by").list.first().struct.field("rule")
    rows = rows.with_columns(
        day=pl.lit(inputs.on),
        due_on="first_unpaid_on",
        deadline_on="deadline",
        cost_micro=pl.col("route").replace_strict(prices, return_dtype=pl.Int64) * pl.col("billed"),
        cost_currency=pl.col("route").replace_strict(currencies, return_dtype=pl.String),
        binding_rule=moved,
        pack_digest=pl.lit(inputs.law.digest),
        supersedes=pl.lit(value=False),
        content=pl.lit(""),
        notice_key=pl.Series(
            [_notice_key(row) for row in rows.select(_NOTICE).iter_rows(named=True)], dtype=pl.Binary
        ),
        fields=pl.Series(
            [_fields(row) for row in rows.select(_SPOKEN).iter_rows(named=True)], dtype=pl.String
        ),
    ).rename({"notice_class": "class"})
    shaped = columns.shaped(rows, MESSAGE)
    contents = [_content(row) for row in shaped.iter_rows(named=True)]
    return shaped.with_columns(pl.Series("content", contents, pl.String), notice_id=rows["notice_id"])


def against(messages: pl.DataFrame, known: pl.DataFrame, on: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The messages that are to be written, and the keys of those unsent for `on` that nobody wants any more.

    What stands unsent for the same day and says the same is not written again.
    """
    unsent = known.filter(pl.col("outcome").is_null())
    same = unsent.select("key", "day", "content")
    known_keys = known.select("key", known=pl.lit(value=True))
    fresh = (
        messages.join(same, on=["key", "day", "content"], how="anti", maintain_order="left")
        .join(known_keys, on="key", how="left", maintain_order="left")
        .with_columns(supersedes=pl.col("known").fill_null(value=False))
        .drop("known")
    )
    today = unsent.filter(pl.col("day") >= on)
    return fresh, today.join(messages, on="key", how="anti").select("key").sort("key")


def refuse_sent(messages: pl.DataFrame, known: pl.DataFrame) -> None:
    """Raise ValueError if a message that left is planned again: the stage machine promises that none is."""
    counted = [outcome.value for outcome in notice.COUNTED]
    again = messages.join(known.filter(pl.col("outcome").is_in(counted)), on="key", how="semi")
    if again.height:
        raise ValueError(f"{again.height} message(s) that left, or may have left, would be planned again")


def _notice_key(row: Mapping[str, Any]) -> bytes:
    return notice.notice_key(NoticeId(**{name: row[name] for name in _NOTICE}))


def _fields(row: Mapping[str, Any]) -> str:
    typed = {name: row[name] for name in saying.FIGURES if name != "brand"} | {"brand": row["brand_said"]}
    by_case = {str(each["case"]): {k: v for k, v in each.items() if k != "case"} for each in row["figures"]}
    return _json(typed | {"figures": by_case})


def _content(row: Mapping[str, Any]) -> str:
    plain = {name: value for name, value in row.items() if name not in _NOT_CONTENT}
    return hashlib.blake2b(_json(plain).encode(), digest_size=_CONTENT_BYTES).hexdigest()


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no figure")
