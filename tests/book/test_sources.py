"""A book put together some buckets at a time is the book put together at once."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import duly.invent
from duly.book import columns, mapping, read, snapshot
from duly.invent import book
from duly.model.account import BUCKETS
from tests.book import lender


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> read.Loaded:
    """Three hundred accounts: guarantors and co-borrowers in other buckets, holds of all kinds, a row left out."""
    root = tmp_path_factory.mktemp("lender")
    book.make(root / "data", accounts=300, seed=7, on=lender.AS_OF)
    with (root / "data" / "payments.csv").open("a", encoding="utf-8") as payments:
        payments.write("Y1,A000001,never,1.00,PAY,\n")
    (root / "data" / "control.csv").unlink()
    shipped = Path(duly.invent.__file__).parent / "folder" / "cn" / "book.yaml"
    text = (
        shipped.read_text("utf-8")
        .replace("control: data/control.csv\n", "")
        .replace("    max_age_days: 2\n", "")
    )
    terms, problems = mapping.load(text, "book.yaml")
    assert problems == []
    assert terms is not None
    found, problems = read.load(root, terms, as_of=lender.AS_OF, blind=str)
    assert problems == []
    assert found is not None
    assert found.quarantine.height == 1
    return found


@pytest.mark.parametrize("width", [BUCKETS, BUCKETS // 2, BUCKETS // 8, 1])
def test_the_ranges_together_are_the_whole(width: int, loaded: read.Loaded) -> None:
    """Every row of every frame, each under its person, none twice, in the one order."""
    spans = [range(first, first + width) for first in range(0, BUCKETS, width)]
    pieces = [loaded.sources.book(span) for span in spans]

    for span, piece in zip(spans, pieces, strict=True):
        columns.validate(piece)
        assert set(piece.accounts["bucket"]) <= set(span)
    for name, frame in loaded.book.frames().items():
        together = pl.concat(piece.frames()[name] for piece in pieces)
        assert_frame_equal(together.sort(*columns.SORTED_BY[name]), frame)


def test_the_snapshot_is_the_same_however_it_is_written(
    loaded: read.Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte for byte, in one file a frame or in several; each range is told when it is written."""
    told: list[tuple[int, int]] = []
    for each in (snapshot.ACCOUNTS_PER_RANGE, 100):
        monkeypatch.setattr(snapshot, "ACCOUNTS_PER_RANGE", each)
        told.clear()
        whole = snapshot.write(loaded.book, tmp_path / "whole", as_of=lender.AS_OF, as_of_event=0)
        ranged = snapshot.write_in_ranges(
            loaded.sources.book,
            loaded.sources.height,
            tmp_path / "ranged",
            as_of=lender.AS_OF,
            as_of_event=0,
            progress=lambda done, of: told.append((done, of)),
        )
        assert ranged.digest == whole.digest
        count = len(ranged.ranges())
        assert told == [(done, count) for done in range(1, count + 1)]
    assert count == 4
