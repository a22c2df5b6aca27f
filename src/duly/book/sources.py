"""The rows of all feeds that stood the test, from which the book is put together: whole, or some buckets at a time.

A book of millions is more than fits beside its own rows; a range of buckets is a small one.
Refuses nothing: what is wrong with a row was found before.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from duly.book import assemble, columns
from duly.book.columns import Book

_OF_ACCOUNTS = ("instalments", "payments", "terms", "statuses", "charges", "statements", "reages")


@dataclass(frozen=True, kw_only=True)
class Sources:
    """`frames` as `relate` left them; `contacts` and `holds` are the frames of the book, `buckets` a row a person."""

    frames: Mapping[str, pl.DataFrame]
    contacts: pl.DataFrame
    holds: pl.DataFrame
    buckets: pl.DataFrame

    @property
    def height(self) -> int:
        """How many rows the book's accounts have."""
        return self.frames["parties"].height

    def book(self, span: range | None = None) -> Book:
        """The persons whose bucket is in `span` (all when None), arranged."""
        here, contacts, holds = self._parties, self.contacts, self.holds
        frames: Mapping[str, pl.DataFrame] = self.frames
        if span is not None:
            inside = pl.col("bucket").is_between(span.start, span.stop - 1)
            here = here.filter(inside)
            contacts = contacts.filter(self._buckets_of["contacts"].is_between(span.start, span.stop - 1))
            holds = holds.filter(self._buckets_of["holds"].is_between(span.start, span.stop - 1))
            frames = self._of(here)
        statements = frames["statements"]
        made = Book(
            accounts=assemble.accounts(frames["accounts"], here),
            instalments=assemble.instalments(frames["instalments"], assemble.asked_for(statements), here),
            payments=assemble.payments(frames["payments"], here),
            contacts=contacts,
            holds=holds,
            terms=assemble.terms(frames["terms"], here),
            statuses=assemble.statuses(frames["statuses"], here),
            charges=assemble.charges(frames["charges"], here),
            statements=assemble.statements(statements, here),
            reages=assemble.reages(frames["reages"], here),
        )
        return columns.arrange(made)

    def parties(self) -> pl.DataFrame:
        """Who has which role on which account: `account`, `person`, `role`, `liable`."""
        liable = pl.coalesce("liable", assemble.LIABLE_ROLE)
        return self.frames["parties"].select("account", "person", "role", liable)

    def currencies(self, accounts: pl.Series) -> dict[str, str]:
        """The currency of each of these accounts."""
        known = self.frames["accounts"].select("account", "currency")
        return dict(known.filter(pl.col("account").is_in(accounts.implode())).iter_rows())

    def _of(self, parties: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """The rows of each feed on an account of these parties."""
        accounts = self.frames["accounts"]
        wanted = pl.repeat(value=False, n=accounts.height, eager=True).scatter(parties["place"], True)
        found = {
            name: self.frames[name].filter(wanted.gather(places)) for name, places in self._places.items()
        }
        return {**found, "accounts": accounts.filter(wanted)}

    # Looked up once, so that a range of buckets is picked by numbers: ids are long, and there are many ranges.

    @functools.cached_property
    def _parties(self) -> pl.DataFrame:
        """The parties with the person's bucket and the account's place."""
        parties = self.frames["parties"].join(self.buckets, on="person", maintain_order="left")
        return parties.with_columns(place=self._place_of(parties))

    @functools.cached_property
    def _buckets_of(self) -> Mapping[str, pl.Series]:
        """For each contact point and each hold, the bucket of its person."""
        return {
            name: frame.select("person").join(self.buckets, on="person", how="left", maintain_order="left")[
                "bucket"
            ]
            for name, frame in (("contacts", self.contacts), ("holds", self.holds))
        }

    @functools.cached_property
    def _places(self) -> Mapping[str, pl.Series]:
        """For each row of a feed that is about accounts, the place of its account."""
        return {name: self._place_of(self.frames[name]) for name in _OF_ACCOUNTS}

    def _place_of(self, rows: pl.DataFrame) -> pl.Series:
        places = self.frames["accounts"].select("account").with_row_index("place")
        return rows.select("account").join(places, on="account", how="left", maintain_order="left")["place"]
