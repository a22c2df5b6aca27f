"""What happened before, for a frame of acts at once: the columnar half of `precedence` and `require_consent`.

Each required event or wait becomes stretches of the time line on which the act is barred, or on which nobody
can tell; each consent one on which it stands. They are laid out once, and then asked of any instant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from duly.law import clocks, facts, terms
from duly.law.calendars import UNKNOWN, Calendars, working_days
from duly.law.intervals import NEVER

DOCUMENT_DATE = "document_date"
_EPOCH = date(1970, 1, 1)
_SCOPE_COLUMN = {terms.Scope.PERSON: "person", terms.Scope.ACCOUNT: "account", terms.Scope.NUMBER: "number"}
_STRETCHES = {"_row": pl.UInt32(), "begin": pl.Int64(), "end": pl.Int64()}


def moving_facts(term: terms.Asked) -> list[str]:
    """The facts that a term may lack at one instant and not at another."""
    if isinstance(term, terms.Window) and term.calendar is not None:
        return [facts.policy_fact(term.calendar)]
    if not isinstance(term, terms.Precedence):
        return []
    dated = term.wait is not None and term.wait.since is terms.Since.DOCUMENT_DATE
    return [DOCUMENT_DATE] * dated + [facts.policy_fact(name) for name in sorted(term.calendars)]


@dataclass(frozen=True)
class Track:
    """For one text: `_row`, `begin`, `end` of what bars, of what is not known, and since when a fact is wanting.

    `standing`: the stretches say instead when the act is in order, and everything else bars. `otherwise`: whether
    acts with none of all this are barred, which they then are for good.
    """

    stretches: pl.DataFrame
    unknown: pl.DataFrame
    wanting: Mapping[str, pl.DataFrame]
    standing: bool
    otherwise: bool

    def rows(self) -> pl.DataFrame:
        """The `_row` of every act of which the track says anything."""
        return pl.concat(
            one.select("_row") for one in (self.stretches, self.unknown, *self.wanting.values())
        ).unique()

    def at(self, acts: pl.DataFrame) -> pl.DataFrame:
        """At each `_t`: `_row`, `broken` (null: not known), `ends` (when that may end), and a column for each fact.

        Of the acts of `rows` only.
        """
        asked = acts.select("_row", "_t")
        within = _around(asked, self.stretches).rename({"end": "barred_end", "next": "barred_next"})
        dark = _around(asked, self.unknown).rename({"end": "dark_end"}).drop("next")
        whole = asked.join(within, on="_row", how="left", maintain_order="left").join(
            dark, on="_row", how="left", maintain_order="left"
        )
        inside, uncertain = pl.col("barred_end").is_not_null(), pl.col("dark_end").is_not_null()
        if self.standing:
            broken, ends = ~inside, pl.col("barred_next").fill_null(NEVER)
        else:
            broken = pl.when(inside).then(pl.lit(value=True)).when(~uncertain).then(pl.lit(value=False))
            ends = pl.coalesce("barred_end", "dark_end", pl.lit(NEVER))
        found = whole.select("_row", "_t", broken.alias("broken"), ends.cast(pl.Int64).alias("ends"))
        for fact, since in self.wanting.items():
            lacks = (pl.col("since") <= pl.col("_t")).fill_null(value=False) & pl.col("broken").is_null()
            found = found.join(since, on="_row", how="left", maintain_order="left")
            found = found.with_columns(lacks.alias(fact)).drop("since")
        return found.drop("_t")


def _around(asked: pl.DataFrame, stretches: pl.DataFrame) -> pl.DataFrame:
    """For each act within a stretch the furthest `end` of those; for each before one its nearest start, `next`."""
    near = asked.select("_row", "_t").join(stretches, on="_row")
    begins, ends = pl.col("begin"), pl.col("end")
    return near.group_by("_row").agg(
        ends.filter((begins <= pl.col("_t")) & (pl.col("_t") < ends)).max().alias("end"),
        begins.filter((pl.col("_t") < begins) & (begins < ends)).min().alias("next"),
    )


# --- events ----------------------------------------------------------------------------------------


def of_precedence(
    term: terms.Precedence,
    acts: pl.DataFrame,
    events: pl.DataFrame,
    zones: Sequence[tuple[str, ...]],
    calendars: Calendars,
) -> Track:
    """The track of a precedence.

    `acts` has `_row`, `_set` (number of its set of zones in `zones`) and the keys; those that lack one are
    left out. `events` is of `records.happenings`.
    """
    keys = [_SCOPE_COLUMN[scope] for scope in term.scope]
    asked = acts.filter(pl.col("_set").is_not_null())
    if "account" in keys:
        asked = asked.with_columns(pl.col("accounts").list.unique().alias("account")).explode("account")
    combinations = asked.select("_row", "_set", *keys).drop_nulls()
    kept = pl.col("kind").is_in(sorted(term.event))
    if term.channels:
        kept = kept & pl.col("channel").is_in(sorted(term.channels))
    happened = events.filter(kept).select("when", "dated", *keys).unique()
    if keys:
        # An act of which nothing is on record waits for good, or not at all, like every other such act.
        met = combinations.join(happened, on=keys, how="semi").select("_row")
        combinations = combinations.join(met, on="_row", how="semi")
    pairs = (
        combinations.join(happened, on=keys, how="inner")
        if keys
        else combinations.join(happened, how="cross")
    )
    account = ["account"] if "account" in keys else []
    parts = [
        pairs.clear().with_columns(
            _empty("zone", pl.String()), _empty("free", pl.Int64()), _empty("lack", pl.String())
        )
    ]
    each = [combinations.clear().with_columns(_empty("zone", pl.String()))]
    for number, several in enumerate(zones):
        of_set = pairs.filter(pl.col("_set") == number)
        whole = combinations.filter(pl.col("_set") == number)
        if whole.is_empty():
            continue
        for zone in several:
            each.append(whole.with_columns(pl.lit(zone).alias("zone")))
            if not of_set.is_empty():
                parts.append(_freed(term, of_set, zone, calendars))
    found, every = pl.concat(parts, how="diagonal"), pl.concat(each)
    wanting = {
        fact: found.filter(pl.col("lack") == fact).group_by("_row").agg(pl.col("when").min().alias("since"))
        for fact in moving_facts(term)
    }
    by = ["_row", *account, "zone"]
    if term.must_exist:
        return _required(found, every.select(by).unique(), by, wanting)
    known, dark = found.filter(pl.col("lack").is_null()), found.filter(pl.col("lack").is_not_null())
    return Track(
        stretches=known.select("_row", pl.col("when").alias("begin"), pl.col("free").alias("end")),
        unknown=dark.select("_row", pl.col("when").alias("begin"), pl.lit(NEVER).alias("end")),
        wanting=wanting,
        standing=False,
        otherwise=False,
    )


def of_expiry(
    expiry: terms.Expiry, acts: pl.DataFrame, events: pl.DataFrame, zones: Sequence[tuple[str, ...]]
) -> Track:
    """The track of a bar that ends: barred before the first event, and after each while its days run."""
    days = terms.Count(n=expiry.days, day_type=terms.DayType.CALENDAR, calendar=None)
    runs = terms.Precedence(
        event=expiry.event,
        must_exist=False,
        wait=terms.Wait(
            days=days, event_day_counts=expiry.event_day_counts, since=terms.Since.SENT, receipt=None
        ),
        scope=(terms.Scope.PERSON,),
        channels=frozenset(),
        clock=expiry.clock,
    )
    track = of_precedence(runs, acts, events, zones, {})
    first = track.stretches.group_by("_row").agg(pl.col("begin").min().alias("end"))
    never = first.select("_row", pl.lit(-NEVER).alias("begin"), "end")
    stretches = pl.concat([track.stretches, never], how="vertical_relaxed")
    return replace(track, stretches=stretches, otherwise=True)


def _required(
    found: pl.DataFrame, every: pl.DataFrame, by: Sequence[str], wanting: Mapping[str, pl.DataFrame]
) -> Track:
    """Barred until for every account and zone something may have happened, in doubt until it surely has."""
    surely = pl.col("free").filter(pl.col("lack").is_null()).min()
    perhaps = pl.when(pl.col("lack").is_null()).then("free").otherwise("when").min()
    first = every.join(
        found.group_by(by).agg(surely.alias("surely"), perhaps.alias("perhaps")), on=by, how="left"
    )
    rows = first.group_by("_row").agg(pl.col("surely", "perhaps").fill_null(NEVER).max())
    return Track(
        stretches=rows.select("_row", pl.lit(-NEVER).alias("begin"), pl.col("perhaps").alias("end")),
        unknown=rows.select("_row", pl.col("perhaps").alias("begin"), pl.col("surely").alias("end")),
        wanting=wanting,
        standing=False,
        otherwise=True,
    )


def _freed(term: terms.Precedence, pairs: pl.DataFrame, zone: str, calendars: Calendars) -> pl.DataFrame:
    """The pairs with `zone`, `free` (when the wait has run out) and `lack` (the fact it is unknown for want of)."""
    wait, own = term.wait, pl.lit(zone).alias("zone")
    if wait is None:
        end = pl.col("when") if term.must_exist else pl.lit(NEVER)
        return pairs.with_columns(
            own, end.cast(pl.Int64).alias("free"), pl.lit(None, pl.String).alias("lack")
        )
    local = (pl.col("when") * 1_000_000).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    sent = local.dt.convert_time_zone(zone).dt.date()
    day = pl.col("dated") if wait.since is terms.Since.DOCUMENT_DATE else sent
    pairs = pairs.with_columns(own, day.alias("_day"))
    ends = {one: _end(wait, one, zone, calendars) for one in pairs["_day"].unique().drop_nulls().to_list()}
    table = pl.DataFrame(
        {
            "_day": list(ends),
            "_end": [end for end, _ in ends.values()],
            "lack": [lack for _, lack in ends.values()],
        },
        schema={"_day": pl.Date(), "_end": pl.Int64(), "lack": pl.String()},
    )
    undated = pl.when(pl.col("_day").is_null()).then(pl.lit(DOCUMENT_DATE)).otherwise("lack")
    return (
        pairs.join(table, on="_day", how="left")
        .with_columns(pl.max_horizontal("when", "_end").alias("free"), undated.alias("lack"))
        .drop("_day", "_end")
    )


def _end(wait: terms.Wait, day: date, zone: str, calendars: Calendars) -> tuple[int | None, str | None]:
    """When a wait from the day has run out, or the calendar that does not reach so far."""
    begin = day
    if wait.receipt is not None:
        received = _reached(wait.receipt, day + timedelta(days=1), calendars)
        if received is None:
            return None, facts.policy_fact(str(wait.receipt.calendar))
        begin = received
    if wait.days.n == 0:
        return clocks.day_start(begin, zone), None
    last = _reached(wait.days, begin + timedelta(days=not wait.event_day_counts), calendars)
    if last is None:
        return None, facts.policy_fact(str(wait.days.calendar))
    return clocks.day_start(last + timedelta(days=1), zone), None


def _reached(count: terms.Count, first: date, calendars: Calendars) -> date | None:
    """The last of the days counted from `first` on; of business days by their place in the list of all of them."""
    if count.calendar is None or count.n == 0:
        return first + timedelta(days=count.n - 1)
    calendar = calendars.get(count.calendar, UNKNOWN)
    # No day adds more than one, so the last day looked at never lies beyond the one sought.
    last = first + timedelta(days=count.n - 1)
    while all(calendar.part(first + timedelta(days=n)) for n in range((last - first).days + 1)):
        found = sum(1 for _ in working_days(calendar, first, last))
        if found == count.n:
            return last
        last += timedelta(days=count.n - found)
    return None


def _empty(name: str, dtype: pl.DataType) -> pl.Expr:
    return pl.lit(None, dtype=dtype).alias(name)


# --- consents --------------------------------------------------------------------------------------


def of_consent(
    term: terms.Consent, acts: pl.DataFrame, consents: pl.DataFrame, zones: Sequence[tuple[str, ...]]
) -> Track:
    """The stretches on which a consent stands. `acts` has `_row`, `_set`, `channel`; `consents`: `records.consents`."""
    own = consents.join(acts.select("_row", "_set", pl.col("channel").alias("_channel")), on="_row")
    own = own.drop_nulls(["_set", "_channel"])
    serves = pl.col("basis").is_in(sorted(term.basis)) & (
        (pl.col("channel") == "") | (pl.col("channel") == pl.col("_channel"))
    )
    if term.forms:
        serves = serves & pl.col("form").is_in(sorted(term.forms))
    own = own.with_row_index("_consent")
    if term.revocation.scope is terms.RevocationScope.ALL:
        ended = (
            own.select("_row", "_consent", "given")
            .join(own.select("_row", "revoked").drop_nulls(), on="_row")
            .filter(pl.col("revoked") >= pl.col("given"))
            .group_by("_consent")
            .agg(pl.col("revoked").min())
        )
        own = own.drop("revoked").join(ended, on="_consent", how="left")
    standing = own.filter(serves).with_columns(_stale(term, own.filter(serves), zones))
    return Track(
        stretches=standing.select(
            "_row",
            pl.col("given").alias("begin"),
            pl.min_horizontal(pl.col("revoked").fill_null(NEVER), "_stale").alias("end"),
        ),
        unknown=pl.DataFrame(schema=_STRETCHES),
        wanting={},
        standing=True,
        otherwise=True,
    )


def _stale(term: terms.Consent, given: pl.DataFrame, zones: Sequence[tuple[str, ...]]) -> pl.Series:
    """When each consent is no longer fresh in some zone of its act's."""
    if term.day_span is None:
        return pl.Series("_stale", [NEVER] * given.height, dtype=pl.Int64)
    asked = given.select("given", "_set").unique()
    ends: list[int] = []
    for moment, number in asked.iter_rows():
        days = [clocks.local(moment, zone).date() + timedelta(days=term.day_span) for zone in zones[number]]
        ends.append(min(clocks.day_start(day, zone) for day, zone in zip(days, zones[number], strict=True)))
    table = asked.with_columns(pl.Series("_stale", ends, dtype=pl.Int64))
    ends_at = given.join(table, on=["given", "_set"], how="left", maintain_order="left")
    ages = pl.col("basis").is_in(sorted(term.ageing))
    return ends_at.select(pl.when(ages).then("_stale").otherwise(pl.lit(NEVER, dtype=pl.Int64)))["_stale"]
