"""What differs between two books: rows added, removed and changed, by what names each.

A pure function of both. What concerns an account is told once, whoever stands on it.
Refuses to say why anything changed: a book knows what is, not who said it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from duly.book.columns import FRAMES, Book

# By what a row of each frame is known again, and what is left out because it stands under each person of an account.
_NAMED: Mapping[str, tuple[str, ...]] = {
    "accounts": ("account", "person"),
    "instalments": ("account", "seq"),
    "payments": ("account", "payment", "undoes"),
    "contacts": ("point",),
    "holds": ("person", "account", "point", "kind", "since"),
    "terms": ("account", "since"),
    "statuses": ("account", "since"),
    "charges": ("account", "charge"),
    "statements": ("account", "seq"),
    "reages": ("account", "reaged_on"),
}
_REPEATED = frozenset({"instalments", "payments", "terms", "statuses", "charges", "statements", "reages"})


@dataclass(frozen=True, kw_only=True)
class Change:
    """One row: what names it, and of a changed one each column with what it was and what it is."""

    named: Mapping[str, object]
    was: Mapping[str, object]
    now: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What differs in one frame."""

    frame: str
    added: tuple[Change, ...]
    removed: tuple[Change, ...]
    changed: tuple[Change, ...]

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many were added, removed and changed."""
        return len(self.added), len(self.removed), len(self.changed)


def between(before: Book, after: Book) -> tuple[Difference, ...]:
    """What differs in each frame, in the order of `columns.FRAMES`."""
    return tuple(_between(name, before.frames()[name], after.frames()[name]) for name in FRAMES)


def together(parts: Sequence[Sequence[Difference]]) -> tuple[Difference, ...]:
    """The differences of some ranges of buckets as one. An account that stands in two ranges is told once."""
    return tuple(
        Difference(
            frame=name,
            added=_once(one.added for part in parts for one in part if one.frame == name),
            removed=_once(one.removed for part in parts for one in part if one.frame == name),
            changed=_once(one.changed for part in parts for one in part if one.frame == name),
        )
        for name in FRAMES
    )


def _once(groups: object) -> tuple[Change, ...]:
    found: dict[tuple[object, ...], Change] = {}
    for group in groups:  # type: ignore[attr-defined]  # an iterable of tuples
        for change in group:
            found.setdefault(tuple(change.named.values()), change)
    return tuple(found.values())


def _between(name: str, before: pl.DataFrame, after: pl.DataFrame) -> Difference:
    keys = list(_NAMED[name])
    was, now = _plain(name, before), _plain(name, after)
    others = [column for column in was.columns if column not in keys]
    added = now.join(was, on=keys, how="anti", nulls_equal=True, maintain_order="left")
    removed = was.join(now, on=keys, how="anti", nulls_equal=True, maintain_order="left")
    both = was.join(now, on=keys, how="inner", suffix="_now", nulls_equal=True, maintain_order="left")
    differs = [pl.col(column).ne_missing(pl.col(f"{column}_now")) for column in others]
    changed = both.filter(pl.any_horizontal(differs)) if others else both.clear()
    return Difference(
        frame=name,
        added=tuple(_change(row, keys, now=others) for row in added.iter_rows(named=True)),
        removed=tuple(_change(row, keys, was=others) for row in removed.iter_rows(named=True)),
        changed=tuple(_changed(row, keys, others) for row in changed.iter_rows(named=True)),
    )


def _plain(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Each row once, under what names it."""
    if name == "accounts":
        return frame.drop("bucket")
    if name == "payments":
        frame = frame.with_columns(undoes=pl.col("kind") == "reversal")
    if name not in _REPEATED:
        return frame
    return frame.drop("person").unique(list(_NAMED[name]), keep="last", maintain_order=True)


def _change(
    row: Mapping[str, object], keys: Sequence[str], *, was: Sequence[str] = (), now: Sequence[str] = ()
) -> Change:
    return Change(
        named={key: row[key] for key in keys},
        was={column: row[column] for column in was if row[column] is not None},
        now={column: row[column] for column in now if row[column] is not None},
    )


def _changed(row: Mapping[str, object], keys: Sequence[str], others: Sequence[str]) -> Change:
    moved = [column for column in others if row[column] != row[f"{column}_now"]]
    return Change(
        named={key: row[key] for key in keys},
        was={column: row[column] for column in moved},
        now={column: row[f"{column}_now"] for column in moved},
    )
