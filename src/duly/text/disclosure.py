"""Whether a text tells whoever reads it that there is a debt.

A number that others use, an address at work, the subject of an e-mail, the first words on a locked screen: there
nothing may stand that tells of a debt. A text does when it holds a word of the list's `debt`, or a sum of money.
Refuses to call a text neutral that merely hides the word: it is looked for in the forms of `normal`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import polars as pl

from duly.text import figures, normal, phrases
from duly.text.normal import Form
from duly.text.wording import Lists

# A sum with its currency, or a number that looks like money; no look-around, so that both engines read it alike.
_MONEY = rf"(?i:{figures.CURRENCY})\s?[0-9]|[0-9]\s?(?i:{figures.CURRENCY})|[0-9]\.[0-9][0-9]|[0-9],[0-9][0-9][0-9]"
_SIGNATURE = re.compile(r"【[^】\n]{0,20}】|\[[^\]\n]{0,40}\]")


def told(text: str, lists: Lists) -> str | None:
    """The first thing in the text that tells of a debt; None for a neutral text."""
    reading = phrases.Reading(text=text)
    for word in lists.debt:
        if word.key in reading.form(word.form):
            return word.text
    sum_ = re.search(_MONEY, unicodedata.normalize("NFKD", text))
    return sum_[0] if sum_ else None


def columnar(texts: pl.Series, lists: Lists) -> pl.Series:
    """Whether `told` finds something, for every text; those that say it plainly are not read twice."""
    frame = texts.alias("text").to_frame()
    text, plain = pl.col("text"), sorted(word.key.strip(" ") for word in lists.debt if word.form is Form.HAN)
    signs = [text.str.contains(_MONEY), *([text.str.contains_any(plain)] if plain else [])]
    judged = frame.with_columns(told=pl.any_horizontal(signs))
    rest = judged.filter(~pl.col("told"))
    if rest.is_empty():
        return judged["told"]
    read = rest.select(told=tells(text, lists))["told"]
    places = judged.select(pl.arg_where(~pl.col("told"))).to_series()
    return judged["told"].scatter(places, read)


def plainly(texts: pl.Series, lists: Lists) -> pl.Series:
    """What `columnar` gives, text by text: cheaper for few. Null where there is no text."""
    found = [None if text is None else told(text, lists) is not None for text in texts]
    return pl.Series("told", found, dtype=pl.Boolean)


def tells(
    text: pl.Expr, lists: Lists, *, form_of: Callable[[pl.Expr, Form], pl.Expr] = normal.column
) -> pl.Expr:
    """The columnar twin of `told`, as far as whether; `form_of` is the short cut for texts that are ordinary."""
    keys = {form: sorted({word.key for word in lists.debt if word.form is form}) for form in Form}
    words = (form_of(text, form).str.contains_any(found) for form, found in keys.items() if found)
    return pl.any_horizontal(text.str.normalize("NFKD").str.contains(_MONEY), *words)


def shown_from(text: str) -> int:
    """Where a locked screen begins: after the signature, which says who writes."""
    signed = _SIGNATURE.match(text)
    return signed.end() if signed else 0


def preview(text: str, characters: int) -> str:
    """What a locked screen shows of an SMS: so many characters after the signature, to the end of a word."""
    start = shown_from(text)
    end = start + characters
    while start < end < len(text) and text[end - 1].isalnum() and text[end].isascii() and text[end].isalnum():
        end += 1
    return text[start:end]


def preview_column(text: pl.Expr, characters: int) -> pl.Expr:
    """What `preview` gives, and at times a word more."""
    unsigned = text.str.replace(f"^(?:{_SIGNATURE.pattern})", "")
    return unsigned.str.extract(rf"(?s)^(.{{0,{characters}}}[0-9A-Za-z]*)")
