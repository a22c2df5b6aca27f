"""What happened before, as frames: the rows of a history checked, put together to contacts, and consents on record."""

from __future__ import annotations

import polars as pl

from duly.law import combinations, facts, frames, values, vocabulary


def contacts(happened: pl.DataFrame, *, since: int) -> pl.DataFrame:
    """The contacts from `since` on, all rows of one contact put together, one row for each account it was about.

    Columns: `contact` (number of the contact), `person`, `channel`, `number`, `account`, `when` (seconds
    since 1970, the earliest of its rows), `attempted`, `answered`, `sent`, `marks`, and whether the row is the
    `first` of its contact. `happened` is of `happenings`.
    """
    late = happened.filter(pl.col("when") >= since)
    rows = late.filter(_is_contact(late["kind"])).with_columns(
        pl.when(pl.col("ref") != "").then("ref").alias("ref")
    )
    named = ["person", "channel", "number", "ref"]
    before = happened["when"] < since
    if before.any():
        # A contact happened when the first of its rows did: one that began before counts no more.
        begun = happened.filter(before & happened["ref"].is_in(rows["ref"].drop_nulls().unique().implode()))
        rows = rows.join(begun.filter(_is_contact(begun["kind"])), on=named, how="anti")
    unnamed = pl.when(pl.col("ref").is_null()).then("when").alias("_moment")
    kind = pl.col("kind")
    answered = kind.is_in(["conversation", "contact_made"])
    sent = kind.is_in(["message_sent", "delivered"]) | kind.str.starts_with(values.NOTICE)
    same = combinations.of(rows.select(*named, unnamed))
    rows = rows.with_columns(
        same.number.alias("contact"),
        attempted=(kind == "attempt") | answered | sent,
        answered=answered,
        sent=sent,
        marks=pl.col("marks").fill_null(pl.lit([], dtype=pl.List(pl.String))),
    )
    if len(same.first) < rows.height:
        rows = _put_together(rows)
    rows = rows.with_columns(first=pl.col("contact").is_first_distinct())
    shown = ("when", *named[:3], "account", "attempted", "answered", "sent", "marks", "first")
    return rows.select("contact", *shown)


def _put_together(rows: pl.DataFrame) -> pl.DataFrame:
    """What the rows of one contact say together, once for each account it was about."""
    flags = pl.col("attempted", "answered", "sent")
    rows = rows.with_columns(pl.col("when").min().over("contact"), flags.any().over("contact"))
    if (rows["marks"].list.len() > 0).any():
        marks = rows.group_by("contact").agg(pl.col("marks").list.explode().drop_nulls().unique().sort())
        rows = rows.drop("marks").join(marks, on="contact", how="left", maintain_order="left")
    return rows[combinations.of(rows.select("contact", "account")).first]


def happenings(given: pl.DataFrame) -> pl.DataFrame:
    """The rows of a history, checked, with `when` (seconds since 1970): contacts and whatever else happened."""
    strange = sorted(set(given.columns) - frames.HISTORY.keys())
    if strange:
        raise ValueError(f"no columns of a history: {', '.join(strange)}")
    rows = pl.DataFrame([frames.column(given, name, dtype) for name, dtype in frames.HISTORY.items()])
    frames.refuse_nulls(rows, ("at", "kind", "person", "account"))
    kinds = rows["kind"].unique().to_list()
    unknown = [kind for kind in kinds if kind not in values.EVENT_KINDS and not values.is_notice(kind)]
    if unknown:
        raise ValueError(f"unknown kind of contact {unknown[0]!r}")
    if rows["marks"].null_count() < rows.height:
        marks = set(rows["marks"].explode().drop_nulls().unique()) - vocabulary.MARKS.keys()
        if marks:
            raise ValueError(f"{min(marks)!r} is no mark of a contact")
    for name in ("channel", "number"):
        if rows[name].null_count():
            frames.refuse_nulls(rows.filter(_is_contact(rows["kind"])), (name,))
    for name in ("person", "account", "channel", "number"):
        empty = rows[name] == ""
        if empty.any() and (name in {"person", "account"} or (empty & _is_contact(rows["kind"])).any()):
            raise ValueError(f"a contact without its {name}")
    return rows.with_columns(frames.seconds().alias("when"))


def _is_contact(kinds: pl.Series) -> pl.Series:
    known = [kind for kind in kinds.unique().to_list() if values.is_contact(kind)]
    if not known:
        return pl.repeat(False, len(kinds), dtype=pl.Boolean, eager=True)
    return kinds.is_in(known)


def consents(acts: pl.DataFrame) -> pl.DataFrame:
    """The consents on record of acts as `acts` gives them: `_row`, `basis`, `form`, `channel`, `given`, `revoked`.

    The two instants are seconds since 1970. Raises ValueError for a word that is none.
    """
    rows = (
        acts.select("_row", "consents")
        .explode("consents", empty_as_null=False, keep_nulls=False)
        .unnest("consents")
    )
    frames.refuse_nulls(rows, ("basis", "given"))
    rows = rows.with_columns(pl.col("form", "channel").fill_null(""))
    for name, known in (
        ("basis", vocabulary.BASES),
        ("form", {"": None, **vocabulary.FORMS}),
        ("channel", {"": None, **facts.FACTS["channel"].values}),
    ):
        strange = rows.filter(~pl.col(name).is_in(list(known)))
        if not strange.is_empty():
            raise ValueError(f"{strange[name][0]!r} is no {name} of a consent")
    if (rows["revoked"] < rows["given"]).any():
        raise ValueError("a consent is revoked before it is given")
    instants = [pl.col(name).dt.epoch("us") for name in ("given", "revoked")]
    if rows.select(pl.any_horizontal(one % 1_000_000 != 0 for one in instants).any()).item():
        raise ValueError("an instant is not a whole second")
    return rows.with_columns(one // 1_000_000 for one in instants)
