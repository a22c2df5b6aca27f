"""After a worker is gone: what it had let go is in doubt, what it had claimed goes back, and nothing leaves twice."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from duly.app import doubts
from duly.model.party import Actor
from duly.run import planned, recovery
from duly.store import sql as statements
from tests.run.house import House

ANYBODY = Actor(name="anybody", duties=frozenset())
_SQL = statements.load()


def gone() -> str:
    """The name of a worker of this machine whose process has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return f"{socket.gethostname()}:{ended.pid}:0123456789ab"


def elsewhere() -> str:
    """The name of a worker on another machine, of which nobody here can say whether it lives."""
    return f"elsewhere:{os.getpid()}:0123456789ab"


def two(house: House) -> tuple[planned.Planned, planned.Planned]:
    """Two messages in one batch, and nothing else."""
    one, other = [row for row in house.waiting() if row.stage == "first"][:2]
    house.keep_only(one, other)
    return one, other


def abandon(house: House, worker: str, row: planned.Planned) -> None:
    """A worker claims everything, permits one message, and is not heard of again."""
    house.ask("update batch set state = 'claimed', worker = %s", worker)
    assert len(house.open_gate(name=worker).judge(house.ready(row)).released) == 1


def look(house: House, memory: recovery.Memory) -> int:
    """Another worker looks for those that are gone."""
    return recovery.recover(
        house.connect("duly_worker"),
        recorder=house.opened.recorder,
        now=house.now(),
        memory=memory,
        gave=house.opened.gate_keys.gave,
    )


def test_what_was_permitted_and_not_answered_is_a_doubt_and_the_rest_goes_back(house: House) -> None:
    """One may have left and is never sent again; the other surely did not, and leaves once."""
    one, other = two(house)
    abandon(house, gone(), one)

    assert look(house, recovery.Memory()) == 1

    (doubt,) = doubts.listed(ANYBODY, house.folder, environ=house.environ)
    assert doubt.message == one.key.hex()
    assert doubt.reason == "the worker ended between the permit and the answer"
    assert house.entries("answer")[0].committed["outcome"] == "unsure"
    assert house.ask("select count(*) from reservation where key = %s", one.key) == [(len(one.accounts),)]
    assert {line["destination"] for line in house.send()} == {house.number(other).removeprefix("+")}
    house.pass_by(4)
    assert house.send() == []


def test_a_worker_that_starts_does_so_by_itself(house: House) -> None:
    """Nobody has to ask: the next sender settles what the dead one left, and sends the rest."""
    one, other = two(house)
    abandon(house, gone(), one)

    assert {line["destination"] for line in house.send()} == {house.number(other).removeprefix("+")}
    assert [doubt.message for doubt in doubts.listed(ANYBODY, house.folder, environ=house.environ)] == [
        one.key.hex()
    ]


def test_a_worker_that_lives_is_left_alone(house: House) -> None:
    """Its session holds its lock: what it has in hand is its own, however often others look."""
    one, _ = two(house)
    abandon(house, gone(), one)
    ((name,),) = house.ask("select distinct worker from permit")
    living = house.connect("duly_worker")
    living.execute(_SQL["hold_worker"], {"lock": recovery.worker_lock(name)})
    memory = recovery.Memory()

    assert [look(house, memory) for _ in range(3)] == [0, 0, 0]
    assert house.ask("select count(*) from answer") == [(0,)]
    assert house.ask("select distinct worker from batch where state = 'claimed'") == [(name,)]
    living.close()
    assert look(house, memory) == 1


def test_a_worker_on_another_machine_has_until_the_next_look(house: House) -> None:
    """Perhaps only the database was away and it comes back with its answers: it is given one look's time."""
    one, _ = two(house)
    abandon(house, elsewhere(), one)
    memory = recovery.Memory()

    assert look(house, memory) == 0
    assert house.ask("select count(*) from answer") == [(0,)]
    assert look(house, memory) == 1


def test_what_this_process_knows_it_never_wrote_goes_back(house: House) -> None:
    """The gate's commit was not confirmed, so nothing was written: no doubt, and the message leaves once."""
    one, other = two(house)
    name = gone()
    abandon(house, name, one)

    found = look(house, recovery.Memory(former={name}, never_left={(name, one.key)}))

    assert found == 0
    assert house.ask("select outcome from answer") == [("returned",)]
    assert house.entries("answer")[0].committed["outcome"] == "never_written"
    house.pass_by(4)
    taken = house.send()
    assert {line["destination"] for line in taken} == {
        house.number(row).removeprefix("+") for row in (one, other)
    }
    assert len(taken) == one.parts + other.parts
    assert house.ask("select attempt from permit where key = %s order by attempt", one.key) == [(1,), (2,)]


def test_a_doubt_whose_batch_nobody_owns_is_found_too_but_sought_seldom(house: House) -> None:
    """Somebody changed the batch's row. Whole days are read for such a thing at the start and every ten minutes."""
    one, _ = two(house)
    memory = recovery.Memory()
    assert look(house, memory) == 0
    abandon(house, gone(), one)
    house.ask("update batch set state = 'done', worker = null")

    assert look(house, memory) == 0
    house.pass_by(590)
    assert look(house, memory) == 0
    house.pass_by(15)
    assert look(house, memory) == 1
    assert house.ask("select outcome from answer") == [("unsure",)]


def test_who_begins_seeks_everything_at_once(house: House) -> None:
    """A new connection is the first to look after a crash: it does not wait for ten minutes."""
    one, _ = two(house)
    abandon(house, gone(), one)
    house.ask("update batch set state = 'done', worker = null")

    assert look(house, recovery.Memory()) == 1


@pytest.mark.parametrize("times", [1, 3])
def test_looking_again_changes_nothing(house: House, times: int) -> None:
    """One doubt, one answer, one entry, whoever looks and however often."""
    one, _ = two(house)
    abandon(house, gone(), one)
    for _ in range(times):
        look(house, recovery.Memory())

    assert house.ask("select outcome, n from answer") == [("unsure", 1)]
    assert len(house.entries("answer")) == 1
