"""Acts and contacts as frames: the columns `columnar.judge` takes, brought into one shape or refused.

Unknown is null throughout: an empty word is read as null, a column that is absent is all null. Sets of
words become bits, so that a test on a set is one comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl

from duly.law import combinations, facts, values

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

CHANNEL = "_channel"
# Whether an act has a number, accounts, a record of consents: all that the facts of its portrait say of them.
STRANGE = 1 << 62
NUMBERED, ACCOUNTED, CONSENTED = "_numbered", "_accounted", "_consented"

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
_OWN = ("person", "number", "accounts", "consents")
_SHORT = 8
_SPARSE = 3  # where fewer than one in so many rows says anything, only those are looked at
_SCALARS = (*facts.WORD_FIELDS, *facts.FLAG_FIELDS, *facts.FURTHER)


def bits(fact: str, words: Iterable[str]) -> int:
    """The words of a set-valued fact as one whole number."""
    known = list(facts.FACTS[fact].values)
    return sum(1 << known.index(word) for word in words)


def acts(given: pl.DataFrame) -> pl.DataFrame:
    """What is each act's own: `_row`, `_at` (seconds since 1970), `person`, `number`, `accounts`, `consents`.

    Raises ValueError for a column that is no fact, a wrong dtype, a null where none may be, or an instant that
    is not a whole second: such a frame is our own defect, not the user's.
    """
    for name in ("act", "at", "jurisdictions", "person"):
        if name not in given.columns:
            raise ValueError(f"acts have no column {name}")
    if given["act"].n_unique() < given.height:
        raise ValueError("two acts have the same id")
    strange = sorted(set(given.columns) - ACTS.keys() - {"act"})
    if strange:
        raise ValueError(f"no facts of law.facts: {', '.join(strange)}")
    for name in given.columns:
        if name != "act" and given[name].dtype != ACTS[name]:
            column(given[:0], name, ACTS[name])
    frame = pl.DataFrame([column(given, name, ACTS[name]) for name in ("at", *_OWN)])
    refuse_nulls(frame, ("at", "person"))
    refuse_nulls(given, ("jurisdictions",))
    if (frame["person"] == "").any() or (given["jurisdictions"].list.len() == 0).any():
        raise ValueError("an act is towards a person and stands under a jurisdiction")
    if (frame["number"] == "").any():
        frame = frame.with_columns(pl.when(pl.col("number") != "").then("number"))
    return frame.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("_row"), seconds().alias("_at"), *_OWN)


def portraits(
    given: pl.DataFrame, rows: pl.DataFrame, read: frozenset[str], codes: Sequence[str]
) -> tuple[pl.Series, pl.DataFrame]:
    """The number of each act's portrait, and the portraits: the different combinations of the facts that are read.

    `rows` are of `acts`, with whatever else tells acts apart. A portrait says besides whether there is a number, an
    account, a record of consents. Words and sets of words are bits, jurisdictions those of their places in `codes`;
    the word of the channel is kept besides.
    Raises ValueError for a word that is none.
    """
    own = rows.select(
        pl.col("number").is_not_null().alias(NUMBERED),
        (pl.col("accounts").list.len().fill_null(0) > 0).alias(ACCOUNTED),
        pl.col("consents").is_not_null().alias(CONSENTED),
        *(pl.col(name) for name in rows.columns if name.startswith("_spent")),
        _codes(given["jurisdictions"], codes),
    )
    names = [name for name in ACTS if name in read and name not in own.columns]
    known = [
        given[name] for name in names if name in given.columns and given[name].null_count() < given.height
    ]
    keys = [_as_bits(one) if one.name in facts.SET_FIELDS else one for one in known]
    same = combinations.worth_it(own.with_columns(part for one in keys for part in plain(one)))
    shown = {one.name: one.gather(same.first) for one in keys}
    seen, height = pl.DataFrame(shown), len(same.first)
    sets = [name for name in names if name in facts.SET_FIELDS]
    frame = own[same.first].with_columns(
        *(column(seen, name, pl.Int64(), height=height) for name in sets),
        *(column(seen, name, ACTS[name], height=height) for name in names if name not in sets),
    )
    frame = frame.with_columns(
        pl.when(pl.col(name) != "").then(pl.col(name)).alias(name)
        for name in _word_columns()
        if name in names
    )
    unread = [name for name in given.columns if name not in names and given[name].null_count() < given.height]
    _refuse_words(frame, given.select(unread))
    frame = frame.with_columns(_otherwise(name) for name in _SCALARS if name in names and _has_default(name))
    spoken = [pl.col("channel").alias(CHANNEL)] if "channel" in names else []
    bits = (_as_bit(name) for name in _word_columns() if name in names and facts.FACTS[name].values)
    return same.number, frame.with_columns(*spoken, *bits)


def plain(column: pl.Series) -> list[pl.Series]:
    """Columns that are equal where, and only where, this one is; lists take long to compare."""
    if not isinstance(column.dtype, pl.List):
        return [column]
    lengths = column.list.len()
    most = int(lengths.max() or 0)  # type: ignore[arg-type]
    if most > _SHORT:
        return [column]
    parts = [column.list.get(place, null_on_oob=True) for place in range(most)]
    return [
        lengths.alias(f"{column.name} "),
        *(one.alias(f"{column.name} {n}") for n, one in enumerate(parts)),
    ]


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


def column(given: pl.DataFrame, name: str, dtype: pl.DataType, *, height: int | None = None) -> pl.Series:
    """The column in its dtype, all null where there is none; ValueError where it is another."""
    if name not in given.columns:
        return pl.Series(name, dtype=dtype).clear(given.height if height is None else height)
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


def seconds() -> pl.Expr:
    """The instant `at` as seconds since 1970."""
    return pl.col("at").dt.epoch("us") // 1_000_000


def refuse_nulls(frame: pl.DataFrame, names: Iterable[str]) -> None:
    """Raise ValueError where one of the columns is null, or an instant `at` is not a whole second."""
    for name in names:
        if frame[name].null_count():
            raise ValueError(f"{name} may not be null")
    if "at" in frame.columns and (frame["at"].dt.epoch("us") % 1_000_000 != 0).any():
        raise ValueError("an instant is not a whole second")


def _word_columns() -> list[str]:
    return [name for name in _SCALARS if facts.FACTS[name].kind is facts.FactKind.WORD]


def _refuse_words(frame: pl.DataFrame, unread: pl.DataFrame) -> None:
    """Raise ValueError for a word that is none; `unread` are columns that no rule looks at."""
    for name in _word_columns():
        known = facts.FACTS[name].values
        words = frame[name] if name in frame.columns else unread[name] if name in unread.columns else None
        if known and words is not None:
            strange = set(words.unique().drop_nulls()) - known.keys() - {""}
            if strange:
                raise ValueError(f"{min(strange)!r} is not a value of the fact {name}")
    for name in set(facts.SET_FIELDS).intersection(unread.columns):
        said = unread[name].filter(unread[name].list.len() > 0)
        said.cast(pl.List(pl.Enum(list(facts.FACTS[name].values))))


def _as_bits(words: pl.Series) -> pl.Series:
    """A set of words of each row as one whole number. Polars' own error for a word that is none."""
    lengths = words.list.len()
    filled = (lengths > 0).fill_null(value=False)
    if words.len() > 0 and filled.sum() * _SPARSE < words.len():
        found = (lengths.cast(pl.Int64) * 0).alias(words.name)
        return found.scatter(filled.arg_true(), _as_bits(words.filter(filled))) if filled.any() else found
    numbered = words.cast(pl.List(pl.Enum(list(facts.FACTS[words.name].values))))
    found = _summed(numbered)
    # A word said twice counts twice: then there are more words than bits.
    if (found.bitwise_count_ones() != lengths).any():
        found = _summed(numbered.list.unique())
    return found


def _as_bit(name: str) -> pl.Expr:
    """A word as the bit it has in a set of words."""
    place = pl.col(name).cast(pl.Enum(list(facts.FACTS[name].values))).to_physical()
    return pl.lit(2, dtype=pl.Int64).pow(place).alias(name)


def _codes(named: pl.Series, codes: Sequence[str]) -> pl.Series:
    """The jurisdictions of each row as bits, and the bit of STRANGE where one is not among the codes."""
    numbered = named.cast(pl.List(pl.Enum(codes)), strict=False)
    found = _summed(numbered)
    if (found.bitwise_count_ones() != named.list.len()).any():
        found = _summed(numbered.list.unique().list.drop_nulls())
        strange = numbered.list.eval(pl.element().is_null()).list.any()
        found = (
            found.to_frame()
            .select(pl.col("jurisdictions") | pl.when(strange).then(STRANGE).otherwise(0))
            .to_series()
        )
    return found


def _summed(numbered: pl.Series) -> pl.Series:
    bit = pl.lit(2, dtype=pl.Int64).pow(pl.element().to_physical())
    return numbered.to_frame().select(pl.col(numbered.name).list.eval(bit).list.sum()).to_series()


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
