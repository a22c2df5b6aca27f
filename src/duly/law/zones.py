"""The zones in each of which an act must be lawful, as numbers: for each clock of a pack the set an act is asked in."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from duly.law import combinations, frames, terms

# Where the zones of an act are looked for, first one first: the person's, the number's, or all of both.
_WHOSE = {terms.ZoneBasis.AREA_CODE: ("_own", "_of_number"), terms.ZoneBasis.BOTH: ("_every",)}
_SOURCES = {
    "_own": ("zones",),
    "_of_number": ("number_zones",),
    "_every": ("zones", "number_zones"),
    "_stated": ("preferred",),
}

_NAMING = ("_own", "_of_number", "_every")

Sets = list[tuple[str, ...]]


def number(acts: pl.DataFrame, clocks: Sequence[terms.Clock]) -> tuple[pl.DataFrame, Sets]:
    """The acts with `_set<n>` for each clock, null where no zone is known; and the sets the numbers mean.

    With `_zones_unknown`, `_presumed_unknown` (nor those of the number), and `_stated`, the hours the debtor stated.
    """
    joined = {name: [one for one in sources if one in acts.columns] for name, sources in _SOURCES.items()}
    said = [name for name in ("zones", "number_zones", "preferred") if name in acts.columns]
    if said:
        # There are few different ones, and lists take long to put in order.
        same = combinations.of(pl.DataFrame([part for name in said for part in frames.plain(acts[name])]))
        few = acts.select(said)[same.first]
        found = few.select(_joined(few, sources).alias(name) for name, sources in joined.items())[same.number]
    else:
        found = pl.DataFrame([pl.repeat("", acts.height, eager=True).alias(name) for name in joined])
    acts = acts.with_columns(found)
    unknown = pl.col("_own") == ""
    acts = acts.with_columns(
        unknown.alias("_zones_unknown"),
        (unknown & (pl.col("_of_number") == "")).alias("_presumed_unknown"),
    )
    names = sorted({name for column in _NAMING for name in acts[column].unique()} - {""})
    sets: Sets = [tuple(name.split("|")) for name in names]
    place = {name: which for which, name in enumerate(names)}

    def numbered(column: str) -> pl.Expr:
        if not place:
            return pl.lit(None, dtype=pl.Int64)
        return pl.col(column).replace_strict(place, default=None, return_dtype=pl.Int64)

    columns: list[pl.Expr] = []
    for which, clock in enumerate(clocks):
        fixed = clock.basis is terms.ZoneBasis.FIXED
        general = (clock.name or "",) if fixed else clock.candidates
        if general and general not in sets:
            sets.append(general)
        otherwise = pl.lit(sets.index(general) if general else None, dtype=pl.Int64)
        own = pl.coalesce(*(numbered(name) for name in _WHOSE.get(clock.basis, ("_own",))), otherwise)
        columns.append((otherwise if fixed else own).alias(f"_set{which}"))
    return acts.with_columns(columns), sets


def _joined(acts: pl.DataFrame, sources: Sequence[str]) -> pl.Expr:
    """The words of the columns as one, in order; "" where there are none."""
    if all(acts[name].null_count() == acts.height for name in sources):
        return pl.lit("")
    none = pl.lit([], dtype=pl.List(pl.String))
    return pl.concat_list(pl.col(*sources).fill_null(none)).list.unique().list.sort().list.join("|")
