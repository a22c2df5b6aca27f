"""The drill's own eyes: what it must find, planted, is found and named. A drill that cannot fail shows nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from duly.app import proofs
from tests.crash import drill, reckoning, yard
from tests.crash.reckoning import Reckoning
from tests.crash.yard import Carrier, Yard


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """A yard after a small send in which nobody was killed."""
    place = tmp_path_factory.mktemp("yard")
    with yard.open_yard(place, messages=40, rate=500, carrier=Carrier(latency_ms=2, receipt_ms=20)) as at:
        at.hire()
        drill.Supervisor(at).see_out()
        with contextlib.closing(at.opened.connect(patient=True)) as connection:
            proofs.place_waiting(at.opened, connection)
        yield at


def reckon(at: Yard, tmp_path: Path, change: Callable[[list[bytes]], list[bytes]] = list) -> Reckoning:
    """Reckon with the journal as it is, or as somebody changed it."""
    changed = tmp_path / "journal"
    changed.write_bytes(b"".join(change(at.journal.read_bytes().splitlines(keepends=True))))
    return reckoning.reckon(at.opened, changed)


def test_an_undisturbed_send_adds_up(sent: Yard, tmp_path: Path) -> None:
    """Without kills and without faults there is nothing to complain of, and nothing in doubt."""
    found = reckon(sent, tmp_path)

    assert (found.twice, found.lost, found.without_end, found.wrong) == ((), (), (), ())
    assert found.messages >= 35
    assert found.segments > found.messages
    assert found.ends["accepted"] >= 35
    assert found.ends["unsure"] == 0


def test_a_segment_that_came_twice_is_named(sent: Yard, tmp_path: Path) -> None:
    """The same segment in the journal again, as after a message that was sent twice."""
    found = reckon(sent, tmp_path, lambda lines: [*lines, lines[3]])

    assert len(found.twice) == 1
    assert found.twice[0].endswith("came 2 times")


def test_an_accepted_segment_that_is_not_there_is_lost(sent: Yard, tmp_path: Path) -> None:
    """The database says accepted, the carrier knows nothing of it."""
    found = reckon(sent, tmp_path, lambda lines: lines[1:])

    assert len(found.lost) == 1
    assert "was accepted, and its parts [1] are not there" in found.lost[0]


def test_what_nobody_permitted_is_named(sent: Yard, tmp_path: Path) -> None:
    """A segment at the carrier whose words are no message's of ours."""
    found = reckon(sent, tmp_path, lambda lines: [*lines, lines[0].replace(b'"text": "', b'"text": "x')])

    assert found.wrong == (f"the carrier's {found_id(sent)} fits 0 permits",)


def found_id(at: Yard) -> str:
    """The carrier's id of the first segment."""
    return at.journal.read_text("utf-8").partition('"remote_id": "')[2].partition('"')[0]


def test_a_message_without_an_answer_has_no_end(sent: Yard, tmp_path: Path) -> None:
    """Its permit stands, its answer is gone: without an end, at the carrier all the same, and an entry too many."""
    with taken_away(sent, "answer", "key = (select key from answer order by key limit 1)"):
        found = reckon(sent, tmp_path)

    assert len(found.without_end) == 1
    assert any("is at the carrier, and the database says nothing of it" in line for line in found.wrong)
    assert any(line.startswith("answers and their entries") for line in found.wrong)


@pytest.mark.parametrize("seq", ["seq = 1", "true"])
def test_a_chain_with_a_gap_is_named(sent: Yard, tmp_path: Path, seq: str) -> None:
    """An entry of a case is taken out of its chain, or all of them are."""
    case = '"case" = (select "case" from entry_case where seq = 2 order by "case" limit 1)'
    with taken_away(sent, "entry_case", f"{case} and {seq}"):
        found = reckon(sent, tmp_path)

    assert any("has gaps" in line for line in found.wrong) is (seq != "true")
    assert any(line.startswith("the lengths of all chains") for line in found.wrong)


def test_a_log_that_was_touched_does_not_verify(sent: Yard, tmp_path: Path) -> None:
    """One byte of a tile of the signed tree is another: of the hashes, or of the entries."""
    for row in ("0", "entries"):
        with touched(current(sent.opened.log_folder, row)):
            found = reckon(sent, tmp_path)

        assert any(line.startswith("the evidence does not verify") for line in found.wrong), row


def test_a_tile_of_an_earlier_tree_is_no_part_of_the_log(sent: Yard, tmp_path: Path) -> None:
    """An incomplete tile that the signed tree has outgrown proves nothing, so a change in it is none."""
    outgrown = sent.opened.log_folder / "tile/0/000.p/1"
    assert outgrown != current(sent.opened.log_folder, "0")
    outgrown.parent.mkdir(exist_ok=True)
    before = outgrown.read_bytes() if outgrown.is_file() else None
    outgrown.write_bytes(bytes(32))
    try:
        found = reckon(sent, tmp_path)
    finally:
        outgrown.unlink()
        if before is not None:
            outgrown.write_bytes(before)

    assert found.wrong == ()


def current(log: Path, row: str) -> Path:
    """The first tile of a row as the signed tree has it: full, or as wide as the tree is."""
    size = int((log / "checkpoint").read_text("utf-8").splitlines()[1])
    return log / "tile" / row / ("000" if size >= 256 else f"000.p/{size}")


@contextlib.contextmanager
def touched(tile: Path) -> Iterator[None]:
    """The last byte of a file is another for as long as the block lasts."""
    whole = tile.read_bytes()
    tile.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    try:
        yield
    finally:
        tile.write_bytes(whole)


@contextlib.contextmanager
def taken_away(at: Yard, table: str, which: str) -> Iterator[None]:
    """Rows that are gone for the block, past every trigger that refuses it."""
    with contextlib.closing(at.opened.connect()) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(f"create temporary table kept as select * from {table} where {which}")
        connection.execute(f"delete from {table} where {which}")
        try:
            yield
        finally:
            connection.execute(f"insert into {table} select * from kept")


def test_the_figures_say_what_is_amiss() -> None:
    """The value of a drill is what was twice, lost or without an end; what holds has none of it, nor anything else."""
    well = drill.Result(
        seed=1,
        seconds=1.0,
        messages=10,
        segments=20,
        kills={"worker": 1},
        ends={"accepted": 9, "unsure": 1},
        doubts=1,
        most_in_doubt=2,
        twice=0,
        lost=0,
        without_end=0,
        wrong=(),
        fell=(),
    )

    assert (well.holds, well.amiss) == (True, 0)
    assert replace(well, twice=1, lost=2, without_end=3).amiss == 6
    for worse in (
        replace(well, twice=1),
        replace(well, lost=1),
        replace(well, without_end=1),
        replace(well, wrong=("the chain of a case has gaps",)),
        replace(well, fell=("worker-1 ended by itself",)),
    ):
        assert not worse.holds
    assert "seed 1: 10 messages" in str(well)
