"""The plan of a large book says of every sampled account what the plain readings say, in every column."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from benches import book as books
from duly.book import snapshot
from duly.book.columns import Book
from duly.law import columnar
from duly.plan import plan
from duly.plan.inputs import Inputs
from tests.plan import plainly, plans

_AT = datetime(2031, 11, 24, 2, tzinfo=UTC)  # ten in the morning in Shanghai
_CHUNK = 500


def invented(place: Path, accounts: int) -> Inputs:
    """A first morning over an invented book; the routes carry everything at once, so nobody waits for another."""
    given = snapshot.read(books.a_book(place / "project", accounts=accounts))
    everybody = plans.inputs(given, on=books.ON)
    routes = tuple(replace(route, rate=10**9) for route in everybody.routes)
    law = columnar.Reading(everybody.law, everybody.policy)
    return replace(everybody, at=_AT, routes=routes, reading=law)


def agree(inputs: Inputs, sample: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many decisions were compared; every column of each is the plain readings'."""
    whole = plan.decide(inputs)
    people = inputs.book.accounts.unique("person", maintain_order=True).sort("bucket", "person")["person"]
    chosen = people.gather_every(max(1, people.len() // sample)).head(sample)
    compared = 0
    for begin in range(0, chosen.len(), _CHUNK):
        some = pl.col("person").is_in(chosen.slice(begin, _CHUNK).implode())
        few = Book(**{name: frame.filter(some) for name, frame in inputs.book.frames().items()})
        slow = plainly.decided(replace(inputs, book=few), monkeypatch)
        fast = whole.decisions.filter(some)
        for name in fast.columns:
            assert fast[name].equals(slow.decisions[name]), name
        assert whole.messages.filter(some).equals(slow.messages)
        compared += fast.height
    return compared


def test_the_plan_equals_the_plain_readings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five hundred persons of a book of two thousand accounts."""
    asked = plainly.Asked.acts

    compared = agree(invented(tmp_path, 2_000), 500, monkeypatch)

    assert compared >= 500
    assert plainly.Asked.acts - asked > 100


@pytest.mark.long
def test_the_plan_of_a_large_book_equals_the_plain_readings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty thousand persons of a book of a hundred thousand accounts."""
    assert agree(invented(tmp_path, 100_000), 20_000, monkeypatch) >= 20_000
