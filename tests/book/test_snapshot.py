"""A snapshot is whole, immutable, named by what is in it, and refuses to be read when it was touched."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from duly.book import columns, incomings, snapshot
from duly.book.columns import Book
from duly.book.snapshot import BookDamaged, Feed
from duly.model.account import BUCKETS
from tests.book import books

DUE = date(2026, 3, 10)
FEED = Feed(
    name="accounts",
    files=(("accounts.csv", "ab" * 32),),
    rows=40,
    quarantined=1,
    control_total_minor=123,
    watermark=DUE,
)


def made(persons: int = 40) -> Book:
    """A book of so many persons, each with one account."""
    names = [f"P{n:04}" for n in range(persons)]
    return books.book(
        [books.account(name, f"A{name}") for name in names],
        [books.instalment(DUE, person=name, account=f"A{name}") for name in names],
        [books.payment(DUE, 5, f"y{name}", person=name, account=f"A{name}") for name in names[::2]],
        [books.contact(name, f"{name}-s1") for name in names],
        [books.hold(name) for name in names[::7]],
    )


def same(one: Book, other: Book) -> bool:
    """Equal in every frame, in whatever order."""
    frames = columns.arrange(other).frames()
    return all(frame.equals(frames[name]) for name, frame in columns.arrange(one).frames().items())


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """Every frame, and everything the manifest says of where it came from."""
    written = snapshot.write(made(), tmp_path, as_of=DUE, as_of_event=17, feeds=[FEED])

    manifest = snapshot.load(tmp_path / written.digest)

    assert same(snapshot.read(manifest), made())
    assert (manifest.as_of, manifest.as_of_event, manifest.feeds) == (DUE, 17, (FEED,))
    assert manifest == written
    assert manifest.came_from([FEED], None)
    assert not manifest.came_from([], None)
    assert not manifest.came_from([FEED], "read otherwise")


def test_the_same_book_is_the_same_snapshot(tmp_path: Path) -> None:
    """Row order does not matter; no second folder appears and the first is not touched."""
    first = snapshot.write(made(), tmp_path, as_of=DUE, as_of_event=0)
    before = {file: file.stat().st_mtime_ns for file in first.folder.iterdir()}
    shuffled = {
        name: frame.sample(fraction=1.0, shuffle=True, seed=5) for name, frame in made().frames().items()
    }

    again = snapshot.write(Book(**shuffled), tmp_path, as_of=DUE, as_of_event=0)

    assert again == first
    assert [file.name for file in tmp_path.iterdir()] == [first.digest]
    assert {file: file.stat().st_mtime_ns for file in first.folder.iterdir()} == before


def test_another_book_is_another_snapshot(tmp_path: Path) -> None:
    """One row less, another day or another event: another name, beside the old one."""
    digests = {
        snapshot.write(book, tmp_path, as_of=day, as_of_event=event).digest
        for book, day, event in [
            (made(40), DUE, 0),
            (made(39), DUE, 0),
            (made(40), DUE + timedelta(days=1), 0),
            (made(40), DUE, 1),
        ]
    }

    assert len(digests) == 4


def test_a_large_book_is_laid_out_in_ranges_of_buckets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each range holds whole persons; together they are the book, however it is cut."""
    monkeypatch.setattr(snapshot, "ACCOUNTS_PER_RANGE", 6)
    manifest = snapshot.write(made(), tmp_path, as_of=DUE, as_of_event=0)
    spans = manifest.ranges()

    assert [span.start for span in spans] == list(range(0, BUCKETS, BUCKETS // 8))
    assert same(snapshot.read(manifest), made())
    for cut in ([0, 1024], [0, 300, 1024], [0, 128, 129, 700, 1024]):
        pieces = [snapshot.read(manifest, range(a, b)) for a, b in itertools.pairwise(cut)]
        assert sum(piece.accounts.height for piece in pieces) == 40
        for piece, (first, last) in zip(pieces, itertools.pairwise(cut), strict=True):
            assert piece.accounts["bucket"].is_between(first, last - 1).all()
            persons = set(piece.accounts["person"])
            assert set(piece.instalments["person"]) == set(piece.contacts["person"]) == persons


def test_a_range_of_buckets_ends_before_its_end(tmp_path: Path) -> None:
    """A person is read with the range that holds the bucket, and not with the one that stops at it."""
    manifest = snapshot.write(made(), tmp_path, as_of=DUE, as_of_event=0)
    person, bucket = made().accounts.select("person", "bucket").row(20)

    def persons(buckets: range) -> set[str]:
        return set(snapshot.read(manifest, buckets).contacts["person"])

    assert person in persons(range(bucket, bucket + 1))
    assert person in persons(range(bucket + 1))
    assert person not in persons(range(bucket))
    assert person not in persons(range(bucket + 1, BUCKETS))


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    """One bit in a Parquet file, a changed manifest, a missing file: each is named, with what to do."""
    manifest = snapshot.write(made(), tmp_path, as_of=DUE, as_of_event=0)
    file = manifest.folder / manifest.parts[0].file
    body = bytearray(file.read_bytes())
    body[40] ^= 1
    file.write_bytes(body)

    with pytest.raises(BookDamaged, match=f"{file.name} of snapshot .* was changed") as refused:
        snapshot.read(manifest)
    assert "load the book again" in refused.value.remedy

    file.unlink()
    with pytest.raises(BookDamaged, match="cannot be read"):
        snapshot.read(manifest)

    (manifest.folder / snapshot.MANIFEST).write_text("{}")
    with pytest.raises(BookDamaged, match="was changed after it was written"):
        snapshot.load(manifest.folder)
    with pytest.raises(BookDamaged, match="no readable manifest"):
        snapshot.load(tmp_path / "nowhere")


def test_an_interrupted_write_leaves_no_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Power lost before the rename: what is left is no snapshot, and is swept away."""

    def lose_power(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", lose_power)
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)
    with pytest.raises(KeyboardInterrupt):
        snapshot.write(made(), tmp_path, as_of=DUE, as_of_event=0)
    monkeypatch.undo()

    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".")
    assert incomings.sweep(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_what_is_still_being_written_is_swept_by_nobody(tmp_path: Path) -> None:
    """Another writer comes while a range is asked for: both snapshots are whole."""
    book = columns.arrange(made())

    def asked(_: range) -> Book:
        assert incomings.sweep(tmp_path) == 0
        snapshot.write(book, tmp_path, as_of=DUE, as_of_event=7)
        return book

    manifest = snapshot.write_in_ranges(asked, book.accounts.height, tmp_path, as_of=DUE, as_of_event=0)

    assert len(list(tmp_path.iterdir())) == 2
    assert_frame_equal(snapshot.read(manifest).accounts, book.accounts)


def test_a_book_of_another_shape_is_not_written(tmp_path: Path) -> None:
    """A column too few is our own defect and stops before anything is written."""
    short = Book(**{**made().frames(), "contacts": made().contacts.drop("rank")})

    with pytest.raises(ValueError, match=r"contacts: columns missing \['rank'\]"):
        snapshot.write(short, tmp_path / "book", as_of=DUE, as_of_event=0)

    assert not (tmp_path / "book").exists()
