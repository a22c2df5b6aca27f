"""A row that stands twice is found wherever the two stand, and however many rows are looked at together."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duly.book import relate
from tests.book import lender

HEADER, *ROWS = lender.FILES["instalments"].splitlines(keepends=True)


@pytest.mark.parametrize("stretch", [1, 2, 3, 1_000])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(order=st.lists(st.integers(0, len(ROWS) - 1), max_size=7))
def test_of_two_rows_with_one_id_the_first_stands(
    stretch: int, order: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of their ids or in none, side by side or far apart, at the border of what is looked at or not."""
    monkeypatch.setattr(relate, "_STRETCH", stretch)
    text = HEADER + "".join(ROWS) + "".join(ROWS[at] for at in order)

    loaded = lender.loaded(tmp_path, instalments=text)

    again = [(line, "duplicate") for line in range(len(ROWS) + 2, len(ROWS) + 2 + len(order))]
    assert loaded.quarantine.select("line", "code").rows() == again
    assert loaded.sources.frames["instalments"].height == len(ROWS)
