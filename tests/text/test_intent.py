"""A reply means what the lists say, whatever way it is written and whatever it resembles."""

from __future__ import annotations

from datetime import date

import pytest

from duly.text import intent
from duly.text.intent import CERTAIN, DOUBTFUL, LIKELY, NONE, Kind
from duly.text.promise import Promise
from tests.text import material
from tests.text.replies import REPLIES


@pytest.mark.parametrize(
    ("reply", "kind", "also"), REPLIES, ids=[f"{kind}-{reply[:24]}" for reply, kind, _ in REPLIES]
)
def test_a_reply_means_what_a_person_would_take_it_for(reply: str, kind: str, also: tuple[str, ...]) -> None:
    """The first meaning acts; the others are reported with it."""
    found = intent.read(reply, material.intents())

    assert found.kind is Kind(kind)
    assert {Kind(name) for name in also} <= set(found.also)
    assert (found.phrase == "") == (kind == "unknown")


def test_the_table_of_replies_is_long_enough() -> None:
    """Both languages, every meaning, no reply twice."""
    replies = [reply for reply, _, _ in REPLIES]

    assert len(set(replies)) == len(replies) >= 120
    assert {kind for _, kind, _ in REPLIES} == {kind.value for kind in Kind}
    assert sum(reply.isascii() for reply in replies) >= 50


@pytest.mark.parametrize(
    ("reply", "confidence"),
    [("退订", LIKELY), ("T", CERTAIN), ("stop", LIKELY), ("已经还了，别再发了", DOUBTFUL), ("收到", NONE)],
)
def test_confidence_says_how_it_was_found(reply: str, confidence: int) -> None:
    """The whole reply, one meaning, several, none."""
    assert intent.read(reply, material.intents()).confidence == confidence


def test_a_promise_carries_what_it_says() -> None:
    """Day and sum where they are exact, also when the promise is not what acts first."""
    on = date(2026, 11, 23)

    assert intent.read("下周五还500元", material.intents(), on=on).promise == Promise(
        on=date(2026, 12, 4), minor=50_000
    )
    assert intent.read("明天", material.intents(), on=on).promise == Promise(
        on=date(2026, 11, 24), minor=None
    )
    stop = intent.read("别再发了，明天还", material.intents(), on=on)
    assert (stop.kind, stop.promise) == (Kind.STOP, Promise(on=date(2026, 11, 24), minor=None))
    assert intent.read("已还", material.intents(), on=on).promise is None


BODY = """
  {name}:
    says: {{zh: 甲, en: a}}
    phrases: [词{number}号]
"""
NAMES = [kind.value for kind in intent.LISTED]
WHOLE = (
    "lists: intents\njurisdiction: CN\nas_of: 2026-11-23\n"
    f"precedence: [{', '.join(NAMES)}]\nintents:\n"
    + "".join(BODY.format(name=name, number=number) for number, name in enumerate(NAMES))
)

# (what is changed, into what, code, line, words)
BROKEN = [
    ("lists: intents", "lists: wording", "lists", 1, "not an intents file"),
    ("precedence: [stop, start", "precedence: [start", "precedence", 4, "does not name each meaning once"),
    (
        "precedence: [stop, start",
        "precedence: [stop, stop",
        "precedence",
        4,
        "does not name each meaning once",
    ),
    ("  stop:", "  halt:", "key.unknown", 7, "`halt` is not known"),
    ("  stop:", "  halt:", "intent.missing", 5, "`stop` is missing"),
    ("phrases: [词0号]", "phrases: [词0号, 词0 号]", "phrase.twice", 9, "stands here already"),
    ("phrases: [词0号]", "phrases: ['!']", "phrase.short", 9, "nothing that could be found"),
    ("phrases: [词0号]", "phrases: [词0号]\n    unless: [别]", "unless.apart", 10, "undoes nothing"),
    ("phrases: [词0号]", "phrases: [词0号]\n    whole: [t, Ｔ]", "whole.twice", 10, "has a meaning already"),
    ("phrases: [词0号]", "phrase: [词0号]", "key.unknown", 9, "Did you mean `phrases`"),
    ("says: {zh: 甲, en: a}", "says: {zh: 甲}", "text", 8, "text is expected"),
    ("as_of: 2026-11-23", "as_of: 2026-13-01", "date", 3, "a day is expected"),
]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: f"{case[2]}-{case[1][:20]}")
def test_a_broken_list_is_shown_at_its_line(case: tuple[str, str, str, int, str]) -> None:
    """The whole file is refused, at the line, with what is wrong."""
    old, new, code, line, words = case
    assert old in WHOLE
    lists, problems = intent.load(WHOLE.replace(old, new, 1), "intents.yaml")
    problem = next(problem for problem in problems if problem.code == f"intents.{code}")

    assert lists is None
    assert problem.line == line
    assert words in problem.what + problem.remedy


def test_precedence_is_data() -> None:
    """Two meanings in one reply: the one that the file puts first."""
    lists, problems = intent.load(WHOLE, "intents.yaml")
    turned, _ = intent.load(WHOLE.replace("[stop, start", "[start, stop"), "intents.yaml")

    assert problems == ()
    assert lists is not None
    assert turned is not None
    assert intent.read("词0号词1号", lists).kind is Kind.STOP
    assert intent.read("词0号词1号", turned).kind is Kind.START


def test_what_runs_into_an_unless_is_undone() -> None:
    """The phrase need not stand inside it, but must share more than the blank beside it."""
    source = WHOLE.replace("phrases: [词0号]", "phrases: [pay it]\n    unless: [cant pay]")
    lists, problems = intent.load(source, "intents.yaml")

    assert problems == ()
    assert lists is not None
    assert intent.read("I can't pay it", lists).kind is Kind.UNKNOWN
    assert intent.read("You can’t. Pay it!", lists).kind is Kind.UNKNOWN
    assert intent.read("cant pay, pay it", lists).kind is Kind.STOP


LIKE = """lists: intents
jurisdiction: GB
as_of: 2026-11-27
like: xx
"""


def test_a_list_may_be_like_another_packs() -> None:
    """The same meanings under its own jurisdiction; its digest changes with either file."""
    own, _ = intent.load(WHOLE, "intents.yaml")
    found, problems = intent.load(LIKE, "gb/intents.yaml", {"xx": WHOLE})
    again, _ = intent.load(LIKE, "gb/intents.yaml", {"xx": WHOLE + "# read again\n"})

    assert problems == ()
    assert own is not None
    assert found is not None
    assert again is not None
    assert found.jurisdiction == "GB"
    assert intent.read("词1号", found) == intent.read("词1号", own)
    assert len({own.digest, found.digest, again.digest}) == 3


def test_a_list_is_like_none_that_is_not_there() -> None:
    """At the line, with those that are."""
    found, problems = intent.load(LIKE, "gb/intents.yaml", {"cn": WHOLE})

    assert found is None
    assert [(one.code, one.line) for one in problems] == [("intents.like", 4)]
    assert "cn" in problems[0].remedy
