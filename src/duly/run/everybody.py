"""What is known of everybody, and of it what is about the persons and accounts of a part of the book.

A big book is planned range by range, and what is known of all would be gone through for each: so its ids are made
numbers once, and whole columns of numbers are compared.
Refuses to leave anything out that is about them; that two ids share a number is all but impossible, and a row about
somebody else changes nothing of a plan.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import polars as pl

from duly.book.columns import Book
from duly.plan.inputs import Inputs

# What is known, and by which of its columns it is about somebody. What left to others counts for an account and for a
# number that they share.
_BY: Mapping[str, Sequence[str]] = {
    "cases": ("account",),
    "stages": ("account",),
    "past": ("account",),
    "known": ("person",),
    "arms": ("person",),
    "released": ("person",),
    "history": ("person", "number", "account"),
}


class Everybody:
    """The frames of `rules` that know of persons and accounts."""

    def __init__(self, rules: Inputs) -> None:
        self._frames: dict[str, pl.DataFrame] = {name: getattr(rules, name) for name in _BY}
        self._marks = {
            name: {column: frame[column].hash() for column in _BY[name]}
            for name, frame in self._frames.items()
        }

    def about(self, book: Book) -> dict[str, Any]:
        """The same frames by name, of the persons, accounts and numbers of a book."""
        here = {
            "person": book.accounts["person"],
            "account": book.accounts["account"],
            "number": book.contacts["value_key"].drop_nulls(),
        }
        marks = {column: ids.hash().unique().implode() for column, ids in here.items()}
        return {name: self._about(name, marks) for name in _BY}

    def _about(self, name: str, marks: Mapping[str, pl.Series]) -> pl.DataFrame:
        frame = self._frames[name]
        if frame.is_empty():
            return frame
        mine = [own.is_in(marks[column]) for column, own in self._marks[name].items()]
        return frame.filter(reduce(operator.or_, mine))
