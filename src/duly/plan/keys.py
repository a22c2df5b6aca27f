"""The keys of `model.notice` for many rows at once; the tests hold the two equal, row by row.

What is hashed is put together in columns, and only the hashing goes row by row.
Refuses to define a key: what it is made of is said in `model.notice` alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import polars as pl

from duly.model import notice
from duly.model.party import Channel

_NOTICE = ("person", "creditor", "brand", "stage", "occurrence")
_MESSAGE = (*_NOTICE, "point", "channel", "step")
# A length is written in four bytes. Below this it is a single character in UTF-8 and in a column of texts.
_SHORT = 128


def notices(rows: pl.DataFrame) -> pl.Series:
    """`notice.notice_key` of each row (`person`, `creditor`, `brand`, `stage`, `occurrence`)."""
    return _hashed(rows, "duly.notice.1", _NOTICE, "notice_key")


def messages(rows: pl.DataFrame) -> pl.Series:
    """`notice.message_key` of each row: as `notices`, and `point`, `channel`, `step`; null where a part is null."""
    return _hashed(rows, "duly.message.1", _MESSAGE, "key")


def _hashed(rows: pl.DataFrame, kind: str, parts: Sequence[str], name: str) -> pl.Series:
    said = rows.select(pl.col(parts).cast(pl.String))
    longest = said.select(pl.max_horizontal(pl.all().str.len_bytes().max())).item() if rows.height else 0
    if (longest or 0) >= _SHORT:
        return pl.Series(name, [_plainly(row, kind) for row in rows.select(parts).rows()], pl.Binary)
    lengths = pl.Series(["\0\0\0" + chr(length) for length in range(_SHORT)], dtype=pl.String)
    pieces = [piece for part in said for piece in (lengths.gather(part.str.len_bytes()), part)]
    framed = pl.DataFrame({str(place): piece for place, piece in enumerate(pieces)}).select(
        pl.concat_str(pl.lit(lengths[len(kind)] + kind), pl.all())
    )
    make, size = hashlib.blake2b, notice.KEY_BYTES
    raw = framed.to_series().cast(pl.Binary).to_list()
    made = [None if one is None else make(one, digest_size=size).digest() for one in raw]
    return pl.Series(name, made, pl.Binary)


def _plainly(row: tuple[object, ...], kind: str) -> bytes | None:
    """The key of one row, of which a part is too long for a short cut."""
    if any(part is None for part in row):
        return None
    person, creditor, brand, stage, occurrence, *rest = row
    who = notice.NoticeId(
        person=str(person),
        creditor=str(creditor),
        brand=str(brand),
        stage=str(stage),
        occurrence=int(str(occurrence)),
    )
    if kind == "duly.notice.1":
        return notice.notice_key(who)
    point, channel, step = rest
    return notice.message_key(who, point=str(point), channel=Channel(channel), step=int(str(step)))
