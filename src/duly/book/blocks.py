"""A CSV file in blocks of whole lines, and the plain ones among them read at once.

Most files have no quotes that matter and no odd line ends; such a block is split into cells by Polars, some twenty
times as fast as a reader that goes from row to row. Whatever is not plain (a quote around a delimiter, a blank line,
a row of another length, bytes that are no UTF-8) is refused here and left to that reader, which knows the line and
the reason.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO, Protocol

import polars as pl

SIZE = 4 << 20  # bytes of a block, and what is missing of its last line
LONGEST_LINE = 1 << 20
_LONGEST_CELL = 1 << 17  # as the row by row reader has it


class Hash(Protocol):
    """What `hashlib.sha256()` gives."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""


def take(stream: BinaryIO, digest: Hash) -> bytes:
    """The next whole lines, empty at the end of the file. The last one ends unfinished if it is too long."""
    block = stream.read(SIZE)
    if block and not block.endswith(b"\n"):
        block += stream.readline(LONGEST_LINE)
    digest.update(block)
    return block


def lines(stream: BinaryIO, digest: Hash, pending: bytes = b"") -> Iterator[bytes]:
    """The lines of a block that was taken, and all that follow it; a line that is too long comes in pieces."""
    taken = io.BytesIO(pending)
    while raw := taken.readline(LONGEST_LINE):
        if not raw.endswith(b"\n") and len(raw) < LONGEST_LINE:
            more = stream.readline(LONGEST_LINE - len(raw))
            digest.update(more)
            raw += more
        yield raw
    while raw := stream.readline(LONGEST_LINE):
        digest.update(raw)
        yield raw


def plain(block: bytes, width: int, delimiter: str) -> pl.DataFrame | None:
    """The cells of a plain block as text columns named by their places; None where it is not plain."""
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if b'"' in block:
        block = _unquoted(block, delimiter)
    strange = any(byte in block for byte in (b'"', b"\r", b"\0", b"\n\n")) or block.startswith(b"\n")
    rows = block.count(b"\n") + (not block.endswith(b"\n"))
    even = block.count(delimiter.encode()) == rows * (width - 1)
    if strange or not even or not delimiter.isascii() or width < 2:
        return None
    names = [str(place) for place in range(width)]
    try:
        cells = pl.read_csv(
            block,
            has_header=False,
            schema=dict.fromkeys(names, pl.String),
            separator=delimiter,
            quote_char=None,
            empty_string_is_null=False,
        )
    except pl.exceptions.PolarsError:
        return None
    longest = cells.select(pl.max_horizontal(pl.all().str.len_bytes().max())).item() if rows else 0
    fits = cells.height == rows and not any(cells.null_count().row(0)) and (longest or 0) < _LONGEST_CELL
    return cells if fits else None


def _unquoted(block: bytes, delimiter: str) -> bytes:
    """The block without the quotes around cells that need none; any quote that is left makes it not plain.

    A pair goes only where it holds no quote, delimiter or line end and fills its cell. The first quote of a block
    of whole rows begins a cell if a delimiter or a line stands before it; so, pair by pair, no cell is cut open.
    """
    mark = re.escape(delimiter.encode())
    bare = re.sub(rb'"(?<![^\n%s]")([^"\n\r%s]*)"(?=[\n%s]|\Z)' % (mark, mark, mark), rb"\1", block)
    # Without its quotes a cell may look like nothing at all, and a line like a blank one.
    return block if bare.startswith(b"\n") or b"\n\n" in bare else bare
