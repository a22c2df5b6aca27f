"""The clocks of limitation and of guarantee: when a claim becomes time-barred, and when a guarantor is released.

What runs, from when, and what starts it anew is data of the pack (`limitation.yaml`), each line standing on a rule.
Two days come out of every clock. `ends` counts only what rests on rules that were read in their official text;
`perhaps` counts the drafts as well. Until `ends` the claim stands, after `perhaps` it is barred, and in between
nobody may be told that a court would order payment: doubt holds. What is only asserted to have happened counts, like
a draft, for the later day alone.
Refuses to guess a first day, to revive what has run out, and to know of anything but days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

from duly.law import deadlines, duties
from duly.law.rules import Reading


class Kind(Enum):
    """What a clock measures."""

    LIMITATION = "limitation"  # of the claim against this person
    GUARANTEE = "guarantee"  # within which the guarantor must be called upon


class State(Enum):
    """Where a clock stands on a day."""

    RUNNING = "running"
    KEPT = "kept"  # a guarantee called upon in time: it runs no longer
    PERHAPS = "perhaps"  # run out, unless a rule that nobody has read in its official text holds
    BARRED = "barred"  # of a guarantee: released
    UNKNOWN = "unknown"  # for want of a first day


class Event(Enum):
    """What may start a clock anew, or keep a guarantee."""

    DEMAND_ARRIVED = "demand_arrived"
    DEMAND_TO_AGREED_ADDRESS = "demand_to_agreed_address"
    PAYMENT = "payment"
    PROMISE = "promise"
    SECURITY = "security"
    DEDUCTION = "deduction"
    PUBLIC_NOTICE = "public_notice"
    SUIT = "suit"
    PROCEEDINGS = "proceedings"
    MEDIATION = "mediation"
    ASSIGNMENT_NOTICE = "assignment_notice"


@dataclass(frozen=True, kw_only=True)
class Restart:
    """One line of law: an event that starts the period anew, for some products only or for all."""

    event: Event
    rule: str
    reading: Reading
    products: frozenset[str] | None = None

    def covers(self, event: Event, product: str) -> bool:
        """Whether the line speaks of that event for that product."""
        return event is self.event and (self.products is None or product in self.products)


@dataclass(frozen=True, kw_only=True)
class Joint:
    """The rule by which what restarts the clock of one person does so for all in these roles."""

    rule: str
    reading: Reading
    roles: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Guarantee:
    """The period within which a guarantor must be called upon, and by his role what counts as that."""

    period: duties.Length
    rule: str
    reading: Reading
    kept_by: Mapping[str, frozenset[Event]]


@dataclass(frozen=True, kw_only=True)
class Limitation:
    """How one jurisdiction's clocks run. `outer` is the time after which nothing restarts the first clock."""

    jurisdiction: str
    period: duties.Length
    period_rule: str
    start_rule: str
    outer: duties.Length | None
    restarts: tuple[Restart, ...]
    joint: Joint | None
    guarantee: Guarantee | None


@dataclass(frozen=True, kw_only=True)
class Debt:
    """What is owed by one liable person on one account. `last_due`: of its last instalment, None where not known.

    `guarantee_until`: the last day of the guarantee where the contract agreed on one.
    """

    account: str
    person: str
    role: str
    product: str
    last_due: date | None
    guarantee_until: date | None = None


@dataclass(frozen=True, kw_only=True)
class Happened:
    """One event on a day, by or against one person. `proof` names what shows it: a message key, a payment's id.

    What is not `proven` is somebody's word: it may have happened, and counts as a draft's rule does.
    """

    event: Event
    day: date
    person: str
    proof: str
    proven: bool = True


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What started a clock last: the event, its day, its proof, whether that proves it, and the rule it rests on."""

    event: Event
    day: date
    proof: str
    rule: str
    reading: Reading
    proven: bool = True


@dataclass(frozen=True, kw_only=True)
class Clock:
    """One clock. `ends` and `perhaps` are last days, both included; None while the first day is not known."""

    kind: Kind
    debt: Debt
    rules: tuple[str, ...]
    begins: date | None = None
    ends: date | None = None
    perhaps: date | None = None
    last: Mark | None = None
    kept: bool = False

    def state(self, on: date) -> State:
        """Where it stands on the day."""
        if self.kept:
            return State.KEPT
        if self.ends is None or self.perhaps is None:
            return State.UNKNOWN
        if on <= self.ends:
            return State.RUNNING
        return State.PERHAPS if on <= self.perhaps else State.BARRED

    def left(self, on: date) -> int | None:
        """The days left until `ends`, that day included; 0 or less once it is over, None where none runs."""
        return None if self.ends is None or self.kept else (self.ends - on).days + 1


def clocks(law: Limitation, debt: Debt, happened: Iterable[Happened]) -> list[Clock]:
    """The clocks of one person's debt on an account: limitation, or first the guarantee and then its limitation.

    `happened` are the events of the account, of every person on it.
    """
    told = sorted(happened, key=lambda one: (one.day, one.proof))
    if law.guarantee is None or debt.role not in law.guarantee.kept_by:
        return [_limitation(law, debt, debt.last_due, told)]
    guarantee = _guarantee(law.guarantee, debt, told)
    if not guarantee.kept or guarantee.last is None:
        return [guarantee]
    # Called upon in time, the guarantor's own limitation begins (Civil Code art. 694).
    return [guarantee, _limitation(law, debt, guarantee.last.day, told)]


def _limitation(law: Limitation, debt: Debt, begins: date | None, told: list[Happened]) -> Clock:
    if begins is None:
        return Clock(kind=Kind.LIMITATION, debt=debt, rules=(law.period_rule, law.start_rule))
    ends = perhaps = _after(law.period, begins)
    outer = None if law.outer is None else _after(law.outer, begins)
    last: Mark | None = None
    rules = [law.period_rule, law.start_rule]
    for one in told:
        found = _restart(law, debt, one)
        if found is None or one.day < begins or one.day > perhaps:
            continue  # what came before ran with it, and what has run out is not revived by a demand
        again = _after(law.period, one.day)
        again = min(again, outer) if outer is not None else again
        perhaps = max(perhaps, again)
        if found.reading is Reading.VERIFIED and one.proven and one.day <= ends:
            ends = max(ends, again)
        if last is None or one.day >= last.day:
            last = found
    if last is not None:
        rules.append(last.rule)
    return Clock(
        kind=Kind.LIMITATION,
        debt=debt,
        begins=begins,
        ends=ends,
        perhaps=perhaps,
        last=last,
        rules=tuple(rules),
    )


def _guarantee(law: Guarantee, debt: Debt, told: list[Happened]) -> Clock:
    """A period that nothing interrupts: it is kept by being called upon in it, or it is over."""
    begins, until = debt.last_due, debt.guarantee_until
    if until is None and begins is not None:
        until = _after(law.period, begins)
    calls = [
        one
        for one in told
        if one.proven and one.event in law.kept_by[debt.role] and one.person == debt.person
    ]
    called = None
    if (
        begins is not None
        and until is not None
        and (one := next((one for one in calls if begins <= one.day <= until), None))
    ):
        called = Mark(event=one.event, day=one.day, proof=one.proof, rule=law.rule, reading=law.reading)
    return Clock(
        kind=Kind.GUARANTEE,
        debt=debt,
        begins=begins,
        ends=until,
        perhaps=until,
        last=called,
        rules=(law.rule,),
        kept=called is not None,
    )


def _restart(law: Limitation, debt: Debt, one: Happened) -> Mark | None:
    """The mark an event leaves on the debt's clock, by the line of law that rests on the firmest reading."""
    own = one.person == debt.person
    joint = None if own else law.joint
    if not own and (joint is None or debt.role not in joint.roles):
        return None
    lines = [line for line in law.restarts if line.covers(one.event, debt.product)]
    if not lines:
        return None
    line = min(lines, key=lambda each: each.reading is not Reading.VERIFIED)
    readings = {line.reading} | ({joint.reading} if joint is not None else set())
    return Mark(
        event=one.event,
        day=one.day,
        proof=one.proof,
        rule=line.rule if joint is None else joint.rule,
        reading=Reading.VERIFIED if readings == {Reading.VERIFIED} else Reading.DRAFT,
        proven=one.proven,
    )


def _after(length: duties.Length, start: date) -> date:
    found = deadlines.day(length, start, {})
    if found is None:
        raise ValueError("a limitation period is counted in days, months or years")
    return found
