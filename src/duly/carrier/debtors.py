"""The people at the other end: they get the message or not, answer, and pay.

Refuses to know what anybody owes: who pays, pays what the message asks for, or what the test says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from duly.carrier import mix
from duly.wire.smpp import receipt


class Mood(Enum):
    """What an answer wants to say."""

    STOP = "stop"
    WRONG_NUMBER = "wrong_number"
    PAID = "paid"
    PROMISE = "promise"
    DISPUTE = "dispute"
    HARDSHIP = "hardship"


# What people write; the first of each is the plainest.
WORDS: Mapping[Mood, Mapping[str, tuple[str, ...]]] = {
    Mood.STOP: {"zh": ("退订", "TD", "别再发短信了"), "en": ("STOP", "Stop texting me", "unsubscribe")},
    Mood.WRONG_NUMBER: {
        "zh": ("打错了,我不认识这个人", "你们发错人了", "号码错了,我不是本人"),
        "en": ("Wrong number", "You have the wrong person", "I don't know this person"),
    },
    Mood.PAID: {
        "zh": ("已经还了", "昨天已还清", "我已还款"),
        "en": ("I already paid", "Paid yesterday", "already paid"),
    },
    Mood.PROMISE: {
        "zh": ("下周还款", "发工资就还", "明天还款"),
        "en": ("I will pay on Friday", "I'll pay tomorrow", "will pay next week"),
    },
    Mood.DISPUTE: {
        "zh": ("金额不对", "这笔不是我借的", "我有异议"),
        "en": ("The amount is wrong", "This is not my debt", "I dispute this"),
    },
    Mood.HARDSHIP: {
        "zh": ("我失业了,还不上", "生病住院没有收入", "实在困难,能不能分期"),
        "en": ("I lost my job", "I am in hospital and cannot pay", "I can't afford it"),
    },
}


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What one person does with one message.

    A message that does not arrive gets a receipt of `state` with `error`. `reply` is sent `reply_after`
    seconds after it arrived, the payment made `pay_after` seconds after: `pay_minor`, or with None what the
    message asks.
    """

    arrives: bool = True
    state: receipt.State = receipt.State.UNDELIVERABLE
    error: str = "001"
    reply: str = ""
    reply_after: float = 0.5
    pays: bool = False
    pay_minor: int | None = None
    pay_after: float = 1.0


SILENT = Behaviour()
ABSENT = Behaviour(arrives=False)

# Called with number, whole text, and how many messages the number had before.
Behave = Callable[[str, str, int], Behaviour]


@dataclass(frozen=True, kw_only=True)
class Payment:
    """Somebody paid. `minor` is None when the message asked for no amount; `number` as in the message."""

    number: str = field(repr=False)
    minor: int | None
    at: datetime
    remote_id: str


OnPayment = Callable[[Payment], None]


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Everybody, by shares of a million, and some by name. A person's draw holds for all of one's messages.

    `known` maps a number (as it stands in submit_sm, without the plus) to what that person always does. The
    others answer the first `patience` messages in one of the moods, or pay, or are away, or do nothing.
    """

    seed: int = 1
    known: Mapping[str, Behaviour] = field(default_factory=dict)
    absent_ppm: int = 0
    pays_ppm: int = 0
    moods_ppm: Mapping[Mood, int] = field(default_factory=dict)
    reply_after: float = 0.5
    pay_after: float = 1.0
    patience: int = 1

    def __post_init__(self) -> None:
        if self.absent_ppm + self.pays_ppm + sum(self.moods_ppm.values()) > mix.MILLION:
            raise ValueError("the shares of a crowd add up to at most a million")

    def __call__(self, number: str, text: str, earlier: int) -> Behaviour:
        """What this person does with this message."""
        if number in self.known:
            return self.known[number]
        draw = mix.Draw(seed=self.seed, message=number.encode(), arrival=0)
        point = draw.number("person") % mix.MILLION
        if point < self.absent_ppm:
            return ABSENT
        point -= self.absent_ppm
        if earlier >= self.patience:
            return SILENT
        if point < self.pays_ppm:
            return Behaviour(pays=True, pay_after=self.pay_after)
        point -= self.pays_ppm
        for mood, share in self.moods_ppm.items():
            if point < share:
                words = WORDS[mood][language(text)]
                return Behaviour(reply=words[draw.number("words") % len(words)], reply_after=self.reply_after)
            point -= share
        return SILENT


def language(text: str) -> str:
    """`zh` for a text with a Chinese character, else `en`."""
    return "zh" if any("\u4e00" <= char <= "\u9fff" for char in text) else "en"


def asked_minor(text: str) -> int | None:
    """The largest amount with two decimals in a text, in minor units; None when there is none."""
    found = [int(whole.replace(",", "")) * 100 + int(cents) for whole, cents in _AMOUNT.findall(text)]
    return max(found, default=None)


_AMOUNT = re.compile(r"(?<![\d.,])(\d{1,3}(?:,\d{3})+|\d+)\.(\d{2})(?![\d.])")
