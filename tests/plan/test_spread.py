"""Messages are laid out so that no route is asked for more than it carries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from duly.plan import act, columns, spread
from tests.plan import plans

EIGHT = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
ROUTES = (replace(plans.MAIN, rate=10), replace(plans.MAILBOX, rate=3))
SCHEMA: columns.Schema = {
    "key": pl.Binary(),
    "route": pl.String(),
    "parts": pl.Int32(),
    "not_before": act.INSTANT,
    "not_after": act.INSTANT,
}


def laid(rows: list[tuple[bytes, str, int, int, int]]) -> pl.DataFrame:
    """Messages by key, route, parts, and the seconds after eight at which they may leave first and last."""
    after = [(k, r, p, EIGHT + timedelta(seconds=a), EIGHT + timedelta(seconds=z)) for k, r, p, a, z in rows]
    return spread.lay_out(pl.DataFrame(after, schema=dict(SCHEMA), orient="row"), ROUTES)


def seconds(found: pl.DataFrame) -> list[int]:
    """When each leaves, in seconds after eight."""
    return [int((at - EIGHT).total_seconds()) for at in found["not_before"]]


def test_a_route_takes_one_message_after_the_other() -> None:
    """Thirty parts at ten a second are over after three seconds; the other route does not wait for them."""
    rows = [(bytes([n]), "main", 10, 0, 99) for n in range(3)] + [(b"\xff", "mailbox", 1, 0, 99)]

    assert seconds(laid(rows)) == [0, 1, 2, 0]


def test_nothing_moves_before_its_first_instant_and_a_gap_is_not_saved_up() -> None:
    """What may leave only at ten seconds leaves then, however idle the route was."""
    found = laid([(b"a", "main", 10, 0, 99), (b"b", "main", 10, 10, 99), (b"c", "main", 10, 10, 99)])

    assert seconds(found) == [0, 10, 11]


def test_what_finds_no_room_in_its_time_does_not_fit() -> None:
    """Two seconds of room for three seconds of parts."""
    found = laid([(bytes([n]), "main", 10, 0, 1) for n in range(3)])

    assert found["fits"].to_list() == [True, True, False]


@given(
    rows=st.lists(
        st.tuples(
            st.binary(min_size=16, max_size=16),
            st.sampled_from(["main", "mailbox"]),
            st.integers(1, 9),
            st.integers(0, 30),
            st.integers(0, 90),
        ),
        max_size=40,
        unique_by=lambda row: row[0],
    )
)
def test_the_rate_is_kept_and_the_order_of_the_rows_is_of_no_matter(
    rows: list[tuple[bytes, str, int, int, int]],
) -> None:
    """Over any stretch of seconds a route gets no more parts than it carries, but for the message that began it."""
    found, turned = laid(rows), laid(rows[::-1])

    assert found.sort("key").equals(turned.sort("key"))
    assert all(at >= row[3] for at, row in zip(seconds(found), rows, strict=True))
    for route, rate in (("main", 10), ("mailbox", 3)):
        mine = sorted((at, row[2]) for at, row in zip(seconds(found), rows, strict=True) if row[1] == route)
        for place, (begin, _) in enumerate(mine):
            for end, _ in mine[place:]:
                inside = sum(parts for at, parts in mine if begin <= at < end)
                largest = max((parts for at, parts in mine if at < end), default=0)
                assert inside <= rate * (end - begin) + largest + rate
