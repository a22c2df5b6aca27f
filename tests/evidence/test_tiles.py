"""The log's files are c2sp.org/tlog-tiles, whatever the batches they were written in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duly.errors import EvidenceBroken
from duly.evidence import tiles, tree
from duly.evidence.files import replace_all
from tests.evidence import disk

LOG = disk.ROOT / "log"


def _leaf(number: int) -> bytes:
    return b"leaf %d" % number


def _grow(sizes: list[int]) -> tuple[disk.Disk, tiles.Edge]:
    """A log written in batches of these sizes; also what it must be."""
    place, edge = disk.Disk(), tiles.Edge()
    for size in sizes:
        edge, written = edge.append([_leaf(edge.size + at) for at in range(size)])
        replace_all(place, {LOG / name: data for name, data in written.items()})
    return place, edge


@pytest.mark.parametrize(
    ("index", "path"),
    [(0, "000"), (7, "007"), (999, "999"), (1000, "x001/000"), (1_234_067, "x001/x234/067")],
)
def test_tile_numbers_are_written_as_the_standard_says(index: int, path: str) -> None:
    """Its own example is 1234067."""
    assert tiles.number(index) == path


def test_a_tree_of_70000_has_the_tiles_of_the_standard() -> None:
    """The standard's example: 273 full and one partial of 112; one full and one of 17; one of 1."""
    _, written = tiles.Edge().append([_leaf(number) for number in range(70_000)])
    level = {
        row: sorted(name for name in written if name.startswith(f"tile/{row}/"))
        for row in ("0", "1", "2", "3", "entries")
    }

    assert len([name for name in level["0"] if ".p/" not in name]) == 273
    assert [name for name in level["0"] if ".p/" in name] == ["tile/0/273.p/112"]
    assert level["1"] == ["tile/1/000", "tile/1/001.p/17"]
    assert level["2"] == ["tile/2/000.p/1"]
    assert level["3"] == []
    assert [name for name in level["entries"] if ".p/" in name] == ["tile/entries/273.p/112"]
    assert {len(written[name]) for name in written if name.startswith("tile/0/") and ".p/" not in name} == {
        8192
    }


def test_a_tree_of_256_has_a_full_tile_and_a_partial_one_above() -> None:
    """The standard's other example."""
    _, written = tiles.Edge().append([_leaf(number) for number in range(256)])

    assert sorted(written) == ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]


@given(st.lists(st.sampled_from([0, 1, 2, 100, 255, 256, 257, 600]), max_size=5))
@settings(max_examples=40)
def test_the_tree_in_the_files_does_not_depend_on_the_batches(sizes: list[int]) -> None:
    """Root, leaves, proofs and the edge read back are those of the whole tree in memory."""
    place, edge = _grow(sizes)
    total = sum(sizes)
    leaves = [_leaf(number) for number in range(total)]
    whole = tree.Memory(map(tree.leaf_hash, leaves))
    reader = tiles.Reader(place, LOG, total)

    assert edge.size == total
    assert edge.root() == whole.root() == reader.root()
    assert list(reader.leaves()) == leaves
    assert list(reader.leaves(total // 3, total // 2)) == leaves[total // 3 : total // 2]
    assert reader.edge().root() == whole.root()
    for index in {0, total // 2, total - 1} - ({-1, 0} if not total else set()):
        assert tree.inclusion(index, total, reader.subtree) == tree.inclusion(index, total, whole.subtree)
    for old in {0, total // 3, total}:
        assert tiles.Reader(place, LOG, total).root(old) == whole.root(old)
        assert tree.consistency(old, total, reader.subtree) == tree.consistency(old, total, whole.subtree)


def test_appending_changes_nothing_in_place() -> None:
    """What was staged can be forgotten: the edge before is as it was."""
    edge, _ = tiles.Edge().append([_leaf(0)] * 300)
    before = edge.root()
    edge.append([_leaf(1)] * 300)

    assert edge.root() == before


def test_a_partial_tile_goes_only_when_its_full_one_is_there() -> None:
    """And a reader of the earlier tree then finds it in the full one."""
    place, edge = _grow([100, 100])
    tiles.forget_partial(place, LOG, 100, 200)
    assert place.list(LOG / "tile/0/000.p") == ["100", "200"]
    root = edge.root()
    grown, written = edge.append([_leaf(200 + number) for number in range(100)])
    replace_all(place, {LOG / name: data for name, data in written.items()})
    tiles.forget_partial(place, LOG, 200, 300)

    assert not place.is_directory(LOG / "tile/0/000.p")
    assert not place.is_directory(LOG / "tile/entries/000.p")
    assert tiles.Reader(place, LOG, 200).root() == root
    assert tiles.Reader(place, LOG, 300).root() == grown.root()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("tile/0/000", None, "tile/0/000 is missing"),
        ("tile/0/001.p/44", b"", "tile/0/001.p/44 is too short"),
        ("tile/entries/001.p/44", b"\0\1x", "tile/entries/001.p/44 holds 1 entries"),
        ("tile/entries/001.p/44", b"\0\5x", "cut off"),
        ("tile/entries/001.p/44", b"\0", "cut off"),
    ],
)
def test_a_missing_or_short_tile_is_named(name: str, data: bytes | None, reason: str) -> None:
    """Nothing is guessed from what is left."""
    place, _ = _grow([300])
    if data is None:
        place.remove(LOG / name)
    else:
        place.write(LOG / name, data)
    reader = tiles.Reader(place, LOG, 300)

    with pytest.raises(EvidenceBroken, match=reason):
        reader.root(), list(reader.leaves()), tree.inclusion(0, 300, reader.subtree)


def test_the_files_are_readable_by_all_and_the_temporary_ones_are_gone(tmp_path: Path) -> None:
    """On a real disk, too."""
    from duly.evidence import files  # noqa: PLC0415

    _, written = tiles.Edge().append([_leaf(number) for number in range(300)])
    files.replace_all(files.Files(), {tmp_path / name: data for name, data in written.items()})
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}

    assert found == set(written)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_file()} == {0o644}
