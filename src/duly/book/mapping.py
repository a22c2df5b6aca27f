"""book.yaml: which of the lender's files and columns hold what, and how far figures may be trusted.

    mapping, problems = mapping.load(text, "book.yaml")

With any problem there is no mapping. Refuses to guess: every column of a file is either mapped or ignored
by name, and every column we need is mapped, fixed or has a default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from pathlib import PurePosixPath

import yaml

from duly.book import agree, feeds, source
from duly.book.columns import PRODUCTS
from duly.book.feeds import Kind
from duly.book.sheet import Sheet, nearest
from duly.book.snapshot import Feed
from duly.book.source import Source
from duly.book.tolerance import Cure, Cures
from duly.errors import Problem
from duly.model import money
from duly.model.said import say


class Unit(Enum):
    """How a file writes amounts."""

    DECIMAL = "decimal"  # 1230.00: exact decimal text of the currency's main unit
    MINOR = "minor"  # 123000: whole minor units


class Figures(Enum):
    """Whose figures a notice states."""

    OURS = "ours"  # what we reckon for the day of the notice
    LEDGER = "ledger"  # what the lender's own ledger says, where it can be used


class RateUnit(Enum):
    """How a file writes yearly rates."""

    PERCENT = "percent"  # 18.25
    FRACTION = "fraction"  # 0.1825
    PPM = "ppm"  # 182500


@dataclass(frozen=True, kw_only=True)
class FeedMapping:
    """One feed: `columns` is theirs to ours, `fixed` ours to one text for every row.

    `values` is, for each of ours that holds words, their word to our word.
    """

    name: str
    files: str
    format: str = "csv"
    sheet: str | None = None
    delimiter: str = ","
    dates: str = "%Y-%m-%d"
    money: Unit = Unit.DECIMAL
    rates: RateUnit = RateUnit.PERCENT
    columns: Table[str, str]
    values: Table[str, Table[str, str]]
    fixed: Table[str, str]
    ignore: frozenset[str] = frozenset()
    max_age_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """The whole of book.yaml. Amounts in minor units; `quarantine_ppm` is the largest share of bad rows.

    `tolerances_minor` has the components of the ledger that have a tolerance of their own. `history` is what the
    system did that was used before; it is no part of the book.
    """

    feeds: Table[str, FeedMapping]
    control: str | None
    tolerance_minor: int
    tolerances_minor: Table[str, int] = field(default_factory=dict)
    figures: Figures = Figures.OURS
    cures: Cures
    quarantine_ppm: int
    calling_code: str
    history: FeedMapping | None = None
    lender: Source | None = None

    def queries(self) -> list[str]:
        """The files of the queries that are asked."""
        asked = [feed.files for feed in self.feeds.values() if feed.format == source.QUERY]
        return [*asked, *([self.control] if self.control and source.is_query(self.control) else [])]

    def stale(self, loaded: Sequence[Feed], on: date) -> list[str]:
        """The feeds whose watermark is older on `on` than it may be; while there are, nothing may leave."""
        marks = {feed.name: feed.watermark for feed in loaded}
        limits = {name: feed.max_age_days for name, feed in self.feeds.items()}
        return [
            name
            for name, limit in limits.items()
            if limit is not None and ((mark := marks.get(name)) is None or (on - mark).days > limit)
        ]


_TOP = (
    "feeds", "sql", "control", "tolerance_minor", "tolerances_minor", "figures", "cure_minor", "cure_days",
    "cures", "quarantine_percent", "calling_code",
)  # fmt: skip
_FEED = (
    "files", "query_file", "format", "sheet", "delimiter", "dates", "money", "rates", "columns", "values", "fixed",
    "ignore", "max_age_days",
)  # fmt: skip
_FORMATS = ("csv", "parquet", "xlsx")
_DELIMITERS = (",", ";", "|", "\t")
_NONE = "none"
_MOST_CURE_DAYS = 30
_HISTORY = "history"
# What happened in the past does not age, and is in no control file.
_FEED_OF_HISTORY = tuple(key for key in _FEED if key not in {"max_age_days", "query_file"})
# Both ends of a date, so that 10/3 and 3/10 cannot be confused with a format that names only one of them.
_DATE_PARTS = re.compile(r"(?=.*%Y)(?=.*%m)(?=.*%d)")
_CALLING_CODE = re.compile(r"[1-9][0-9]{0,2}")


def load(text: str, file: str) -> tuple[Mapping | None, list[Problem]]:
    """The mapping in `text`, or every problem of it. `file` is the name problems carry."""
    sheet = Sheet(text, file=file, kind="book")
    root = sheet.root(text)
    if root is None:
        return None, sheet.problems
    found = _Reading(sheet).mapping(root)
    return (found, []) if not sheet.problems else (None, sheet.problems)


class _Reading:
    """One walk over the file."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet

    def mapping(self, root: yaml.MappingNode) -> Mapping:
        keys = self.sheet.keys(root, _TOP)
        control = self.path(keys["control"]) if "control" in keys else None
        found = self.every_feed(root, keys.get("feeds"), has_control=control is not None)
        history = found.pop(_HISTORY, None)
        asks = source.is_query(control) or any(feed.format == source.QUERY for feed in found.values())
        return Mapping(
            feeds=found,
            history=history,
            lender=source.read(self.sheet, root, keys.get("sql"), asks=asks),
            control=control,
            tolerance_minor=self.whole(root, keys, "tolerance_minor", money.MAX_MINOR),
            tolerances_minor=self.tolerances(keys.get("tolerances_minor")),
            figures=Figures(self.choice(keys, "figures", [whose.value for whose in Figures])),
            cures=self.cures(root, keys),
            quarantine_ppm=self.whole(root, keys, "quarantine_percent", 100, default=1) * 10_000,
            calling_code=self.calling_code(keys.get("calling_code")),
        )

    def whole(
        self, root: yaml.Node, keys: dict[str, yaml.Node], key: str, most: int, default: int | None = None
    ) -> int:
        if key in keys:
            return self.sheet.whole(keys[key], most) or 0
        if default is None:
            self.missing(root, key)
        return default or 0

    def cures(self, root: yaml.Node, keys: dict[str, yaml.Node]) -> Cures:
        """The tolerance of all products, and by product what is its own; what one does not say is that of all."""
        general = Cure(
            minor=self.whole(root, keys, "cure_minor", money.MAX_MINOR),
            days=self.whole(root, keys, "cure_days", _MOST_CURE_DAYS, default=0),
        )
        own = {}
        for name, node in (self.sheet.keys(keys["cures"], PRODUCTS) if "cures" in keys else {}).items():
            said = self.sheet.keys(node, ("minor", "days"))
            own[name] = Cure(
                minor=self.whole(node, said, "minor", money.MAX_MINOR, default=general.minor),
                days=self.whole(node, said, "days", _MOST_CURE_DAYS, default=general.days),
            )
        return Cures(general=general, own=own)

    def tolerances(self, node: yaml.Node | None) -> dict[str, int]:
        """By component of the ledger, the tolerance that is its own."""
        known = [each.name for each in agree.COMPONENTS]
        nodes = {} if node is None else self.sheet.keys(node, known)
        return {name: self.sheet.whole(each, money.MAX_MINOR) or 0 for name, each in nodes.items()}

    def missing(self, node: yaml.Node, key: str) -> None:
        self.sheet.refuse(
            node, "key.missing", say("`{key}` is missing here", key=key), say("Add the key `{key}`.", key=key)
        )

    def calling_code(self, node: yaml.Node | None) -> str:
        code = "86" if node is None else (self.sheet.text(node) or "86")
        if not _CALLING_CODE.fullmatch(code) and node is not None:
            what = say("`{code}` is not a country's calling code", code=code)
            self.sheet.refuse(node, "calling_code", what, say("Write its digits, as 86 or 44."))
        return code

    def every_feed(
        self, root: yaml.Node, node: yaml.Node | None, *, has_control: bool
    ) -> dict[str, FeedMapping]:
        if node is None:
            self.missing(root, "feeds")
            return {}
        found = {}
        nodes = self.sheet.keys(node, feeds.EVERY)
        for name in feeds.EVERY:
            if name not in nodes and (name in feeds.OPTIONAL or name == _HISTORY):
                continue
            if name not in nodes:
                what = say("the feed `{name}` is missing", name=name)
                remedy = say("Describe its files, or write `{name}: none` if there are none.", name=name)
                self.sheet.refuse(node, "feed.missing", what, remedy)
            elif not self.is_none(name, nodes[name]):
                found[name] = self.feed(name, nodes[name], has_control=has_control)
        return found

    def is_none(self, name: str, node: yaml.Node) -> bool:
        if not isinstance(node, yaml.ScalarNode) or node.value != _NONE:
            return False
        if name in feeds.NEVER_EMPTY:
            what = say("there is no book without the feed `{name}`", name=name)
            self.sheet.refuse(node, "feed.missing", what, say("Describe its files."))
        return True

    def feed(self, name: str, node: yaml.Node, *, has_control: bool) -> FeedMapping:
        keys = self.sheet.keys(node, _FEED_OF_HISTORY if name == _HISTORY else _FEED)
        asked = "query_file" in keys
        for key in ("query_file" if asked else "files", "columns"):
            if key not in keys and isinstance(node, yaml.MappingNode):
                self.missing(node, key)
        known = feeds.EVERY[name]
        columns = self.columns(known, keys.get("columns"))
        fixed = self.fixed(known, keys.get("fixed"), columns)
        self.complete(known, node, columns, fixed, has_columns="columns" in keys)
        return FeedMapping(
            name=name,
            files=self.where(keys),
            format=source.QUERY if asked else self.choice(keys, "format", _FORMATS),
            sheet=self.sheet_name(keys),
            delimiter=self.choice(keys, "delimiter", _DELIMITERS),
            dates=self.dates(keys.get("dates")),
            money=Unit(self.choice(keys, "money", [unit.value for unit in Unit])),
            rates=RateUnit(self.choice(keys, "rates", [unit.value for unit in RateUnit])),
            columns=columns,
            values=self.values(known, keys.get("values"), columns),
            fixed=fixed,
            ignore=frozenset(self.sheet.texts(keys["ignore"])) if "ignore" in keys else frozenset(),
            max_age_days=self.max_age(keys.get("max_age_days"), has_control=has_control),
        )

    def choice(self, keys: dict[str, yaml.Node], key: str, words: Sequence[str]) -> str:
        """The word under `key`; the first of `words` where it is absent or wrong."""
        if key not in keys:
            return words[0]
        # A tab is a word here, though blank to everybody else.
        if isinstance(keys[key], yaml.ScalarNode) and keys[key].value in words:
            return str(keys[key].value)
        self.sheet.choice(keys[key], words, key)
        return words[0]

    def where(self, keys: dict[str, yaml.Node]) -> str:
        """The pattern of a feed's files, or the file of its query."""
        for other in ("files", "format", "delimiter", "dates") if "query_file" in keys else ():
            if other in keys:
                what = say("`{key}` means nothing where a query answers", key=other)
                self.sheet.refuse(keys[other], "query", what, say("Remove it, or remove `query_file`."))
        node = keys.get("query_file", keys.get("files"))
        path = (self.path(node) or "") if node is not None else ""
        if node is not None and path and "query_file" in keys:
            source.check_place(self.sheet, node, path)
        return path

    def path(self, node: yaml.Node) -> str | None:
        """A path or pattern inside the project folder."""
        written = self.sheet.text(node)
        if written is None:
            return None
        if PurePosixPath(written).is_absolute() or ".." in PurePosixPath(written).parts:
            what = say("`{path}` leads out of the project folder", path=written)
            self.sheet.refuse(node, "path", what, say("Write a path inside it, as data/accounts*.csv."))
        return written

    def sheet_name(self, keys: dict[str, yaml.Node]) -> str | None:
        """Which sheet of a workbook; of another format there are none."""
        if "sheet" not in keys:
            return None
        if not isinstance(form := keys.get("format"), yaml.ScalarNode) or form.value != "xlsx":
            what = say("only a workbook has sheets")
            self.sheet.refuse(keys["sheet"], "sheet", what, say("Write `format: xlsx`, or remove `sheet`."))
        return self.sheet.text(keys["sheet"])

    def dates(self, node: yaml.Node | None) -> str:
        written = "%Y-%m-%d" if node is None else (self.sheet.text(node) or "%Y-%m-%d")
        if not _DATE_PARTS.search(written) and node is not None:
            what = say("`{format}` does not say where year, month and day are", format=written)
            self.sheet.refuse(node, "dates", what, say("Use %Y, %m and %d, as %Y-%m-%d or %d/%m/%Y."))
        return written

    def max_age(self, node: yaml.Node | None, *, has_control: bool) -> int | None:
        if node is None:
            return None
        if not has_control:
            what = say("the age of a feed can only be told from its watermark, and there is no control file")
            self.sheet.refuse(
                node,
                "control.missing",
                what,
                say("Name the control file under `control`, or remove the limit."),
            )
        return self.sheet.whole(node, 366)

    def columns(self, known: Table[str, feeds.Column], node: yaml.Node | None) -> dict[str, str]:
        """Theirs to ours, each of ours at most once."""
        found: dict[str, str] = {}
        for theirs, value in (self.sheet.keys(node) if node is not None else {}).items():
            ours = self.sheet.text(value)
            if ours is None:
                continue
            if ours not in known:
                what = say("`{name}` is not a column of this feed", name=ours)
                self.sheet.refuse(value, "column.unknown", what, nearest(ours, known))
            elif ours in found.values():
                what = say("two columns of the file are mapped to `{name}`", name=ours)
                self.sheet.refuse(value, "column.twice", what, say("Keep one; put the other under `ignore`."))
            else:
                found[theirs] = ours
        return found

    def fixed(
        self, known: Table[str, feeds.Column], node: yaml.Node | None, columns: dict[str, str]
    ) -> dict[str, str]:
        """Ours to one text for every row."""
        found: dict[str, str] = {}
        for ours, value in (self.sheet.keys(node, known) if node is not None else {}).items():
            column = known[ours]
            word = (
                self.sheet.choice(value, column.words, "value.unknown")
                if column.kind is Kind.WORD
                else self.sheet.text(value)
            )
            if ours in columns.values():
                what = say("`{name}` is both mapped and fixed", name=ours)
                self.sheet.refuse(value, "column.twice", what, say("Remove one of the two."))
            elif word is not None:
                found[ours] = word
        return found

    def values(
        self, known: Table[str, feeds.Column], node: yaml.Node | None, columns: dict[str, str]
    ) -> dict[str, dict[str, str]]:
        """Ours to (their word to our word), only for columns that hold words and are mapped."""
        wordy = {ours for ours in columns.values() if known[ours].kind in (Kind.WORD, Kind.FLAG)}
        found = {}
        for ours, value in (self.sheet.keys(node, wordy) if node is not None else {}).items():
            words = known[ours].words or ("true", "false")
            told = {
                theirs: self.sheet.choice(word, words, "value.unknown")
                for theirs, word in self.sheet.keys(value).items()
            }
            found[ours] = {theirs: word for theirs, word in told.items() if word is not None}
        return found

    def complete(
        self,
        known: Table[str, feeds.Column],
        node: yaml.Node,
        columns: dict[str, str],
        fixed: dict[str, str],
        *,
        has_columns: bool,
    ) -> None:
        """Every column we need is there. Silent where there are no columns at all: that was said already."""
        lacking = [
            ours
            for ours, column in known.items()
            if column.needed and ours not in columns.values() and ours not in fixed
        ]
        for ours in lacking if has_columns else []:
            what = say("no column is mapped to `{name}` ({says})", name=ours, says=known[ours].says)
            remedy = say("Map one under `columns`, or give one value for all under `fixed`.")
            self.sheet.refuse(node, "column.missing", what, remedy)
