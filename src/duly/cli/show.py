"""How answers look: tables, problems in their one form, failures, progress; and the same as JSON.

A command opens one `Screen`, puts everything it has to say on it, and chooses an exit code. With `--json` the
same comes out as one JSON object and nothing else.
Whatever comes from a file, a database or a debtor is neutralised before it reaches a terminal: a name must
not be able to move the cursor, hide a line or turn the direction of writing.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from duly.cli.language import tr
from duly.errors import DulyError, Problem, ProjectRefused
from duly.model import money
from duly.model.money import Money
from duly.model.progress import Tell
from duly.model.said import Said

PIPED_WIDTH = 160  # columns of a table that nobody looks at in a terminal
EXCERPT_WIDTH = 100


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its `key` in JSON, its `title` for people, and whether it is set to the right."""

    key: str
    title: str
    right: bool = False


def clean(text: str) -> str:
    """`text` with everything that could command a terminal written out, as Python would write it."""
    return "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    # Cc: controls; Cf: format characters, among them the directional overrides; Zl, Zp: line separators;
    # Cs and Co: surrogates and private use, which terminals draw as they please.
    if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}:
        return char
    return char.encode("unicode_escape").decode("ascii")


def plain(value: object) -> str:
    """A value as it stands in a cell."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, Money):
        return money.grouped(value.minor, value.currency)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, (list, tuple, frozenset)):
        return ", ".join(plain(item) for item in value)
    if isinstance(value, Enum):
        return clean(str(value.value))
    # What we said ourselves is translated; the user's own words are shown as they are.
    return clean(tr(value) if isinstance(value, Said) else str(value))


def jsonable(value: object) -> object:
    """A value as JSON has it: money as minor units and currency, days and moments in ISO 8601."""
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(str(jsonable(item)) for item in value)
    return value


class Screen:
    """What one command says. `with Screen(as_json=…) as screen:`; the JSON object is written at the end."""

    def __init__(
        self, *, as_json: bool = False, out: IO[str] | None = None, err: IO[str] | None = None
    ) -> None:
        self.as_json = as_json
        self.answer: dict[str, object] = {}
        self.out = _console(out or sys.stdout)
        self.err = _console(err or sys.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.as_json and not isinstance(error, DulyError):
            self._write_json()

    def _write_json(self) -> None:
        self.out.file.write(
            json.dumps(jsonable(self.answer), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        )

    def say(self, text: str, *, style: str = "") -> None:
        """One line for a person; left out of JSON."""
        if not self.as_json:
            self.out.print(Text(clean(tr(text)), style=style), soft_wrap=True)

    def note(self, text: str) -> None:
        """One line on standard error for a person who waits; left out of JSON."""
        if not self.as_json:
            self.err.print(Text(clean(tr(text)), style="yellow"), soft_wrap=True)

    def gap(self) -> None:
        """An empty line for a person."""
        if not self.as_json:
            self.out.print()

    def put(self, key: str, value: object) -> None:
        """One value of the JSON answer; a person is told otherwise."""
        self.answer[key] = value

    def facts(self, key: str, facts: Mapping[str, tuple[str, object]], *, known_only: bool = False) -> None:
        """Named values under one another: JSON key to (title, value).

        With `known_only` a person is told only of those that there are; JSON always has every key.
        """
        self.answer[key] = {name: value for name, (_, value) in facts.items()}
        if self.as_json:
            return
        grid = Table.grid(padding=(0, 2))
        for title, value in facts.values():
            if known_only and (value is None or value == ""):
                continue
            grid.add_row(Text(clean(title), style="bold"), Text(plain(value)))
        self.out.print(grid)

    def table(
        self, key: str, columns: Sequence[Column], rows: Sequence[Sequence[object]], *, title: str = ""
    ) -> None:
        """A table: to a person as columns, in JSON as a list of objects by column key."""
        self.answer[key] = [
            {column.key: cell for column, cell in zip(columns, row, strict=True)} for row in rows
        ]
        if self.as_json:
            return
        drawn = Table(box=box.SIMPLE_HEAD, title=Text(clean(title), style="bold") if title else None)
        drawn.title_justify = "left"
        for column in columns:
            drawn.add_column(
                Text(clean(column.title)), justify="right" if column.right else "left", overflow="fold"
            )
        for row in rows:
            drawn.add_row(*(Text(plain(cell)) for cell in row))
        self.out.print(drawn)

    def problems(self, problems: Sequence[Problem]) -> None:
        """All problems, each in the standard form, and how many there are."""
        self.answer["problems"] = [asdict(problem) for problem in problems]
        if self.as_json:
            return
        for problem in problems:
            for line in form(problem):
                self.out.print(line, soft_wrap=True)
            self.out.print()
        if problems:
            count = len(problems)
            self.out.print(
                Text(tr("1 problem") if count == 1 else tr("{count} problems", count=count), style="bold red")
            )

    @contextmanager
    def progress(self, title: str, total: int) -> Iterator[Step]:
        """A bar on standard error while something long runs; nothing where nobody looks."""
        with self._bars() as bars:
            yield Step(bars, title, total)

    @contextmanager
    def steps(self) -> Iterator[Tell]:
        """A bar for each step of something long, one under the other; nothing where nobody looks."""
        with self._bars() as bars:
            begun: dict[str, Step] = {}

            def tell(step: Said, done: int, of: int) -> None:
                if step not in begun:
                    begun[step] = Step(bars, step, of)
                begun[step].reach(done, of)

            yield tell

    def _bars(self) -> Progress:
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.err,
            disable=self.as_json or not self.err.is_terminal,
        )


class Step:
    """A bar that can be moved forward."""

    def __init__(self, bars: Progress, title: str, total: int) -> None:
        self._bars = bars
        self._task = bars.add_task(clean(tr(title)), total=total)

    def advance(self, by: int = 1) -> None:
        """So much more is done."""
        self._bars.advance(self._task, by)

    def reach(self, done: int, of: int) -> None:
        """So much is done in all, of so much."""
        self._bars.update(self._task, completed=done, total=of)


def form(problem: Problem) -> list[Text]:
    """The standard form: place and what, the line with a caret, what to do.

    `strategy.yaml:14:7: …`, then `   14 | the line`, then `      |       ^`, then the remedy.
    """
    lines = [
        Text.assemble(
            (f"{clean(problem.place())}: ", "bold"),
            (clean(tr(problem.what)), "red"),
            (f"  [{problem.code}]", "dim"),
        )
    ]
    if problem.line is not None and problem.excerpt:
        excerpt, caret = _cut(problem.excerpt, problem.column)
        margin = f"{problem.line:>5} | "
        lines.append(Text(f"{margin}{excerpt}", style="cyan"))
        if caret is not None:
            lines.append(Text(f"{'|':>{len(margin) - 1}} {' ' * caret}^", style="cyan"))
    lines.append(Text(f"      {clean(tr(problem.remedy))}"))
    return lines


def _cut(excerpt: str, column: int | None) -> tuple[str, int | None]:
    """The part of a line around `column` that fits, and how many cells before the caret."""
    begin = 0 if column is None or column <= EXCERPT_WIDTH else column - EXCERPT_WIDTH // 2
    shown = clean(excerpt[begin : begin + EXCERPT_WIDTH].replace("\t", " "))
    head = "…" if begin else ""
    tail = "…" if begin + EXCERPT_WIDTH < len(excerpt) else ""
    if column is None:
        return f"{head}{shown}{tail}", None
    # A Chinese character is two cells wide, an escaped control several.
    before = cell_len(head + clean(excerpt[begin : column - 1].replace("\t", " ")))
    return f"{head}{shown}{tail}", before


def failure(error: DulyError, *, as_json: bool) -> None:
    """A failure of the world: what happened and what to do, never a traceback."""
    with Screen(as_json=as_json) as screen:
        if isinstance(error, ProjectRefused):
            screen.problems(error.problems)
            return
        screen.put(
            "error", {"kind": type(error).__name__, "what": tr(str_of(error)), "remedy": tr(error.remedy)}
        )
        if not as_json:
            screen.err.print(Text(clean(tr(str_of(error))), style="bold red"), soft_wrap=True)
            screen.err.print(Text(f"  {clean(tr(error.remedy))}"), soft_wrap=True)


def str_of(error: DulyError) -> str:
    """The sentence the error was made with, still knowing its pattern if it was said."""
    first = error.args[0] if error.args else ""
    return first if isinstance(first, str) else str(error)


def _console(stream: IO[str]) -> Console:
    width = None if stream.isatty() else PIPED_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
