"""Canonical JSON of many rows at once: UTF-8, names in order, no blanks, days in ISO form, bytes in hex.

The same bytes as `json.dumps(..., ensure_ascii=False, sort_keys=True, separators=(",", ":"))` of each row; the tests
hold the two equal. Refuses floats: nothing that is kept here has any.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl


def objects(frame: pl.DataFrame, names: Iterable[str]) -> pl.Expr:
    """One JSON object for each row, of these columns of the frame."""
    ordered = sorted(names)
    if any(kind.is_float() for kind in frame.select(ordered).dtypes):
        raise ValueError("a float has no canonical form here")
    return pl.struct(_plain(name, frame.schema[name]) for name in ordered).struct.json_encode()


def entries(names: Iterable[str], schema: pl.Schema) -> pl.Expr:
    """The inside of an object of those columns that are not null; empty where all are. No texts but plain words."""
    pieces = []
    for name in sorted(names):
        value = pl.col(name).cast(pl.String)
        said = pl.format('"{}"', value) if schema[name] == pl.String() else value
        pieces.append(pl.concat_str(pl.lit(f'"{name}":'), said))
    return pl.concat_str(pieces, separator=",", ignore_nulls=True)


def text(name: str) -> pl.Expr:
    """One column of texts, each as JSON."""
    return pl.struct(x=name).struct.json_encode().str.strip_prefix('{"x":').str.strip_suffix("}")


def joined(*parts: pl.Expr) -> pl.Expr:
    """Objects that follow each other in the order of names, as one. None of them is empty."""
    inner = [part.str.strip_prefix("{").str.strip_suffix("}") for part in parts]
    return pl.format("{}{}{}", pl.lit("{"), pl.concat_str(inner, separator=","), pl.lit("}"))


def _plain(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if kind == pl.Date():
        return column.cast(pl.String)
    if kind == pl.Binary():
        return column.bin.encode("hex")
    return column
