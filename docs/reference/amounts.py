"""Write the tables of docs/reference/amounts.md from the code: `python docs/reference/amounts.py`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from duly.book import daycount, orders

PAGE = Path(__file__).with_suffix(".md")

_WORDS = {"fee": "fees", "interest": "interest", "penalty": "overdue interest", "principal": "principal"}


def orders_table() -> str:
    """Every order of settling: when it counts, what it is, and on what it rests."""
    head = [
        "| rule | clause of the contract | from day past due | in force | order | goes through | rests on |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    rows = [
        f"| `{one.rule}` | {f'`{one.clause}`' if one.clause else 'none'} | {one.from_dpd} "
        f"| {'always' if one.since == date.min else f'since {one.since}'} "
        f"| {', '.join(_WORDS[part] for part in one.parts)} "
        f"| {'part by part' if one.by_part else 'instalment by instalment'} | {one.cite} |"
        for one in orders.TABLE
    ]
    return "\n".join([*head, *rows])


def bases_table() -> str:
    """Every way of counting days, with the days between two dates on which they differ."""
    head = [
        "| `day_count` | days of a year | from 2026-01-29 to 2026-03-31 | from 2028-02-28 to 2028-03-01 |",
        "| --- | --- | --- | --- |",
    ]
    spans = ((date(2026, 1, 29), date(2026, 3, 31)), (date(2028, 2, 28), date(2028, 3, 1)))
    rows = [
        f"| `{basis}` | {year} | {' | '.join(str(daycount.between(*span, basis)) for span in spans)} |"
        for basis, year in daycount.YEAR.items()
    ]
    return "\n".join([*head, *rows])


def filled(text: str) -> str:
    """The page with each generated part as the code has it now."""
    for name, table in (("orders", orders_table()), ("bases", bases_table())):
        begin, end = f"<!-- generated: {name} -->\n", "<!-- end -->"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}{table}\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
