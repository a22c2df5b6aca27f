"""Words that a notice must not hold: the lists, and finding them in a rendered text.

A list is data with its basis in the law pack; fifteen categories, each with phrases that block a message and
phrases that ask a person. What is found becomes the fact `claims`, on which the law decides.
Refuses to look at a template: only what a person will read is examined, after normalisation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum

import polars as pl

from duly.errors import Problem
from duly.model.said import say
from duly.text import normal, phrases
from duly.text.marked import Reading, Where
from duly.text.normal import Form
from duly.text.phrases import Excuse, Phrase

CATEGORIES = (
    "impersonate_authority", "fake_filing", "criminal_threat", "threat", "insult", "expose", "false_credit",
    "false_legal_effect", "false_amount", "false_promise", "new_loan", "marketing", "private_channel",
    "over_disclosure", "time_barred",
)  # fmt: skip


class Action(Enum):
    """What a phrase does to the message."""

    BLOCK = "block"
    REVIEW = "review"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One phrase in a text, at `start` in it as it was written. `basis` are rows of the law pack."""

    category: str
    phrase: str
    basis: tuple[str, ...]
    action: Action
    start: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One phrase of the lists with what it means."""

    category: str
    action: Action
    basis: tuple[str, ...]
    phrase: Phrase


@dataclass(frozen=True, kw_only=True)
class Lists:
    """All phrases of a file. `says` is a category's sentence by language; `digest` is SHA-256 of the file."""

    jurisdiction: str
    as_of: date
    entries: tuple[Entry, ...]
    says: Mapping[str, Mapping[str, str]]
    digest: str
    index: phrases.Index = field(repr=False, compare=False)


def load(source: str, file: str) -> tuple[Lists | None, tuple[Problem, ...]]:
    """The lists of one YAML file, or None and every problem in it."""
    reading = Reading(source, kind="wording", file=file)
    if reading.problems:
        return None, tuple(reading.problems)
    top = reading.mapping(reading.value, (), ("lists", "jurisdiction", "as_of", "categories"))
    if top.get("lists") != "wording":
        reading.refuse(("lists",), "lists", say("this is not a wording file"), say("Write `lists: wording`."))
    jurisdiction = reading.text(top.get("jurisdiction"), ("jurisdiction",))
    as_of = reading.day(top.get("as_of"), ("as_of",))
    categories = reading.mapping(top.get("categories"), ("categories",), CATEGORIES)
    for name in CATEGORIES:
        if name not in categories:
            what = say("the category `{name}` is missing", name=name)
            reading.refuse(("categories",), "category.missing", what, say("Add it; none may be left out."))
    entries: list[Entry] = []
    says: dict[str, Mapping[str, str]] = {}
    for name, body in categories.items():
        if name in CATEGORIES:
            says[name] = _read_category(reading, name, body, entries)
    if reading.problems or as_of is None:
        return None, tuple(reading.problems)
    digest = hashlib.sha256(source.encode()).hexdigest()
    lists = Lists(
        jurisdiction=jurisdiction,
        as_of=as_of,
        entries=tuple(entries),
        says=says,
        digest=digest,
        index=phrases.Index(entry.phrase for entry in entries),
    )
    return lists, ()


def find(text: str, lists: Lists, *, notice: str | None = None) -> tuple[Finding, ...]:
    """Every phrase in `text`, by place. A category that blocks anyway is not also up for review."""
    found: list[Finding] = []
    for number, start in lists.index.find(phrases.Reading(text=text), notice=notice):
        entry = lists.entries[number]
        found.append(
            Finding(
                category=entry.category,
                phrase=entry.phrase.text,
                basis=entry.basis,
                action=entry.action,
                start=start,
            )
        )
    blocked = claims(found)
    kept = [one for one in found if one.action is Action.BLOCK or one.category not in blocked]
    return tuple(sorted(kept, key=lambda one: (one.start, one.category, one.phrase)))


def claims(findings: Iterable[Finding]) -> frozenset[str]:
    """The categories that block: the fact `claims` for the law."""
    return frozenset(finding.category for finding in findings if finding.action is Action.BLOCK)


def reviews(findings: Iterable[Finding]) -> frozenset[str]:
    """The categories that a person must have looked at."""
    return frozenset(finding.category for finding in findings if finding.action is Action.REVIEW)


def columnar(texts: pl.Series, lists: Lists, *, notice: str | None = None) -> pl.DataFrame:
    """`find` for every text: a row for each finding, with `row` (UInt32, the place in `texts`).

    Columns cast aside the texts that hold none of the phrases; the plain reading judges the others.
    """
    rows = [
        {
            "row": row,
            "category": finding.category,
            "phrase": finding.phrase,
            "action": finding.action.value,
            "basis": list(finding.basis),
            "start": finding.start,
        }
        for row in suspects(texts, lists, notice=notice).to_list()
        for finding in find(texts[row], lists, notice=notice)
    ]
    return pl.DataFrame(
        rows,
        schema={
            "row": pl.UInt32,
            "category": pl.Utf8,
            "phrase": pl.Utf8,
            "action": pl.Utf8,
            "basis": pl.List(pl.Utf8),
            "start": pl.Int64,
        },
    )


def suspects(texts: pl.Series, lists: Lists, *, notice: str | None = None) -> pl.Series:
    """The places (UInt32, ascending) of the texts in which `find` may find something.

    Every text in which it does is among them, and hardly any other.
    """
    frame = texts.alias("text").to_frame().with_row_index("row")
    ordinary = normal.is_ordinary(pl.col("text"))
    found = [
        _suspects(part, lists, notice, form_of)
        for part, form_of in (
            (frame.filter(ordinary), normal.ordinary_column),
            (frame.filter(~ordinary), normal.column),
        )
        if part.height
    ]
    return pl.concat(found).sort() if found else pl.Series("row", [], dtype=pl.UInt32)


def _suspects(
    frame: pl.DataFrame, lists: Lists, notice: str | None, form_of: Callable[[pl.Expr, Form], pl.Expr]
) -> pl.Series:
    forms = frame.select("row", *(form_of(pl.col("text"), form).alias(form.value) for form in Form))
    signs = [normal.is_spelled(pl.col(Form.WORDS.value))]
    doubts = [pl.lit(False)]
    excusable: list[Phrase] = []
    for form in Form:
        phrases_here = [entry.phrase for entry in lists.entries if entry.phrase.form is form]
        plain = {phrase.key for phrase in phrases_here if not _excuses(phrase, notice)}
        excused = [phrase for phrase in phrases_here if _excuses(phrase, notice)]
        excusable += excused
        if plain:
            signs.append(pl.col(form.value).str.contains_any(sorted(plain)))
        if excused:
            doubts.append(pl.col(form.value).str.contains_any(sorted(phrase.key for phrase in excused)))
    judged = forms.with_columns(sign=pl.any_horizontal(signs), doubt=pl.any_horizontal(doubts))
    certain = judged.filter(pl.col("sign"))["row"]
    doubted = judged.filter(~pl.col("sign") & pl.col("doubt"))
    unexcused = doubted.filter(pl.any_horizontal(pl.lit(False), *(_unexcused(p, notice) for p in excusable)))
    return pl.concat([certain, unexcused["row"]])


def _excuses(phrase: Phrase, notice: str | None) -> list[str]:
    return [excuse.key for excuse in phrase.excuses if excuse.holds(notice)]


def _unexcused(phrase: Phrase, notice: str | None) -> pl.Expr:
    # Only the phrase itself is struck out of its excuse, so that what the excuse's edge forms with its
    # neighbours stays visible.
    excuses = sorted(_excuses(phrase, notice), key=len, reverse=True)
    struck = [key.replace(phrase.key, "\x00") for key in excuses]
    text = pl.col(phrase.form.value).str.replace_many(excuses, struck, leftmost=True)
    return text.str.contains(phrase.key, literal=True)


def _read_category(reading: Reading, name: str, body: object, entries: list[Entry]) -> Mapping[str, str]:
    where: Where = ("categories", name)
    keys = reading.mapping(body, where, ("says", "basis", "block", "review"))
    says = reading.mapping(keys.get("says"), (*where, "says"), ("zh", "en"))
    for language in ("zh", "en"):
        reading.text(says.get(language), (*where, "says", language))
    basis = tuple(reading.text(item, at) for at, item in reading.items(keys.get("basis"), (*where, "basis")))
    if not basis:
        what = say("`{name}` names no row of the law", name=name)
        reading.refuse((*where, "basis"), "basis.missing", what, say("Write `basis: [ROW-ID]`."))
    seen: dict[tuple[Form, str], str] = {}
    for action in Action:
        for at, item in reading.items(keys.get(action.value), (*where, action.value)):
            phrase = _read_phrase(reading, item, at)
            if phrase is None:
                continue
            if (phrase.form, phrase.key) in seen:
                what = say("`{text}` stands in `{name}` already", text=phrase.text, name=name)
                reading.refuse(at, "phrase.twice", what, say("Remove one of the two."))
                continue
            seen[phrase.form, phrase.key] = phrase.text
            entries.append(Entry(category=name, action=action, basis=basis, phrase=phrase))
    return {language: str(words) for language, words in says.items()}


def _read_phrase(reading: Reading, item: object, at: Where) -> Phrase | None:
    keys: Mapping[str, object] = {"phrase": item}
    if isinstance(item, Mapping):
        keys = reading.mapping(item, at, ("phrase", "allow"))
    words = reading.text(keys.get("phrase"), at)
    if not words:
        return None
    phrase = phrases.make(words)
    if phrases.is_too_short(phrase):
        what = say("`{text}` is too short: it would be found by chance", text=words)
        reading.refuse(at, "phrase.short", what, say("Write two characters or more that count."))
        return None
    excuses = [
        excuse
        for place, allowed in reading.items(keys.get("allow"), (*at, "allow"))
        if (excuse := _read_excuse(reading, phrase, allowed, place)) is not None
    ]
    return replace(phrase, excuses=tuple(excuses))


def _read_excuse(reading: Reading, phrase: Phrase, item: object, at: Where) -> Excuse | None:
    keys: Mapping[str, object] = {"phrase": item}
    if isinstance(item, Mapping):
        keys = reading.mapping(item, at, ("phrase", "notices"))
    listed = reading.items(keys.get("notices"), (*at, "notices"))
    notices = frozenset(reading.text(name, place) for place, name in listed) if listed else None
    words = reading.text(keys.get("phrase"), at)
    if not words:
        return None
    excuse = phrases.excuse(words, phrase, notices)
    if excuse is None:
        what = say("an `allow` of `{text}` does not hold it within more", text=phrase.text)
        reading.refuse(at, "allow.apart", what, say("Write the longer wording with the phrase in it."))
    return excuse
