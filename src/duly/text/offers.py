"""Offers that the lender has on record: only they make a promise in a notice true.

A text that promises a discount, a waiver or a plan says something false unless such an offer stands on its day,
for its creditor. The kinds are those of `wording.OFFERS`.
Refuses to know what an offer is worth: figures that are not in the book may not stand in a text at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One offer: from `since` to `until`, both included; of these creditors, of every one where none is named."""

    name: str
    kind: str
    since: date
    until: date
    creditors: frozenset[str] = frozenset()


def standing(offers: Iterable[Offer], *, on: date, creditor: str) -> frozenset[str]:
    """The kinds of offer that stand on the day for debts to the creditor (its id in the book)."""
    return frozenset(
        one.kind
        for one in offers
        if one.since <= on <= one.until and (not one.creditors or creditor in one.creditors)
    )
