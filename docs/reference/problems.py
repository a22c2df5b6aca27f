"""Write docs/reference/problems.md from the tests: `python docs/reference/problems.py`."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).with_suffix(".md")
ERRORS = Path(__file__).resolve().parents[2] / "tests" / "golden" / "errors"

HEAD = """\
# Problems

What `duly check` says of a mistake in the project's files, by its code.
Each is shown as it is printed for a folder that has the mistake; the tests make that folder and compare every word.
A code is stable: it can be searched for, and `--json` carries it.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for folder in sorted(path.parent for path in ERRORS.glob("*/expected.txt")):
        shown = (folder / "expected.txt").read_text(encoding="utf-8").rstrip()
        parts.append(f"## {folder.name}\n\n```\n{shown}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
