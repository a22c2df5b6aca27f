"""Lists that two people release: what would be said at a stage whose notices ask for it, and what was allowed.

A list names the persons, accounts, occurrences and sums that a plan holds back, under one digest. What two people sign
is that digest, so exactly what they saw is released: an account that came later, or that owes another sum by now, is
in no list of theirs.
Pure. Refuses to know who signed: what stands is handed in.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from duly.plan import columns
from duly.plan.code import Code

SALT_BYTES = 32

# What may be said: one row for each person, account and occurrence, with the list that allows it.
RELEASED: columns.Schema = {
    "strategy_digest": pl.String(),
    "stage": pl.String(),
    "person": pl.String(),
    "account": pl.String(),
    "occurrence": pl.Int32(),
    "overdue_minor": pl.Int64(),
    "release": pl.String(),  # the digest of the list
}
_SAME = [name for name in RELEASED if name != "release"]
_LIST = ("strategy_digest", "stage", "currency")

Item = tuple[str, str, int, int]  # person, account, occurrence, overdue in minor units


@dataclass(frozen=True, kw_only=True)
class Release:
    """One list. `salt` is hashed in front of it: the digest stands in the open log and must not be guessed."""

    strategy: str
    stage: str
    currency: str
    items: tuple[Item, ...]
    salt: bytes

    def __post_init__(self) -> None:
        if not self.items or self.items != tuple(sorted(set(self.items))):
            raise ValueError("a list to be released names each item once, in order, and at least one")
        if len(self.salt) != SALT_BYTES:
            raise ValueError(f"a list is salted with {SALT_BYTES} bytes")

    @property
    def said(self) -> str:
        """The list as it is hashed and kept: JSON without spaces."""
        return _said(self.strategy, self.stage, self.currency, self.items)

    @property
    def digest(self) -> str:
        """What two people sign: SHA-256 over the salt and the list."""
        return hashlib.sha256(self.salt + self.said.encode()).hexdigest()

    @property
    def overdue_minor(self) -> int:
        """The sum that is overdue; an account of several people counts once."""
        return sum({account: minor for _, account, _, minor in self.items}.values())


def read(said: str, *, salt: bytes, digest: str) -> Release:
    """A list as it was kept. Raises ValueError for one that is not what its digest was made of."""
    try:
        told = json.loads(said)
        found = Release(
            strategy=str(told["strategy"]),
            stage=str(told["stage"]),
            currency=str(told["currency"]),
            items=tuple(
                (str(who), str(account), int(n), int(minor)) for who, account, n, minor in told["items"]
            ),
            salt=salt,
        )
    except (KeyError, TypeError) as error:
        raise ValueError("this is no list to be released") from error
    if found.digest != digest:
        raise ValueError("this list is not the one of that digest")
    return found


def waiting(decisions: pl.DataFrame, *, key: bytes) -> tuple[Release, ...]:
    """What a plan (its decision.DECISION rows) holds back until two people release it, a list for each stage.

    `key` makes the salts: the same plan made twice has the same digests.
    """
    held = decisions.filter(pl.col("code") == Code.APPROVAL_MISSING.value).sort(*_LIST)
    lists = []
    for (strategy, stage, currency), rows in held.group_by(_LIST, maintain_order=True):
        named = rows.select("person", "account", "occurrence", "overdue_minor").unique().rows()
        items = tuple(sorted(named))
        said = _said(str(strategy), str(stage), str(currency), items)
        salt = hmac.digest(key, said.encode(), hashlib.sha256)
        lists.append(
            Release(strategy=str(strategy), stage=str(stage), currency=str(currency), items=items, salt=salt)
        )
    return tuple(lists)


def frame(lists: Iterable[Release]) -> pl.DataFrame:
    """RELEASED of these lists; what stands in several is allowed by the first."""
    rows = [(one.strategy, one.stage, *item, one.digest) for one in lists for item in one.items]
    found = pl.DataFrame(rows, schema=dict(RELEASED), orient="row")
    return found.unique(_SAME, keep="first", maintain_order=True)


def marked(due: pl.DataFrame, released: pl.DataFrame) -> pl.DataFrame:
    """What is due, with `release`: the list that allows it, empty where none does or none is asked for."""
    found = due.join(released, on=_SAME, how="left", maintain_order="left")
    return found.with_columns(release=pl.when("approval").then("release").fill_null(""))


def _said(strategy: str, stage: str, currency: str, items: Iterable[Item]) -> str:
    told = {
        "strategy": strategy,
        "stage": stage,
        "currency": currency,
        "items": [list(item) for item in items],
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
