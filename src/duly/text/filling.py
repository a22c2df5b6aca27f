"""Which values a mould vouches for, of one text and in columns.

A name of two to four Chinese characters that form no phrase with each other or with what stands beside them; numbers,
sums and days as short or long as the mould was tried with; a code in which nothing can be read.
Refuses whatever it is not sure of: such a text is read by itself, which finds the same or more.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

import polars as pl

from duly.text import code, disguise, normal, variants
from duly.text.mould import (
    LONGEST_NAME,
    MOST_MINOR,
    MOST_NUMBER,
    SHORTEST_NAME,
    TAIL,
    VARYING,
    Mould,
    Varying,
)
from duly.text.normal import Form
from duly.text.sensitive import Sensitive, pairs_of

_NAME = rf"^[\u4e00-\u9fff]{{{SHORTEST_NAME},{LONGEST_NAME}}}$"
_CODE = rf"^[{code.ALPHABET}]{{5}}-[{code.ALPHABET}]{{5}}$"
_TAIL = rf"^[0-9]{{{TAIL}}}$"
_IS_NAME, _IS_CODE, _IS_TAIL = re.compile(_NAME), re.compile(_CODE), re.compile(_TAIL)
_HAN = "\u4e00-\u9fff"
# Of Chinese characters, those that are read as others; in a name nothing else may stand.
_READ_AS = {left: right for left, right in variants.STANDS_FOR.items() if "\u4e00" <= left <= "\u9fff"}
_LETTERED = "[^0-9A-Za-z@$!|€]+"


def fits(mould: Mould, values: Mapping[str, str], sums: Mapping[str, int], sensitive: Sensitive) -> bool:
    """Whether the mould vouches for the text with these values; `sums` are those behind the fields of money.

    `values` holds every field of `VARYING`, empty where there is none.
    """
    return (
        mould.why is None
        and all(_is_fit(name, values[name], sums) for name in mould.printed)
        and all(_stands_apart(left_out, printed, values) for left_out, printed in mould.apart)
        and _is_silent_name(values["name"], mould, sensitive)
        and _is_silent_code(values["verify_code"], sensitive)
        and all(
            sensitive.disguised.count(disguise.letters(mould.fill(part, values))) == count
            for part, count in mould.letters.items()
        )
    )


def _stands_apart(left_out: Iterable[str], printed: Iterable[str], values: Mapping[str, str]) -> bool:
    said = {values[name] for name in printed}
    unsaid = [value for name in left_out if (value := values[name])]
    return not unsaid or any(value not in said for value in unsaid)


def _is_fit(name: str, value: str, sums: Mapping[str, int]) -> bool:
    match VARYING[name]:
        case Varying.NAME:
            return _IS_NAME.match(value) is not None
        case Varying.CODE:
            return _IS_CODE.match(value) is not None
        case Varying.SUM:
            return 0 < sums[name] < MOST_MINOR
        case Varying.NUMBER if name == "tail":
            return _IS_TAIL.match(value) is not None
        case Varying.NUMBER:
            return value.isascii() and value.isdigit() and int(value) <= MOST_NUMBER
        case Varying.DAY:
            return True


def _is_silent_name(name: str, mould: Mould, sensitive: Sensitive) -> bool:
    if not name:
        return True
    read = normal.normalise(name, Form.HAN)
    edges = {left + read[0] for left in mould.left} | {read[-1] + right for right in mould.right}
    return (
        len(read) == len(name)
        and sensitive.alone.isdisjoint(read)
        and sensitive.pairs.isdisjoint(edges)
        and sensitive.pairs.isdisjoint(pairs_of(read))
        and mould.taken.isdisjoint((*pairs_of(name), *pairs_of(read), *edges))
    )


def _is_silent_code(value: str, sensitive: Sensitive) -> bool:
    return not any(group.startswith(sensitive.starts) for group in value.lower().split("-"))


def silent_names(names: pl.Series, moulds: Sequence[Mould], sensitive: Sensitive) -> pl.Series:
    """Whether each name forms no phrase in the text of any of the moulds. False for null."""
    lefts = {char for mould in moulds for char in mould.left}
    rights = {char for mould in moulds for char in mould.right}
    pairs = sensitive.pairs | {pair for mould in moulds for pair in mould.taken}
    within = sorted(pair for pair in pairs if len(pair.strip()) == 2)
    first = sorted(pair[1] for pair in pairs if pair[0] in lefts)
    last = sorted(pair[0] for pair in pairs if pair[1] in rights)
    name = pl.col("name")
    read = name.str.replace_many(list(_READ_AS), list(_READ_AS.values()))
    found = (
        names.alias("name")
        .to_frame()
        .with_columns(read=read)
        .select(
            silent=name.str.contains(_NAME)
            & ~pl.col("read").str.contains_any(within)
            & ~name.str.contains_any(within)
            & ~pl.col("read").str.contains_any(sorted(sensitive.alone))
            & ~pl.col("read").str.head(1).is_in(first)
            & ~pl.col("read").str.tail(1).is_in(last)
        )
    )
    return found["silent"].fill_null(value=False)


def fitting(values: pl.DataFrame, names: Collection[str], sensitive: Sensitive) -> pl.Series:
    """Whether each row's values of these fields, but for the name and the phrases they may form, fit any mould.

    `values` has the fields of `VARYING` but for money as strings, and money as `NAME/minor`, Int64.
    """
    signs = [pl.lit(value=True)]
    for name, kind in VARYING.items():
        if name not in names:
            continue
        if kind is Varying.SUM:
            minor = pl.col(f"{name}/minor").fill_null(0)
            signs.append((minor >= 0) & (minor < MOST_MINOR))
        elif kind is Varying.CODE:
            signs.append((pl.col(name) == "") | pl.col(name).str.contains(_CODE))
            if sensitive.starts:
                begins = "|".join(map(re.escape, sensitive.starts))
                signs.append(~pl.col(name).str.contains(f"(?i)(?:^|-)(?:{begins})"))
        elif name == "tail":
            signs.append((pl.col(name) == "") | pl.col(name).str.contains(_TAIL))
        elif kind is Varying.NUMBER:
            signs.append((pl.col(name) == "") | pl.col(name).str.contains("^[0-9]{1,4}$"))
    return values.select(fit=pl.all_horizontal(signs))["fit"].fill_null(value=False)


def apart(moulds: Sequence[Mould]) -> pl.Expr:
    """Whether no value that the text leaves out stands in it by chance; `mould` is the place of the row's own."""
    asking: dict[tuple[frozenset[str], frozenset[str]], list[int]] = {}
    for number, mould in enumerate(moulds):
        for each in mould.apart:
            asking.setdefault(each, []).append(number)
    signs = [pl.lit(value=True)]
    for (left_out, printed), numbers in sorted(asking.items(), key=lambda one: (sorted(one[0][0]), one[1])):
        empty = [pl.col(name) == "" for name in sorted(left_out)]
        alone = [
            pl.all_horizontal(
                pl.col(name) != "", *(pl.col(name) != pl.col(other) for other in sorted(printed))
            )
            for name in sorted(left_out)
        ]
        signs.append(~pl.col("mould").is_in(numbers) | pl.all_horizontal(empty) | pl.any_horizontal(alone))
    return pl.all_horizontal(signs)


def disguises(texts: pl.Series, sensitive: Sensitive, *, any_at_all: bool) -> pl.Series:
    """How many disguised phrases stand in each text, of which no character is read as another letter (UInt32).

    Without `any_at_all` they are counted; with it, 1 stands for any number.
    """
    keys = sorted(sensitive.disguised.keys)
    letters = disguise.column(pl.col("text").str.replace_all(_LETTERED, ""), ordinary=True)
    frame = texts.alias("text").to_frame().select(letters=letters)
    if not keys:
        return pl.zeros(texts.len(), pl.UInt32, eager=True)
    if any_at_all:
        return frame.select(found=pl.col("letters").str.contains_any(keys).cast(pl.UInt32))["found"]
    found = pl.col("letters").str.find_many(keys, overlapping=True).list.len()
    return frame.select(found=found.cast(pl.UInt32))["found"]
