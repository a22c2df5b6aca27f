"""A book that is loaded again seals what is new or changed, and whatever was altered behind our back."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from duly.book import mapping as book_mapping
from duly.model.said import Said
from duly.run import load, locks
from tests.run.house import ON, House, environ

SEALED = (
    "select 'p' || person, sealed from vault.person union all select 'c' || point, sealed from vault.contact"
)


def stands(house: House) -> dict[str, bytes]:
    """The sealed form of every person and contact value."""
    return {str(name): bytes(sealed) for name, sealed in house.ask(SEALED)}


def load_again(house: House, days: int = 1) -> None:
    """The book as the files hold it, on a later day."""
    with contextlib.closing(house.opened.connect()) as connection:
        assert load.load(house.opened, connection, as_of=ON + timedelta(days=days), by="core").changed


def another_number(house: House) -> str:
    """Somebody has another number in the lender's file; whose contact point it is."""
    file = house.folder / "data" / "contacts.csv"
    header, *lines = file.read_text("utf-8").splitlines()
    names = header.split(",")
    place = next(n for n, line in enumerate(lines) if ",SMS," in line)
    cells = lines[place].split(",")
    number = cells[names.index("contact_value")]
    cells[names.index("contact_value")] = number[:-1] + ("1" if number[-1] != "1" else "2")
    file.write_text("\n".join([header, *lines[:place], ",".join(cells), *lines[place + 1 :]]) + "\n", "utf-8")
    return cells[names.index("contact_no")]


def steps_of(house: House, days: int = 0) -> tuple[load.Outcome, list[str]]:
    """A load of the files as they are, and the steps that it told of."""
    told: dict[str, int] = {}
    with contextlib.closing(house.opened.connect()) as connection:
        done = load.load(
            house.opened,
            connection,
            as_of=ON + timedelta(days=days),
            by="core",
            tell=lambda step, done, of: told.update({step: of - done}),
        )
    assert set(told.values()) == {0}  # each step was told to its end
    return done, list(told)


def everything(house: House) -> list[list[tuple[object, ...]]]:
    """Whatever a load may change in the database."""
    return [
        house.ask(f"select * from {table} order by 1, 2, 3")
        for table in (
            "manifest",
            "feed_mark",
            "account_party",
            "quarantine",
            "vault.person",
            "vault.contact",
            "entry",
        )
    ]


def test_the_same_files_again_change_nothing_and_are_not_even_read(house: House) -> None:
    """They are hashed, that is all; what the load says of the book is the same."""
    before = everything(house)

    done, told = steps_of(house)

    assert not done.changed
    assert told == ["Looking whether these files are in force already"]
    assert (done.accounts, done.persons) == tuple(
        house.ask("select count(distinct account), count(distinct person) from account_party")[0]
    )
    assert everything(house) == before


@pytest.mark.parametrize("what", ["file", "file more", "control", "mapping"])
def test_whatever_differs_is_read(what: str, house: House) -> None:
    """Another byte, another file, another word of the control file, another reading of the same bytes."""
    data, mapping = house.folder / "data", house.folder / "book.yaml"
    if what == "file":
        another_number(house)
    elif what == "file more":
        text = mapping.read_text("utf-8")
        mapping.write_text(text.replace("files: data/holds.csv", "files: data/h*.csv"), "utf-8")
        header = (data / "holds.csv").read_text("utf-8").splitlines()[0]
        (data / "hold2.csv").write_text(header + "\n", "utf-8")
    elif what == "control":
        lines = (data / "control.csv").read_text("utf-8").splitlines()
        later = [line.replace("2031-11-23", "2031-11-24") for line in lines]
        (data / "control.csv").write_text("\n".join(later) + "\n", "utf-8")
    else:
        text = mapping.read_text("utf-8")
        mapping.write_text(text.replace("fixed: {servicer: chenxi", "fixed: {servicer: other"), "utf-8")
        house.opened.project = replace(house.opened.project, book=read_mapping(mapping))

    if what == "file more":
        house.opened.project = replace(house.opened.project, book=read_mapping(mapping))
    done, told = steps_of(house)

    assert done.changed
    assert "Reading the files (MB)" in told


def read_mapping(file: Path) -> book_mapping.Mapping:
    """The mapping as it stands in the file now."""
    found, problems = book_mapping.load(file.read_text("utf-8"), file.name)
    assert problems == []
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("step", "done"),
    [
        ("Reading the files (MB)", 0),
        ("Holding the rows against each other", 1),
        ("Writing the snapshot", 1),
        ("Sealing what is personal (people)", 1),
        ("Putting it into the vault", 0),
        ("Putting it into the vault", 1),
    ],
)
def test_a_load_that_is_killed_leaves_the_book_as_it_was(step: str, done: int, house: House) -> None:
    """Killed by -9 at each of its steps: nothing of it is in force, and the next load does all of it.

    What the killed one wrote of a snapshot is gone afterwards.
    """
    point, tomorrow = another_number(house), ON + timedelta(days=1)
    before = everything(house)

    words = [
        sys.executable,
        "-m",
        "tests.run.loader",
        str(house.folder),
        tomorrow.isoformat(),
        step,
        str(done),
    ]
    killed = subprocess.run(words, env={**os.environ, **environ(house.opened.url)}, check=False)

    assert killed.returncode == -signal.SIGKILL
    assert everything(house) == before
    first = stands(house)
    load_again(house)
    after = stands(house)
    assert {one for one in after if after[one] != first.get(one)} == {f"c{point}"}
    in_force = {digest for (digest,) in house.ask("select digest from manifest")}
    assert {folder.name for folder in (house.folder / ".duly" / "book").iterdir()} == in_force


def test_no_gate_waits_for_what_a_load_seals_and_merges(house: House) -> None:
    """The book lock is free until the last moment: whoever shares it gets it while the vault is being filled."""
    another_number(house)
    shared: list[str] = []
    with (
        contextlib.closing(house.opened.connect()) as gate,
        contextlib.closing(house.opened.connect()) as loading,
    ):

        def share(step: Said, done: int, of: int) -> None:
            with gate.transaction():
                (free,) = gate.execute(
                    "select pg_try_advisory_xact_lock_shared(%s)", (locks.BOOK,)
                ).fetchone() or (0,)
            if free:
                shared.append(step)

        assert load.load(house.opened, loading, as_of=ON + timedelta(days=1), by="core", tell=share).changed

    assert list(dict.fromkeys(shared)) == [
        "Reading the files (MB)",
        "Holding the rows against each other",
        "Writing the snapshot",
        "Sealing what is personal (people)",
        "Putting it into the vault",
    ]
    assert shared.count("Putting it into the vault") == 2


def test_only_a_changed_number_is_sealed_again(house: House) -> None:
    """Of all people and numbers one row is sealed anew."""
    before = stands(house)
    point = another_number(house)

    load_again(house)

    after = stands(house)
    assert {one for one in after if after[one] != before.get(one)} == {f"c{point}"}


def test_what_was_altered_in_the_database_is_sealed_again(house: House) -> None:
    """Another's sealed form, a flag that was flipped, a mark that was copied: none of them has a true mark."""
    (first, second), *_ = house.ask(
        "select min(point), max(point) from vault.contact where channel = 'sms' and not agreed_for_service"
    )
    before = stands(house)
    with contextlib.closing(house.connect()) as connection:
        connection.execute(
            "update vault.contact c set sealed = o.sealed, mark = o.mark from vault.contact o "
            "where c.point = %s and o.point = %s",
            (first, second),
        )
        connection.execute("update vault.contact set agreed_for_service = true where point = %s", (second,))

    load_again(house)

    after = stands(house)
    assert {one for one in after if after[one] != before[one]} == {f"c{first}", f"c{second}"}
    assert house.ask(
        "select count(*) from vault.contact where point = %s and agreed_for_service", second
    ) == [(0,)]
