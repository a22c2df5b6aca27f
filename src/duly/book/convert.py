"""Cells as text become typed columns, and every cell that cannot is found.

Pure: a batch of text in, a batch of values and the findings out. A row with any finding is left out whole.
Refuses to repair: nothing is rounded, guessed, cut or replaced, only blanks around a cell are taken off.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from duly.book import feeds, glance, quarantine
from duly.book.feeds import Column, Kind
from duly.book.mapping import FeedMapping, RateUnit, Unit
from duly.model import money

# The decimals that amounts are read with; a currency with fewer is checked once it is known (see relate).
SCALE = 2

_ID = r"^[^\s\p{C}]+$"
_PLAIN_TEXT = r"^[^\p{C}\p{Zl}\p{Zp}]+$"  # \p{C}: control, format (also bidi overrides), unassigned
_COUNT = r"^[0-9]{1,9}$"
_FLAGS = {
    "true": True,
    "false": False,
    "t": True,  # as PostgreSQL writes them
    "f": False,
    "1": True,
    "0": False,
    "yes": True,
    "no": False,
    "是": True,
    "否": False,
}
_RATE_SCALE = {RateUnit.PERCENT: 4, RateUnit.FRACTION: 6, RateUnit.PPM: 0}


@dataclass(frozen=True, kw_only=True)
class Batch:
    """`good` has `file`, `line` and our columns of the feed; `bad` is as `quarantine.SCHEMA`.

    `total` is the sum of all amounts that could be read, None where some could not.
    """

    good: pl.DataFrame
    bad: pl.DataFrame
    total: int | None


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """How one column is read: its value, and the code of what is wrong with it, null where nothing is."""

    value: pl.Expr
    code: pl.Expr


def typed(cells: pl.DataFrame, feed: FeedMapping, *, as_of: date) -> Batch:
    """`cells` has `file`, `line` and the lender's columns, all text; empty and blank cells mean absent."""
    known = feeds.EVERY[feed.name]
    theirs = {ours: name for name, ours in feed.columns.items()}
    raw = _cells(cells, known, theirs, feed.fixed)
    readings = {ours: _reading(pl.col(f"raw.{ours}"), ours, known[ours], feed, as_of) for ours in known}
    read, doubtful = _read(raw, readings, known, feed, as_of)
    good = read.select("file", "line", *known)
    if not doubtful:
        return Batch(good=good, bad=quarantine.empty(), total=_total(read, known, doubtful))
    wanting = read.select(pl.any_horizontal(pl.col(f"code.{ours}").is_not_null() for ours in doubtful))
    bad = [_found(read, feed.name, ours, theirs.get(ours, ours)) for ours in doubtful]
    return Batch(
        good=good.filter(~wanting.to_series()), bad=pl.concat(bad), total=_total(read, known, doubtful)
    )


def _read(
    raw: pl.DataFrame,
    readings: Mapping[str, _Reading],
    known: Mapping[str, Column],
    feed: FeedMapping,
    as_of: date,
) -> tuple[pl.DataFrame, list[str]]:
    """The values, with `code.<ours>` for each of our columns in which something may be wrong, and which those are."""
    zones = [ours for ours in known if known[ours].kind is Kind.ZONES]
    glances = {
        ours: glance.at(ours, known[ours], reading.value, scale=_scale(known[ours].kind, feed), as_of=as_of)
        for ours, reading in readings.items()
        if ours not in zones
    }
    read = raw.with_columns(seen.value.alias(ours) for ours, seen in glances.items())
    fine = read.select(seen.fine.alias(ours) for ours, seen in glances.items()).row(0, named=True)
    doubtful = [ours for ours in glances if not fine[ours]]
    read = read.with_columns(
        *(readings[ours].value.alias(ours) for ours in doubtful),
        *(readings[ours].code.alias(f"code.{ours}") for ours in doubtful),
    )
    for ours in zones:  # few are different, and each costs much to read
        each = raw.select(pl.col(f"raw.{ours}").unique()).with_columns(
            readings[ours].value.alias(ours), readings[ours].code.alias(f"code.{ours}")
        )
        read = read.join(each, on=f"raw.{ours}", how="left", nulls_equal=True, maintain_order="left")
    return read, doubtful + zones


def _cells(
    cells: pl.DataFrame, known: Mapping[str, Column], theirs: Mapping[str, str], fixed: Mapping[str, str]
) -> pl.DataFrame:
    """The text of each of our columns as `raw.<ours>`: mapped, fixed or defaulted, null where absent."""
    chosen = []
    for ours, column in known.items():
        default = fixed.get(ours, column.default)
        if ours in theirs:
            cell = pl.col(theirs[ours]).str.strip_chars()
            cell = pl.when(cell != "").then(cell)
            cell = cell.fill_null(pl.lit(default)) if default is not None else cell
        else:
            cell = pl.lit(default, pl.String)
        chosen.append(cell.alias(f"raw.{ours}"))
    return cells.select("file", "line", *chosen)


def _found(read: pl.DataFrame, feed: str, ours: str, theirs: str) -> pl.DataFrame:
    """The findings of one column."""
    code = pl.col(f"code.{ours}")
    rows = read.filter(code.is_not_null())
    if rows.is_empty():
        return quarantine.empty()
    named = rows.with_columns(
        pl.col(f"raw.{name}").alias(name) for name in ("account", "person") if f"raw.{name}" in rows.columns
    )
    noted = quarantine.note(named, feed=feed, code="", field=theirs, value=f"raw.{ours}")
    return noted.with_columns(rows[f"code.{ours}"].alias("code"))


def _total(read: pl.DataFrame, known: Mapping[str, Column], doubtful: Sequence[str]) -> int | None:
    amounts = [ours for ours, column in known.items() if column.kind is Kind.MONEY]
    if not amounts:
        return None
    unread = [pl.col(f"code.{ours}").is_not_null().any() for ours in amounts if ours in doubtful]
    if unread and any(read.select(unread).row(0)):
        return None
    return int(
        read.select(pl.sum_horizontal(pl.col(ours).cast(pl.Int128).sum() for ours in amounts)).item() or 0
    )


def _reading(raw: pl.Expr, ours: str, column: Column, feed: FeedMapping, as_of: date) -> _Reading:
    match column.kind:
        case Kind.ID:
            reading = _Reading(value=raw, code=_unless(_id(raw), "id"))
        case Kind.TEXT:
            reading = _text(raw, column)
        case Kind.TAIL:
            reading = _Reading(value=raw.str.slice(-4), code=_unless(_id(raw), "id"))
        case Kind.WORD | Kind.FLAG:
            reading = _word(raw, column, feed.values.get(ours, {}))
        case Kind.DAY:
            reading = _day(raw, feed.dates, as_of)
        case Kind.MONEY:
            scale = _scale(column.kind, feed)
            reading = _scaled(raw, scale, money.MAX_MINOR, ("amount", "decimals", "amount_beyond"))
        case Kind.RATE:
            scale = _scale(column.kind, feed)
            reading = _scaled(raw, scale, money.MAX_PPM, ("rate", "rate", "rate_beyond"))
        case Kind.COUNT:
            value = raw.cast(pl.Int32, strict=False)
            reading = _Reading(value=value, code=_unless(raw.str.contains(_COUNT), "count"))
        case Kind.ZONES:
            reading = _zones(raw)
    missing = pl.when(raw.is_null()).then(pl.lit("missing" if column.needed else None, pl.String))
    return _Reading(value=reading.value, code=missing.otherwise(reading.code))


def _unless(fine: pl.Expr, code: str) -> pl.Expr:
    return pl.when(~fine).then(pl.lit(code))


def _scale(kind: Kind, feed: FeedMapping) -> int:
    """The decimals that an amount or a rate of the feed is read with."""
    if kind is Kind.RATE:
        return _RATE_SCALE[feed.rates]
    return SCALE if feed.money is Unit.DECIMAL else 0


def _id(raw: pl.Expr) -> pl.Expr:
    return raw.str.contains(_ID) & (raw.str.len_chars() <= glance.LONGEST_ID)


def _text(raw: pl.Expr, column: Column) -> _Reading:
    fine = raw.str.contains(_PLAIN_TEXT) & (raw.str.len_chars() <= glance.LONGEST_TEXT)
    plain = _unless(fine, "text")
    if column.pattern is None:
        return _Reading(value=raw, code=plain)
    shaped = _unless(raw.str.contains(f"^(?:{column.pattern})$"), "pattern")
    return _Reading(value=raw, code=pl.coalesce(plain, shaped))


def _word(raw: pl.Expr, column: Column, values: Mapping[str, str]) -> _Reading:
    """Their word as ours. A translated word counts before one that happens to be ours as well."""
    if column.kind is Kind.FLAG:
        told = {**_FLAGS, **{theirs: _FLAGS[word] for theirs, word in values.items()}}
        flag = raw.replace_strict(list(told), list(told.values()), default=None, return_dtype=pl.Boolean)
        return _Reading(value=flag, code=_unless(flag.is_not_null(), "flag"))
    words = {**{word: word for word in column.words}, **values}
    word = raw.replace_strict(list(words), list(words.values()), default=None, return_dtype=pl.String)
    return _Reading(value=word, code=_unless(word.is_not_null(), "word"))


def _day(raw: pl.Expr, form: str, as_of: date) -> _Reading:
    day = raw.str.to_date(form, strict=False, exact=True)
    reach = timedelta(days=money.MAX_DAYS)
    near = day.is_between(as_of - reach, as_of + reach)
    return _Reading(
        value=day,
        code=pl.coalesce(_unless(day.is_not_null(), "date_impossible"), _unless(near, "date_beyond")),
    )


def _scaled(raw: pl.Expr, scale: int, most: int, codes: tuple[str, str, str]) -> _Reading:
    """Exact decimal text times ten to the `scale`, without ever being a float."""
    wrong, finer, beyond = codes
    whole, part = raw.str.extract(r"^([0-9]+)(?:\.[0-9]*)?$", 1), raw.str.extract(r"^[0-9]+\.([0-9]+)$", 1)
    kept = part.fill_null("").str.strip_chars_end("0")
    digits = pl.concat_str(whole, kept.str.pad_end(scale, "0")).str.strip_chars_start("0")
    number = pl.when(digits == "").then(0).otherwise(digits.cast(pl.Int64, strict=False))
    shaped = raw.str.contains(r"^[0-9]+(\.[0-9]+)?$")
    fits = (kept.str.len_chars() <= scale).fill_null(value=False)
    return _Reading(
        value=pl.when(fits).then(number),
        code=pl.coalesce(
            _unless(~raw.str.contains(r"^-[0-9]"), "negative" if wrong == "amount" else wrong),
            _unless(shaped, wrong),
            _unless(fits, finer),
            # Too many digits for an int64 are too many for us.
            _unless((number <= most).fill_null(value=False), beyond),
        ),
    )


def _zones(raw: pl.Expr) -> _Reading:
    """A list of zones without repetition, empty where nothing is known."""
    zones = raw.fill_null("").str.split(";").list.eval(pl.element().str.strip_chars())
    zones = zones.list.eval(pl.element().filter(pl.element() != "")).list.unique(maintain_order=True)
    known = sorted(zoneinfo.available_timezones())
    fine = zones.list.eval(pl.element().is_in(known)).list.all()
    return _Reading(value=zones, code=_unless(fine, "zone"))


def nothing(feed: str) -> pl.DataFrame:
    """No rows of a feed, in the columns that `typed` gives."""
    kinds: dict[Kind, pl.DataType] = {
        Kind.DAY: pl.Date(),
        Kind.MONEY: pl.Int64(),
        Kind.RATE: pl.Int64(),
        Kind.COUNT: pl.Int32(),
        Kind.FLAG: pl.Boolean(),
        Kind.ZONES: pl.List(pl.String()),
    }
    typed = {ours: kinds.get(column.kind, pl.String()) for ours, column in feeds.EVERY[feed].items()}
    return pl.DataFrame(schema={"file": pl.String(), "line": pl.Int64(), **typed})
