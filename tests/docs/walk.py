"""A page's console blocks, read and walked through as a reader would, in one terminal after the other.

A line that begins with `$ ` is a command, `> ` continues it, what follows is what the reader sees; `…` stands for
whatever was left out, in a line or instead of lines. A block marked `second-terminal` runs beside the others
until the walk is over.
Refuses to know what a page is about.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

ASK_CODE = "echo $?"
CUT = "…"
PATIENCE = 120.0  # seconds in which a command must end, or a second terminal say what is shown of it

FENCED = re.compile(r"^```\w*[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)

_BLOCK = re.compile(r"^```console(?P<second> second-terminal)?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_ID = r"\b[ACP]\d{6}\b"
# What is another each time, in the order in which it is looked for; ids stand, since the same seed gives the same.
_VARYING: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b\d{8}\b(?<=/\d{8})"), "DAY"),
    (re.compile(r"\b\d{1,2} (?:[JFMASOND][a-z]{2,8}) \d{4}\b"), "DAY"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "DAY"),
    (re.compile(r"\b\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:[+-]\d\d:\d\d)?\b"), "TIME"),
    (re.compile(r"\b[0-9a-f]{12,}\b"), "HEX"),
    (re.compile(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b"), "CODE"),
)
_NUMBER = re.compile(rf"{_ID}|(?<![\w.])\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True, kw_only=True)
class Step:
    """A command and the lines that a page shows of its answer."""

    command: str
    shown: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Block:
    """The steps of one console block, and whether they belong to a second terminal."""

    steps: tuple[Step, ...]
    beside: bool = False


def blocks(page: str) -> list[Block]:
    """Every console block of a page, in order. A line of output before any command is a mistake of the page."""
    return [
        Block(steps=tuple(_steps(found["body"])), beside=found["second"] is not None)
        for found in _BLOCK.finditer(page)
    ]


def _steps(body: str) -> Iterator[Step]:
    command: list[str] = []
    shown: list[str] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            if command:
                yield Step(command="\n".join(command), shown=tuple(shown))
            command, shown = [line[2:]], []
        elif line.startswith("> ") and command and not shown:
            command.append(line[2:])
        elif not command:
            raise AssertionError(f"a block shows output before any command: {line!r}")
        else:
            shown.append(line)
    if command:
        yield Step(command="\n".join(command), shown=tuple(shown))


def settled(line: str) -> str:
    """A line without what is another each time: days, times, digests, codes; a number is `0` or `N`."""
    for pattern, word in _VARYING:
        line = pattern.sub(word, line)
    line = _NUMBER.sub(lambda found: _number(found[0]), line)
    return " ".join(line.split())


def _number(found: str) -> str:
    if re.fullmatch(_ID, found):
        return found
    return "N" if found.strip("0,.") else "0"


def missing(shown: tuple[str, ...], output: str) -> list[str]:
    """The lines of a page that do not stand in the output, each looked for after the one before it."""
    said = [settled(line) for line in output.splitlines()]
    lost = []
    at = 0
    for line in shown:
        parts = [settled(part) for part in line.split(CUT)]
        if not any(parts):
            continue  # an empty line, or one that only says that lines were left out
        found = next((place for place in range(at, len(said)) if _holds(said[place], parts)), None)
        if found is None:
            lost.append(line)
        else:
            at = found + 1
    return lost


def _holds(line: str, parts: list[str]) -> bool:
    if parts[0] and not line.startswith(parts[0]):
        return False
    if parts[-1] and not line.endswith(parts[-1]):
        return False
    at = 0
    for part in parts:
        found = line.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(parts) > 1 or line == parts[0]


@dataclass(kw_only=True)
class Terminal:
    """A shell that keeps its folder, its variables and the last exit code from one command to the next."""

    home: Path
    environ: Mapping[str, str]
    code: int = 0
    _state: Path = field(init=False)

    def __post_init__(self) -> None:
        self._state = self.home / ".terminal"

    def run(self, command: str) -> tuple[int, str]:
        """The exit code and everything that was said."""
        before = f'. "{self._state}"\n' if self._state.exists() else ""
        # What fails within a loop fails the loop, although the shell forgets it; `(exit …)` counts once itself.
        watch = f"failed={-1 if self.code else 0}; trap 'failed=$((failed + 1))' ERR; (exit {self.code})"
        after = (
            "code=$?; trap - ERR; [ $code = 0 ] && [ $failed -gt 0 ] && code=1\n"
            f'{{ export -p; printf "cd %q\\n" "$PWD"; }} > "{self._state}"\nexit $code'
        )
        process = _started(
            f"{before}{watch}\n{command}\n{after}", self.home, self.environ, stdout=subprocess.PIPE
        )
        try:
            output, _ = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            _end(process)
            output, _ = process.communicate()
            raise AssertionError(f"$ {command}\nsaid for {PATIENCE:g} seconds only:\n{output}") from None
        self.code = process.returncode
        return process.returncode, output


def _started(
    script: str, home: Path, environ: Mapping[str, str], *, stdout: int | IO[str]
) -> subprocess.Popen[str]:
    """A shell in a group of its own, so that what it began can be ended with it."""
    return subprocess.Popen(
        ["bash", "-c", script],
        cwd=home,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(timeout=20)


@contextlib.contextmanager
def beside(block: Block, *, home: Path, environ: Mapping[str, str]) -> Iterator[None]:
    """A second terminal, until the end; begins when everything that the page shows of it was said."""
    said = home / ".second-terminal"
    # It goes with us, also when we are killed and cannot end it.
    guard = f"(while kill -0 {os.getpid()} 2>&-; do sleep 1; done; kill -- -$$) &"
    script = "\n".join([guard, *(step.command for step in block.steps)])
    shown = tuple(line for step in block.steps for line in step.shown)
    with said.open("w") as stream:
        process = _started(script, home, environ, stdout=stream)
    try:
        until = time.monotonic() + PATIENCE
        while missing(shown, said.read_text("utf-8")):
            assert process.poll() is None, f"the second terminal ended: {said.read_text('utf-8')}"
            assert time.monotonic() < until, f"the second terminal said: {said.read_text('utf-8')}"
            time.sleep(0.1)
        yield
    finally:
        _end(process)


def walk(page: str, *, home: Path, environ: Mapping[str, str]) -> list[str]:
    """Do everything a page says; returns what was not as the page shows it, each with its command."""
    terminal = Terminal(home=home, environ=environ)
    wrong: list[str] = []
    with contextlib.ExitStack() as stack:
        for block in blocks(page):
            if block.beside:
                stack.enter_context(beside(block, home=home, environ=environ))
                continue
            for place, step in enumerate(block.steps):
                code, output = terminal.run(step.command)
                after = block.steps[place + 1] if place + 1 < len(block.steps) else None
                wrong += _wrong(step, after, code, output)
    return wrong


def _wrong(step: Step, after: Step | None, code: int, output: str) -> list[str]:
    if step.command == ASK_CODE:
        wanted = [line for line in step.shown if line]
        return [] if output.split() == wanted else [f"$ {step.command}\n{output}instead of {wanted}"]
    if code != 0 and (after is None or after.command != ASK_CODE):
        return [f"$ {step.command}\nended with {code}:\n{output}"]
    return [
        f"$ {step.command}\nlacks the line {line!r} in:\n{output}" for line in missing(step.shown, output)
    ]
