"""Acts and contacts as frames: the columns `columnar.judge` takes, brought into one shape or refused.

Unknown is null throughout: an empty word is read as null, a column that is absent is all null. Sets of
words become bits, so that a test on a set is one comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl

from duly.law import facts, values, vocabulary

INSTANT = pl.Datetime("us", "UTC")
_LISTS = ("jurisdictions", "accounts", "zones", "number_zones", "preferred", *facts.SET_FIELDS)
_SHAPES: Mapping[facts.FactKind, pl.DataType] = {
    facts.FactKind.WORD: pl.String(),
    facts.FactKind.FLAG: pl.Boolean(),
    facts.FactKind.NUMBER: pl.Int64(),
}

CONSENT = pl.Struct(
    {"basis": pl.String, "form": pl.String, "channel": pl.String, "given": INSTANT, "revoked": INSTANT}
)

# Every column an act may have, with its dtype. `act` may be of any.
ACTS: Mapping[str, pl.DataType] = (
    {"at": INSTANT, "person": pl.String(), "number": pl.String()}
    | {name: pl.List(pl.String) for name in _LISTS}
    | {
        name: _SHAPES[facts.FACTS[name].kind]
        for name in (*facts.WORD_FIELDS, *facts.FLAG_FIELDS, *facts.FURTHER)
    }
    | {"consents": pl.List(CONSENT)}
)
HISTORY: Mapping[str, pl.DataType] = {
    "at": INSTANT,
    "kind": pl.String(),
    "channel": pl.String(),
    "person": pl.String(),
    "account": pl.String(),
    "number": pl.String(),
    "ref": pl.String(),
    "dated": pl.Date(),
    "marks": pl.List(pl.String),
}
_SCALARS = (*facts.WORD_FIELDS, *facts.FLAG_FIELDS, *facts.FURTHER)


def bits(fact: str, words: Iterable[str]) -> int:
    """The words of a set-valued fact as one whole number."""
    known = list(facts.FACTS[fact].values)
    return sum(1 << known.index(word) for word in words)


def acts(given: pl.DataFrame) -> pl.DataFrame:
    """The acts in the shape the evaluation needs: `_row`, `_at` (seconds since 1970), keys, and every fact.

    Raises ValueError for a column or a word that is no fact, a wrong dtype, a null where none may be, or
    an instant that is not a whole second: such a frame is our own defect, not the user's.
    """
    for name in ("act", "at", "jurisdictions", "person"):
        if name not in given.columns:
            raise ValueError(f"acts have no column {name}")
    if given["act"].is_duplicated().any():
        raise ValueError("two acts have the same id")
    columns = [_column(given, name, dtype) for name, dtype in ACTS.items()]
    strange = sorted(set(given.columns) - ACTS.keys() - {"act"})
    if strange:
        raise ValueError(f"no facts of law.facts: {', '.join(strange)}")
    frame = pl.DataFrame(columns).with_columns(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("_row"),
        _seconds().alias("_at"),
        pl.when(pl.col("number") != "").then(pl.col("number")).alias("number"),
        *(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in _word_columns()),
    )
    _refuse_nulls(frame, ("at", "jurisdictions", "person"))
    if (frame["person"] == "").any() or (frame["jurisdictions"].list.len() == 0).any():
        raise ValueError("an act is towards a person and stands under a jurisdiction")
    _refuse_words(frame)
    return frame.with_columns(
        *(_as_bits(name) for name in facts.SET_FIELDS),
        *(_otherwise(name) for name in _SCALARS if _has_default(name)),
    )


def history(given: pl.DataFrame) -> pl.DataFrame:
    """The contacts, all rows of one contact put together, one row for each account it was about.

    Columns: `contact` (number of the contact), `person`, `channel`, `number`, `account`, `when` (seconds
    since 1970, the earliest of its rows), `attempted`, `answered`, `sent`.
    """
    rows = happenings(given).filter(_is_contact())
    kind, seconds = pl.col("kind"), pl.col("when")
    same = ["person", "channel", "number", "_same"]
    answered = kind.is_in(["conversation", "contact_made"])
    sent = kind.is_in(["message_sent", "delivered"]) | kind.str.starts_with(values.NOTICE)
    rows = rows.with_columns(
        pl.when(pl.col("ref").fill_null("") != "")
        .then(pl.lit("r") + pl.col("ref"))
        .otherwise(pl.lit("t") + seconds.cast(pl.String))
        .alias("_same"),
    )
    heads = (
        rows.group_by(same)
        .agg(
            pl.col("when").min(),
            ((kind == "attempt") | answered | sent).any().alias("attempted"),
            answered.any().alias("answered"),
            sent.any().alias("sent"),
            pl.col("marks").list.explode().drop_nulls().unique().sort().alias("marks"),
        )
        .with_row_index("contact")
    )
    return rows.select(*same, "account").unique().join(heads, on=same).drop("_same")


def happenings(given: pl.DataFrame) -> pl.DataFrame:
    """The rows of a history, checked, with `when` (seconds since 1970): contacts and whatever else happened."""
    strange = sorted(set(given.columns) - HISTORY.keys())
    if strange:
        raise ValueError(f"no columns of a history: {', '.join(strange)}")
    rows = pl.DataFrame([_column(given, name, dtype) for name, dtype in HISTORY.items()])
    _refuse_nulls(rows, ("at", "kind", "person", "account"))
    kind = pl.col("kind")
    unknown = rows.filter(~kind.is_in(list(values.EVENT_KINDS)) & ~_is_notice())
    if not unknown.is_empty():
        raise ValueError(f"unknown kind of contact {unknown['kind'][0]!r}")
    contacts = rows.filter(_is_contact())
    _refuse_nulls(contacts, ("channel", "number"))
    marks = set(rows["marks"].explode().drop_nulls().unique()) - vocabulary.MARKS.keys()
    if marks:
        raise ValueError(f"{min(marks)!r} is no mark of a contact")
    for name, those in (("person", rows), ("account", rows), ("channel", contacts), ("number", contacts)):
        if (those[name] == "").any():
            raise ValueError(f"a contact without its {name}")
    return rows.with_columns(_seconds().alias("when"))


def _is_notice() -> pl.Expr:
    return pl.col("kind").str.starts_with(values.NOTICE) & (pl.col("kind") != values.NOTICE)


def _is_contact() -> pl.Expr:
    return pl.col("kind").is_in(list(values.CONTACT_KINDS)) | _is_notice()


def consents(acts: pl.DataFrame) -> pl.DataFrame:
    """The consents on record of acts as `acts` gives them: `_row`, `basis`, `form`, `channel`, `given`, `revoked`.

    The two instants are seconds since 1970. Raises ValueError for a word that is none.
    """
    rows = (
        acts.select("_row", "consents")
        .explode("consents", empty_as_null=False, keep_nulls=False)
        .unnest("consents")
    )
    _refuse_nulls(rows, ("basis", "given"))
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


def of_acts(given: Sequence[values.Act]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Plain acts as a frame of acts, `act` being their place in the list, and a frame of their histories.

    All histories are put into one frame, so the acts must either share their contacts or be about
    different persons, accounts and numbers.
    """
    plain = ("person", "number", *facts.WORD_FIELDS, *facts.FLAG_FIELDS)
    rows = [
        {"act": place, "at": act.at}
        | {name: getattr(act, name) for name in plain}
        | {name: None if getattr(act, name) is None else sorted(getattr(act, name)) for name in _LISTS}
        | {name: act.facts.get(name) for name in facts.FURTHER}
        | {"consents": _consents_of(act)}
        for place, act in enumerate(given)
    ]
    contacts = {contact for act in given for contact in act.history}
    seen = [
        {name: getattr(contact, name) for name in HISTORY} | {"marks": sorted(contact.marks)}
        for contact in contacts
    ]
    return pl.DataFrame(rows, schema={"act": pl.Int64} | dict(ACTS)), pl.DataFrame(seen, schema=dict(HISTORY))


def _consents_of(act: values.Act) -> list[dict[str, object]] | None:
    if act.consents is None:
        return None
    names = ("basis", "form", "channel", "given", "revoked")
    return [{name: getattr(consent, name) for name in names} for consent in act.consents]


def apart(act: values.Act, mark: int) -> values.Act:
    """The same act among other persons, accounts and numbers, so that no other act's contacts touch it."""

    def marked(name: str) -> str:
        return f"{mark} {name}"

    history = tuple(
        replace(
            contact,
            person=marked(contact.person),
            account=marked(contact.account),
            number=marked(contact.number),
            ref=contact.ref and marked(contact.ref),
        )
        for contact in act.history
    )
    return replace(
        act,
        person=marked(act.person),
        accounts=tuple(marked(account) for account in act.accounts),
        number=act.number and marked(act.number),
        history=history,
    )


def act_of(
    row: Mapping[str, object],
    contacts: Iterable[Mapping[str, object]] = (),
    policy: values.Policy | None = None,
) -> values.Act:
    """The plain act of one row of a frame of acts (`frame.row(i, named=True)`), with rows of its history."""
    taken: dict[str, object] = {name: row.get(name) for name in ACTS if name in values.FIELDS}
    for name in _LISTS:
        found = row.get(name)
        if name in facts.SET_FIELDS:
            taken[name] = None if found is None else frozenset(found)  # type: ignore[call-overload]
        else:
            taken[name] = tuple(found or ())  # type: ignore[arg-type]
    consents = row.get("consents")
    taken["consents"] = (
        None
        if consents is None
        else tuple(
            values.Consent(**{name: said for name, said in consent.items() if said is not None})
            for consent in consents  # type: ignore[attr-defined]
        )
    )
    further = {name: row[name] for name in facts.FURTHER if row.get(name) is not None}
    seen = tuple(_contact(contact) for contact in contacts)
    return values.Act(**taken, history=seen, policy=policy or {}, facts=further)  # type: ignore[arg-type]


def _contact(row: Mapping[str, object]) -> values.Contact:
    said = {name: row.get(name) or "" for name in HISTORY if name not in {"dated", "marks"}}
    marks: Iterable[str] = row.get("marks") or ()  # type: ignore[assignment]
    return values.Contact(**said, dated=row.get("dated"), marks=frozenset(marks))  # type: ignore[arg-type]


def instants(seconds: pl.Series) -> pl.Series:
    """Seconds since 1970 as moments."""
    return (seconds * 1_000_000).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def seconds_of(moment: datetime) -> int:
    """A moment as seconds since 1970."""
    return int(moment.timestamp())


# --- shapes ----------------------------------------------------------------------------------------


def _column(given: pl.DataFrame, name: str, dtype: pl.DataType) -> pl.Series:
    if name not in given.columns:
        return pl.Series(name, dtype=dtype).clear(given.height)
    column = given[name]
    if column.dtype == dtype:
        return column
    if column.dtype == pl.Null:
        return column.cast(dtype)
    if dtype == INSTANT and isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone:
        return column.dt.convert_time_zone("UTC").cast(dtype)
    if dtype == pl.List(CONSENT) and isinstance(column.dtype, pl.List):
        return column.cast(dtype)
    if isinstance(dtype, pl.List) and column.dtype == pl.List(pl.Null):
        return column.cast(dtype)
    if dtype == pl.String and isinstance(column.dtype, pl.Categorical | pl.Enum):
        return column.cast(dtype)
    raise ValueError(f"column {name} is {column.dtype}, not {dtype}")


def _seconds() -> pl.Expr:
    return pl.col("at").dt.epoch("us") // 1_000_000


def _refuse_nulls(frame: pl.DataFrame, names: Iterable[str]) -> None:
    for name in names:
        if frame[name].null_count():
            raise ValueError(f"{name} may not be null")
    if "at" in frame.columns and (frame["at"].dt.microsecond() != 0).any():
        raise ValueError("an instant is not a whole second")


def _word_columns() -> list[str]:
    return [name for name in _SCALARS if facts.FACTS[name].kind is facts.FactKind.WORD]


def _refuse_words(frame: pl.DataFrame) -> None:
    for name in _word_columns():
        known = facts.FACTS[name].values
        if frame[name].null_count() == frame.height:
            continue
        if known and not frame[name].is_in(list(known)).fill_null(True).all():
            strange = frame.filter(~pl.col(name).is_in(list(known)))[name][0]
            raise ValueError(f"{strange!r} is not a value of the fact {name}")


def _as_bits(name: str) -> pl.Expr:
    # replace_strict raises for a word that is not in the table.
    table = {word: 1 << place for place, word in enumerate(facts.FACTS[name].values)}
    as_bit = pl.element().replace_strict(table, return_dtype=pl.Int64)
    return pl.col(name).list.unique().list.eval(as_bit).list.sum().alias(name)


def _has_default(name: str) -> bool:
    return facts.FACTS[name].otherwise is not None


def _otherwise(name: str) -> pl.Expr:
    otherwise = facts.FACTS[name].otherwise
    if otherwise is None:
        return pl.col(name)
    default = pl.col(otherwise.by).replace_strict(
        dict(otherwise.values), default=None, return_dtype=_SHAPES[facts.FACTS[name].kind]
    )
    return pl.coalesce(pl.col(name), default).alias(name)
