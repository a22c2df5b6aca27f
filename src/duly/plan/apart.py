"""What was said before to each person of whom the law is asked, so that nobody else's plan of today is in it.

Caps are counted for a person, an account and a number. What left counts for whoever shares the account or the
number; what is only planned counts for its own person alone, because the other persons may be planned elsewhere
(DESIGN D4): what is planned for them, the gate sees when it leaves.
Refuses to count: accounts and numbers that several persons share are told apart here, and counted by the law.
"""

from __future__ import annotations

import polars as pl

_SHARED = ("number", "account")
_NOBODY = "\n"  # no id of a person, an account or a number


def near(
    acts: pl.DataFrame, history: pl.DataFrame, planned: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The acts and their history, in which no account and no number stands for two persons.

    `history` is what left, `planned` what is to leave today of these or other persons; both as the law takes them.
    """
    people = acts.select("person").unique()
    own = pl.concat(
        [rows.join(people, on="person", how="semi") for rows in (history, planned)], how="diagonal_relaxed"
    ).unique()
    asked = {
        "number": acts.select("person", "number").drop_nulls().unique(),
        "account": acts.select("person", account="accounts").explode("account").drop_nulls().unique(),
    }
    shared = {name: _shared(name, asked[name], own) for name in _SHARED}
    others = [_others(name, asked[name], history, shared[name]) for name in _SHARED]
    apart = own.with_columns(_apart(name, "person", shared[name]).alias(name) for name in _SHARED)
    return _asked_apart(acts, shared), pl.concat([apart, *others], how="diagonal_relaxed")


def _shared(name: str, asked: pl.DataFrame, own: pl.DataFrame) -> pl.Series:
    """The numbers or accounts that more than one of the persons has to do with."""
    pairs = pl.concat([asked, own.select("person", name).drop_nulls()]).unique()
    return pairs.filter(pl.col(name).is_duplicated())[name].unique()


def _others(name: str, asked: pl.DataFrame, history: pl.DataFrame, shared: pl.Series) -> pl.DataFrame:
    """What left to somebody else and counts for the number or account alone, once for each who is asked about."""
    found = (
        asked.rename({"person": "asker"}).join(history, on=name).filter(pl.col("person") != pl.col("asker"))
    )
    other = next(one for one in _SHARED if one != name)
    return found.with_columns(
        _apart(name, "asker", shared).alias(name),
        person=pl.lit(_NOBODY),
        **{other: pl.lit(_NOBODY)},
    ).select(history.columns)


def _apart(name: str, person: str, shared: pl.Series) -> pl.Expr:
    value = pl.col(name)
    if shared.is_empty():
        return value
    return pl.when(value.is_in(shared.implode())).then(pl.format("{}\n{}", value, person)).otherwise(value)


def _asked_apart(acts: pl.DataFrame, shared: dict[str, pl.Series]) -> pl.DataFrame:
    if shared["number"].len():
        acts = acts.with_columns(number=_apart("number", "person", shared["number"]))
    if shared["account"].is_empty():
        return acts
    each = acts.select("act", "person", account="accounts").explode("account")
    told = each.with_columns(account=_apart("account", "person", shared["account"]))
    lists = told.group_by("act", maintain_order=True).agg(accounts="account")
    return acts.drop("accounts").join(lists, on="act", how="left", maintain_order="left").select(acts.columns)
