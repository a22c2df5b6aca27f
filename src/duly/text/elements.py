"""What a message must carry, looked for in the rendered text itself.

A template may promise an amount and still render without one; so an element is there when the value that the
notice was given for it stands in the text that a person will read, and not otherwise.
Refuses to say that something is there because a part of it is: `1,236.15元` is not in `11,236.15元`, nor
`1月2日` in `11月2日`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import polars as pl

from duly.text import escape
from duly.text.escape import Sink

SENDER_NAME_FIRST = "sender_name_first"
OPTOUT = "optout"

# Element → the fields of which one must stand in the text.
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "creditor_name": ("creditor",),
    "amount": ("overdue_total", "next_due_total"),
    "as_of": ("as_of",),
    "official_contact": ("hotline", "official_url"),
    "objection_route": ("objection_how",),
    "pay_route": ("pay_how",),
    "verify_code": ("verify_code",),
    "deadline": ("deadline",),
    "holder_name": ("name",),
    "business_name": ("brand", "creditor"),
}
# What a sum is made of: the element is there when every part that is owed stands in the text.
ITEMIZATION = "itemization"
_PARTS = ("principal", "interest", "penalty", "fees")
# An objection is also told how to be made by a word for it and the official number.
_OBJECTION = "异议|申诉|(?:^|[^A-Za-z])(?i:disagree|object|dispute)"
ELEMENTS = frozenset({SENDER_NAME_FIRST, OPTOUT, ITEMIZATION, *_FIELDS})

# Word edges are spelled out: what \b takes for a letter differs between engines.
_OPTOUT = r"退订|拒收请?回|回复?TD?(?:[^A-Za-z]|$)|(?:^|[^A-Za-z])(?i:reply stop|unsubscribe|opt out)(?:[^A-Za-z]|$)"
# After a bare name the sentence must stop: 甲银行员工 is not 甲银行.
_GOES_ON = "^[0-9A-Za-z\u3400-\u9fff]"

# A number goes on over a point, a comma or a hyphen; a date without a year is another one after a year.
_BEFORE_DIGIT = "[0-9A-Za-z.,\\-−年]"
_AFTER_DIGIT = "^(?:[0-9A-Za-z%]|[.,\\-][0-9])"

# What every notice must carry by default; the law and the lender may ask for more.
_ALWAYS = frozenset(
    {SENDER_NAME_FIRST, "creditor_name", "amount", "official_contact", "pay_route", "verify_code"}
)
_OVERDUE = _ALWAYS | {"as_of", "objection_route"}
REQUIRED: Mapping[str, frozenset[str]] = {
    "due_soon": _ALWAYS,
    "overdue_first": _OVERDUE,
    "overdue_firm": _OVERDUE,
    "last_notice": _OVERDUE | {"deadline"},
    # A neutral text for where others may read it: who writes, whom to call, which code to quote; no word of a debt.
    "call_back": frozenset({SENDER_NAME_FIRST, "official_contact", "verify_code"}),
    # That a stop was heard, from whom, and nothing else.
    "stop_confirmation": frozenset({SENDER_NAME_FIRST}),
}


def required(notice: str, sink: Sink) -> frozenset[str]:
    """What `notice` must carry in `sink`. A subject names the sender and nothing else."""
    if sink is Sink.EMAIL_SUBJECT:
        return frozenset({SENDER_NAME_FIRST})
    return REQUIRED.get(notice, _OVERDUE)


def present(text: str, values: Mapping[str, str]) -> frozenset[str]:
    """The elements that `text` carries, of a notice that was given `values` (field → string, as rendered)."""
    found = {
        element
        for element, fields in _FIELDS.items()
        if any(stands(values.get(name, ""), text) for name in fields)
    }
    owed = [part for name in _PARTS if (part := values.get(name, ""))]
    if owed and all(stands(part, text) for part in owed):
        found.add(ITEMIZATION)
    if any(_begins(text, name) for name in _senders(values)):
        found.add(SENDER_NAME_FIRST)
    if re.search(_OBJECTION, text) and stands(values.get("hotline", ""), text):
        found.add("objection_route")
    if re.search(_OPTOUT, text):
        found.add(OPTOUT)
    return frozenset(found)


def stands(value: str, text: str) -> bool:
    """Whether `value` stands in `text` as a whole: not within a longer number, date or word."""
    value = escape.line(value)
    if not value:
        return False
    at = text.find(value)
    while at >= 0:
        end = at + len(value)
        if not _joins(value, text[max(at - 1, 0) : at], text[end : end + 2]):
            return True
        at = text.find(value, at + 1)
    return False


def columnar(frame: pl.DataFrame, *, text: str = "text") -> pl.Series:
    """`present` for every row, as a List(Utf8) column in alphabetical order.

    `frame` has the column `text` and the fields as string columns; a field without a column is empty. Columns
    look at the first place where a value stands; a row where that place is within something longer is read
    plainly.
    """
    fields = [name for name in _USED if name in frame.columns]
    lines = frame.select(
        pl.col(text).alias("text"), *(escape.column(Sink.SMS, pl.col(n)).alias(n) for n in fields)
    )
    # Where each value stands is looked up once, then put together for the elements.
    judged = (
        lines.lazy()
        .with_columns(
            *(_pieces(name).alias(f"{name}/pieces") for name in fields),
            pl.col("text").str.contains(_OBJECTION).alias("objects"),
        )
        .with_columns(
            *(_somewhere(name).alias(f"{name}/somewhere") for name in fields),
            *(_apart(name).alias(f"{name}/apart") for name in fields),
        )
        .select(
            *(_sure(element, fields).alias(element) for element in sorted(ELEMENTS)),
            _any(_doubtful(element, fields) for element in (*_FIELDS, ITEMIZATION)).alias("doubtful"),
        )
        .select(
            _named(sorted(ELEMENTS)).alias("elements"),
            "doubtful",
        )
        .collect()
    )
    if not judged["doubtful"].any():
        return judged["elements"]
    plain = lines.with_row_index("row").filter(judged["doubtful"])
    read = pl.DataFrame(
        {"row": plain["row"], "read": _read(plain)},
        schema={"row": pl.UInt32, "read": pl.List(pl.Utf8)},
    )
    joined = judged.with_row_index("row").join(read, on="row", how="left", maintain_order="left")
    return joined.select(pl.coalesce("read", "elements").alias("elements"))["elements"]


def plainly(frame: pl.DataFrame, *, text: str = "text") -> pl.Series:
    """What `columnar` gives, text by text: cheaper for few."""
    rows = frame.select(pl.col(text).alias("text"), *(name for name in _USED if name in frame.columns))
    found = [
        sorted(present(str(row["text"]), {name: value or "" for name, value in row.items()}))
        for row in rows.iter_rows(named=True)
    ]
    return pl.Series("elements", found, dtype=pl.List(pl.Utf8))


def _read(lines: pl.DataFrame) -> list[list[str]]:
    return [sorted(present(str(row["text"]), row)) for row in lines.iter_rows(named=True)]


_USED = tuple(dict.fromkeys(["brand", *(name for fields in _FIELDS.values() for name in fields), *_PARTS]))
# The fields by which each element is known, and whether one of them suffices.
PARTS = frozenset(_PARTS)
KNOWN_BY = (*((frozenset(names), True) for names in _FIELDS.values()), (PARTS, False))


def _named(elements: Sequence[str]) -> pl.Expr:
    """The names of the true columns, as a list."""
    return pl.concat_list(
        pl.when(pl.col(element)).then(pl.lit(element)).otherwise(None) for element in elements
    ).list.drop_nulls()


def _sure(element: str, fields: Collection[str]) -> pl.Expr:
    if element == OPTOUT:
        return pl.col("text").str.contains(_OPTOUT)
    if element == SENDER_NAME_FIRST:
        return _any(_opens(name) for name in ("brand", "creditor") if name in fields)
    if element == ITEMIZATION:
        return _itemized(fields, lambda name: pl.col(f"{name}/somewhere") & pl.col(f"{name}/apart"))
    return _any(
        sign & pl.col(f"{name}/somewhere") & pl.col(f"{name}/apart") for name, sign in _signs(element, fields)
    )


def _itemized(fields: Collection[str], stands: Callable[[str], pl.Expr]) -> pl.Expr:
    parts = [name for name in _PARTS if name in fields]
    some = _any(pl.col(name) != "" for name in parts)
    return some & pl.all_horizontal(pl.lit(True), *((pl.col(name) == "") | stands(name) for name in parts))


def _doubtful(element: str, fields: Collection[str]) -> pl.Expr:
    if element == ITEMIZATION:
        return _itemized(fields, lambda name: pl.col(f"{name}/somewhere")) & ~_sure(element, fields)
    somewhere = _any(sign & pl.col(f"{name}/somewhere") for name, sign in _signs(element, fields))
    return somewhere & ~_sure(element, fields)


def _signs(element: str, fields: Collection[str]) -> list[tuple[str, pl.Expr]]:
    """The fields whose value makes the element, each with what else the text must hold."""
    signs = [(name, pl.lit(True)) for name in _FIELDS[element]]
    if element == "objection_route":
        signs.append(("hotline", pl.col("objects")))
    return [(name, sign) for name, sign in signs if name in fields]


def _any(signs: Iterable[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(pl.lit(False), *signs)


def _opens(name: str) -> pl.Expr:
    text, value = pl.col("text"), pl.col(name)
    framed = [
        text.str.starts_with(pl.concat_str(pl.lit(left), value, pl.lit(right)))
        for left, right in ("【】", "[]")
    ]
    bare = text.str.starts_with(value) & ~text.str.strip_prefix(value).str.contains(_GOES_ON)
    return (value != "") & pl.any_horizontal(*framed, bare)


def _pieces(name: str) -> pl.Expr:
    """The text before the first place of the value, and after it; the latter null if it is nowhere."""
    return pl.col("text").str.splitn(pl.col(name), 2)


def _somewhere(name: str) -> pl.Expr:
    return (pl.col(name) != "") & pl.col(f"{name}/pieces").struct.field("field_1").is_not_null()


def _apart(name: str) -> pl.Expr:
    # Narrower than `stands`, which also asks what the value begins and ends with.
    pieces = pl.col(f"{name}/pieces").struct
    before, after = pieces.field("field_0"), pieces.field("field_1")
    return ~before.str.contains(rf"{_BEFORE_DIGIT}$") & ~after.str.contains(_AFTER_DIGIT)


def _senders(values: Mapping[str, str]) -> list[str]:
    names = [escape.line(values.get(field, "")) for field in ("brand", "creditor")]
    return [name for name in names if name]


def _begins(text: str, name: str) -> bool:
    if text.startswith((f"【{name}】", f"[{name}]")):
        return True
    return text.startswith(name) and not re.match(_GOES_ON, text[len(name) :])


def _joins(value: str, before: str, after: str) -> bool:
    first, last = value[0], value[-1]
    return bool(
        (_is_digit(first) and re.match(_BEFORE_DIGIT, before))
        or (_is_letter(first) and re.match("[0-9A-Za-z]", before))
        or (_is_digit(last) and re.match(_AFTER_DIGIT, after))
        or (_is_letter(last) and re.match("[0-9A-Za-z]", after))
    )


def _is_digit(char: str) -> bool:
    return "0" <= char <= "9"


def _is_letter(char: str) -> bool:
    return char.isascii() and char.isalpha()
