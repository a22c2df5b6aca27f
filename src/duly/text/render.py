"""A checked template and its fields become the text: one by one through minijinja, in bulk through columns.

Both give the same bytes for the same values, whatever the values hold; the tests hold them equal on a
hostile corpus. The columnar form is for planning and pricing a whole book, the plain one renders again, from
the same fields, what is about to leave.
Refuses values that are not strings, fields that are missing, and a value that its sink refuses.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import minijinja
import polars as pl

from duly.text import escape
from duly.text.escape import Sink
from duly.text.template import Body, Choice, Slot, Template

# An `if` and a field cost a few units each; the longest template that the checker lets through stays below.
FUEL = 200_000


class MissingFieldError(KeyError):
    """The caller did not supply a field that the template uses."""


def plain(template: Template, fields: Mapping[str, str]) -> str:
    """The text for one record. `fields` holds every field of `template.fields`, empty where there is none.

    Raises MissingFieldError, and escape.RefusedError for a value that may not stand in this sink.
    """
    values: dict[str, str] = {}
    for name in template.fields:
        if name not in fields:
            raise MissingFieldError(name)
        value = fields[name]
        if type(value) is not str:  # an object could run code from inside a template
            raise TypeError(f"the field {name} is not a string")
        values[name] = escape.escape(template.sink, value)
    return _engine().render_str(template.source, **values)


def columnar(template: Template, frame: pl.DataFrame) -> pl.Series:
    """The text of every row; null exactly where `plain` raises RefusedError. A null field counts as empty."""
    for name in template.fields:
        if name not in frame.columns:
            raise MissingFieldError(name)
    rendered = frame.lazy().with_columns(expression(template).alias("\x00text")).collect()
    return rendered["\x00text"].alias("text")


def expression(template: Template) -> pl.Expr:
    """The text as an expression over string columns named as the fields."""
    values = {name: escape.column(template.sink, pl.col(name)) for name in template.fields}
    text = _said(template.body, values)
    if template.sink is not Sink.EMAIL_SUBJECT:  # the only sink that refuses
        return text
    refused = pl.any_horizontal(pl.lit(False), *(value.is_null() for value in values.values()))
    return pl.when(refused).then(pl.lit(None, dtype=pl.Utf8)).otherwise(text)


def _said(body: Body, values: Mapping[str, pl.Expr]) -> pl.Expr:
    parts = [_part(part, values) for part in body]
    return pl.concat_str(parts) if parts else pl.lit("")


def _part(part: str | Slot | Choice, values: Mapping[str, pl.Expr]) -> pl.Expr:
    if isinstance(part, str):
        return pl.lit(part)
    if isinstance(part, Slot):
        return values[part.field]
    said = _said(part.otherwise, values)
    for condition, body in reversed(part.branches):
        said = pl.when(values[condition] != "").then(_said(body, values)).otherwise(said)
    return said


@functools.cache
def _engine() -> minijinja.Environment:
    return minijinja.Environment(
        fuel=FUEL,
        undefined_behavior="strict",
        auto_escape_callback=lambda _name: False,  # our own escapers ran already
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        pycompat=False,
        debug=False,
    )
