"""The lint of a whole batch: columns clear the ordinary texts, the plain reading judges the others.

Whatever the plain reading would object to is among the others; the tests hold the two equal. So a million
texts are gone through in seconds, and every finding is still the plain reading's own.
"""

from __future__ import annotations

import polars as pl

from duly.text import code, disclosure, elements, figures, leads, lint, normal, segment, wording
from duly.text.escape import Sink
from duly.text.fields import FIELDS
from duly.text.lint import Measure

SCHEMA = {
    "row": pl.UInt32,
    "code": pl.Utf8,
    "what": pl.Utf8,
    "found": pl.Utf8,
    "start": pl.Int64,
    "category": pl.Utf8,
    "action": pl.Utf8,
}


_PARTED = "\x03"

# Columns have a price of their own; so many texts cost as much when they are read plainly.
FEW = 32


def sweep(
    frame: pl.DataFrame, measure: Measure, *, present: pl.Series | None = None, few: int = FEW
) -> pl.DataFrame:
    """`lint.lint` for every row: a row for each finding (SCHEMA), in the order of the texts.

    `frame` has `text` (not null), `figures` (List(Int64), the sums the text may name) and the fields as
    string columns. `row` is the place in `frame`. `present` is what `elements.columnar` found, where it was asked.
    Frames of at most `few` rows are read plainly.
    """
    named = [name for name in FIELDS if name in frame.columns]
    rest = frame.select("text", "figures", *named).with_row_index("row")
    if frame.height > few:
        rest = rest.filter(~_cleared(frame, measure, present))
    rows: list[tuple[object, ...]] = []
    for record in rest.iter_rows(named=True):
        values = {name: record[name] or "" for name in named}
        found = lint.lint(record["text"], measure, allowed=set(record["figures"]), values=values)
        rows.extend(
            (record["row"], one.code, str(one.what), one.found, one.start, one.category, one.action.value)
            for one in found
        )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _cleared(frame: pl.DataFrame, measure: Measure, present: pl.Series | None) -> pl.Series:
    """Whether the columns vouch for the text."""
    if measure.sink is Sink.HTML:
        return pl.Series("cleared", [False] * frame.height, dtype=pl.Boolean)
    if frame.is_empty():
        return pl.Series("cleared", [], dtype=pl.Boolean)
    texts = frame["text"]
    suspects = wording.suspects(texts, measure.lists, notice=measure.notice)
    text = pl.col("text")
    struck = frame.select(
        "figures",
        "text",
        unlinked=_without_code(leads.without_links(text, measure.destinations), frame.columns),
    ).with_columns(
        # No sum is formed with a link or a code, so what was struck of those is not what was struck of sums.
        unsummed=figures.strike_exact(
            pl.col("unlinked").str.replace_all(leads.STRUCK, _PARTED, literal=True), measure.currency
        ),
        sums=figures.exact(pl.col("unlinked"), measure.currency),
    )
    faults = [
        ~normal.is_plain(text),  # whatever folding or hiding could change
        text.str.strip_chars() == "",
        leads.leads_on(pl.col("unlinked")),
        figures.has_others(pl.col("unsummed")),
        pl.col("sums").list.set_difference("figures").list.len() > 0,
        leads.has_numbers(pl.col("unsummed"), measure.destinations),
    ]
    if measure.sink is Sink.SMS:
        faults.append(text.str.contains("(?s).【"))
    cleared = struck.select(~pl.any_horizontal(faults).alias("cleared"))["cleared"].fill_null(value=False)
    if measure.sink is Sink.EMAIL_SUBJECT:
        cleared &= ~_tells(texts, measure)
    elif measure.sink is Sink.SMS and measure.preview:
        seen = disclosure.preview_column(text, measure.preview)
        cleared &= ~_tells(frame.select(text=seen)["text"], measure)
    if measure.required:
        found = (elements.columnar(frame) if present is None else present).to_frame("present")
        carried = [pl.col("present").list.contains(element) for element in sorted(measure.required)]
        cleared &= found.select(pl.all_horizontal(carried).alias("carried"))["carried"]
    if measure.market is not None and measure.max_parts is not None:
        cleared &= segment.columnar(texts, measure.market)["billed"] <= measure.max_parts
    places = pl.select(pl.int_range(frame.height, dtype=pl.UInt32).alias("row"))["row"]
    return cleared & ~places.is_in(suspects.implode())


def _tells(texts: pl.Series, measure: Measure) -> pl.Series:
    """Whether each tells of a debt; ordinary texts are read by the short cut."""
    text = pl.col("text")
    told = pl.repeat(value=True, n=texts.len(), dtype=pl.Boolean, eager=True)
    places = pl.DataFrame({"text": texts}).with_row_index("place").drop_nulls()
    for part, form_of in (
        (places.filter(normal.is_ordinary(text)), normal.ordinary_column),
        (places.filter(~normal.is_ordinary(text)), normal.column),
    ):
        if part.height:
            read = part.select(told=disclosure.tells(text, measure.lists, form_of=form_of))["told"]
            told = told.scatter(part["place"], read)
    return told


def _without_code(text: pl.Expr, columns: list[str]) -> pl.Expr:
    """The text without the row's own verification code, when that is the only thing in it that looks like one."""
    if "verify_code" not in columns:
        return text
    looks = f"[{code.ALPHABET}]{{5}}-[{code.ALPHABET}]{{5}}"
    own = (text.str.count_matches(looks) == 1) & (text.str.extract(f"({looks})") == pl.col("verify_code"))
    return pl.when(own).then(text.str.replace(looks, leads.STRUCK)).otherwise(text)
