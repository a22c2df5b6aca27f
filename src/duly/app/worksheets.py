"""A reckoning on paper: each step in words with its figures, and the same as plain values.

What stands here is all that a person needs who repeats it: nothing is left to be looked up or guessed.
Refuses to round: an exact result is shown with as many digits as fit and a mark where there are more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from itertools import groupby

from duly.app import words
from duly.app.amounts import Check, Sheet
from duly.book import daycount
from duly.book.worksheet import Ceiling, Fell, Joined, Line, Room, Segment, Settlement, Turned, Why
from duly.model import money
from duly.model.money import PPM, Rounding
from duly.model.said import Said, say

_DECIMALS = 4  # beyond those of the currency: a tie of half a cent shows as such

PARTS: Mapping[str, Said] = {
    "principal": say("principal"),
    "interest": say("interest"),
    "fee": say("fees"),
    "penalty": say("interest on overdue principal"),
}
ENDED: Mapping[Why, Said] = {
    Why.MONEY: say("until money came in"),
    Why.RATE: say("until the rate changed"),
    Why.STATUS: say("until the status changed"),
    Why.COMPOUND: say("until unpaid interest was joined"),
    Why.DAY: say("until the day asked for"),
}
ROUNDED: Mapping[Rounding, Said] = {
    Rounding.HALF_UP: say("half a cent and more is rounded up"),
    Rounding.HALF_EVEN: say("half a cent is rounded to the even cent"),
    Rounding.DOWN: say("rounded down"),
    Rounding.UP: say("rounded up"),
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line of the paper: the days it is of, the instalment, what is done, and the amount that comes of it."""

    begin: date
    end: date | None
    seq: int | None
    says: Said
    minor: int | None


def percent(ppm: int) -> str:
    """A rate exactly: 182500 is `18.25 %`."""
    whole, rest = divmod(ppm, 10_000)
    decimals = f".{rest:04d}".rstrip("0") if rest else ""
    return f"{whole}{decimals} %"


def digits(minor: int, currency: str) -> str:
    """An amount as one types it into a calculator, with groups and without its currency."""
    return money.grouped(minor, currency).partition(" ")[2]


def exact(numerator: int, denominator: int, currency: str) -> str:
    """A quotient of minor units in the currency's own unit, cut and not rounded; `…` where more digits follow."""
    places = money.EXPONENT[currency] + _DECIMALS
    scaled, rest = divmod(numerator * int("1" + "0" * _DECIMALS), denominator)
    whole, decimals = divmod(scaled, int("1" + "0" * places))
    return f"{whole:,}.{decimals:0{places}d}{'…' if rest else ''}"


def steps(sheet: Sheet) -> Iterator[Step]:
    """Every line of the reckoning, in the order in which it happened."""
    booked: dict[int, int] = {}
    order: tuple[str, date] | None = None
    for line in sheet.reckoned.lines:
        match line:
            case Segment():
                yield _segment(line, sheet.currency, booked)
            case Settlement():
                yield from _settlement(line, sheet.currency, order=order != (line.rule, line.since))
                order = (line.rule, line.since) if line.took else order
            case Joined():
                yield Step(
                    begin=line.day,
                    end=None,
                    seq=line.seq,
                    says=say("From here on its unpaid interest bears interest itself, as was agreed"),
                    minor=line.minor,
                )
            case Fell():
                yield _fell(line, sheet.currency)
            case Turned():
                yield _turned(line)
            case Room():
                yield _room(line, sheet.currency)
            case Ceiling():
                yield Step(
                    begin=line.day,
                    end=None,
                    seq=None,
                    says=say(
                        "All costs so far are {charged}, the agreed ceiling allows {allowed}; what is unpaid beyond it "
                        "is not asked for",
                        charged=digits(line.charged_minor, sheet.currency),
                        allowed=digits(line.allowed_minor, sheet.currency),
                    ),
                    minor=-line.barred_minor,
                )


def days(count: int) -> Said:
    """A number of days."""
    return say("1 day") if count == 1 else say("{count} days", count=count)


def _segment(line: Segment, currency: str, booked: dict[int, int]) -> Step:
    before = booked.get(line.seq, 0)
    booked[line.seq] = before + line.minor
    base: str = digits(line.base_minor, currency)
    if line.joined_minor:
        base = say(
            "{base} (of it {joined} unpaid interest)", base=base, joined=digits(line.joined_minor, currency)
        )
    says = say(
        "{base} × {rate} × {days} ÷ {year} = {exact}; {why}",
        base=base,
        rate=percent(line.rate_ppm),
        days=days(line.days),
        year=line.denominator // PPM,
        exact=exact(line.product, line.denominator, currency),
        why=ENDED[line.why],
    )
    if line.before:
        says = say(
            "{line}; with what ran before {whole}, rounded {rounded}, less {before} counted before",
            line=says,
            whole=exact(line.before + line.product, line.denominator, currency),
            rounded=digits(before + line.minor, currency),
            before=digits(before, currency),
        )
    if line.in_grace:
        says = say("{line} (in grace: it counts only if the grace ends unpaid)", line=says)
    return Step(begin=line.start, end=line.end, seq=line.seq, says=says, minor=line.minor)


def _room(line: Room, currency: str) -> Step:
    return Step(
        begin=line.start,
        end=line.end,
        seq=None,
        says=say(
            "Ceiling of all costs: {principal} outstanding × {rate} × {days} ÷ {year} = {exact}",
            principal=digits(line.principal_minor, currency),
            rate=percent(line.rate_ppm),
            days=days(line.days),
            year=line.denominator // PPM,
            exact=exact(line.product, line.denominator, currency),
        ),
        minor=None,
    )


def _settlement(line: Settlement, currency: str, *, order: bool) -> Iterator[Step]:
    """What came in and what of each instalment it settled; `order` says whether the order is told."""
    said = {"names": ", ".join(line.payments)}
    if line.freed:
        says = say("Paid ahead on what fell due at once; it is free again")
    elif line.kind == "waiver":
        says = say("Waived ({names})", **said)
    else:
        says = say("Received ({names})", **said)
    if line.toward is not None:
        says = say("{what}, for instalment {seq}", what=says, seq=line.toward)
    if line.part is not None:
        says = say("{what}, for {part} alone", what=says, part=PARTS[line.part])
    if order and line.took:
        says = say(
            "{what}; from here on in the order {rule} of {since} ({cite}), {dpd} past due",
            what=says,
            rule=line.rule,
            since=line.since,
            cite=line.cite,
            dpd=days(line.dpd),
        )
    yield Step(begin=line.day, end=None, seq=None, says=says, minor=line.minor)
    for seq, took in groupby(line.took, key=lambda one: one.seq):
        parts = list(took)
        listed = say("{part} {amount}", part=PARTS[parts[0].part], amount=digits(parts[0].minor, currency))
        for one in parts[1:]:
            listed = say(
                "{before}, {part} {amount}",
                before=listed,
                part=PARTS[one.part],
                amount=digits(one.minor, currency),
            )
        yield Step(
            begin=line.day,
            end=None,
            seq=seq,
            says=say("  settles {parts}", parts=listed),
            minor=-sum(one.minor for one in parts),
        )
    if line.left_minor:
        rest = (
            say("  waives nothing and lapses")
            if line.kind == "waiver"
            else say("  settles nothing: it is more than all that is owed")
        )
        yield Step(begin=line.day, end=None, seq=None, says=rest, minor=line.left_minor)


def _fell(line: Fell, currency: str) -> Step:
    said = {
        "was": line.was_due_on,
        "interest": digits(line.interest_minor, currency),
        "of": digits(line.of_interest_minor, currency),
        "days": line.days,
        "all": line.of_days,
        "fee": digits(line.fee_minor, currency),
    }
    return Step(
        begin=line.day,
        end=None,
        seq=line.seq,
        says=say(
            "Falls due at once instead of on {was}: its principal, of its interest {of} × {days} ÷ {all} days = "
            "{interest}, fees {fee}",
            **said,
        ),
        minor=None,
    )


def _turned(line: Turned) -> Step:
    if line.why is Why.RATE:
        says = say("The rate on what is overdue is {rate} from here on", rate=percent(int(line.detail)))
    else:
        says = say("The account is {status} from here on", status=words.said(line.detail))
    return Step(begin=line.day, end=None, seq=None, says=says, minor=None)


def basis(sheet: Sheet) -> Iterator[Said]:
    """What the whole reckoning rests on, a sentence each."""
    held = sheet.contract
    yield say(
        "{rate} a year on what is overdue, days by {basis} ({year} to a year), {rounding}, {when}.",
        rate=percent(held.overdue_ppm),
        basis=held.basis,
        year=daycount.YEAR[held.basis],
        rounding=ROUNDED[sheet.rounding],
        when=say("on the total of each instalment") if held.rounds == "total" else say("once in each line"),
    )
    yield say(
        "An instalment is overdue from the day after its due date; the first day counts and the last does not."
    )
    if held.grace_days:
        yield say("Grace after each due date: {days}.", days=days(held.grace_days))
    if held.cap_ppm is not None:
        yield say("The rate on what is overdue is never above {rate}.", rate=percent(held.cap_ppm))
    if held.compound_months:
        yield say("Unpaid interest bears interest every {months} months.", months=held.compound_months)
    if held.all_in_cap_ppm is not None:
        yield say("All costs together are never above {rate} a year.", rate=percent(held.all_in_cap_ppm))
    if sheet.reckoned.lacks is not None:
        yield say(
            "A fact is missing ({fact}): these figures are not to be used, and the account is held.",
            fact=sheet.reckoned.lacks,
        )


def plain(sheet: Sheet) -> dict[str, object]:
    """The sheet as plain values: amounts in minor units, rates in parts per million, days in ISO 8601."""
    found, held = sheet.reckoned, sheet.contract
    sums = ("principal", "interest", "fee", "penalty", "overdue", "total", "barred")
    return {
        "account": sheet.account,
        "currency": sheet.currency,
        "on": sheet.on,
        "terms": {
            "overdue_ppm": held.overdue_ppm,
            "day_count": held.basis,
            "year_days": daycount.YEAR[held.basis],
            "rounding": sheet.rounding,
            "rounds": held.rounds or "segment",
            "grace_days": held.grace_days or 0,
            "compound_months": held.compound_months,
            "cap_ppm": held.cap_ppm,
            "all_in_cap_ppm": held.all_in_cap_ppm,
            "clause": held.clause,
            "product": held.product,
        },
        "instalments": [_flat(one) for one in held.instalments],
        "statements": [_flat(one) for one in held.statements],
        "charges": [_flat(one) for one in held.charges],
        "lines": [_line(one) for one in found.lines],
        "unpaid": [_flat(one) for one in found.unpaid],
        "sums": {name: getattr(found, name) for name in sums},
        "dpd": found.dpd,
        "lacks": found.lacks,
        "ledger": {
            "as_of": sheet.beside_on,
            "lines": [
                {
                    "component": one.component,
                    "ours_minor": one.ours_minor,
                    "theirs_minor": one.theirs_minor,
                    "difference_minor": one.difference_minor,
                    "beyond": one.beyond,
                }
                for one in sheet.beside
            ],
        },
        "stated": [_checked(one) for one in sheet.checks],
    }


def _checked(one: Check) -> dict[str, object]:
    return {
        "whose": one.whose,
        "on": one.on,
        "at": one.at,
        "entry": one.entry,
        "stated": dict(one.stated),
        "reckoned": dict(one.reckoned),
        "same": one.same,
    }


def _line(line: Line) -> dict[str, object]:
    return {"line": type(line).__name__.lower(), **_flat(line)}


def _flat(value: object) -> dict[str, object]:
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        raise TypeError("a value of the reckoning is a dataclass")
    found = dataclasses.asdict(value)
    return {name: one.value if isinstance(one, Enum) else one for name, one in found.items()}
