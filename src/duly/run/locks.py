"""Names of the advisory locks, so that every door takes the same lock for the same thing (decision D3).

A payment, a STOP, a hold and the gate lock the person, the accounts and the numbers they touch, always in
the order of the hashed keys; a load or a plan takes the book lock alone for its final commit.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg

from duly.store import connect, sql

_SQL = sql.load()


def key(space: str, name: str) -> int:
    """A signed 64-bit lock key."""
    raw = hashlib.blake2b(f"{len(space)}:{space}{name}".encode(), digest_size=8, person=b"duly.lock").digest()
    return int.from_bytes(raw, "big", signed=True)


BOOK = key("book", "")
LOAD = key("load", "")
SEQUENCER = key("sequencer", "")
DAY = key("day", "")
FOLD = key("fold", "")


def route(name: str) -> int:
    """The session lock of a route: whoever holds it is the one that hands over to its carrier."""
    return key("route", name)


def scopes(
    *, persons: Iterable[str] = (), accounts: Iterable[str] = (), numbers: Iterable[str] = ()
) -> list[int]:
    """The lock keys of everything that is touched, each once, in their order."""
    found = {key("person", name) for name in persons}
    found |= {key("account", name) for name in accounts}
    found |= {key("number", name) for name in numbers}
    return sorted(found)


def take(connection: psycopg.Connection[Any], keys: list[int]) -> None:
    """Lock the scopes and share the book lock until the transaction ends."""
    connection.execute(_SQL["lock_scopes"], {"keys": keys, "book": BOOK})


def take_book(connection: psycopg.Connection[Any]) -> None:
    """Hold the book alone until the transaction ends: no gate runs meanwhile."""
    connection.execute(_SQL["lock_book"], {"book": BOOK})


def take_load(connection: psycopg.Connection[Any]) -> None:
    """Be the only load until the transaction ends; the gate goes on. Taken before the book lock."""
    connection.execute(_SQL["lock_book"], {"book": LOAD})


@contextlib.contextmanager
def alone(connection: psycopg.Connection[Any], lock: int) -> Iterator[None]:
    """Be the only one that does what the lock stands for, for the block and whatever transactions it has."""
    with connect.translated():
        connection.execute(_SQL["stand_alone"], {"lock": lock})
        try:
            yield
        finally:
            connection.execute(_SQL["step_aside"], {"lock": lock})


@contextlib.contextmanager
def quiet_book(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Hold the book alone for the block, outside of any transaction: none that touches it is open meanwhile."""
    with connect.translated():
        connection.execute(_SQL["hold_book"], {"book": BOOK})
        try:
            yield
        finally:
            connection.execute(_SQL["free_book"], {"book": BOOK})
