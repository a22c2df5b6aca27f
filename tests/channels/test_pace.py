"""The pace of a route, second by second."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.channels import pace


def test_a_tenth_of_a_second_may_leave_at_once() -> None:
    """And then one at a time."""
    route = pace.Pace(100, now=0)
    assert route.room(0) == 10
    assert all(route.spend(1, 0) for _ in range(10))
    assert not route.spend(1, 0)
    assert route.ready_at(0) == pytest.approx(0.01)
    assert not route.spend(1, 0.009)
    assert route.spend(1, 0.0101)


def test_a_slow_route_still_begins_a_message() -> None:
    """One a second; a message of three segments leaves whole and is waited out."""
    route = pace.Pace(1, now=0)
    assert route.spend(3, 0)
    assert route.ready_at(0) == pytest.approx(3)
    assert not route.spend(1, 2.9)
    assert route.spend(1, 3.1)


def test_throttling_halves_and_comes_back_by_a_twentieth_a_second() -> None:
    """A burst of throttling answers counts once; the rate is never past what was set, never below a
    twentieth.
    """
    route = pace.Pace(100, now=0)
    for _ in range(5):
        route.slow_down(10)
    assert route.current == 50
    assert route.room(10) == 0
    route.slow_down(11)
    assert route.current == pytest.approx(27.5)
    route.room(13)
    assert route.current == pytest.approx(37.5)
    route.room(100)
    assert route.current == 100
    for second in range(20):
        route.slow_down(200 + second)
    assert route.current >= 5


def test_a_clock_that_stands_or_runs_back_gives_nothing() -> None:
    """Time that did not pass earns no tokens."""
    route = pace.Pace(10, now=5)
    assert route.spend(1, 5)
    assert not route.spend(1, 5)
    assert not route.spend(1, 1)


@given(
    rate=st.integers(1, 5000),
    steps=st.lists(st.tuples(st.floats(0, 0.5), st.integers(1, 4), st.booleans()), max_size=80),
)
def test_no_second_sees_much_more_than_the_rate(rate: int, steps: list[tuple[float, int, bool]]) -> None:
    """Over any run: rate times time, a tenth of a second, and the debt of one message."""
    route = pace.Pace(rate, now=0)
    now, written = 0.0, 0
    for wait, segments, throttled in steps:
        now += wait
        if throttled:
            route.slow_down(now)
        if route.spend(segments, now):
            written += segments
        assert written <= rate * now + max(1, rate / 10) + 4


def test_a_rate_of_nothing_is_refused() -> None:
    """A route that may not write is no route."""
    with pytest.raises(ValueError, match="at least some"):
        pace.Pace(0, now=0)
