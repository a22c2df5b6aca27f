"""Kill -9 of anything at any instant: nothing twice, nothing lost, and in doubt no more than a window each time."""

from __future__ import annotations

import contextlib
import secrets
import time
from pathlib import Path

import pytest

from duly.app import proofs
from tests.crash import drill, reckoning, yard
from tests.crash.yard import Carrier


def test_through_six_kills_nothing_is_sent_twice_and_nothing_is_lost(tmp_path: Path) -> None:
    """Two kills each of a worker, of the keeper of the evidence and of PostgreSQL, in a send of 600 messages."""
    result = drill.drill(tmp_path, messages=600, kills=6, seed=1)

    assert dict(result.kills) == dict.fromkeys(drill.KINDS, 2), result
    assert result.messages >= 600, result
    assert (result.twice, result.lost, result.without_end) == (0, 0, 0), result
    assert result.most_in_doubt <= yard.WINDOW, result
    stopped = 30  # at most so many, by what debtors say
    assert result.accepted >= result.messages - result.doubts - stopped, result
    assert result.holds, result


@pytest.mark.long
def test_through_thirty_kills_nothing_of_three_thousand_is_sent_twice_or_lost(tmp_path: Path) -> None:
    """Ten kills of each kind, from a seed that is new each time and is told."""
    seed = secrets.randbelow(1_000_000)
    print(f"\nseed {seed}")  # noqa: T201 - a drill that fails is repeated with its seed

    result = drill.drill(tmp_path, messages=3050, kills=30, seed=seed)

    print(result)  # noqa: T201 - the figures of the drill
    assert dict(result.kills) == dict.fromkeys(drill.KINDS, 10), result
    assert result.messages >= 3000, result
    assert (result.twice, result.lost, result.without_end) == (0, 0, 0), result
    assert result.most_in_doubt <= yard.WINDOW, result
    assert result.holds, result


def test_a_carrier_that_hangs_and_hangs_up_gets_nothing_twice(tmp_path: Path) -> None:
    """One segment in a hundred is taken and never answered, one in two hundred is taken and the connection cut; what
    the carrier took, its receipts tell.
    """
    result = drill.drill(
        tmp_path, messages=200, kills=0, seed=1, carrier=Carrier(drop_ppm=10_000, cut_ppm=5_000)
    )

    assert (result.twice, result.lost, result.without_end) == (0, 0, 0), result
    assert result.doubts > result.ends.get("unsure", 0), result
    assert result.accepted > result.messages // 2, result
    assert result.holds, result


def test_a_carrier_that_refuses_and_throttles_under_kills_gets_nothing_twice(tmp_path: Path) -> None:
    """What it gave back is sent again, by whoever has the batch then; what it took in part is in doubt."""
    result = drill.drill(
        tmp_path,
        messages=200,
        kills=3,
        seed=2,
        rate=200,
        carrier=Carrier(rate=150, refuse_ppm=30_000, latency_ms=150),
    )

    assert (result.twice, result.lost, result.without_end) == (0, 0, 0), result
    assert result.accepted > result.messages // 2, result
    assert result.holds, result


def test_told_to_stop_while_the_database_is_away_a_worker_leaves_no_doubt(tmp_path: Path) -> None:
    """PostgreSQL is killed in the middle of a send, and the workers are ended at that moment: they write first."""
    with yard.open_yard(tmp_path, messages=100, rate=100, carrier=Carrier(latency_ms=300)) as at:
        supervisor = drill.Supervisor(at)
        for _ in range(drill.WORKERS):
            at.hire()
        deadline = time.monotonic() + 60
        while supervisor.taken() < 100 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert at.kill_postmaster()
        codes = [hand.end(within=60) for hand in at.workers]
        said = [hand.said() for hand in at.workers]
        at.workers.clear()
        at.hire()
        supervisor.see_out()
        with contextlib.closing(at.opened.connect(patient=True)) as connection:
            proofs.place_waiting(at.opened, connection)
        found = reckoning.reckon(at.opened, at.journal)

    assert codes == [0, 0], said
    assert supervisor.fell == []
    assert found.ends["unsure"] == 0, found
    assert (found.twice, found.lost, found.without_end, found.wrong) == ((), (), (), ())
