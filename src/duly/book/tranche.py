"""One instalment while it is reckoned: what is left of each part, and the segment that runs.

Belongs to `reckoning`, which says when each thing happens. Refuses to know the rules of the account.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from duly.book.contract import Contract
from duly.book.orders import PARTS


@dataclass(kw_only=True)
class Tranche:
    """`since` is where the running segment began, `pending` interest in grace, which counts if that ends unpaid.

    `exact` is the numerator of all interest so far, `booked` what of it was rounded, `joined` the unpaid interest that
    bears interest, `forgiven` waived overdue interest.
    """

    seq: int
    due_on: date
    grace_until: date
    opens_on: date | None
    fee: int
    interest: int
    principal: int
    contracted_interest: int
    contracted_fee: int
    since: date
    penalty: int = 0
    pending: int = 0
    exact: int = 0
    booked: int = 0
    joined: int = 0
    forgiven: int = 0
    barred: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))

    def owed(self) -> int:
        """All that is left of it."""
        return self.fee + self.interest + self.penalty + self.principal

    def claimable(self) -> int:
        """That, less what is barred."""
        return self.owed() - sum(self.barred.values())

    def late(self, day: date) -> bool:
        """Whether it is overdue on the evening of `day`, when its grace is over."""
        return day > self.grace_until

    def charged_penalty(self) -> int:
        """All the overdue interest that was ever asked for and not forgiven."""
        return self.booked - self.pending - self.forgiven

    def take(self, part: str, paid: int, *, forgiven: bool) -> None:
        """Settle so much of a part. What bears interest among unpaid interest is settled first."""
        setattr(self, part, getattr(self, part) - paid)
        if part in ("interest", "penalty"):
            self.joined = max(self.joined - paid, 0)
        if forgiven and part == "penalty":
            self.forgiven += paid
        elif forgiven and part == "interest":
            self.contracted_interest -= paid
        elif forgiven and part == "fee":
            self.contracted_fee -= paid

    def fall_due(self, day: date, *, interest: int, fee: int) -> int:
        """Fall due on `day` with so much of interest and fee; what was paid beyond that and is free again."""
        freed = 0
        for part, whole, earned in (
            ("interest", self.contracted_interest, interest),
            ("fee", self.contracted_fee, fee),
        ):
            paid = whole - getattr(self, part)
            setattr(self, part, max(earned - paid, 0))
            freed += max(paid - earned, 0)
        self.contracted_interest, self.contracted_fee = interest, fee
        self.due_on = self.grace_until = self.since = day
        return freed


def opened(contract: Contract) -> list[Tranche]:
    """The instalments as contracted, in due order."""
    grace = timedelta(days=contract.grace_days or 0)
    rows = sorted(contract.instalments, key=lambda row: (row.due_on, row.seq))
    return [
        Tranche(
            seq=row.seq,
            due_on=row.due_on,
            grace_until=row.due_on + grace,
            opens_on=row.opens_on,
            fee=row.fee,
            interest=row.interest,
            principal=row.principal,
            contracted_interest=row.interest,
            contracted_fee=row.fee,
            since=row.due_on,
        )
        for row in rows
    ]
