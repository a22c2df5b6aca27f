"""A database put back from a backup does not know what left since: nothing leaves from it."""

from __future__ import annotations

import contextlib

import pytest

from duly.errors import EvidenceBroken
from duly.evidence import proof, tree
from tests.run.house import House, run


def put_back(house: House) -> None:
    """The database as it was one entry ago; the log on the disk keeps what was signed since."""
    house.sequence()
    (size,) = house.ask("select size from log_head")[0]
    leaves = house.ask("select e.leaf from entry_place p join entry e using (id, day) order by p.tree_index")
    older = tree.Memory([proof.leaf_hash(bytes(leaf)) for (leaf,) in leaves[: size - 1]])
    with contextlib.closing(house.opened.connect()) as connection:
        connection.execute("delete from entry_place where tree_index = %s", [size - 1])
        connection.execute("update log_head set size = %s, root = %s", [size - 1, older.root()])


async def drained(house: House, taken: list[int]) -> None:
    """A whole worker is started and works until nothing is left to do; how much the carrier took is told."""
    async with house.on_air() as air:
        try:
            await air.worker.drain(patience=0.2)
        finally:
            taken.append(len(air.taken()))


def test_nothing_leaves_from_a_database_older_than_the_log(house: House) -> None:
    """The worker ends with the reason before a route is bound or a message is permitted."""
    put_back(house)
    waiting = len(house.waiting())
    taken: list[int] = []

    with pytest.raises(EvidenceBroken, match="put back from a backup, and nothing may leave"):
        run(drained(house, taken))

    assert taken == [0]
    assert house.ask("select count(*) from permit") == [(0,)]
    assert len(house.waiting()) == waiting > 0


def test_from_the_newest_database_they_leave(house: House) -> None:
    """The other side: the same worker on the same day, and the database that the log knows."""
    house.sequence()
    taken: list[int] = []

    run(drained(house, taken))

    assert taken[0] > 0
    assert house.ask("select count(*) > 0 from permit") == [(True,)]
