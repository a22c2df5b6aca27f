"""Files that somebody wrote to hurt, or that a disk hurt: each is read, refused in words, or left out row by row."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duly.book import batch, cells, control, convert, read
from duly.book.mapping import FeedMapping
from duly.model import money
from tests.book import lender

CSV: FeedMapping = lender.mapped().feeds["payments"]
PARQUET: FeedMapping = lender.mapped(
    lender.YAML.replace("data/payments.csv", "data/payments.parquet\n    format: parquet")
).feeds["payments"]
HEADER = "id,no,day,amount,kind,orig"


class _Nothing:
    def update(self, data: bytes, /) -> None:
        """Nobody asks."""


def typed(content: bytes, feed: FeedMapping = CSV) -> list[tuple[batch.Cells, convert.Batch]]:
    """What a file comes to, as a load reads it. Raises Unreadable."""
    return [
        (cut, convert.typed(cut.cells, feed, as_of=lender.AS_OF))
        for cut in cells.read(io.BytesIO(content), "a", feed, _Nothing())
    ]


def survives(content: bytes, feed: FeedMapping = CSV) -> None:
    """Every row is among the good or the bad ones, or the file is refused with a remedy."""
    try:
        found = typed(content, feed)
    except batch.Unreadable as refused:
        told = [problem for problem in refused.problems if not (problem.what and problem.remedy)]
    else:
        told = []
        for cut, made in found:
            bad = pl.concat([cut.ragged, made.bad]).unique(["file", "line"]).height
            assert made.good.height + bad == cut.rows
            assert made.good["amount"].is_between(0, money.MAX_MINOR).all()
    assert told == []


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400))
def test_any_bytes_below_a_header_are_rows_or_refused(junk: bytes) -> None:
    """Not one row is lost, and nothing is raised that a person could not read."""
    survives(f"{HEADER}\n".encode() + junk)


CELL = st.one_of(
    st.sampled_from(
        [
            "1e308", "-1e308", "1e-400", "NaN", "nan", "Infinity", "-0", "0x10", "1_000", "１２３", "٣", "1,5", "1.005",
            "9" * 400, "0" * 400 + "1", "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "2026-02-30", "0000-00-00",
            "10000-01-01",
            "1900-02-29", "1904-01-01", "\u202e1", "a\x00b", "null", "None", '"', "'; drop table x; --", "A1",
        ]
    ),
    st.text(max_size=12),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(CELL, min_size=6, max_size=6), max_size=5))
def test_any_cells_are_values_or_left_out(rows: list[list[str]]) -> None:
    """Whatever stands in a cell, what is taken of it lies within the bounds of a book."""
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    survives("\n".join([HEADER, *lines, ""]).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    ("cell", "becomes"),
    [
        ("1e308", "amount"),
        ("NaN", "amount"),
        ("Infinity", "amount"),
        ("=1+1", "amount"),
        ("+1", "amount"),
        ("-1e308", "negative"),
        ("１２３", "amount"),
        ("0.30000000000000004", "decimals"),
        ("99999999999.99", None),
        ("100000000000.00", None),
        ("100000000000.01", "amount_beyond"),
        ("9" * 400, "amount_beyond"),
        ("0" * 400 + "1", None),
    ],
)
def test_an_amount_is_plain_digits_within_the_bound(cell: str, becomes: str | None) -> None:
    """Nothing is computed, rounded or guessed; the largest amount is the bound itself."""
    ((_, made),) = typed(f"{HEADER}\ny1,A1,2026-03-12,{cell},P,\n".encode())

    assert made.bad["code"].to_list() == ([] if becomes is None else [becomes])


def test_a_cell_that_a_spreadsheet_would_run_is_text_here(tmp_path: Path) -> None:
    """It is loaded where text is meant, and computed nowhere."""
    parties = lender.FILES["parties"].replace("Ann Lee", "=cmd|' /C calc'!A0")

    made = lender.loaded(tmp_path, parties=parties)

    assert "=cmd|' /C calc'!A0" in made.personal.people["name"].to_list()


PAID = pl.DataFrame(
    {
        "id": ["y1"], "no": ["A1"], "day": ["2026-03-12"], "amount": [Decimal("1.00")], "kind": ["P"], "orig": [""],
    }
)  # fmt: skip


def parquet(frame: pl.DataFrame) -> bytes:
    """The bytes of a file."""
    made = io.BytesIO()
    frame.write_parquet(made)
    return made.getvalue()


WHOLE = parquet(PAID)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(place=st.integers(0, len(WHOLE) - 1), cut=st.integers(0, 30), junk=st.binary(max_size=8))
def test_a_damaged_parquet_file_is_refused_or_read(place: int, cut: int, junk: bytes) -> None:
    """The reader is somebody else's: nothing but its own refusals may come out of it."""
    survives(WHOLE[:place] + junk + WHOLE[place + cut :], PARQUET)


@pytest.mark.parametrize("held", [pl.Float64, pl.Float32, pl.Duration, pl.Binary, pl.Object])
def test_a_parquet_column_that_is_not_exact_is_refused(held: pl.DataType) -> None:
    """Money as a float is nobody's amount, whatever it holds."""
    if held == pl.Object:
        frame = PAID.with_columns(amount=pl.struct(a=pl.lit(1)))
    else:
        frame = PAID.with_columns(amount=pl.lit(None, held))

    with pytest.raises(batch.Unreadable) as refused:
        typed(parquet(frame), PARQUET)

    assert [problem.code for problem in refused.value.problems] == ["book.file.column_type"]


@given(st.binary(max_size=200))
def test_any_control_file_is_understood_or_refused(content: bytes) -> None:
    """A control that is skipped controls nothing."""
    marks, problems = control.read(content, "control.csv", lender.mapped())

    assert bool(marks) != bool(problems)


def test_a_file_that_is_a_folder_or_a_device_is_not_read(tmp_path: Path) -> None:
    """Only files are matched by a pattern, so nothing waits for ever."""
    lender.write(tmp_path)
    (tmp_path / "data" / "payments.csv").unlink()
    (tmp_path / "data" / "payments.csv").mkdir()

    found, problems = read.load(tmp_path, lender.mapped(), as_of=lender.AS_OF, blind=lender.index)

    assert found is None
    assert [problem.code for problem in problems] == ["book.feed.no_file"]
