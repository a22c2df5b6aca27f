"""A book read some files at a time, and what is known of everybody cut down to the persons who were read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duly.book import columns as book_columns
from duly.book import snapshot
from duly.plan import columns
from duly.run import inputs
from duly.run.everybody import Everybody
from duly.run.standing import HISTORY
from tests.plan import plans

_ID = st.sampled_from([None, "1", "2", "3", "4", "5"])


def a_world(rows: list[int]) -> inputs.World:
    """Of a snapshot whose files hold so many accounts each, sixteen buckets wide."""
    parts = [
        snapshot.Part(
            frame=frame, first=16 * place, last=16 * place + 15, file=f"{frame}{place}", rows=count, sha256=""
        )
        for place, count in enumerate(rows)
        for frame in ("accounts", "instalments")
    ]
    return inputs.World(
        rules=plans.inputs(book_columns.empty()),
        manifest=snapshot.Manifest(
            folder=Path(), digest="", as_of=plans.ON, as_of_event=0, feeds=(), parts=tuple(parts)
        ),
        events=pl.DataFrame(schema=dict(book_columns.EVENT)),
    )


@pytest.mark.parametrize(
    ("rows", "strides"),
    [
        ([5], [1]),
        ([5, 5], [2]),
        ([5, 6], [1, 1]),
        ([11, 1], [1, 1]),
        ([1, 2, 3, 4, 5, 6], [4, 1, 1]),
        ([0, 0, 10, 0, 1], [4, 1]),
    ],
)
def test_files_are_planned_some_at_a_time(
    rows: list[int], strides: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as hold ten accounts together; a larger file by itself, and every bucket once and in order."""
    monkeypatch.setattr(inputs, "AT_ONCE", 10)
    found = a_world(rows).strides()

    assert [len(stride) // 16 for stride in found] == strides
    assert [bucket for stride in found for bucket in stride] == list(range(16 * len(rows)))


@given(st.lists(st.tuples(_ID, _ID, _ID), max_size=40), st.sets(st.sampled_from("12345")))
@settings(max_examples=60, deadline=None)
def test_what_is_known_is_cut_down_to_who_is_read(past: list[tuple[str | None, ...]], here: set[str]) -> None:
    """Of contacts by person, number or account, of cases by account, of what was drawn by person; in order."""
    at = datetime(2026, 11, 1, tzinfo=UTC)
    history = pl.DataFrame(
        [
            {"at": at, "person": who, "account": account, "number": number, "ref": str(row)}
            for row, (who, account, number) in enumerate(past)
        ],
        schema=dict(HISTORY),
    )
    cases: list[dict[str, Any]] = [
        {"case": f"{account}/{row}", "account": account} for row, (_, account, _) in enumerate(past)
    ]
    arms = [{"person": who, "experiment": str(row)} for row, (who, _, _) in enumerate(past)]
    whole = plans.inputs(
        book_columns.empty(),
        history=history,
        cases=pl.DataFrame(cases, schema=dict(columns.CASE)),
        arms=pl.DataFrame(arms, schema=dict(columns.ARM)),
    )
    book = plans.book(
        [plans.account(person=one, account=str(6 - int(one))) for one in sorted(here)],
        contacts=[plans.point(person=one, value_key=one) for one in sorted(here)],
    )

    found = Everybody(whole).about(book)

    accounts = {str(6 - int(one)) for one in here}
    assert found["history"]["ref"].to_list() == [
        str(row)
        for row, (who, account, number) in enumerate(past)
        if who in here or account in accounts or number in here
    ]
    assert found["cases"]["case"].to_list() == [
        f"{account}/{row}" for row, (_, account, _) in enumerate(past) if account in accounts
    ]
    assert found["arms"]["experiment"].to_list() == [
        str(row) for row, (who, _, _) in enumerate(past) if who in here
    ]
