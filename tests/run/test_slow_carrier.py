"""A carrier that was measured slower than channels.yaml says: the end of a message's life comes earlier by as much."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from duly.channels import delay, smpp
from duly.run import outfit, planned, rendering, ruling
from duly.wire.smpp import codec, instant, pdu
from duly.wire.smpp.pdu import Command
from tests.run.house import House


def prepared(house: House, row: planned.Planned, *, took: float | None) -> ruling.Prepared:
    """A message rendered by a worker whose carrier took so many seconds to every handset so far."""
    channel = house.channel()
    assert isinstance(channel, smpp.Smpp)
    for number in range(0 if took is None else delay.ENOUGH):
        channel._delay.sent(str(number), 0.0)
        channel._delay.arrived((str(number),), took or 0.0)
    renderer = rendering.Renderer(
        outfit.outfit(house.opened.project, house.opened.code_key), safe=house.opened.vault, channel=channel
    )
    (found,) = renderer.prepare(house.connect("duly_worker"), [row])
    assert isinstance(found, ruling.Prepared)
    return found


def told(found: ruling.Prepared) -> datetime | None:
    """Until when the carrier may deliver it."""
    body = codec.decode_body(Command.SUBMIT_SM, found.encoded.parts[0])
    assert isinstance(body, pdu.SubmitSm)
    return instant.read_absolute(body.validity_period)


def usual(house: House) -> timedelta:
    """The delay that channels.yaml says."""
    return timedelta(milliseconds=house.opened.project.route("main").latency_ms)


@pytest.mark.parametrize("beyond", [None, -1, 0, 1, 900])
def test_the_carrier_is_told_to_drop_it_earlier_by_what_it_is_slower(
    house: House, beyond: int | None
) -> None:
    """Unknown, quicker or as said it changes nothing; every second beyond that is a second less."""
    row = house.waiting()[0]
    took = None if beyond is None else usual(house).total_seconds() + beyond
    found = prepared(house, row, took=took)
    end = row.not_after - timedelta(seconds=max(0, beyond or 0))

    assert found.not_after == end
    assert told(found) == end.replace(microsecond=0)


def test_what_would_arrive_after_the_window_does_not_leave(house: House) -> None:
    """A second before the last instant it does, a second after it expires; nothing is sent to arrive late."""
    row = next(one for one in house.waiting() if len(one.accounts) == 1)
    left = (row.not_after - house.now()).total_seconds()
    in_time = prepared(house, row, took=usual(house).total_seconds() + left - 60)
    too_late = prepared(house, row, took=usual(house).total_seconds() + left + 60)

    word = house.open_gate().judge([too_late])
    assert [(one.outcome, one.code) for one in word.dropped] == [("expired", "not_after_passed")]
    assert in_time.not_after > house.now()


def test_a_permit_lives_no_longer_than_what_the_carrier_is_told(house: House) -> None:
    """What the gate permits, and what the evidence says of it, is the same end."""
    row = next(one for one in house.waiting() if len(one.accounts) == 1 and one.stage == "first")
    house.keep_only(row)
    found = prepared(house, row, took=usual(house).total_seconds() + 600)
    (going,) = house.open_gate().judge([found]).released
    permit = going[1].permit

    assert permit.not_after == row.not_after - timedelta(seconds=600)
    ((kept,),) = house.ask("select not_after from permit where key = %s", row.key)
    assert kept == permit.not_after
