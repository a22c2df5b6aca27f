"""Words that a notice must not hold: the lists, and finding them in a rendered text.

A list is data with its basis in the law pack; fifteen categories, each with phrases that block a message,
phrases that ask a person, and promises that only a real offer makes true. What is found becomes the fact
`claims`, on which the law decides. The lists are read by `wordfile`.
Refuses to look at a template: only what a person will read is examined, after normalisation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

import polars as pl

from duly.text import disguise, normal, phrases, statements
from duly.text.normal import Form
from duly.text.phrases import Phrase

CATEGORIES = (
    "impersonate_authority", "fake_filing", "criminal_threat", "threat", "insult", "expose", "false_credit",
    "false_legal_effect", "false_amount", "false_promise", "new_loan", "marketing", "private_channel",
    "over_disclosure", "time_barred",
)  # fmt: skip


# What a text may promise: the words of an offer on record.
OFFERS = ("discount", "waiver", "plan")


class Action(Enum):
    """What a phrase does to the message."""

    BLOCK = "block"
    REVIEW = "review"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One phrase in a text, at `start` in it as it was written. `basis` are rows of the law pack.

    `offer` is what the phrase promises, where it promises something: it is to be looked at only if such an offer
    is on record, and blocks if there is none.
    """

    category: str
    phrase: str
    basis: tuple[str, ...]
    action: Action
    start: int
    offer: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One phrase of the lists with what it means."""

    category: str
    action: Action
    basis: tuple[str, ...]
    phrase: Phrase
    offer: str | None = None


@dataclass(frozen=True, kw_only=True)
class Lists:
    """All phrases of a file and of the shared lists it builds upon.

    `says` is a category's sentence by language; `debt` are words that tell of a debt; `statements` is what makes an
    element present. `digest` is SHA-256 of the file and of what it builds upon.
    """

    jurisdiction: str
    as_of: date
    entries: tuple[Entry, ...]
    says: Mapping[str, Mapping[str, str]]
    debt: tuple[Phrase, ...]
    statements: statements.Statements
    digest: str
    index: phrases.Index = field(repr=False, compare=False)
    disguised: disguise.Index = field(repr=False, compare=False)


def find(text: str, lists: Lists, *, notice: str | None = None) -> tuple[Finding, ...]:
    """Every phrase in `text`, by place. A category that blocks anyway is not also up for review."""
    places = {
        *lists.index.find(phrases.Reading(text=text), notice=notice),
        *lists.disguised.find(text, notice=notice),
    }
    found = []
    for number, start in sorted(places):
        entry = lists.entries[number]
        found.append(
            Finding(
                category=entry.category,
                phrase=entry.phrase.text,
                basis=entry.basis,
                action=entry.action,
                start=start,
                offer=entry.offer,
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
        _suspects(part, lists, notice, form_of, letters=disguise.column(pl.col("text"), ordinary=plain))
        for part, form_of, plain in (
            (frame.filter(ordinary), normal.ordinary_column, True),
            (frame.filter(~ordinary), normal.column, False),
        )
        if part.height
    ]
    return pl.concat(found).sort() if found else pl.Series("row", [], dtype=pl.UInt32)


def _suspects(
    frame: pl.DataFrame,
    lists: Lists,
    notice: str | None,
    form_of: Callable[[pl.Expr, Form], pl.Expr],
    *,
    letters: pl.Expr,
) -> pl.Series:
    forms = frame.select(
        "row",
        *(form_of(pl.col("text"), form).alias(form.value) for form in Form),
        letters=letters,
    )
    written = pl.col("letters")
    signs = [normal.is_spelled(pl.col(Form.WORDS.value)), lists.disguised.sign(written, notice=notice)]
    doubts = [lists.disguised.doubt(written, notice=notice)]
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
    unexcused = doubted.filter(
        lists.disguised.unexcused(written, notice=notice)
        | pl.any_horizontal(pl.lit(False), *(_unexcused(p, notice) for p in _occurring(doubted, excusable)))
    )
    return pl.concat([certain, unexcused["row"]])


def _occurring(doubted: pl.DataFrame, excusable: list[Phrase]) -> list[Phrase]:
    """Those of the phrases that stand in any of the texts at all; to strike out excuses is dear."""
    if doubted.is_empty():
        return []
    stands = doubted.select(
        pl.col(phrase.form.value).str.contains(phrase.key, literal=True).any().alias(str(number))
        for number, phrase in enumerate(excusable)
    )
    return [phrase for number, phrase in enumerate(excusable) if stands[str(number)].item()]


def _excuses(phrase: Phrase, notice: str | None) -> list[str]:
    return [excuse.key for excuse in phrase.excuses if excuse.holds(notice)]


def _unexcused(phrase: Phrase, notice: str | None) -> pl.Expr:
    # Only the phrase itself is struck out of its excuse, so that what the excuse's edge forms with its
    # neighbours stays visible.
    excuses = sorted(_excuses(phrase, notice), key=len, reverse=True)
    struck = [key.replace(phrase.key, "\x00") for key in excuses]
    text = pl.col(phrase.form.value).str.replace_many(excuses, struck, leftmost=True)
    return text.str.contains(phrase.key, literal=True)
