"""A strategy as values: segments of the book, each with its stages in order.

`strategy.load` reads the user's file and builds only what it found nothing wrong with.
Refuses to know how a strategy is written: the YAML, its lines and its mistakes are `strategy`'s.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from duly.book import columns
from duly.model import money
from duly.model.notice import Grade, NoticeClass
from duly.model.party import Channel

WHOLE = 1_000_000  # the shares of an experiment are parts per million and sum to this

# What a segment may ask of an account. A closed set is known in full, an open one is whatever the book holds.
ATTRIBUTES: Mapping[str, frozenset[str] | None] = {
    "product": columns.PRODUCTS,
    "currency": frozenset(money.EXPONENT),
    "creditor": None,
    "servicer": None,
    "brand": None,
    "jurisdiction": None,
    "debt_class": None,
}

# Which grades of arrival set a stage's deadline running where the strategy does not say (DESIGN section 6).
# An acknowledgement is more than a delivery. A letter to the address agreed for service counts from its
# arrival there, whether or not it was taken in.
SERVED_BY_DEFAULT: Mapping[Channel, frozenset[Grade]] = {
    Channel.SMS: frozenset({Grade.DELIVERED, Grade.ACKNOWLEDGED}),
    Channel.EMAIL: frozenset({Grade.DELIVERED, Grade.ACKNOWLEDGED}),
    Channel.LETTER: frozenset({Grade.DELIVERED, Grade.ACKNOWLEDGED, Grade.AGREED_ADDRESS}),
    Channel.VOICE: frozenset({Grade.ACKNOWLEDGED}),
}


class Approval(Enum):
    """Who must release the notices of a stage before they are planned."""

    TWO_PEOPLE = "two_people"


class Action(Enum):
    """What a stage does that is no notice."""

    LITIGATION_FILE = "litigation_file"


class ListName(Enum):
    """A list that an account must stand on before a stage opens."""

    SUIT_LIST = "suit_list"


class Then(Enum):
    """What follows a stage that closed without service."""

    NEXT = "next"
    COUNSEL = "counsel"


class By(Enum):
    """By which days past due a stage opens and rests."""

    CONTRACTUAL = "contractual"
    REAGED = "reaged"  # as the lender counts them since it re-aged the account


class At(Enum):
    """Where the case of a repeated delinquent begins."""

    FIRST = "first"
    SAME = "same"  # where the earlier episode stood, as far as its notices are shown to have arrived


@dataclass(frozen=True, kw_only=True)
class CoolingOff:
    """How many days after a cure a new lapse is left alone, and up to which sum (None: whatever the sum)."""

    days: int
    up_to_minor: int | None = None


@dataclass(frozen=True, kw_only=True)
class ReEntry:
    """Where a case begins that opens no more than `within` days after the account was cured of another."""

    within: int
    at: At = At.FIRST


@dataclass(frozen=True, kw_only=True)
class After:
    """What an earlier stage must have come to: a notice `served` so, or its `deadline` passed."""

    stage: str
    served: frozenset[Grade] = frozenset()
    deadline: bool = False


@dataclass(frozen=True, kw_only=True)
class Unserved:
    """When a stage closes although no notice arrived: after this many, each with every fallback tried."""

    after: int = 1
    then: Then = Then.NEXT


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One side of an experiment: its share in ppm, and the notice it says in place of the stage's own."""

    name: str
    share: int
    notice: str | None = None


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step of the plan. `every`, `deadline` and `before_limit` are days.

    With `before_limit` it opens, and is said again, only while the limitation period or the guarantee period of the
    person has no more than so many days left.

    `steps` are the channels to try: the first all at once, each later one after everything before it failed.
    """

    name: str
    from_dpd: int | None = None
    notice: str | None = None
    steps: tuple[tuple[Channel, ...], ...] = ()
    every: int | None = None
    deadline: int | None = None
    before_limit: int | None = None
    notice_class: NoticeClass = NoticeClass.NUDGE
    served: frozenset[Grade] | None = None
    arms: tuple[Arm, ...] = ()
    on_list: ListName | None = None
    after: After | None = None
    approval: Approval | None = None
    unserved: Unserved = Unserved()
    action: Action | None = None
    by: By = By.CONTRACTUAL

    @property
    def ahead(self) -> bool:
        """Whether the stage reminds before the due date."""
        return self.from_dpd is not None and self.from_dpd < 0

    @property
    def guarded(self) -> bool:
        """Whether law or a right hangs on its notice: no cooling-off silences it, no re-entry passes it over."""
        return self.notice_class is not NoticeClass.NUDGE

    @property
    def formal(self) -> bool:
        """Whether it comes only after something that must happen in the case itself: a release, a list, a suit."""
        waits = self.approval or self.action or self.on_list or self.after
        return waits is not None or self.before_limit is not None

    @property
    def asks_for_more(self) -> bool:
        """Whether it asks for anything besides its day and the end of the stage before, or sends no notice."""
        asked = (self.approval, self.on_list, self.after, self.before_limit)
        return self.notice is None or any(each is not None for each in asked)

    def grades(self, channel: Channel) -> frozenset[Grade]:
        """The grades of arrival on `channel` from which the deadline counts."""
        return SERVED_BY_DEFAULT[channel] if self.served is None else self.served


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Whom some stages apply to: accounts whose every attribute in `when` is among its values."""

    name: str
    when: Mapping[str, frozenset[str]]
    stages: tuple[Stage, ...]
    cooling_off: CoolingOff | None = None
    re_entry: ReEntry | None = None

    @property
    def guarded_from(self) -> int | None:
        """The days past due at which the first guarded notice in arrears comes of day; None where there is none."""
        reached: int | None = None
        for stage in self.stages:
            if not stage.ahead:
                reached = stage.from_dpd if stage.from_dpd is not None else reached
                if stage.guarded:
                    return reached
        return None

    @property
    def farthest_entry(self) -> int | None:
        """The place of the last stage at which a case may begin anew; None where only the first may be it.

        A guarded stage is not passed over, nor one that a later stage waits for; a formal one is not entered at.
        """
        awaited = {stage.after.stage for stage in self.stages if stage.after is not None}
        farthest: int | None = None
        for place, stage in enumerate(self.stages):
            if stage.formal:
                break
            if not stage.ahead:
                farthest = place
                if stage.guarded or stage.name in awaited:
                    break
        return farthest

    def stage(self, name: str) -> Stage | None:
        """The stage of that name."""
        return next((stage for stage in self.stages if stage.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """The lender's plan: the first segment that fits an account says what is done about it."""

    name: str
    segments: tuple[Segment, ...]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the strategy's meaning: comments and layout of the file do not change it."""
        plain = json.dumps(_plain(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(b"duly.strategy.1\n" + plain.encode()).hexdigest()

    def notices(self) -> frozenset[str]:
        """Every notice that any stage or arm may say."""
        stages = [stage for segment in self.segments for stage in segment.stages]
        own = {stage.notice for stage in stages}
        by_arm = {arm.notice for stage in stages for arm in stage.arms}
        return frozenset(name for name in own | by_arm if name is not None)

    def experiment(self, segment: str, stage: str) -> str:
        """The name under which the arms of a stage are drawn and remembered."""
        return f"{self.name}/{segment}/{stage}"


def _plain(value: object) -> object:
    """The value as JSON knows it; absent and default things are left out, so a new key moves no digest."""
    match value:
        case Enum():
            return value.value
        case frozenset():
            return sorted(str(_plain(item)) for item in value)
        case tuple():
            return [_plain(item) for item in value]
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case Strategy() | Segment() | Stage() | After() | Unserved() | Arm() | CoolingOff() | ReEntry():
            kind = type(value)
            return {
                name: _plain(getattr(value, name))
                for name, spec in kind.__dataclass_fields__.items()
                if getattr(value, name) != spec.default and getattr(value, name) is not None
            }
        case _:
            return value
