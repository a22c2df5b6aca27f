"""The comparable form of many contact values at once; `points` says what it is.

Most telephones are digits with a few separators, most addresses plain words: for those the rules of `points` are a
few operations on columns. Every other value (full-width forms, accents, whatever is wrong) is asked of `points`
itself, so that both always give the same.
"""

from __future__ import annotations

import polars as pl

from duly.book import points
from duly.model.party import Channel

_TELEPHONES = (Channel.SMS.value, Channel.VOICE.value)
# Only what the rules of `points` leave as it is or treat alike in every position.
_DIALLED = r"^\+?[0-9 \-.()/]+$"
_PLAIN_MAIL = (
    r"^[A-Za-z0-9._+-]+@[A-Za-z0-9-]{2,}(\.[A-Za-z0-9-]+)+$"  # with at least four characters at its end
)
_PLAIN_WORDS = r"^[!-~\x{4e00}-\x{9fff}]+( [!-~\x{4e00}-\x{9fff}]+)*$"
_LONGEST_PLAIN = 64  # below every limit of `points`


def normal(values: pl.DataFrame, *, calling_code: str) -> pl.Series:
    """For each row of `channel` and `value` the comparable form, null where there is none."""
    value, telephone = pl.col("value"), pl.col("channel").is_in(_TELEPHONES)
    short = value.str.len_chars() <= _LONGEST_PLAIN
    mail = pl.col("channel") == Channel.EMAIL.value
    digits = _dialled(value, calling_code)
    quick = values.select(
        "channel",
        "value",
        normal=pl.when(telephone & short & value.str.contains(_DIALLED))
        .then(
            pl.when(digits.str.contains(r"^\+[1-9][0-9]+$") & digits.str.len_bytes().is_between(8, 16)).then(
                digits
            )
        )
        .when(mail & short & value.str.contains(_PLAIN_MAIL))
        .then(value.str.to_lowercase())
        .when(~telephone & ~mail & short & value.str.contains(_PLAIN_WORDS))
        .then(value),
    )
    left = quick.filter(pl.col("normal").is_null()).select("channel", "value").unique()
    if left.is_empty():
        return quick["normal"]
    asked = [
        points.normal(Channel(channel), text, calling_code=calling_code) for channel, text in left.iter_rows()
    ]
    slow = left.with_columns(pl.Series("slow", asked, pl.String))
    joined = quick.join(slow, on=["channel", "value"], how="left", maintain_order="left")
    return joined.select(pl.coalesce("normal", "slow").alias("normal")).to_series()


def _dialled(value: pl.Expr, calling_code: str) -> pl.Expr:
    """As `points.telephone`, of a value in which nothing but digits, separators and a plus in front stands."""
    bare = value.str.replace_all(r"[ \-.()/]+", "")
    written_out = bare.str.starts_with(calling_code) & (bare.str.len_bytes() > len(calling_code) + 9)
    return (
        pl.when(bare.str.starts_with("00"))
        .then(pl.format("+{}", bare.str.slice(2)))
        .when(bare.str.starts_with("+"))
        .then(bare)
        .when(written_out)
        .then(pl.format("+{}", bare))
        .otherwise(pl.format("+{}{}", pl.lit(calling_code), bare.str.strip_prefix("0")))
    )
