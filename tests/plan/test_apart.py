"""What left counts for whoever shares an account or a number; what is planned counts for its own person alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl

from duly.law import frames
from duly.plan import apart

_AT = datetime(2026, 11, 20, 2, tzinfo=UTC)
_ACTS: dict[str, Any] = {
    "act": pl.UInt32,
    "person": pl.String,
    "number": pl.String,
    "accounts": pl.List(pl.String),
}


def contact(person: str, account: str, number: str, ref: str) -> dict[str, object]:
    """A message that left, or is to leave."""
    return {
        "at": _AT, "kind": "message_sent", "channel": "sms", "person": person, "account": account,
        "number": number, "ref": ref,
    }  # fmt: skip


def counted(
    left: list[dict[str, object]], planned: list[dict[str, object]]
) -> dict[str, dict[str, list[str]]]:
    """By person, the `ref` of what would be counted for the person, the account and the number.

    P1 and P2 are liable for A1 and share N1; P3 has nothing to do with them.
    """
    acts = pl.DataFrame(
        [(0, "P1", "N1", ["A1"]), (1, "P2", "N1", ["A1", "A2"]), (2, "P3", "N3", ["A3"])],
        schema=_ACTS,
        orient="row",
    )
    schema = dict(frames.HISTORY)
    asked, history = apart.near(acts, pl.DataFrame(left, schema=schema), pl.DataFrame(planned, schema=schema))
    found = {}
    for row in asked.iter_rows(named=True):
        found[row["person"]] = {
            "person": _refs(history, pl.col("person") == row["person"]),
            "account": _refs(history, pl.col("account").is_in(row["accounts"])),
            "number": _refs(history, pl.col("number") == row["number"]),
        }
    return found


def _refs(history: pl.DataFrame, which: pl.Expr) -> list[str]:
    return sorted(history.filter(which)["ref"])


def test_what_left_to_one_counts_for_the_account_and_number_of_the_other() -> None:
    """But not for the other person; and once each."""
    found = counted([contact("P1", "A1", "N1", "x")], [])

    assert found["P1"] == {"person": ["x"], "account": ["x"], "number": ["x"]}
    assert found["P2"] == {"person": [], "account": ["x"], "number": ["x"]}
    assert found["P3"] == {"person": [], "account": [], "number": []}


def test_what_is_planned_for_one_counts_for_nobody_else() -> None:
    """Whether the other is planned beside it or elsewhere must not matter."""
    found = counted([], [contact("P1", "A1", "N1", "x")])

    assert found["P1"] == {"person": ["x"], "account": ["x"], "number": ["x"]}
    assert found["P2"] == {"person": [], "account": [], "number": []}


def test_what_left_to_somebody_who_is_not_asked_about_counts_too() -> None:
    """The other may be in another range, or may not be due anything today."""
    found = counted([contact("P9", "A3", "N9", "x"), contact("P8", "A9", "N1", "y")], [])

    assert found["P1"] == {"person": [], "account": [], "number": ["y"]}
    assert found["P2"] == {"person": [], "account": [], "number": ["y"]}
    assert found["P3"] == {"person": [], "account": ["x"], "number": []}
