"""What a rule may ask of an act: tests on facts, combined by all, any and not.

Three-valued: a test on an unknown fact is unknown, `all` is false as soon as one part is false, `any` is
true as soon as one part is true (Kleene). An empty `all` is true: the rule applies to everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Test:
    """The fact is one of these values; for a set of words, it holds one of them."""

    __test__ = False  # not a test case, whatever pytest makes of the name

    fact: str
    values: frozenset[str | bool | int]


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: Predicate


Predicate = Test | All | AnyOf | Not
ALWAYS = All(())


def facts_of(predicate: Predicate) -> Iterator[str]:
    """Every fact the predicate asks about, repeats included."""
    match predicate:
        case Test():
            yield predicate.fact
        case Not():
            yield from facts_of(predicate.part)
        case All() | AnyOf():
            for part in predicate.parts:
                yield from facts_of(part)
