"""Each sink gets what it can bear, in columns as in plain."""

from __future__ import annotations

import csv
import html
import io
import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.text import escape
from duly.text.escape import RefusedError, Sink
from tests.text.material import hostile

CASES = [
    (Sink.SMS, "张\n三", "张 三"),
    (Sink.SMS, "a\r\n\tb", "a b"),
    (Sink.SMS, "张\u202e三\u202c", "张三"),
    (Sink.SMS, "x\x00\x1b[31my", "x[31my"),
    (Sink.SMS, "👨\u200d👩", "👨\u200d👩"),
    (Sink.SMS, "a\u2028b\x85c", "a b c"),
    (Sink.EMAIL_TEXT, "<b>&", "<b>&"),
    (Sink.EMAIL_SUBJECT, "晨曦消金", "晨曦消金"),
    (Sink.HTML, '<a href="x">&\'</a>', "&lt;a href=&quot;x&quot;&gt;&amp;&#39;&lt;/a&gt;"),
    (Sink.CSV, "plain", "plain"),
    (Sink.CSV, "=HYPERLINK(1)", "'=HYPERLINK(1)"),
    (Sink.CSV, "-1,5", '"\'-1,5"'),
    (Sink.CSV, "＝1", "'＝1"),
    (Sink.CSV, 'say "x"', '"say ""x"""'),
    (Sink.TERMINAL, "\x1b[31mred\u202e", "\\x1b[31mred\\u202e"),
    (Sink.TERMINAL, "line\n", "line\\x0a"),
    (Sink.TERMINAL, "\U000e0041", "\\U000e0041"),
]


@pytest.mark.parametrize(("sink", "value", "wanted"), CASES)
def test_values_are_escaped_for_their_sink(sink: Sink, value: str, wanted: str) -> None:
    """What cannot be said goes, what would be obeyed is quoted, what would be seen is shown."""
    assert escape.escape(sink, value) == wanted


@pytest.mark.parametrize("value", ["a\r\nBcc: b@c.example", "a\nb", "a\x00", "a\x7f", "a\u2028b", "a\tb"])
def test_a_header_takes_no_control_character(value: str) -> None:
    """RFC 5322 knows no way to write one; a value that has one is refused, not mended."""
    with pytest.raises(RefusedError, match="control character"):
        escape.escape(Sink.EMAIL_SUBJECT, value)


@pytest.mark.parametrize("sink", [sink for sink in Sink if sink is not Sink.TERMINAL])
def test_half_a_surrogate_pair_is_no_character(sink: Sink) -> None:
    """It could not be encoded, so it is refused where it would enter; a terminal shows it."""
    with pytest.raises(RefusedError, match="surrogate"):
        escape.escape(sink, "a\ud800")

    assert escape.escape(Sink.TERMINAL, "a\ud800") == "a\\ud800"


@given(st.lists(hostile, min_size=1, max_size=8), st.sampled_from(escape.TEMPLATE_SINKS))
def test_columns_escape_as_the_plain_reading_does(values: list[str], sink: Sink) -> None:
    """Null exactly where the plain one refuses."""
    column = pl.DataFrame({"value": values}).select(value=escape.column(sink, pl.col("value")))["value"]

    assert column.to_list() == [_plain(sink, value) for value in values]


def test_a_null_counts_as_empty_in_columns() -> None:
    """A field that is not there is nothing, not the word null."""
    frame = pl.DataFrame({"value": [None]}, schema={"value": pl.String})

    assert frame.select(value=escape.column(Sink.SMS, pl.col("value")))["value"].to_list() == [""]


@given(hostile)
def test_a_csv_cell_reads_back_and_computes_nothing(value: str) -> None:
    """Python's reader gives the value again, with an apostrophe where a spreadsheet would have computed."""
    cell, other = next(csv.reader(io.StringIO(f"{escape.csv(value)},x\r\n", newline="")))

    assert cell in {value, f"'{value}"}
    assert other == "x"
    assert not cell.startswith(("=", "+", "-", "@"))


@given(hostile)
def test_html_reads_back_as_the_line(value: str) -> None:
    """A browser shows what an SMS would, and finds no tag."""
    assert html.unescape(escape.html(value)) == escape.line(value)
    assert "<" not in escape.html(value)


@given(hostile)
def test_a_terminal_gets_nothing_to_obey(value: str) -> None:
    """No control and no invisible character is left."""
    assert not [char for char in escape.terminal(value) if unicodedata.category(char) in {"Cc", "Cf", "Cs"}]


def test_templates_are_written_for_four_sinks_only() -> None:
    """A spreadsheet and a terminal have no columnar twin."""
    with pytest.raises(ValueError, match="not written for csv"):
        escape.column(Sink.CSV, pl.col("value"))


def _plain(sink: Sink, value: str) -> str | None:
    try:
        return escape.escape(sink, value)
    except RefusedError:
        return None
