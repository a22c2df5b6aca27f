"""How many parts a text is billed as, which is not always how many parts are sent.

Mainland China bills every character as one, ASCII and 【signature】 alike: up to 70 one part, beyond that one
for every 67 begun. Elsewhere the parts on the air are billed, as `wire.sms` cuts them: 160 or 153 septets,
70 or 67 units of UCS-2, never within an escape pair or a surrogate pair. A character beyond the BMP takes two
UTF-16 units in either.
Refuses to price: what a part costs is the route's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import polars as pl

from duly.wire import sms

_SINGLE, _SEVERAL = 70, 67
_BEYOND_BMP = "[\U00010000-\U0010ffff]"
# All of TS 23.038 lies below U+3000.
_GSM = [char for char in map(chr, range(0x3000)) if sms.alphabet(char) is sms.Alphabet.GSM]
_EXTENDED = [char for char in _GSM if len(sms.encode(char, sms.Alphabet.GSM)) > 1]


class Market(Enum):
    """Whose way of counting."""

    CN = "cn"
    GSM = "gsm"


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """`billed` parts, and `units`: UTF-16 units, or septets where the GSM alphabet suffices and counts."""

    billed: int
    units: int


def count(text: str, market: Market) -> Count:
    """The parts of one text. Raises ValueError for a lone surrogate, and past 255 parts on the air."""
    if market is Market.CN:
        units = len(text.encode("utf-16-be")) // 2
        return Count(billed=_parts(units), units=units)
    parts = sms.split(text, reference=0)
    wide = 2 if parts[0].alphabet is sms.Alphabet.UCS_2 else 1
    return Count(billed=len(parts), units=sum(len(part.data) for part in parts) // wide)


def columnar(texts: pl.Series, market: Market) -> pl.DataFrame:
    """`count` for every text, as Int32 columns `billed` and `units`, in the same order."""
    frame = texts.alias("text").to_frame()
    units = pl.col("text").str.len_chars() + pl.col("text").str.count_matches(_BEYOND_BMP)
    if market is Market.CN:
        billed = pl.when(units <= _SINGLE).then(1).otherwise((units + _SEVERAL - 1) // _SEVERAL)
        return frame.select(billed=billed.cast(pl.Int32), units=units.cast(pl.Int32))
    is_gsm = ~pl.col("text").str.contains(f"[^{_class(_GSM)}]")
    extended = pl.col("text").str.count_matches(f"[{_class(_EXTENDED)}]")
    units = pl.when(is_gsm).then(pl.col("text").str.len_chars() + extended).otherwise(units)
    single = pl.when(is_gsm).then(160).otherwise(_SINGLE)
    several = pl.when(is_gsm).then(153).otherwise(_SEVERAL)
    counted = frame.select(
        "text",
        billed=pl.when(units <= single).then(1).otherwise((units + several - 1) // several).cast(pl.Int32),
        units=units.cast(pl.Int32),
        # A cut may have to fall earlier than the room allows, and 255 parts are the most there can be.
        pairs=(units > single)
        & pl.when(is_gsm).then(extended > 0).otherwise(units > pl.col("text").str.len_chars()),
    ).with_row_index("row")
    cut = counted.filter(pl.col("pairs") | (pl.col("billed") > sms.MAX_SEGMENTS)).select(
        "row",
        pl.col("text")
        .map_elements(lambda text: count(text, market).billed, return_dtype=pl.Int32)
        .alias("exact"),
    )
    joined = counted.join(cut, on="row", how="left", maintain_order="left")
    return joined.select(pl.coalesce("exact", "billed").alias("billed"), "units")


def plainly(texts: pl.Series, market: Market) -> pl.Series:
    """The `billed` of `columnar`, text by text: cheaper for few."""
    return pl.Series("billed", [count(text, market).billed for text in texts], dtype=pl.Int32)


def _class(chars: list[str]) -> str:
    return "".join(f"\\x{ord(char):02x}" if ord(char) < 0x80 else char for char in chars)


def _parts(units: int) -> int:
    return 1 if units <= _SINGLE else -(-units // _SEVERAL)
