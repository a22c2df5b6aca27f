"""What is made for many rows at once is what each row says: numbers of lists, codes, published lines, digests."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing.parametric import column, dataframes

from duly.plan import decision, distinct, message
from duly.text import code
from tests.plan import plans

_RULES = st.lists(
    st.fixed_dictionaries({"rule": st.sampled_from("abc"), "version": st.sampled_from("12")}), max_size=3
)
_KEPT_IN_KEY = {"person", "creditor", "brand", "stage", "occurrence", "step", "channel", "point"}
_KEPT_IN_FIELDS = {
    "currency": "currency", "overdue_minor": "overdue_minor", "principal_minor": "principal_minor",
    "interest_minor": "interest_minor", "fee_minor": "fee_minor", "penalty_minor": "penalty_minor", "as_of": "as_of",
    "due_on": "first_unpaid_on", "deadline_on": "deadline", "dpd": "dpd", "verify_code": "verify_code",
    "cases": "figures", "accounts": "figures", "facts": "figures",
}  # fmt: skip
_KEPT_IN_ACT = {"value_key": "number"}
_WHEN = {"not_before", "not_after", "binding_rule", "supersedes"}


@given(st.lists(st.tuples(st.none() | _RULES, st.sampled_from(["x", "y", None])), max_size=30))
@settings(max_examples=60, deadline=None)
def test_rows_are_numbered_by_what_they_say(rows: list[tuple[Any, str | None]]) -> None:
    """Lists of rules, empty ones and none: equal rows have one number, and numbers come as rows are first met."""
    schema: dict[str, Any] = {
        "rules": pl.List(pl.Struct({"rule": pl.String, "version": pl.String})),
        "word": pl.String,
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    said = [repr(row) for row in frame.rows()]

    numbers, told = distinct.numbered(frame, ("rules", "word"))

    assert [repr(told.row(number)) for number in numbers] == said
    assert [repr(row) for row in told.rows()] == list(dict.fromkeys(said))


@pytest.mark.parametrize("size", [32, 63, 64, 65, 200])
def test_codes_in_a_column_are_the_codes_of_a_key_of_any_length(size: int) -> None:
    """HMAC hashes a key first that is longer than a block; both sides of a block's length."""
    key, messages = bytes(range(size)), [bytes([number]) * 16 for number in range(50)]

    assert code.column(key, [*messages, None]).to_list() == [*(code.code(key, one) for one in messages), None]
    with pytest.raises(ValueError, match="at least 32 bytes"):
        code.column(bytes(31), messages)


@given(dataframes([column(name, dtype=kind) for name, kind in decision.DECISION.items()], max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_published_line_is_the_decision_as_ndjson(rows: pl.DataFrame) -> None:
    """Any values and nulls in any column: proofs of earlier plans were made from these bytes."""
    plain = rows.with_columns(pl.col("messages").list.eval(pl.element().bin.encode("hex")))

    assert decision.lines(rows) == plain.write_ndjson().encode().splitlines()


def test_the_digest_of_a_message_holds_all_that_it_says() -> None:
    """Every column is in it, or in what is in it, or tells only when it leaves; and a change of any shows."""
    planned = plans.decide(plans.late(8)).planned.head(1)
    assert planned.height == 1
    fields, act = (json.loads(planned.item(0, name)) for name in ("fields", "act"))

    kept = {*message.CONTENT, *_KEPT_IN_KEY, *_KEPT_IN_FIELDS, *_KEPT_IN_ACT, *_WHEN}
    assert kept == set(message.MESSAGE) - {"key", "notice_key", "content"}
    assert set(_KEPT_IN_FIELDS.values()) <= set(fields)
    assert set(_KEPT_IN_ACT.values()) <= set(act)
    assert fields["overdue_minor"] == planned.item(0, "overdue_minor")
    assert set(fields["figures"]) == set(planned.item(0, "cases"))
    assert act["number"] == planned.item(0, "value_key")
    assert message.contents(planned).to_list() == planned["content"].to_list()
    for name in ("key", *message.CONTENT):
        changed = planned.with_columns(_other(name, planned.schema[name]))
        assert message.contents(changed).item() != planned.item(0, "content"), name
    for name in _WHEN:
        assert message.contents(planned.with_columns(pl.lit(None).alias(name))).item() == planned.item(
            0, "content"
        ), name


def _other(name: str, kind: pl.DataType) -> pl.Expr:
    if kind == pl.String():
        return pl.concat_str(pl.col(name).fill_null(""), pl.lit("x")).alias(name)
    if kind == pl.Binary():
        return pl.lit(b"x" * 16).alias(name)
    if kind == pl.Date():
        return pl.col(name).dt.offset_by("1d")
    return pl.col(name) + 1
