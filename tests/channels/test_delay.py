"""The carrier's delay as it is measured, and what it does to the end of a message's life."""

from __future__ import annotations

from datetime import timedelta

from duly.channels import delay
from tests.carrier.test_carrier import world
from tests.channels.bench import run, until


def measured(*took: float) -> timedelta | None:
    """What is said after messages that took so long."""
    found = delay.Delay()
    for number, seconds in enumerate(took):
        found.sent(str(number), 100.0)
        found.arrived(("x", str(number)), 100.0 + seconds)
    return found.usual


def test_a_few_say_nothing_and_enough_say_the_middle() -> None:
    """On both sides of the least number."""
    assert measured(*[3.0] * (delay.ENOUGH - 1)) is None
    assert measured(*[3.0] * delay.ENOUGH) == timedelta(seconds=3)


def test_a_phone_that_was_off_for_a_night_says_nothing_of_the_carrier() -> None:
    """Fewer than half of them do not move the middle."""
    assert measured(*[3.0] * 60, *[40_000.0] * 50) == timedelta(seconds=3)


def test_a_carrier_that_grew_slow_is_noticed_and_one_that_grew_quick_again_too() -> None:
    """Only the last ones count."""
    assert measured(*[1.0] * 500, *[60.0] * 300) == timedelta(seconds=60)
    assert measured(*[60.0] * 500, *[1.0] * 300) == timedelta(seconds=1)


def test_a_receipt_counts_once_and_one_of_somebody_else_not_at_all() -> None:
    """A receipt that comes twice is one arrival."""
    found = delay.Delay()
    for number in range(delay.ENOUGH - 1):
        found.sent(str(number), 0.0)
        found.arrived((str(number),), 2.0)
        found.arrived((str(number),), 900.0)
        found.arrived(("nobody's",), 900.0)
    assert found.usual is None
    found.sent("last", 0.0)
    found.arrived(("last",), 2.0)
    assert found.usual == timedelta(seconds=2)


def test_what_is_never_receipted_is_forgotten() -> None:
    """Memory stays flat over a night without receipts."""
    found = delay.Delay()
    for number in range(3 * delay._AWAITED):
        found.sent(str(number), 0.0)
    assert len(found._sent) == delay._AWAITED


def test_a_route_measures_its_carrier() -> None:
    """From the writing of a segment to the receipt of its arrival; refusals and failures are no arrivals."""

    async def story() -> None:
        async with world(knobs={"receipt_after": 0.3, "receipt_spread": 0.0}) as w:
            assert [w.channel.delay] == [None]
            await w.send(*range(1, delay.ENOUGH + 1))
            await until(lambda: len(w.receipts) == delay.ENOUGH)
            assert w.channel.delay is not None
            assert timedelta(seconds=0.25) < w.channel.delay < timedelta(seconds=5)

    run(story())
