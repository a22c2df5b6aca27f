"""What happens to one account, in the order in which it counts.

On one day the rate turns first, then statuses, then unpaid interest begins to bear interest, then money: waivers and
payments that name what they are for, by their ids, and last all other money of the day as one receipt.
Refuses to know what each of them does: that is `reckoning`'s.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from duly.book.contract import Contract, Entry
from duly.book.worksheet import Why
from duly.model.account import Status


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One thing that happened on `day`: `why` says which of the fields below count."""

    day: date
    why: Why
    ppm: int = 0
    status: str = ""
    accelerates: bool = False
    payments: tuple[str, ...] = ()
    kind: str = "payment"
    minor: int = 0
    toward: int | None = None
    part: str | None = None
    freed: bool = False

    @property
    def names(self) -> bool:
        """Whether it says what it is for."""
        return self.toward is not None or self.part is not None


_ORDER = (Why.RATE, Why.STATUS, Why.COMPOUND, Why.MONEY)


def of(contract: Contract, on: date) -> list[Happening]:
    """Everything up to `on`."""
    found = [*_rates(contract), *_turns(contract), *_compounding(contract, on), *_money(contract, on)]
    return sorted((one for one in found if one.day <= on), key=_place)


def _place(one: Happening) -> tuple[date, int, bool, bool, tuple[str, ...]]:
    # A waiver comes before a payment that names something, and that before the rest.
    return one.day, _ORDER.index(one.why), not one.names, one.kind != "waiver", one.payments


def _rates(contract: Contract) -> Iterator[Happening]:
    for rate in contract.rates:
        yield Happening(day=rate.since, why=Why.RATE, ppm=rate.overdue_ppm)


def _turns(contract: Contract) -> Iterator[Happening]:
    """Each status opens a segment; the first acceleration makes all fall due, but a card's debt has no term."""
    accelerated = [day for day, word in contract.turns if word == Status.ACCELERATED.value]
    for day, word in contract.turns:
        first = bool(accelerated) and day == min(accelerated) and not contract.statements
        yield Happening(day=day, why=Why.STATUS, status=word, accelerates=first)


def _compounding(contract: Contract, on: date) -> Iterator[Happening]:
    """Every so many months from the first due date."""
    months = contract.compound_months
    if not months or not contract.instalments:
        return
    first = min(one.due_on for one in contract.instalments)
    step = months
    while (day := _later(first, step)) <= on:
        yield Happening(day=day, why=Why.COMPOUND)
        step += months


def _later(day: date, months: int) -> date:
    """The same day of a later month, or its last one where it has no such day."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _money(contract: Contract, on: date) -> Iterator[Happening]:
    stayed = _stayed([one for one in contract.entries if one.paid_on <= on])
    plain: dict[date, list[Entry]] = {}
    for entry in stayed:
        if entry.toward is None and entry.part is None:
            plain.setdefault(entry.paid_on, []).append(entry)
        else:
            yield Happening(
                day=entry.paid_on, why=Why.MONEY, payments=(entry.payment,), kind=entry.kind,
                minor=entry.amount, toward=entry.toward, part=entry.part,
            )  # fmt: skip
    for day, entries in plain.items():
        names = tuple(sorted(entry.payment for entry in entries))
        yield Happening(day=day, why=Why.MONEY, payments=names, minor=sum(one.amount for one in entries))


def _stayed(entries: list[Entry]) -> list[Entry]:
    """What no reversal took back: of what it names, else of the latest money up to its day."""
    money_in = [one for one in entries if one.kind != "reversal"]
    undone = {
        one.payment: sum(e.amount for e in entries if e.kind == "reversal" and e.payment == one.payment)
        for one in money_in
    }
    left = {one.payment: max(one.amount - undone[one.payment], 0) for one in money_in}
    order = sorted(entries, key=lambda one: (one.paid_on, one.kind == "reversal", one.payment))
    seen: list[str] = []
    for one in order:
        if one.kind != "reversal":
            seen.append(one.payment)
        elif one.payment not in undone:
            back = one.amount
            for name in reversed(seen):
                taken = min(back, left[name])
                left[name] -= taken
                back -= taken
    return [_with(one, left[one.payment]) for one in money_in if left[one.payment] > 0]


def _with(entry: Entry, amount: int) -> Entry:
    return Entry(
        payment=entry.payment, paid_on=entry.paid_on, amount=amount, kind=entry.kind,
        toward=entry.toward, part=entry.part,
    )  # fmt: skip
