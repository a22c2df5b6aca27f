"""The page of problems is made from the folders of errors."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"


def test_the_page_of_problems_is_what_is_printed() -> None:
    """docs/reference/problems.md is what `python docs/reference/problems.py` writes."""
    made = runpy.run_path(str(DOCS / "problems.py"))
    assert (DOCS / "problems.md").read_text(encoding="utf-8") == made["page"]()
