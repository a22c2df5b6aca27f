"""How one account stands on a day, step by step: the plain reading of the rules in docs/reference/amounts.md.

    found = reckoning.reckon(contract.of(book, "A1"), on)

It goes from one thing that happened to the next, in whole numbers, and writes down each step as a person with a
pocket calculator would (`found.lines`). `particulars` and `allocation` do the same in columns for a million accounts,
and tests hold them equal. Slow, and meant to be read. Refuses floats, the clock, and to guess a missing fact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from duly.book import daycount, orders, timetable, tranche
from duly.book.contract import Contract
from duly.book.ledger import Terms
from duly.book.orders import PARTS, Order
from duly.book.timetable import Happening
from duly.book.tranche import Tranche
from duly.book.worksheet import Ceiling, Fell, Joined, Line, Room, Segment, Settlement, Took, Turned, Why
from duly.model import money
from duly.model.money import Rounding


@dataclass(frozen=True, kw_only=True)
class Unpaid:
    """What is left of one instalment, each part less what is barred of it; `late` says whether it is overdue."""

    seq: int
    due_on: date
    fee: int
    interest: int
    penalty: int
    principal: int
    late: bool


@dataclass(frozen=True, kw_only=True)
class Reckoned:
    """The account on the day `on`, in minor units. The four parts are of what is overdue, and add up to it.

    `total` is that and the principal yet to fall due, or a card's whole balance; `barred` is in neither. With `lacks`
    a fact is missing (`columns.LACKS`) and the figures are not to be used.
    """

    on: date
    fee: int
    interest: int
    penalty: int
    principal: int
    overdue: int
    total: int
    barred: int
    dpd: int | None
    first_unpaid_on: date | None
    episode_on: date | None
    next_due_on: date | None
    next_due: int
    lacks: str | None
    unpaid: tuple[Unpaid, ...]
    lines: tuple[Line, ...]


def reckon(
    contract: Contract,
    on: date,
    *,
    cure_minor: int = 0,
    cure_days: int = 0,
    rounding: Rounding = Rounding.HALF_UP,
    table: Sequence[Order] = orders.TABLE,
) -> Reckoned:
    """How the account stands at the end of `on`, and every step that leads there."""
    terms = Terms(cure_minor=cure_minor, cure_days=cure_days, rounding=rounding)
    walk = _Walk(contract, on, terms, table)
    for day, happenings in groupby(timetable.of(contract, on), key=lambda one: one.day):
        for happening in happenings:
            walk.take(day, happening)
    return walk.close()


class _Walk:
    """The account as it stands after the last thing that happened."""

    def __init__(self, contract: Contract, on: date, terms: Terms, table: Sequence[Order]) -> None:
        self.contract, self.on, self.terms, self.table = contract, on, terms, table
        self.ppm = contract.overdue_ppm
        self.tranches = tranche.opened(contract)
        self.episode: date | None = None
        self.surplus: list[tuple[date, int]] = []
        self.lines: list[Line] = []
        self.allowed = 0  # the ceiling of all costs, as a numerator over `self.denominator`
        self.reached = contract.contract_on
        self.beyond = False  # whether interest would have borne interest on more than is reckoned with

    # What happens ----------------------------------------------------------------------------------------

    def take(self, day: date, happening: Happening) -> None:
        """One thing that happened. Whatever it is, it first ends every running segment."""
        self.run_to(day, happening.why)
        match happening.why:
            case Why.RATE:
                self.ppm = happening.ppm
                self.lines.append(Turned(day=day, why=Why.RATE, detail=str(self.rate)))
            case Why.STATUS:
                self.lines.append(Turned(day=day, why=Why.STATUS, detail=happening.status))
                if happening.accelerates:
                    self.accelerate(day)
            case Why.COMPOUND:
                self.join(day)
            case _:
                self.receive(day, happening)

    def close(self) -> Reckoned:
        """The day asked for ends what still runs."""
        self.run_to(self.on, Why.DAY)
        self.bar(self.on)
        self.open_episode(self.on)
        return self.add_up()

    # Rule 4: overdue interest -----------------------------------------------------------------------------

    @property
    def rate(self) -> int:
        """The rate that counts: never above the contract's ceiling."""
        return self.ppm if self.contract.cap_ppm is None else min(self.ppm, self.contract.cap_ppm)

    @property
    def denominator(self) -> int:
        return daycount.YEAR[self.contract.basis] * money.PPM

    def days(self, start: date, end: date) -> int:
        return daycount.between(start, end, self.contract.basis) if end > start else 0

    def run_to(self, day: date, why: Why) -> None:
        """End the running segment of each instalment on `day`; and let the ceiling of all costs grow until then."""
        if self.contract.all_in_cap_ppm is not None and self.reached is not None and day > self.reached:
            outstanding = sum(one.principal for one in self.tranches)
            days = self.days(self.reached, day)
            product = outstanding * self.contract.all_in_cap_ppm * days
            self.allowed += product
            self.lines.append(
                Room(
                    start=self.reached,
                    end=day,
                    days=days,
                    principal_minor=outstanding,
                    rate_ppm=self.contract.all_in_cap_ppm,
                    product=product,
                    denominator=self.denominator,
                )
            )
            self.reached = day
        for one in self.tranches:
            if day > one.since and one.owed():
                self.run(one, day, why)

    def run(self, one: Tranche, day: date, why: Why) -> None:
        joined = min(one.joined, money.MAX_MINOR - one.principal)
        self.beyond |= joined < one.joined
        base, days = one.principal + joined, self.days(one.since, day)
        product, before = base * self.rate * days, one.exact
        in_grace = day <= one.grace_until
        if self.contract.rounds == "total":
            one.exact += product
            minor = money.divide(one.exact, self.denominator, self.terms.rounding) - one.booked
        else:
            before = 0
            minor = money.divide(product, self.denominator, self.terms.rounding)
        one.booked += minor
        one.pending += minor
        if not in_grace:
            one.penalty, one.pending = one.penalty + one.pending, 0
        if base and self.rate and days:
            self.lines.append(
                Segment(
                    seq=one.seq,
                    start=one.since,
                    end=day,
                    days=days,
                    day_count=self.contract.basis,
                    principal_minor=one.principal,
                    joined_minor=joined,
                    base_minor=base,
                    rate_ppm=self.rate,
                    product=product,
                    before=before,
                    denominator=self.denominator,
                    rounding=self.terms.rounding,
                    minor=minor,
                    in_grace=in_grace,
                    why=why,
                )
            )
        one.since = day

    def join(self, day: date) -> None:
        """Rule 6: the unpaid interest of what is overdue begins to bear interest."""
        for one in self.tranches:
            unpaid = one.interest + one.penalty
            if one.late(day) and unpaid:
                one.joined = unpaid
                self.lines.append(Joined(day=day, seq=one.seq, minor=unpaid))

    # Rule 7: acceleration ---------------------------------------------------------------------------------

    def accelerate(self, day: date) -> None:
        """All principal falls due; of the interest that was to come only what the running period has earned."""
        coming = [one for one in self.tranches if one.due_on > day]
        if not coming:
            return
        running = min(one.due_on for one in coming)
        past = [one.due_on for one in self.tranches if one.due_on <= day]
        began = max(past) if past else self.contract.contract_on
        freed = 0
        for one in coming:
            days = self.days(began, day) if began is not None and one.due_on == running else 0
            of_days = self.days(began, running) if began is not None else 0
            earned = money.divide(one.contracted_interest * days, of_days, Rounding.HALF_UP) if of_days else 0
            fee = one.contracted_fee if one.due_on == running else 0
            self.lines.append(
                Fell(
                    day=day,
                    seq=one.seq,
                    was_due_on=one.due_on,
                    interest_minor=earned,
                    of_interest_minor=one.contracted_interest,
                    days=days,
                    of_days=of_days,
                    fee_minor=fee,
                )
            )
            freed += one.fall_due(day, interest=earned, fee=fee)
        self.tranches.sort(key=lambda one: (one.due_on, one.seq))
        if freed:
            entry = Happening(day=day, why=Why.MONEY, kind="payment", minor=freed, freed=True)
            self.receive(day, entry)

    # Rules 3 and 5: money ---------------------------------------------------------------------------------

    def receive(self, day: date, entry: Happening) -> None:
        """Money settles, or a waiver forgives: first what it names, then in the order that counts."""
        self.bar(day)
        self.open_episode(day)
        late = [one.due_on for one in self.tranches if one.late(day) and one.claimable()]
        dpd = (day - min(late)).days if late else 0
        order = orders.chosen(
            self.table, clause=self.contract.clause, product=self.contract.product, dpd=dpd, day=day
        )
        reach = [one for one in self.tranches if one.opens_on is None or one.opens_on < day]
        due = [one for one in reach if one.due_on < day]
        coming = [one for one in reach if one.due_on >= day]
        left, took = entry.minor, list[Took]()
        if entry.names:
            named = [one for one in (reach if entry.toward is not None else due)
                     if entry.toward in (None, one.seq)]  # fmt: skip
            parts = order.parts if entry.part is None else (entry.part,)
            left = self.settle([(one, part) for one in named for part in parts], left, entry.kind, took)
        if not entry.names or entry.kind == "payment":
            by_part = [(one, part) for part in order.parts for one in due]
            by_line = [(one, part) for one in due for part in order.parts]
            ahead = [(one, part) for one in coming for part in order.parts]
            cells = (by_part if order.by_part else by_line) + ahead
            left = self.settle(cells, left, entry.kind, took)
            self.surplus.append((day, left))
        self.lines.append(
            Settlement(
                day=day,
                payments=entry.payments,
                kind=entry.kind,
                minor=entry.minor,
                toward=entry.toward,
                part=entry.part,
                dpd=dpd,
                rule=order.rule,
                since=order.since,
                cite=order.cite,
                took=tuple(took),
                left_minor=left,
                freed=entry.freed,
            )
        )
        overdue = sum(one.claimable() for one in self.tranches if self.counts(one, day))
        if overdue <= self.terms.cure_minor:
            self.episode = None

    def settle(self, cells: Sequence[tuple[Tranche, str]], left: int, kind: str, took: list[Took]) -> int:
        """Spend `left` on the cells in turn; what remains."""
        for one, part in cells:
            paid = min(left, getattr(one, part) - one.barred[part])
            if paid > 0:
                one.take(part, paid, forgiven=kind == "waiver")
                took.append(Took(seq=one.seq, part=part, minor=paid))
                left -= paid
        return left

    # Rule 8: the ceiling of all costs ---------------------------------------------------------------------

    def bar(self, day: date) -> None:
        """What of the unpaid costs lies beyond the ceiling on `day`: overdue interest first, the newest first."""
        for one in self.tranches:
            one.barred = dict.fromkeys(PARTS, 0)
        if self.contract.all_in_cap_ppm is None or self.missing() is not None:
            return
        allowed = self.allowed // self.denominator
        outside = sum(one.amount for one in self.contract.charges if one.charged_on <= day)
        fallen = [one for one in self.tranches if one.due_on <= day]
        charged = outside + sum(
            one.contracted_interest + one.contracted_fee + one.charged_penalty() for one in fallen
        )
        excess = max(charged - allowed, 0)
        barred = 0
        for part in ("penalty", "fee", "interest"):
            for one in reversed(fallen):
                one.barred[part] = min(excess - barred, getattr(one, part))
                barred += one.barred[part]
        if barred:
            self.lines.append(
                Ceiling(day=day, allowed_minor=allowed, charged_minor=charged, barred_minor=barred)
            )

    def missing(self) -> str | None:
        """The fact without which the ceiling of all costs cannot be told."""
        if self.contract.all_in_cap_ppm is not None:
            if self.contract.outside_charges is None:
                return "outside_charges"
            if self.contract.contract_on is None:
                return "contract_on"
            if self.contract.statements:
                return "card_costs"
        return None

    # Episodes and sums ------------------------------------------------------------------------------------

    def counts(self, one: Tranche, day: date) -> bool:
        """Whether it is overdue for longer than what counts as cured."""
        return one.late(day) and (day - one.due_on).days > self.terms.cure_days

    def open_episode(self, day: date) -> None:
        """Where there is none, the due date at which what was agreed and is overdue passed the limit opens one."""
        total = 0
        for one in self.tranches:
            if self.counts(one, day):
                agreed = one.claimable() - (one.penalty - one.barred["penalty"])
                total += agreed
                if self.episode is None and agreed and total > self.terms.cure_minor:
                    self.episode = one.due_on

    def add_up(self) -> Reckoned:
        # What a later statement will ask for is not owed under it yet, but as the balance of those before.
        told = [one for one in self.tranches if one.opens_on is None or one.opens_on <= self.on]
        left = [one for one in told if one.claimable()]
        late, coming = (
            [one for one in left if one.late(self.on)],
            [one for one in left if not one.late(self.on)],
        )
        parts = {part: sum(getattr(one, part) - one.barred[part] for one in late) for part in PARTS}
        overdue, next_on = sum(parts.values()), coming[0].due_on if coming else None
        first = late[0].due_on if late else None
        if first is not None:
            dpd: int | None = (self.on - first).days
        else:
            dpd = min((self.on - next_on).days, 0) if next_on is not None else None
        return Reckoned(
            on=self.on,
            **parts,
            overdue=overdue,
            total=overdue + sum(one.principal for one in coming) + self.rest(),
            barred=sum(sum(one.barred.values()) for one in self.tranches),
            dpd=dpd,
            first_unpaid_on=first,
            episode_on=self.episode if late else None,
            next_due_on=next_on,
            next_due=sum(one.claimable() for one in coming if one.due_on == next_on),
            lacks=self.missing() or ("beyond_bounds" if self.beyond else None),
            unpaid=tuple(
                Unpaid(
                    seq=one.seq,
                    due_on=one.due_on,
                    late=one.late(self.on),
                    **{part: getattr(one, part) - one.barred[part] for part in PARTS},
                )
                for one in left
            ),
            lines=tuple(self.lines),
        )

    def rest(self) -> int:
        """What a card's latest statement shows beyond what it and earlier ones ask for, less what came in since."""
        told = [one for one in self.contract.statements if one.statement_on <= self.on]
        if not told:
            return 0
        last = max(told, key=lambda one: one.statement_on)
        since = sum(minor for day, minor in self.surplus if day > last.statement_on)
        return max(last.balance - last.minimum - since, 0)
