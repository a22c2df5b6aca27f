"""A block of a CSV file is read at once only where the row by row reader would find the very same cells."""

from __future__ import annotations

import csv
import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.book import blocks

CELL = st.text(alphabet='ab0 .-,;"\r\n\0\ufeff元喆\U00020000#', max_size=4)
ROW = st.lists(CELL, min_size=1, max_size=4).map(",".join)


@given(
    st.lists(ROW, min_size=1, max_size=6), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.integers(1, 4)
)
def test_what_is_called_plain_is_what_the_row_reader_reads(
    rows: list[str], end: str, ended: bool, width: int
) -> None:
    """Whatever the block holds, it is either refused as not plain or split into the same cells."""
    text = end.join(rows) + (end if ended else "")

    found = blocks.plain(text.encode(), width, ",")

    if found is not None:
        read = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
        assert [list(row) for row in found.rows()] == read
        assert all(len(row) == width for row in read)


@pytest.mark.parametrize(
    ("block", "rows"),
    [
        (b"a,b\nc,d\n", [("a", "b"), ("c", "d")]),
        (b"a,b\r\nc,d", [("a", "b"), ("c", "d")]),
        (b",\n #x,\xe5\x85\x83\n", [("", ""), (" #x", "元")]),
        (b'"a",b\nc,""\n"","d d"', [("a", "b"), ("c", ""), ("", "d d")]),
    ],
)
def test_plain_blocks_are_read_at_once(block: bytes, rows: list[tuple[str, str]]) -> None:
    """Empty cells are empty texts, blanks stay, nothing is a comment, needless quotes and the last end count not."""
    found = blocks.plain(block, 2, ",")

    assert found is not None
    assert found.rows() == rows


@pytest.mark.parametrize(
    "block",
    [
        b'"a,",b\n',
        b'a"",b\n',
        b'"a""",b\n',
        b'"a,"b",c"\n',
        b'a,"b\n',
        b"a,b\n\nc,d\n",
        b"\na,b\n",
        b"a,b,c\n",
        b"a\n",
        b"a,b,c\nd\n",
        b"a,b\rc,d\n",
        b"a,\xff\n",
        b"a,\0\n",
        b"a," + b"x" * (1 << 17) + b"\n",
    ],
)
def test_what_is_not_plain_is_left_to_the_row_reader(block: bytes) -> None:
    """A quote that matters, a blank line, another number of cells, an odd line end, a wrong byte, a cell too long."""
    assert blocks.plain(block, 2, ",") is None


def test_a_block_ends_where_a_line_ends_and_every_byte_is_hashed() -> None:
    """However the file is cut, its lines stay whole and the hash is that of the file."""
    line = b"a,b\n"
    content = line * (blocks.SIZE // len(line)) + b"a much longer line,than the others\n" + line
    stream, digest = io.BytesIO(content), hashlib.sha256()

    first = blocks.take(stream, digest)
    second = b"".join(blocks.lines(stream, digest))

    assert first.endswith(b"\n")
    assert first + second == content
    assert digest.hexdigest() == hashlib.sha256(content).hexdigest()


def test_a_line_without_an_end_is_not_read_to_the_end() -> None:
    """A file that is one endless line costs a line's length of memory beyond a block, and no more."""
    stream = io.BytesIO(b"x" * (blocks.SIZE + 3 * blocks.LONGEST_LINE))
    digest = hashlib.sha256()

    block = blocks.take(stream, digest)
    pieces = blocks.lines(stream, digest, block)

    assert len(block) == blocks.SIZE + blocks.LONGEST_LINE
    assert len(next(pieces)) == blocks.LONGEST_LINE
