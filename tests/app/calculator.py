"""A person with a pocket calculator: every printed line again, from the printed figures alone.

Takes what `duly explain --amounts --json` prints and nothing else; shares no line with the product. Whole numbers
only: a product is divided once, and what is left over decides how the last cent falls.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

Printed = dict[str, Any]
PARTS = ("fee", "interest", "penalty", "principal")
LARGEST = 10**13  # no amount that is reckoned with is larger


def rounded(numerator: int, denominator: int, how: str) -> int:
    """The quotient of two whole numbers, its last cent as the paper says."""
    whole, rest = divmod(numerator, denominator)
    if how == "down":
        return whole
    if how == "up":
        return whole + (rest > 0)
    if 2 * rest == denominator:
        return whole + 1 if how == "half_up" else whole + whole % 2
    return whole + (2 * rest > denominator)


def days(start: date, end: date, basis: str) -> int:
    """Days between two dates by a basis; the first counts and the last does not."""
    if end <= start:
        return 0
    if basis.startswith("actual/"):
        return (end - start).days
    first, last = start.day, end.day
    if basis == "30E/360":
        first, last = min(first, 30), min(last, 30)
    else:
        first = min(first, 30)
        last = 30 if last == 31 and first == 30 else last
    return (end.year - start.year) * 360 + (end.month - start.month) * 30 + last - first


@dataclass
class Row:
    """One instalment on the paper."""

    seq: int
    due_on: date
    grace_until: date
    opens_on: date | None
    left: dict[str, int]
    contracted: dict[str, int]
    pending: int = 0
    booked: int = 0
    product: int = 0
    joined: int = 0
    waived: int = 0
    shown: dict[str, int] = field(default_factory=dict)

    def owed(self) -> int:
        return sum(self.left.values())


class Paper:
    """The sheet, gone through line by line."""

    def __init__(self, sheet: Printed) -> None:
        self.sheet = sheet
        self.terms = sheet["terms"]
        self.on = date.fromisoformat(sheet["on"])
        grace = timedelta(days=self.terms["grace_days"])
        self.rows = [
            Row(
                seq=one["seq"],
                due_on=(due := date.fromisoformat(one["due_on"])),
                grace_until=due + grace,
                opens_on=day_of(one["opens_on"]) if one["opens_on"] else None,
                left={
                    "fee": one["fee"],
                    "interest": one["interest"],
                    "penalty": 0,
                    "principal": one["principal"],
                },
                contracted={"fee": one["fee"], "interest": one["interest"]},
            )
            for one in sheet["instalments"]
        ]
        self.surplus: list[tuple[date, int]] = []
        self.allowed = 0
        self.excess: tuple[date, int] | None = None

    def check(self) -> None:
        """Every line, then what is left, then the sums."""
        for line in self.sheet["lines"]:
            getattr(self, line["line"])(line)
        self.ripen(self.on)
        self.compare()

    def row(self, seq: int) -> Row:
        (found,) = [one for one in self.rows if one.seq == seq]
        return found

    def ripen(self, day: date) -> None:
        """Interest of a grace that ended unpaid counts."""
        for one in self.rows:
            if one.pending and day > one.grace_until and one.owed():
                one.left["penalty"] += one.pending
                one.pending = 0

    def segment(self, line: Printed) -> None:
        one, start, end = self.row(line["seq"]), day_of(line["start"]), day_of(line["end"])
        assert line["day_count"] == self.terms["day_count"]
        assert line["days"] == days(start, end, line["day_count"])
        assert line["denominator"] == self.terms["year_days"] * 1_000_000
        assert line["principal_minor"] == one.left["principal"]
        assert line["joined_minor"] == min(one.joined, LARGEST - one.left["principal"])
        assert line["base_minor"] == line["principal_minor"] + line["joined_minor"]
        assert line["product"] == line["base_minor"] * line["rate_ppm"] * line["days"]
        assert line["rounding"] == self.terms["rounding"]
        if self.terms["rounds"] == "total":
            assert line["before"] == one.product
            so_far = rounded(one.product + line["product"], line["denominator"], line["rounding"])
            assert line["minor"] == so_far - one.booked
        else:
            assert line["before"] == 0
            assert line["minor"] == rounded(line["product"], line["denominator"], line["rounding"])
        one.product += line["product"]
        one.booked += line["minor"]
        assert line["in_grace"] is (end <= one.grace_until)
        one.pending += line["minor"]
        if not line["in_grace"]:
            one.left["penalty"] += one.pending
            one.pending = 0

    def settlement(self, line: Printed) -> None:
        self.ripen(day_of(line["day"]))
        assert sum(took["minor"] for took in line["took"]) + line["left_minor"] == line["minor"]
        for took in line["took"]:
            one, part, minor = self.row(took["seq"]), took["part"], took["minor"]
            assert 0 < minor <= one.left[part]
            one.left[part] -= minor
            if part in ("interest", "penalty"):
                one.joined = max(one.joined - minor, 0)
            if self.is_waiver(line):
                if part == "penalty":
                    one.waived += minor
                elif part in one.contracted:
                    one.contracted[part] -= minor
        names_something = line["toward"] is not None or line["part"] is not None
        if not (names_something and self.is_waiver(line)):
            self.surplus.append((day_of(line["day"]), line["left_minor"]))

    def is_waiver(self, line: Printed) -> bool:
        return bool(line["kind"] == "waiver")

    def joined(self, line: Printed) -> None:
        self.ripen(day_of(line["day"]))
        one = self.row(line["seq"])
        assert line["minor"] == one.left["interest"] + one.left["penalty"]
        one.joined = line["minor"]

    def fell(self, line: Printed) -> None:
        day = day_of(line["day"])
        self.ripen(day)
        one = self.row(line["seq"])
        assert line["was_due_on"] == one.due_on.isoformat()
        assert line["of_interest_minor"] == one.contracted["interest"]
        share = line["of_interest_minor"] * line["days"]
        earned = rounded(share, line["of_days"], "half_up") if line["of_days"] else 0
        assert line["interest_minor"] == earned
        for part, minor in (("interest", earned), ("fee", line["fee_minor"])):
            paid = one.contracted[part] - one.left[part]
            one.left[part] = max(minor - paid, 0)
            one.contracted[part] = minor
        one.due_on = one.grace_until = day

    def turned(self, line: Printed) -> None:
        self.ripen(day_of(line["day"]))

    def room(self, line: Printed) -> None:
        assert line["days"] == days(day_of(line["start"]), day_of(line["end"]), self.terms["day_count"])
        assert line["principal_minor"] == sum(one.left["principal"] for one in self.rows)
        assert line["product"] == line["principal_minor"] * line["rate_ppm"] * line["days"]
        self.allowed += line["product"]

    def costs(self, day: date) -> int:
        """What all costs come to by then, as the paper has them."""
        fallen = [one for one in self.rows if one.due_on <= day]
        outside = sum(int(one["amount"]) for one in self.sheet["charges"] if day_of(one["charged_on"]) <= day)
        own = sum(one.contracted["interest"] + one.contracted["fee"] for one in fallen)
        return outside + own + sum(one.booked - one.pending - one.waived for one in fallen)

    def ceiling(self, line: Printed) -> None:
        day = day_of(line["day"])
        self.ripen(day)
        assert line["allowed_minor"] == self.allowed // (self.terms["year_days"] * 1_000_000)
        assert line["charged_minor"] == self.costs(day)
        self.excess = (day, max(line["charged_minor"] - line["allowed_minor"], 0))

    def barred(self) -> dict[tuple[int, str], int]:
        """What of it is not asked for on the day: overdue interest first, the newest first."""
        if self.excess is None or self.excess[0] != self.on:
            return {}
        excess, found = self.excess[1], {}
        fallen = sorted(
            (one for one in self.rows if one.due_on <= self.on), key=lambda one: (one.due_on, one.seq)
        )
        for part in ("penalty", "fee", "interest"):
            for one in reversed(fallen):
                found[one.seq, part] = min(excess, one.left[part])
                excess -= found[one.seq, part]
        return found

    def compare(self) -> None:
        barred = self.barred()
        for one in self.rows:
            one.shown = {part: one.left[part] - barred.get((one.seq, part), 0) for part in PARTS}
        mine = {
            one.seq: (one.due_on.isoformat(), self.on > one.grace_until, one.shown)
            for one in self.rows
            # What a later statement will ask for is not owed under it yet.
            if sum(one.shown.values()) and (one.opens_on is None or one.opens_on <= self.on)
        }
        theirs = {
            one["seq"]: (one["due_on"], one["late"], {part: one[part] for part in PARTS})
            for one in self.sheet["unpaid"]
        }
        assert mine == theirs
        late = [shown for _, is_late, shown in mine.values() if is_late]
        coming = [shown for _, is_late, shown in mine.values() if not is_late]
        sums = {part: sum(one[part] for one in late) for part in PARTS}
        overdue = sum(sums.values())
        total = overdue + sum(one["principal"] for one in coming) + self.rest()
        assert self.sheet["sums"] == sums | {
            "overdue": overdue,
            "total": total,
            "barred": sum(barred.values()),
        }

    def rest(self) -> int:
        """What a card's last statement shows beyond what it asks for, less all surplus since."""
        told = [one for one in self.sheet["statements"] if day_of(one["statement_on"]) <= self.on]
        if not told:
            return 0
        last = max(told, key=lambda one: one["statement_on"])
        since = sum(minor for day, minor in self.surplus if day > day_of(last["statement_on"]))
        return max(int(last["balance"]) - int(last["minimum"]) - since, 0)


def day_of(text: str) -> date:
    """A printed day."""
    return date.fromisoformat(text)


def recompute(sheet: Printed) -> None:
    """Assert that every line of the sheet, every amount left and every sum comes out of what is printed before it."""
    Paper(sheet).check()
