"""What makes an element of a notice present, where words alone do.

Such are the disclosure that a text is from a debt collector, and the word that a call is recorded.

A pack says the words in each language, in several ways; a text carries the element when all pieces of one way
stand in it, in the language that the text is written in. How it is written does not matter (`normal`).
Refuses an element said in one language only: a debtor is told in the language he is written to.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from duly.model.said import say
from duly.text import normal, phrases
from duly.text.marked import Reading, Where
from duly.text.phrases import Phrase

LANGUAGES = ("zh", "en")

# Language → the ways to say it, each of pieces that must all stand in the text.
Ways = Mapping[str, tuple[tuple[Phrase, ...], ...]]
Statements = Mapping[str, Ways]  # by element


def read(reading: Reading, value: object, where: Where) -> Statements:
    """The statements of a file; what is wrong with them is noted in the reading."""
    if value is None:
        return {}
    found: dict[str, Ways] = {}
    elements = reading.mapping(value, where, value if isinstance(value, Mapping) else ())
    for element, body in elements.items():
        at = (*where, element)
        said = reading.mapping(body, at, LANGUAGES)
        for language in LANGUAGES:
            if not said.get(language):
                what = say("`{element}` is not said in {language}", element=element, language=language)
                reading.refuse(at, "statement.missing", what, say("Write how it is said in zh and in en."))
        found[element] = {
            language: tuple(
                _way(reading, item, place) for place, item in reading.items(ways, (*at, language))
            )
            for language, ways in said.items()
        }
    return found


def _way(reading: Reading, item: object, where: Where) -> tuple[Phrase, ...]:
    pieces = reading.items(item, where) if isinstance(item, list) else [(where, item)]
    return tuple(phrases.make(words) for at, one in pieces if (words := reading.text(one, at)))


def present(text: str, known: Statements, locale: str) -> frozenset[str]:
    """The elements that the text states in the language of the locale."""
    reading = phrases.Reading(text=text)
    return frozenset(
        element
        for element, ways in known.items()
        if any(
            all(piece.key in reading.form(piece.form) for piece in way)
            for way in ways.get(_language(locale), ())
        )
    )


def columnar(texts: pl.Series, known: Statements, locale: str) -> pl.Series:
    """`present` for every text, as a List(Utf8) column in alphabetical order."""
    said = {element: ways.get(_language(locale), ()) for element, ways in sorted(known.items())}
    forms = sorted({piece.form for ways in said.values() for way in ways for piece in way}, key=str)
    stated = [
        pl.when(pl.any_horizontal(pl.lit(False), *(_all_of(way) for way in ways))).then(pl.lit(element))
        for element, ways in said.items()
    ]
    frame = texts.alias("text").to_frame().with_row_index("row")
    nothing = pl.DataFrame(schema={"row": pl.UInt32, "stated": pl.List(pl.Utf8)})
    if not stated:
        return pl.Series("stated", [[]] * texts.len(), dtype=pl.List(pl.Utf8))
    text, ordinary = pl.col("text"), normal.is_ordinary(pl.col("text"))
    found = [nothing]
    for part, form_of in (
        (frame.filter(ordinary), normal.ordinary_column),
        (frame.filter(~ordinary), normal.column),
    ):
        read = part.with_columns(form_of(text, form).alias(form.value) for form in forms)
        found.append(read.select("row", pl.concat_list(stated).list.drop_nulls().alias("stated")))
    return pl.concat(found).sort("row")["stated"]


def plainly(texts: pl.Series, known: Statements, locale: str) -> pl.Series:
    """What `columnar` gives, text by text: cheaper for few."""
    return pl.Series(
        "stated", [sorted(present(text, known, locale)) for text in texts], dtype=pl.List(pl.Utf8)
    )


def _all_of(way: tuple[Phrase, ...]) -> pl.Expr:
    return pl.all_horizontal(pl.col(piece.form.value).str.contains(piece.key, literal=True) for piece in way)


def _language(locale: str) -> str:
    return locale.partition("-")[0]
