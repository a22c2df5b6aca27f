"""Events are folded into the next snapshot while messages wait: nothing is lost, nothing counts twice."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from duly import errors
from duly.book import snapshot
from duly.book.columns import Book
from duly.run import compaction, inputs, load, locks, ruling
from tests.run.house import ON, House, environ, instant


def in_force(house: House) -> tuple[str, int]:
    """The snapshot in force, and the last event in it."""
    ((digest, event),) = house.ask("select digest, as_of_event from manifest order by number desc limit 1")
    return str(digest), int(event)


def compact(house: House) -> compaction.Folded | None:
    """Fold, as somebody who runs the command does."""
    with contextlib.closing(house.opened.connect(patient=True)) as connection:
        return compaction.compact(house.opened, connection, by="chen.hao")


def book(house: House) -> Book:
    """The book that a plan of this moment is made from."""
    with contextlib.closing(house.opened.connect("duly_planner")) as connection:
        return inputs.gather(house.opened, connection, on=ON, at=instant(11)).inputs.book


def same(one: Book, other: Book) -> bool:
    """Equal in every frame."""
    return all(frame.equals(other.frames()[name]) for name, frame in one.frames().items())


def load_again(house: House, *, days: int = 1) -> load.Outcome:
    """The lender's files as they are, on a later day."""
    with contextlib.closing(house.opened.connect()) as connection:
        return load.load(house.opened, connection, as_of=ON + timedelta(days=days), by="core")


def test_a_fold_is_the_book_that_a_plan_would_have_folded(house: House) -> None:
    """The next snapshot by itself is the one before with its events; its number and its entry say what was folded."""
    first, second = house.waiting()[:2]
    loaded, _ = in_force(house)
    house.pay(first.accounts[0], 700)
    house.hold(second.accounts[0])
    before = book(house)

    done = compact(house)

    assert done is not None
    assert (done.folded_from, done.events, in_force(house)) == (loaded, 2, (done.manifest, done.as_of_event))
    assert same(snapshot.read(snapshot.load(house.opened.project.state / "book" / done.manifest)), before)
    assert same(book(house), before)
    (told,) = house.entries("snapshot")
    assert told.open == {"manifest": done.manifest, "change": "folded", "folded_from": loaded}
    assert told.committed == {"as_of_event": done.as_of_event, "events": 2, "by": "chen.hao"}
    assert compact(house) is None


def test_a_message_planned_before_the_fold_leaves_after_it(house: House) -> None:
    """A fold is no new book: whoever nothing was told of is told what was planned."""
    first, other = house.waiting()[:2]
    ready, told = house.ready(first, other)
    house.hold(other.accounts[0])

    compact(house)

    assert isinstance(house.read_at(instant(11), ready), ruling.Release)
    dropped = house.read_at(instant(11), told)
    assert isinstance(dropped, ruling.Drop)
    assert dropped.code == "held_since"


@pytest.mark.parametrize("folded_first", [False, True], ids=["before the horizon", "after the horizon"])
def test_a_payment_in_the_night_stops_the_message_on_either_side_of_a_fold(
    house: House, *, folded_first: bool
) -> None:
    """Known before the fold and in it, or after it: the gate asks for events after the horizon of the message."""
    row, other, *_ = (one for one in house.waiting() if len(one.accounts) == 1)
    (ready,) = house.ready(row)
    if folded_first:
        house.hold(other.accounts[0])
        compact(house)
    house.pay(row.accounts[0], 1)
    if not folded_first:
        compact(house)

    word = house.read_at(instant(11), ready)

    assert isinstance(word, ruling.Drop)
    assert word.code == "paid_since"


def test_a_load_after_a_fold_is_another_book(house: House) -> None:
    """The load that was folded is over: messages planned from it, before the fold or after, are planned again."""
    row, other = house.waiting()[:2]
    (early,) = house.ready(row)
    house.hold(other.accounts[0])
    compact(house)
    house.plan()
    folded, _ = in_force(house)

    load_again(house)

    word = house.read_at(instant(11), early)
    assert isinstance(word, ruling.Drop)
    assert word.code == "book_changed"
    assert house.ask("select count(*) from manifest where base = %s", in_force(house)[0]) == [(1,)]
    assert house.ask("select folded_from is not null from manifest where digest = %s", folded) == [(True,)]


def test_a_load_after_a_fold_counts_every_event_once(house: House) -> None:
    """The lender's files know the one payment by then and not the other; the hold is ours alone."""
    known, unknown, held, *_ = (one for one in house.waiting() if len(one.accounts) == 1)
    house.pay(known.accounts[0], 700, payment="T-known")
    house.pay(unknown.accounts[0], 900, payment="T-unknown")
    house.hold(held.accounts[0])
    before = book(house)
    compact(house)
    add_payment(house, known.accounts[0], "T-known", 700)

    load_again(house)
    after = book(house)

    for name in ("payments", "holds"):
        assert after.frames()[name].equals(before.frames()[name]), name
    paid = after.payments.filter(pl.col("payment").str.starts_with("T-"))
    assert sorted(paid.unique(["account", "payment"])["payment"]) == ["T-known", "T-unknown"]
    compact(house)
    assert same(book(house), after)
    told = [one.committed["payment"] for one in house.entries("payment")]
    assert sorted(told) == ["T-known", "T-unknown"]


def add_payment(house: House, account: str, payment: str, minor: int) -> None:
    """The lender's file tells of a payment."""
    with (house.folder / "data" / "payments.csv").open("a", encoding="utf-8", newline="") as file:
        file.write(f"{payment},{account},{ON.isoformat()},{minor // 100}.{minor % 100:02d},PAY,\n")
    control = house.folder / "data" / "control.csv"
    promised = [line.split(",") for line in control.read_text("utf-8").splitlines()]
    (line,) = (one for one in promised if one[0] == "payments")
    line[2] = str(int(line[2]) + 1)
    line[3] = str(Decimal(line[3]) + Decimal(minor) / 100)
    control.write_text("".join(f"{','.join(one)}\n" for one in promised), "utf-8")


def test_the_same_files_after_a_fold_change_nothing(house: House) -> None:
    """They are in force already, and with them what was told since."""
    house.hold(house.waiting()[0].accounts[0])
    compact(house)

    assert not load_again(house, days=0).changed


def test_two_folds_at_once_are_one(house: House) -> None:
    """The second waits, and finds nothing left."""
    house.hold(house.waiting()[0].accounts[0])
    found: list[compaction.Folded | None] = []
    with contextlib.closing(house.opened.connect()) as first, locks.alone(first, locks.FOLD):
        folding = [threading.Thread(target=lambda: found.append(compact(house))) for _ in range(2)]
        for one in folding:
            one.start()
        while not house.someone_waits():
            folding[0].join(0.01)
    for one in folding:
        one.join(60)

    assert sorted(one is None for one in found) == [False, True]
    assert house.ask("select count(*) from manifest") == [(2,)]


def test_a_load_that_comes_in_between_is_not_folded_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fold was made from another book: it is refused, and the load stays in force."""
    house.hold(house.waiting()[0].accounts[0])
    rewrite = snapshot.rewrite

    def meanwhile(*args: object, **named: object) -> snapshot.Manifest:
        load_again(house)
        return rewrite(*args, **named)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(snapshot, "rewrite", meanwhile)
    with pytest.raises(errors.WrongUsage, match="a book was loaded while this one was folded"):
        compact(house)

    assert house.ask("select folded_from from manifest order by number desc limit 1") == [(None,)]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ("as_of_event = as_of_event + 1", "a snapshot is named by what is in it, and does not change"),
        ("base = 'another'", "a snapshot is named by what is in it, and does not change"),
        ("removed_at = now()", "the snapshot in force keeps its files"),
    ],
)
def test_the_database_keeps_what_a_snapshot_is_made_from(house: House, changed: str, says: str) -> None:
    """Whoever may write rows cannot make one book pass for another."""
    with pytest.raises(Exception, match=says):
        house.ask(f"update manifest set {changed}")
    with pytest.raises(Exception, match="keeps what plans were made from"):
        house.ask("delete from manifest")


@pytest.mark.parametrize(
    ("folded_from", "base", "event", "says"),
    [
        ("'nobody'", "m.base", "9", "a snapshot is folded from the one in force"),
        ("m.digest", "'other'", "9", "a folded snapshot goes back to the same load"),
        ("m.digest", "m.base", "0", "a folded snapshot holds more events"),
        ("null", "'other'", "9", "a load goes back to itself"),
    ],
)
def test_the_database_refuses_a_fold_that_is_none(
    house: House, folded_from: str, base: str, event: str, says: str
) -> None:
    """Over a load, of another load, without an event."""
    with pytest.raises(Exception, match=says):
        house.ask(
            "insert into manifest (digest, as_of, as_of_event, path, feeds, loaded_at, base, folded_from)"
            f" select 'x', m.as_of, {event}, 'x', m.feeds, now(), {base}, {folded_from} from manifest m"
        )


CHILD = """
import os, signal, sys
from pathlib import Path
import psycopg
from duly.app import premises
from duly.run import compaction
from duly.store import sql

die, known = sys.argv[2], sql.load()

def dying(call, here):
    def made(*args, **named):
        at = here(*args)
        if at and die == f"before {at}":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = call(*args, **named)
        if at and die == f"after {at}":
            os.kill(os.getpid(), signal.SIGKILL)
        return answer
    return made

from tests.run.house import environ
with premises.opened(Path(sys.argv[1]), environ(sys.argv[3])) as opened:
    with opened.connect(patient=True) as connection:
        os.fsync = dying(os.fsync, lambda *_: "a file reached the disk")
        Path.rename = dying(Path.rename, lambda *_: "the folder has its name")
        statements = {known["fold_manifest"]: "the fold is in force", known["step_aside"]: "all is done"}
        psycopg.Connection.execute = dying(
            psycopg.Connection.execute, lambda _, said, *__: statements.get(said)
        )
        compaction.compact(opened, connection, by="chen.hao")
"""


def test_whoever_is_killed_leaves_the_old_snapshot_in_force(house: House) -> None:
    """Kill -9 at each step: until the commit nothing has changed, after it everything; the next fold ends it."""
    house.hold(house.waiting()[0].accounts[0])
    loaded = in_force(house)
    before = book(house)
    steps = [
        "after a file reached the disk",
        "before the folder has its name",
        "after the folder has its name",
        "after the fold is in force",
    ]
    for step in steps:
        assert killed(house, step), step
        assert in_force(house) == loaded, step
        assert house.entries("snapshot") == [], step
    assert same(book(house), before)

    assert killed(house, "before all is done")
    assert in_force(house)[1] > 0
    assert same(book(house), before)
    assert len(house.entries("snapshot")) == 1
    assert compact(house) is None


def killed(house: House, step: str) -> bool:
    """Fold in a process that kills itself at a step."""
    made = subprocess.run(
        [sys.executable, "-c", CHILD, str(house.folder), step, house.url],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert made.returncode == -signal.SIGKILL, made.stderr
    return True


def test_the_day_folds_by_itself_when_there_are_many(house: House) -> None:
    """From so many events on, and not with one fewer."""
    for row in house.waiting()[:2]:
        house.hold(row.accounts[0])

    assert compaction.compact_if_many(house.opened, many=3) is None
    done = compaction.compact_if_many(house.opened, many=2)

    assert done is not None
    assert (done.events, in_force(house)[0]) == (2, done.manifest)
    (told,) = house.entries("snapshot")
    assert told.committed["by"] == "duly"


def olds(house: House, keep_days: int = 1) -> dict[str, str | None]:
    """Every snapshot that is kept, and why."""
    with contextlib.closing(house.opened.connect()) as connection:
        found = compaction.old(house.opened, connection, keep_days=keep_days)
    return {one.manifest: one.kept_for for one in found}


def prune(house: House, keep_days: int = 1) -> tuple[str, ...]:
    """Remove what nothing asks for."""
    with contextlib.closing(house.opened.connect()) as connection:
        gone = compaction.prune(house.opened, connection, by="chen.hao", keep_days=keep_days)
    return tuple(one.manifest for one in gone)


def test_old_snapshots_are_kept_while_something_asks_for_them(house: House) -> None:
    """A plan of these days, waiting messages, the one before: each keeps; when nothing does, the files go, and the
    row and its entry stay.
    """
    first, _ = in_force(house)
    house.hold(house.waiting()[0].accounts[0])
    compact(house)
    second, _ = in_force(house)
    house.hold(house.waiting()[1].accounts[0])
    compact(house)
    third, _ = in_force(house)

    assert olds(house) == {
        third: "it is in force",
        second: "it was in force before",
        first: "messages planned from it wait",
    }
    house.keep_only()
    house.ask("update batch set state = 'done'")
    assert olds(house)[first] == "a plan of these days was made from it"
    house.move_to(instant(10, on=ON + timedelta(days=2)))
    assert olds(house, keep_days=3)[first] == "a plan of these days was made from it"
    assert olds(house)[first] is None
    assert prune(house, keep_days=3) == ()
    assert prune(house) == (first,)

    kept = house.opened.project.state / "book"
    assert sorted(one.name for one in kept.iterdir()) == sorted([second, third])
    snapshot.read(snapshot.load(kept / third))
    assert house.ask("select removed_at is not null from manifest where digest = %s", first) == [(True,)]
    assert [told.open for told in house.entries("snapshot")][-1] == {"manifest": first, "change": "removed"}
    assert prune(house) == ()


def test_the_same_files_bring_a_removed_snapshot_back(house: House) -> None:
    """A load is named by what is in it: loaded again it has its name and its files again, and is in force again."""
    first, _ = in_force(house)
    load_again(house)
    load_again(house, days=2)
    house.keep_only()
    house.ask("update batch set state = 'done'")
    house.move_to(instant(10, on=ON + timedelta(days=2)))
    assert prune(house) == (first,)

    assert load_again(house, days=0).changed

    assert in_force(house)[0] == first
    assert house.ask("select removed_at from manifest where digest = %s", first) == [(None,)]
    assert environ(house.url) == house.environ
