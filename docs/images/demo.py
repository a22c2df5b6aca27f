"""Draw docs/images/demo.svg from a real run: `python docs/images/demo.py`.

The demo runs in a terminal of its own and what it prints is drawn; of the two accounts that it explains only the
beginning of the first is kept, and lines that are too long end in `…`.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich import _export_format
from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).with_suffix(".svg")
COLUMNS = 132
STORY = 14  # lines kept of the account explained
_STORY = re.compile(r"An account that was|An account that is")
_LAST = "Evidence"
_SPACE = "&#160;"
_CELL = 12.2  # the width of a letter, as rich draws it
_PIECE = re.compile(
    r'x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" textLength="(?P<wide>[\d.]+)"(?P<rest>[^>]*)>'
    rf"(?P<before>(?:{_SPACE})*)(?P<text>[^<]*?\S)(?P<after>(?:{_SPACE})*)</text>"
)


def filmed(words: list[str], folder: str) -> str:
    """What a command prints to a terminal of COLUMNS, with its colours; progress bars go elsewhere."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, COLUMNS, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "NO_COLOR"}}
    environ |= {"TERM": "xterm-256color", "DULY_LANG": "en"}
    with subprocess.Popen(
        words, stdout=theirs, stderr=subprocess.DEVNULL, env=environ, cwd=folder
    ) as process:
        os.close(theirs)
        said = b""
        while chunk := _read(ours):
            said += chunk
    os.close(ours)
    if process.returncode:
        raise SystemExit(said.decode("utf-8", "replace"))
    return said.decode("utf-8").replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other end has gone
        return b""


def shortened(said: str) -> list[Text]:
    """The lines that the picture shows."""
    lines = [Text.from_ansi(line) for line in said.splitlines()]
    heads = [place for place, line in enumerate(lines) if _STORY.match(line.plain)]
    last = next(place for place, line in enumerate(lines) if line.plain == _LAST)
    kept = [*lines[: heads[0] + STORY], Text("  …"), Text(), *lines[last:]]
    for line in kept:
        line.rstrip()
        line.truncate(COLUMNS, overflow="ellipsis")
    return kept


def drawn(lines: list[Text]) -> str:
    """The picture. No font is fetched from anywhere: the reader's own monospaced one does."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), legacy_windows=False)
    console.print(Text("$ make demo", style="bold"))
    for line in lines:
        console.print(line, no_wrap=True, crop=False)
    form = re.sub(r"@font-face \{\{.*?\}\}\n", "", _export_format.CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    svg = console.export_svg(title="duly", code_format=form, unique_id="demo")
    svg = _PIECE.sub(_without_spaces, svg)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def _without_spaces(found: re.Match[str]) -> str:
    """A piece of text begins where its first letter stands: some programs drop the spaces before it."""
    before, after = (len(found[name]) // len(_SPACE) for name in ("before", "after"))
    x = float(found["x"]) + before * _CELL
    wide = float(found["wide"]) - (before + after) * _CELL
    return f'x="{x:g}" y="{found["y"]}" textLength="{wide:g}"{found["rest"]}>{found["text"]}</text>'


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        film = filmed([sys.executable, "-m", "duly", "demo", *sys.argv[1:]], home)
    PICTURE.write_text(drawn(shortened(film)), encoding="utf-8")
