"""What a workbook says of itself before a cell is read: its sheets, its texts, its formats, its epoch.

    opened = workbook.open_(content, "data/payments.xlsx")
    sheet = opened.choose("Payments")

A workbook is read part by part, because openpyxl's own reader drops a row that stands twice without a word and
knows no bounds; what a format means is still openpyxl's knowledge.
Refuses a sheet that nobody sees, a choice between sheets that book.yaml does not make, and whatever leads out of
the workbook.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from xml.sax.xmlreader import AttributesImpl as Attributes

from openpyxl.styles import numbers
from openpyxl.utils import escape

from duly.book import batch
from duly.book.archive import Archive, Elements
from duly.model.said import say

_TYPES = "[Content_Types].xml"
_RELATED = "_rels/.rels"
_MAIN = "spreadsheetml.sheet.main+xml"
_LONGEST_TEXT = 32_767  # of a cell, as Excel itself has it


class Shown(Enum):
    """What a number format makes of a number."""

    PLAIN = "plain"
    DAY = "day"
    PERCENT = "percent"
    OTHER = "other"  # zeros in front, text around it: what is shown is not what is stored


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One sheet: its name, the part it stands in, and whether anybody sees it."""

    name: str
    part: str
    hidden: bool


@dataclass(frozen=True, kw_only=True)
class Workbook:
    """An opened workbook. `styles` has, by the number a cell gives, how it is shown; `texts` likewise."""

    archive: Archive
    file: str
    sheets: tuple[Sheet, ...]
    texts: Sequence[str]
    styles: Sequence[Shown]
    since_1904: bool

    def choose(self, name: str | None) -> Sheet:
        """The sheet of that name, or the only one that can be seen. Raises Unreadable."""
        seen = [sheet for sheet in self.sheets if not sheet.hidden]
        names = ", ".join(sheet.name for sheet in seen)
        if name is None:
            if len(seen) == 1:
                return seen[0]
            what = say("this workbook has not one visible sheet but these: {names}", names=names)
            raise self.archive.refused("sheet", what, say("Name one under `sheet` of the feed in book.yaml."))
        for sheet in self.sheets:
            if sheet.name == name and sheet.hidden:
                what = say("the sheet `{name}` is hidden", name=name)
                remedy = say("Show it in Excel and look at it: what nobody sees, nobody checks.")
                raise self.archive.refused("sheet_hidden", what, remedy)
            if sheet.name == name:
                return sheet
        what = say("there is no sheet `{name}`; there are: {names}", name=name, names=names)
        raise self.archive.refused("sheet", what, say("Correct `sheet` of the feed in book.yaml."))


def open_(content: bytes, file: str) -> Workbook:
    """The workbook in `content`. Raises Unreadable where it is none, or not to be trusted."""
    archive = Archive(content, file)
    for part in archive.names:
        if part.lower().endswith(".rels"):
            _refuse_links(archive, part)
    kinds = _Kinds()
    archive.read(_TYPES, kinds)
    if any("macroenabled" in kind or "vbaproject" in kind for kind in kinds.kinds):
        raise archive.macro()
    main = next((part for part, kind in kinds.parts.items() if kind.endswith(_MAIN)), None)
    if main is None:
        raise _no_workbook(archive)
    related = _Related()
    archive.read(_beside(main), related)
    body = _Main()
    archive.read(main, body)
    places = {key: target for key, (kind, target) in related.targets.items() if kind.endswith("/worksheet")}
    sheets = tuple(
        Sheet(name=name, part=_absolute(main, places[key]), hidden=hidden)
        for name, key, hidden in body.sheets
        if key in places
    )
    texts, styles = _Texts(), _Styles()
    for kind, target in related.targets.values():
        if kind.endswith("/sharedStrings"):
            archive.read(_absolute(main, target), texts)
        if kind.endswith("/styles"):
            archive.read(_absolute(main, target), styles)
    return Workbook(
        archive=archive,
        file=file,
        sheets=sheets,
        texts=texts.texts,
        styles=styles.shown(),
        since_1904=body.since_1904,
    )


def _no_workbook(archive: Archive) -> batch.Unreadable:
    what = say("this is not an Excel workbook that can be read")
    return archive.refused("workbook", what, say("Save it anew as .xlsx, or export it as CSV."))


def _beside(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _absolute(main: str, target: str) -> str:
    if target.startswith("/"):
        return target[1:]
    return posixpath.normpath(posixpath.join(posixpath.dirname(main), target))


def _refuse_links(archive: Archive, part: str) -> None:
    """A hyperlink in a cell is never followed; everything else that leads out is refused."""
    related = _Related()
    archive.read(part, related)
    if any(not kind.endswith("/hyperlink") for kind in related.outward):
        raise archive.foreign()


class _Kinds(Elements):
    """The content types: part by part, and all of them in small letters."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: dict[str, str] = {}
        self.kinds: set[str] = set()

    def begin(self, name: str, attrs: Attributes) -> None:
        kind = attrs.get("ContentType", "").lower()
        self.kinds.add(kind)
        if name == "Override":
            self.parts[attrs.get("PartName", "").removeprefix("/")] = kind


class _Related(Elements):
    """The relationships of a part: id to (type, target), and the types of those that lead out."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, tuple[str, str]] = {}
        self.outward: list[str] = []

    def begin(self, name: str, attrs: Attributes) -> None:
        if name != "Relationship":
            return
        kind = attrs.get("Type", "")
        if attrs.get("TargetMode", "Internal") != "Internal":
            self.outward.append(kind)
        else:
            self.targets[attrs.get("Id", "")] = (kind, attrs.get("Target", ""))


class _Main(Elements):
    """xl/workbook.xml: the sheets in order as (name, relationship, hidden), and the epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str, bool]] = []
        self.since_1904 = False

    def begin(self, name: str, attrs: Attributes) -> None:
        if name == "workbookPr":
            self.since_1904 = attrs.get("date1904", "0") in {"1", "true"}
        if name == "sheet":
            key = next((attrs[each] for each in attrs.getNames() if each.endswith(":id")), "")
            hidden = attrs.get("state", "visible") != "visible"
            self.sheets.append((attrs.get("name", ""), key, hidden))


class _Texts(Elements):
    """The shared texts. What tells how a word is pronounced (`rPh`) is no part of it."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._said = Runs()

    def begin(self, name: str, attrs: Attributes) -> None:
        del attrs
        self._said.begin(name)

    def add(self, text: str) -> None:
        self._said.add(text)

    def end(self, name: str) -> None:
        self._said.end(name)
        if name == "si":
            self.texts.append(self._said.taken())


@dataclass(kw_only=True)
class Runs:
    """A text that is told in runs (`t`), some of them about its pronunciation."""

    pieces: list[str] = field(default_factory=list)
    _inside: bool = False
    _aside: bool = False

    def begin(self, name: str) -> None:
        """An element begins."""
        self._aside = self._aside or name == "rPh"
        self._inside = name == "t" and not self._aside

    def add(self, content: str) -> None:
        """Characters of the element."""
        if self._inside:
            self.pieces.append(content)

    def end(self, name: str) -> None:
        """An element ends."""
        self._inside = False
        if name == "rPh":
            self._aside = False

    def taken(self) -> str:
        """The text so far, which begins anew."""
        text = "".join(self.pieces)[: _LONGEST_TEXT + 1]
        self.pieces.clear()
        return str(escape.unescape(text))


class _Styles(Elements):
    """How each style of a cell shows numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._codes: dict[str, str] = {}
        self._used: list[str] = []
        self._within = False

    def begin(self, name: str, attrs: Attributes) -> None:
        match name:
            case "numFmt":
                self._codes[attrs.get("numFmtId", "")] = attrs.get("formatCode", "")
            case "cellXfs":
                self._within = True
            case "xf" if self._within:
                self._used.append(attrs.get("numFmtId", "0"))
            case _:
                pass

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._within = False

    def shown(self) -> list[Shown]:
        """By the number of the style."""
        return [_shown(self._codes.get(used, _builtin(used))) for used in self._used]


def _builtin(number: str) -> str:
    # 27-36 and 50-58 are days in East Asian Excel and mean nothing elsewhere (ECMA-376, 18.8.30).
    if number.isdecimal() and (27 <= int(number) <= 36 or 50 <= int(number) <= 58):
        return "yyyy-mm-dd"
    built: Mapping[int, str] = numbers.BUILTIN_FORMATS
    return built.get(int(number), "General") if number.isdecimal() else "General"


_PLAIN = frozenset({"general", "0", "0.00", "0.0", "#,##0", "#,##0.00", "@"})


def _shown(code: str) -> Shown:
    if code.lower() in _PLAIN:
        return Shown.PLAIN
    if numbers.is_date_format(code):
        return Shown.DAY
    return Shown.PERCENT if "%" in code else Shown.OTHER
