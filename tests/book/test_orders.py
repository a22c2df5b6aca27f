"""Which order of settling counts: by clause, product, days past due and date."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
import yaml

from duly.book import columns, orders
from duly.book.orders import Order
from duly.law import pack

DAY = date(2026, 3, 1)


def order(rule: str, **changes: object) -> Order:
    """An order with the parts of the law."""
    return Order(**{"rule": rule, "since": date(2000, 1, 1), "parts": orders.PARTS, "cite": "-", **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("clause", "dpd", "day", "rule"),
    [
        (None, 0, DAY, "cn-cont-04"),
        (None, 400, DAY, "cn-cont-04"),
        (None, 0, date(2020, 12, 31), "usual-order"),
        (None, 0, date(2021, 1, 1), "cn-cont-04"),
        ("principal_first_from_91", 90, DAY, "cn-cont-04"),
        ("principal_first_from_91", 91, DAY, "contract-principal-first-from-91"),
        ("principal_first", 0, DAY, "contract-principal-first"),
    ],
)
def test_the_shipped_table_on_both_sides_of_each_boundary(
    clause: str | None, dpd: int, day: date, rule: str
) -> None:
    """The law's order since 2021; principal first from the 91st day where the contract says so."""
    found = orders.chosen(orders.TABLE, clause=clause, product="card", dpd=dpd, day=day)

    assert found.rule == rule


def test_every_clause_has_an_order_and_every_order_a_source() -> None:
    """A clause that a book may hold and no row knows would be passed over in silence."""
    assert {one.clause for one in orders.TABLE} - {None} == columns.CLAUSES
    assert all(one.cite for one in orders.TABLE)


def test_a_clause_counts_before_a_product_and_more_days_before_fewer() -> None:
    """Whatever the order of the rows."""
    table = [
        order("plain"),
        order("card", product="card"),
        order("card-60", product="card", from_dpd=60),
        order("clause", clause="principal_first"),
        order("later", since=date(2026, 1, 1)),
    ]
    asked = [
        (None, "cash_loan", 0, DAY, "later"),
        (None, "cash_loan", 0, date(2025, 12, 31), "plain"),
        (None, "card", 59, DAY, "card"),
        (None, "card", 60, DAY, "card-60"),
        ("principal_first", "card", 60, DAY, "clause"),
    ]
    frame = pl.DataFrame([row[:4] for row in asked], schema=["clause", "product", "dpd", "day"], orient="row")

    for rows in (table, table[::-1]):
        plain = [
            orders.chosen(rows, clause=clause, product=product, dpd=dpd, day=day).rule
            for clause, product, dpd, day, _ in asked
        ]
        places = frame.select(orders.columns(rows, dpd=pl.col("dpd"), day=pl.col("day"))).to_series()

        assert plain == [row[-1] for row in asked]
        assert [rows[place].rule for place in places] == plain


@pytest.mark.parametrize("parts", [("fee", "interest", "penalty"), ("fee", "fee", "interest", "principal")])
def test_an_order_names_each_part_once(parts: tuple[str, ...]) -> None:
    """Money that meets a part the order forgot would settle nothing."""
    with pytest.raises(ValueError, match="names each part once"):
        order("short", parts=parts)


def test_the_order_of_the_law_is_the_pack_row_that_it_names() -> None:
    """The same article, in force from the same day, and the same order of costs, interest and principal."""
    rows = yaml.safe_load((pack.shipped("cn") / "rules" / "costs.yaml").read_text("utf-8"))
    (row,) = (row for row in rows if row["id"] == "cn-cont-04")
    (version,) = row["versions"]
    (ours,) = (one for one in orders.TABLE if one.rule == "cn-cont-04")

    assert ours.since == version["from"]
    assert ours.cite == f"{version['cite']['instrument']} {version['cite']['article']}"
    words = {"fee": "collection costs", "interest": "interest", "principal": "principal"}
    assert [words[part] for part in ours.parts if part in words] == version["value"].split(", ")
