"""Our figures beside the lender's own, component by component, and whether they agree.

The lender's ledger says what stood at the end of one day; ours is reckoned for that same day. What it does not
say is not compared. Each component has its tolerance, because two errors that cancel out in a sum are still two.
Refuses to choose between them: a difference above the tolerance holds the account and is shown as a break.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from duly.book import columns


@dataclass(frozen=True, kw_only=True)
class Component:
    """One figure that both sides reckon: its name, and what `says` it is."""

    name: str
    says: str

    @property
    def fed(self) -> str:
        """The lender's column in the feed `accounts`."""
        return f"ledger_{self.name}"

    @property
    def theirs(self) -> str:
        """The same in the book, in minor units."""
        return f"ledger_{self.name}_minor"

    @property
    def ours(self) -> str:
        """What we reckon for the ledger's day, while the two are compared."""
        return f"ours_{self.name}_minor"


# The parts of what is overdue, their sum, and the whole debt.
PARTS = ("principal", "interest", "fee", "penalty")
COMPONENTS = (
    Component(name="principal", says="overdue principal"),
    Component(name="interest", says="overdue interest of the contract"),
    Component(name="fee", says="overdue fees"),
    Component(name="penalty", says="interest on overdue principal"),
    Component(name="overdue", says="all that is overdue"),
    Component(name="balance", says="that and all principal still to fall due"),
)


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """By how much, in minor units, a component may differ: `parts` by its name, any other by `each_minor`."""

    each_minor: int = 0
    parts: Mapping[str, int] = field(default_factory=dict)

    def of(self, component: str) -> int:
        """The tolerance of one component."""
        return self.parts.get(component, self.each_minor)


def compared(rows: pl.DataFrame, tolerance: Tolerance) -> pl.DataFrame:
    """The rows with `ledger_difference_minor`, `agrees` and `beside`.

    Each row has the ledger's columns and, where the ledger speaks, ours of the same day (`Component.ours`).
    `agrees` is null where the ledger says nothing at all.
    """
    within = [_gap(each).abs() <= tolerance.of(each.name) for each in COMPONENTS]
    spoken = pl.any_horizontal(pl.col(each.theirs).is_not_null() for each in COMPONENTS)
    agrees = pl.when(spoken).then(pl.all_horizontal(one.fill_null(value=True) for one in within))
    overdue = next(each for each in COMPONENTS if each.name == "overdue")
    told = rows.with_columns(_gap(overdue).alias("ledger_difference_minor"), agrees.alias("agrees"))
    # Few accounts differ; the others need no list.
    places = (~told["agrees"]).arg_true()
    broken = told[places]
    listed = [
        pl.when(pl.col(each.theirs).is_not_null()).then(
            pl.struct(
                component=pl.lit(each.name),
                ours_minor=pl.col(each.ours),
                theirs_minor=pl.col(each.theirs),
                beyond=~inside,
            )
        )
        for each, inside in zip(COMPONENTS, within, strict=True)
        if broken[each.theirs].null_count() < broken.height
    ]
    if not listed:
        return told.with_columns(beside=pl.lit(None, pl.List(columns.BESIDE)))
    beside = broken.select(pl.concat_list(listed).list.drop_nulls().cast(pl.List(columns.BESIDE))).to_series()
    # Each row takes the list at its place; those that agree take the absent one behind the last.
    take = pl.select(pl.repeat(len(places), told.height, dtype=pl.UInt32)).to_series()
    take = take.scatter(places, pl.select(pl.int_range(len(places), dtype=pl.UInt32)).to_series())
    return told.with_columns(beside.extend_constant(None, 1).gather(take).alias("beside"))


def _gap(component: Component) -> pl.Expr:
    """Ours less theirs, null where the lender gave no figure."""
    return pl.col(component.ours) - pl.col(component.theirs)


def breaks(standing: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """The accounts on which we and the ledger differ, the largest difference first.

    One row for each component compared, whoever is liable: `account`, `creditor`, `currency`, `ledger_as_of`,
    `component`, `ours_minor`, `theirs_minor`, `difference_minor`, `beyond` (whether it is what breaks), and
    `size_minor`, the largest difference of the account that does.
    """
    heads = accounts.select("person", "account", "creditor", "currency", "ledger_as_of")
    broken = (
        standing.filter(~pl.col("agrees"))
        .select("person", "account", "beside")
        .join(heads, on=["person", "account"])
        .unique("account", keep="any")
    )
    return listed(broken)


def listed(broken: pl.DataFrame) -> pl.DataFrame:
    """`breaks` of rows that hold `account`, `creditor`, `currency`, `ledger_as_of` and `beside`, once an account."""
    order = pl.col("component").replace_strict(
        {each.name: place for place, each in enumerate(COMPONENTS)}, return_dtype=pl.Int32
    )
    gap = pl.col("ours_minor") - pl.col("theirs_minor")
    return (
        broken.select("account", "creditor", "currency", "ledger_as_of", pl.col("beside"))
        .explode("beside")
        .unnest("beside")
        .with_columns(difference_minor=gap)
        .with_columns(
            size_minor=pl.when("beyond").then(pl.col("difference_minor").abs()).max().over("account")
        )
        .sort(pl.col("size_minor"), "account", order, descending=[True, False, False])
        .select(
            "account", "creditor", "currency", "ledger_as_of", "component", "ours_minor", "theirs_minor",
            "difference_minor", "beyond", "size_minor",
        )
    )  # fmt: skip
