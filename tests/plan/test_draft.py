"""A book planned range by range is planned as if in one go: the same decisions, messages, bytes and root."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duly.book.columns import Book
from duly.law import frames as law_frames
from duly.model.account import BUCKETS
from duly.model.notice import KEY_BYTES, NoticeId, message_key, notice_key
from duly.model.party import Channel
from duly.plan import canonical, decision, draft, keys, plan, settled, spread
from duly.plan.inputs import Inputs
from duly.run import decisions
from duly.text import code
from tests.plan import plans
from tests.plan.plans import ON, account, hold, instalment, payment, point


def crowd(count: int = 90, seed: int = 1) -> Inputs:
    """People at all stages, some with two accounts, some who share an account or a number, with a past and holds.

    One part a second leaves, so that everybody waits for everybody else.
    """
    chance = random.Random(seed)
    accounts, due, paid, points, holds, past = [], [], [], [], [], []
    for n in range(count):
        person = f"P{n}"
        number = f"key-{n // 9 if n % 9 == 0 else n}" if n % 7 else f"key-shared-{n // 21}"
        shared = not n % 7
        points += [point(person=person, value_key=number, shared=shared), point("email", person=person)]
        for account_id in [f"A{n}", *([f"B{n}"] if n % 5 == 0 else [])]:
            role = "borrower"
            accounts.append(account(account_id, person, role=role))
            due.append(instalment(ON - timedelta(days=chance.randrange(-4, 70)), account_id, person))
            if chance.random() < 0.3:
                paid.append(
                    payment(ON - timedelta(days=2), chance.choice([1_000, 123_000]), account_id, person)
                )
        if n % 6 == 1:  # liable for what the person before borrowed
            accounts.append(account(f"A{n - 1}", person, role="co_borrower"))
            first = next(row for row in due if row["account"] == f"A{n - 1}")
            due.append(first | {"person": person})
            paid += [row | {"person": person} for row in paid if row["account"] == f"A{n - 1}"]
        if n % 11 == 0:
            holds.append(hold("dispute", f"A{n}", person))
        if n % 4 == 0:
            past.append(
                {
                    "at": datetime(2026, 11, 1, 2, tzinfo=UTC) + timedelta(hours=chance.randrange(560)),
                    "kind": "message_sent",
                    "channel": "sms",
                    "person": person,
                    "account": f"A{n}",
                    "number": number,
                    "ref": f"{n:032x}",
                }
            )
    given = plans.book(accounts, due, paid, points, holds)
    return plans.inputs(
        given,
        history=pl.DataFrame(past, schema=dict(law_frames.HISTORY)),
        routes=(replace(plans.MAIN, rate=1), plans.MAILBOX),
    )


def within(inputs: Inputs, first: int, last: int) -> Inputs:
    """The inputs of the persons of some buckets; what is known of others stays, because it changes nothing."""
    here = pl.col("bucket").is_between(first, last - 1)
    persons = inputs.book.accounts.filter(here)["person"].unique().implode()
    frames = {n: f.filter(pl.col("person").is_in(persons)) for n, f in inputs.book.frames().items()}
    return replace(inputs, book=Book(**frames))


def in_ranges(inputs: Inputs, bounds: list[int]) -> plan.Plan:
    """The plan of ranges that end at these buckets."""
    parts = [within(inputs, first, last) for first, last in pairwise([0, *bounds, BUCKETS])]
    drafted = [draft.of_frames(draft.draft(part).frames()) for part in parts]
    turns = spread.lay_out(pl.concat([one.asks() for one in drafted]), inputs.routes)
    leaves = []
    for one, part in zip(drafted, parts, strict=True):
        leaves.append(plan.leaf(one, settled.settle(one, turns, part)))
    return plan.bind(inputs.on, leaves)


def same(one: plan.Plan, other: plan.Plan) -> None:
    """Two plans are the same to the byte."""
    for name in (
        "messages", "planned", "decisions", "withdrawn", "new_cases", "case_moves", "stage_moves", "arms",
    ):  # fmt: skip
        assert getattr(one, name).equals(getattr(other, name)), name
    assert one.totals == other.totals
    assert decision.parquet(one.decisions) == decision.parquet(other.decisions)


@pytest.mark.parametrize("ranges", [1, 4, 16])
def test_however_a_book_is_divided_the_plan_is_the_same(ranges: int) -> None:
    """One, four and sixteen ranges: decisions, messages, moves, totals and the bytes of the file."""
    inputs = crowd()
    whole = plan.decide(inputs)

    found = in_ranges(inputs, [BUCKETS * n // ranges for n in range(1, ranges)])

    assert whole.messages.height > 30
    assert whole.messages["not_before"].n_unique() > 20  # they did wait for each other
    same(found, whole)


@settings(max_examples=4, deadline=None)
@given(st.lists(st.integers(1, BUCKETS - 1), min_size=1, max_size=6, unique=True), st.integers(0, 9))
def test_ranges_may_end_anywhere(bounds: list[int], seed: int) -> None:
    """Any bounds, also of ranges in which nobody is."""
    inputs = crowd(30, seed)

    same(in_ranges(inputs, sorted(bounds)), plan.decide(inputs))


def test_what_finds_no_room_is_told_so_in_every_range() -> None:
    """Late in the evening the route carries a few of them only, whichever range they are in."""
    inputs = crowd()
    late_at = datetime(ON.year, ON.month, ON.day, 13, 59, 30, tzinfo=UTC)  # half a minute before ten
    hurried = replace(inputs, at=late_at)

    whole, found = plan.decide(hurried), in_ranges(hurried, [256, 512, 768])

    rows = whole.decisions.filter(pl.col("code") == "no_room_today")
    assert rows.height > 5
    assert rows["messages"].null_count() == rows["not_before"].null_count() == rows.height
    assert set(rows["next_on"]) == {ON + timedelta(days=1)}
    assert whole.messages.height > 5
    same(found, whole)


def test_only_the_names_of_those_who_are_due_something_are_asked_for() -> None:
    """One person owes nothing yet, another is held by a dispute: neither name is opened."""
    people = [("A1", "P1", 1), ("A2", "P2", -20), ("A3", "P3", 1)]
    given = plans.book(
        [account(one, person) for one, person, _ in people],
        [instalment(ON - timedelta(days=days), one, person) for one, person, days in people],
        contacts=[point(person=person) for _, person, _ in people],
        holds=[hold("dispute", "A3", "P3")],
    )
    inputs = plans.inputs(given)
    asked: list[list[str]] = []

    def names(persons: pl.Series) -> pl.DataFrame:
        asked.append(persons.to_list())
        return inputs.names.filter(pl.col("person").is_in(persons.implode()))

    nobody = replace(inputs, names=inputs.names.clear())
    found = draft.draft(nobody, names=names)

    assert asked == [["P1"]]
    assert found.messages["person"].to_list() == ["P1"]
    assert draft.draft(inputs).messages.equals(found.messages)


def test_a_root_made_page_by_page_is_the_root_of_all_lines() -> None:
    """By the definition of RFC 6962 over the published lines, for sizes around whole subtrees."""
    lines = [f"line {n}".encode() for n in range(3_000)]
    for size in (0, 1, 2, 1_023, 1_024, 1_025, 2_048, 2_500, 3_000):
        grown = decisions.Growing()
        for start in range(0, size, 700):
            grown.add(lines[start : min(start + 700, size)])
        assert grown.root() == merkle(lines[:size]), size


def merkle(lines: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as it is written there."""
    import hashlib  # noqa: PLC0415 - the standard's own words, nothing of ours

    if not lines:
        return hashlib.sha256(b"").digest()
    if len(lines) == 1:
        return hashlib.sha256(b"\0" + lines[0]).digest()
    middle = 1 << (len(lines) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + merkle(lines[:middle]) + merkle(lines[middle:])).digest()


@given(st.text(max_size=200), st.text(max_size=140), st.integers(1, 12), st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_keys_made_in_columns_are_the_keys(person: str, stage: str, occurrence: int, step: int) -> None:
    """Names of any length and script, and the codes by which a notice is checked."""
    who = NoticeId(person=person, creditor="晨曦", brand="b", stage=stage, occurrence=occurrence)
    frame = pl.DataFrame(
        {
            "person": [person, person],
            "creditor": ["晨曦", "晨曦"],
            "brand": ["b", "b"],
            "stage": [stage, stage],
            "occurrence": [occurrence, occurrence],
            "point": ["p", None],
            "channel": ["sms", "sms"],
            "step": [step, step],
        }
    )
    made = message_key(who, point="p", channel=Channel.SMS, step=step)

    assert keys.notices(frame).to_list() == [notice_key(who)] * 2
    assert keys.messages(frame).to_list() == [made, None]
    assert len(made) == KEY_BYTES
    assert code.column(b"k" * 32, [made, None]).to_list() == [code.code(b"k" * 32, made), None]


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "b": st.none() | st.text(max_size=20),
                "a": st.none() | st.integers(-(2**62), 2**62),
                "d": st.none() | st.dates(),
                "l": st.none() | st.lists(st.text(max_size=4), max_size=3),
                "k": st.none() | st.binary(max_size=6),
                "t": st.none() | st.booleans(),
            }
        ),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=80, deadline=None)
def test_canonical_json_in_columns_is_that_of_each_row(rows: list[dict[str, object]]) -> None:
    """Nulls, quotes, control characters, any script, days and bytes; whole, in two parts, and without nulls."""
    schema: dict[str, Any] = {
        "b": pl.String, "a": pl.Int64, "d": pl.Date, "l": pl.List(pl.String), "k": pl.Binary, "t": pl.Boolean,
    }  # fmt: skip
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    plain = [{name: _plain(value) for name, value in row.items()} for row in rows]
    first, last = canonical.objects(frame, ["a", "b"]), canonical.objects(frame, ["t", "d", "l", "k"])

    assert frame.select(canonical.objects(frame, schema)).to_series().to_list() == [
        _json(row) for row in plain
    ]
    assert frame.select(canonical.joined(first, last)).to_series().to_list() == [_json(row) for row in plain]
    inside = frame.select(x=canonical.entries(["a", "t"], frame.schema))["x"].to_list()
    assert [f"{{{one}}}" for one in inside] == [
        _json({name: row[name] for name in ("a", "t") if row[name] is not None}) for row in plain
    ]
    assert frame.select(x=canonical.text("b"))["x"].to_list() == [_json(row["b"]) for row in plain]


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, date) else value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
