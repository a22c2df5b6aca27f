"""Write the tables of docs/reference/book.md from the code: `python docs/reference/book.py`."""

from __future__ import annotations

from pathlib import Path

from duly.book import columns, feeds, quarantine
from duly.book.feeds import Column, Kind
from duly.model import past

PAGE = Path(__file__).with_suffix(".md")

_WRITTEN = {
    Kind.ID: "id",
    Kind.TEXT: "text",
    Kind.WORD: "word",
    Kind.DAY: "day",
    Kind.MONEY: "amount",
    Kind.RATE: "rate",
    Kind.COUNT: "whole number",
    Kind.FLAG: "true or false",
    Kind.ZONES: "zones",
    Kind.TAIL: "id",
}


def _column(name: str, column: Column) -> str:
    words = ", ".join(f"`{word}`" for word in sorted(column.words))
    kind = f"one of {words}" if words else _WRITTEN[column.kind]
    absent = "must be there" if column.needed else f"`{column.default}`" if column.default else "nothing"
    return f"| `{name}` | {column.says} | {kind} | {absent} |"


def columns_table() -> str:
    """Every feed with its columns."""
    parts = []
    for feed, known in feeds.EVERY.items():
        head = [f"### {feed}", "", "| ours | is | written as | where absent |", "| --- | --- | --- | --- |"]
        parts.append("\n".join([*head, *(_column(name, column) for name, column in known.items())]))
    return "\n\n".join(parts)


def kinds_table() -> str:
    """What each kind of imported row must name."""
    head = ["| kind | must name | counts against caps |", "| --- | --- | --- |"]
    rows = [
        f"| `{kind.value}` | {_named(kind)} | {'yes' if kind in past.CONTACTS else 'no'} |"
        for kind in past.PastKind
    ]
    return "\n".join([*head, *rows])


def _named(kind: past.PastKind) -> str:
    if kind is past.PastKind.OPT_OUT:
        return "`person`, `number` or `point`"
    needs = [f"`{name}`" for name in past.NEEDS[kind]]
    anybody = [] if "`person`" in needs else ["`person` or `account`"]
    return ", ".join([*anybody, *needs])


def reasons_table() -> str:
    """Every reason for which a row is left out."""
    head = ["| code | what is wrong | what to do |", "| --- | --- | --- |"]
    rows = [f"| `book.row.{code}` | {what} | {do} |" for code, (what, do) in quarantine.REASONS.items()]
    return "\n".join([*head, *rows])


def frames_table() -> str:
    """Every frame of the book with the columns it has."""
    head = ["| frame | columns |", "| --- | --- |"]
    rows = [
        f"| `{name}` | {', '.join(f'`{column}`' for column in schema)} |"
        for name, schema in {**columns.FRAMES, "standing": columns.ARREARS}.items()
    ]
    return "\n".join([*head, *rows])


def filled(text: str) -> str:
    """The page with each generated part as the code has it now."""
    for name, table in (
        ("columns", columns_table()),
        ("kinds", kinds_table()),
        ("reasons", reasons_table()),
        ("frames", frames_table()),
    ):
        begin, end = f"<!-- generated: {name} -->\n", "<!-- end -->"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}{table}\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
