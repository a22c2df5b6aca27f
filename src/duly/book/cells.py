"""A file as batches of text cells, with the line each row stands on.

CSV is RFC 4180 in UTF-8 (a byte order mark is allowed), Parquet is read by its columns and turned into the
same text, a workbook sheet by sheet. Every byte of a file passes through the hash that the manifest will hold.
Refuses a file that is not what it says: another encoding, no header, a column missing, unknown or doubled, a
quote left open, money as a float.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

import polars as pl

from duly.book import batch, blocks, feeds, quarantine, spreadsheet
from duly.book.batch import Cells, Unreadable
from duly.book.blocks import Hash
from duly.book.feeds import Kind
from duly.book.mapping import FeedMapping
from duly.errors import Problem
from duly.model.said import say

_BOM = b"\xef\xbb\xbf"


def read(stream: BinaryIO, name: str, feed: FeedMapping, digest: Hash) -> batch.Batches:
    """The batches of one open file, which problems call `name`. Raises Unreadable, at any batch."""
    form = {"parquet": _parquet, "xlsx": spreadsheet.read}.get(feed.format, _csv)
    return form(stream, name, feed, digest)


# --- CSV


def _csv(stream: BinaryIO, name: str, feed: FeedMapping, digest: Hash) -> Iterator[Cells]:
    rows = csv.reader(_decoded(blocks.lines(stream, digest), name, 0), delimiter=feed.delimiter, strict=True)
    try:
        header = [cell.strip() for cell in next(rows, [])]
    except csv.Error as error:
        raise Unreadable(_no_csv(name, 1, feed, error)) from error
    if not header:
        what, remedy = say("this file is empty"), say("A feed has at least its header.")
        raise Unreadable(batch.problem(name, None, "empty", what, remedy))
    batch.check_header(header, name, feed)
    number = rows.line_num
    while block := blocks.take(stream, digest):
        cells = blocks.plain(block, len(header), feed.delimiter)
        if cells is None:  # from here on row by row: a quoted cell may go on in the next block
            yield from _row_by_row(blocks.lines(stream, digest, block), number, header, name, feed)
            return
        places = {column: pl.col(str(header.index(column))) for column in feed.columns}
        line = pl.int_range(number + 1, number + cells.height + 1, dtype=pl.Int64)
        number += cells.height
        yield Cells(
            cells=cells.select(**places, file=pl.lit(name), line=line),
            ragged=quarantine.empty(),
            rows=cells.height,
        )


def _row_by_row(
    raws: Iterator[bytes], before: int, header: list[str], name: str, feed: FeedMapping
) -> Iterator[Cells]:
    """The rows of lines that come after `before` others."""
    rows = csv.reader(_decoded(raws, name, before), delimiter=feed.delimiter, strict=True)
    began = before + 1
    try:
        while True:
            lines: list[int] = []
            chunk: list[list[str]] = []
            began = before + rows.line_num + 1
            for row in islice(rows, batch.ROWS):
                if row:  # a blank line is no row
                    chunk.append(row)
                    lines.append(began)
                began = before + rows.line_num + 1
            if not chunk:
                break
            yield _batch(chunk, lines, header, name, feed)
    except csv.Error as error:
        raise Unreadable(_no_csv(name, began, feed, error)) from error


def _no_csv(name: str, line: int, feed: FeedMapping, error: csv.Error) -> Problem:
    what = say("from this line on it is not CSV: {why}", why=str(error))
    remedy = say("Look for a quote left open, or for another delimiter than `{d}`.", d=feed.delimiter)
    return batch.problem(name, line, "csv", what, remedy)


def _decoded(raws: Iterator[bytes], name: str, before: int) -> Iterator[str]:
    """Lines as text, each decoded by itself, so that a wrong byte has a line; `before` is how many came before."""
    for number, line in enumerate(raws, start=before + 1):
        raw = line.removeprefix(_BOM) if number == 1 else line
        if len(line) == blocks.LONGEST_LINE:
            what = say("this line is longer than {most} bytes", most=blocks.LONGEST_LINE)
            raise Unreadable(
                batch.problem(name, number, "line_long", what, say("End each row with a line break."))
            )
        try:
            yield raw.decode()
        except UnicodeDecodeError as error:
            raise Unreadable(_encoding(name, number, raw)) from error


def _encoding(name: str, line: int, raw: bytes) -> Problem:
    what = say("this file is not UTF-8 text")
    remedy = say("Save it as UTF-8.")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        what = say("this file is UTF-16, not UTF-8")
        remedy = say("Save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8 {file}", file=name)
    else:
        try:
            raw.decode("gb18030")
        except UnicodeDecodeError:
            pass
        else:
            what = say("this file is not UTF-8; it looks like GBK (GB 18030)")
            remedy = say("Save it as UTF-8, or convert it: iconv -f GB18030 -t UTF-8 {file}", file=name)
    return batch.problem(name, line, "encoding", what, remedy)


def _batch(
    chunk: list[list[str]], lines: list[int], header: list[str], name: str, feed: FeedMapping
) -> Cells:
    width = len(header)
    rows = len(chunk)
    ragged = quarantine.empty()
    if any(len(row) != width for row in chunk):
        ragged = _ragged(chunk, lines, width, name, feed)
        kept = [index for index, row in enumerate(chunk) if len(row) == width]
        chunk, lines = [chunk[index] for index in kept], [lines[index] for index in kept]
    by_column = list(zip(*chunk, strict=True)) or [()] * width
    data = {column: by_column[header.index(column)] for column in feed.columns}
    frame = pl.DataFrame(data, schema=dict.fromkeys(data, pl.String)).with_columns(
        file=pl.lit(name), line=pl.Series(lines, dtype=pl.Int64)
    )
    return Cells(cells=frame, ragged=ragged, rows=rows)


def _ragged(
    chunk: list[list[str]], lines: list[int], width: int, name: str, feed: FeedMapping
) -> pl.DataFrame:
    """Rows of another length. Any cell may be the id of an account, so all of them are noted as names."""
    found = [(line, row) for line, row in zip(lines, chunk, strict=True) if len(row) != width]
    return pl.DataFrame(
        {
            "feed": feed.name,
            "file": name,
            "line": [line for line, _ in found],
            "field": None,
            "value": [feed.delimiter.join(row) for _, row in found],
            "code": "ragged",
            "names": [row for _, row in found],
        },
        schema=dict(quarantine.SCHEMA),
    )


# --- Parquet


def _parquet(stream: BinaryIO, name: str, feed: FeedMapping, digest: Hash) -> Iterator[Cells]:
    content = stream.read()
    digest.update(content)
    try:
        schema = pl.read_parquet_schema(io.BytesIO(content))
        batch.check_header(list(schema), name, feed)
        texts = [_as_text(column, schema[column], name, feed) for column in feed.columns]
        frame = pl.read_parquet(io.BytesIO(content), columns=list(feed.columns))
    except (pl.exceptions.PolarsError, OSError) as error:
        what = say("this is not a Parquet file that can be read")
        raise Unreadable(batch.problem(name, None, "parquet", what, say("Write the file again."))) from error
    for offset in range(0, max(frame.height, 1), batch.ROWS):
        rows = frame.slice(offset, batch.ROWS)
        cells = rows.select(texts).with_columns(
            file=pl.lit(name), line=pl.int_range(offset + 1, offset + rows.height + 1, dtype=pl.Int64)
        )
        yield Cells(cells=cells, ragged=quarantine.empty(), rows=rows.height)


def _as_text(column: str, held: pl.DataType, name: str, feed: FeedMapping) -> pl.Expr:
    """A Parquet column as the text a CSV of the same feed would have."""
    kind = feeds.FEEDS[feed.name][feed.columns[column]].kind
    cell = pl.col(column)
    if held == pl.String or held.is_integer() or held == pl.Boolean:
        return cell.cast(pl.String)
    if isinstance(held, pl.Categorical | pl.Enum):
        return cell.cast(pl.String)
    if held == pl.Date and kind is Kind.DAY:
        return cell.dt.strftime(feed.dates)
    if isinstance(held, pl.Decimal) and kind in (Kind.MONEY, Kind.RATE):
        return cell.cast(pl.String)
    if held == pl.List(pl.String) and kind is Kind.ZONES:
        return cell.list.join(";")
    what = say("the column `{column}` holds {type}, which is not exact here", column=column, type=str(held))
    remedy = say(
        "Write days as date, amounts and rates as decimal or text, everything else as text or integer."
    )
    raise Unreadable(batch.problem(name, None, "column_type", what, remedy))
