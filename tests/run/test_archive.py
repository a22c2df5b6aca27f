"""Days are made ahead and put away by rule, and a long report makes nobody wait: neither who sends nor who tidies."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from typer.testing import CliRunner

from duly.channels import answer
from duly.channels.answer import Fate, Segment
from duly.cli import commands
from duly.errors import DatabaseRefused, EvidenceBroken
from duly.run import archive
from tests.run import house as houses
from tests.run.house import ON, House, instant

KEEP = 400
LATER = ON + timedelta(days=KEEP + 1)  # the first day on which ON is older than that
SOON = 2.0  # seconds in which whoever waits for nobody is done


@contextlib.contextmanager
def report(house: House, table: str = "message") -> Iterator[psycopg.Connection]:
    """A long report that has read a table and is not done yet."""
    with contextlib.closing(house.opened.connect("duly_auditor")) as reading:
        reading.execute("begin isolation level repeatable read")
        reading.execute(f"select count(*) from {table}")
        yield reading
        reading.execute("rollback")


def lived(house: House) -> None:
    """A day's messages left and arrived, and every case of theirs was closed since."""
    rows = house.waiting()
    ids = {row.key: f"r{n}" for n, row in enumerate(rows)}
    house.accept(ids, *rows)
    house.ask("update batch set state = 'done'")
    house.force("update case_file set state = 'closed'")
    away(house, today=ON)  # the day on which the house was built, long before


def away(house: House, *, today: date = LATER, keep: int | None = KEEP) -> tuple[archive.Gone, ...]:
    """Put away what may go."""
    return archive.put_away(house.opened, house.connect(), today=today, keep=keep, by="engineer")


def partitions_of(house: House, day: date) -> set[str]:
    """The tables of a day that are in the database."""
    rows = house.ask(
        "select relname from pg_class where relname like %s and relkind = 'r'", f"%_{day:%Y%m%d}"
    )
    return {name.rpartition("_")[0] for (name,) in rows}


# --- made ahead


def test_a_day_is_made_while_a_report_reads_the_table(house: House) -> None:
    """Nobody waits for the report: not the day that is made, and not the gate that writes beside it."""
    row = house.waiting()[0]
    ready = house.ready(row)
    judging = house.open_gate()
    with report(house), report(house, "permit"):
        begun = time.monotonic()
        with contextlib.closing(house.opened.connect("duly_worker")) as making:
            making.execute("set lock_timeout = '2s'")
            making.execute("select ensure_day(%s)", [ON + timedelta(days=30)])
        word = judging.judge(ready)
        assert time.monotonic() - begun < SOON
    assert len(word.released) == 1
    assert "message" in partitions_of(house, ON + timedelta(days=30))


def test_a_day_that_is_made_is_like_its_table(house: House) -> None:
    """Keys, indexes, checks and triggers of the table stand on the day's own."""
    day = ON + timedelta(days=30)
    house.ask("select ensure_day(%s)", day)
    for table in archive.TABLES:
        child = f"{table}_{day:%Y%m%d}"
        indexes = house.ask(
            "select count(*) from pg_index where indrelid = %s::regclass union all"
            " select count(*) from pg_index where indrelid = %s::regclass",
            table, child,
        )  # fmt: skip
        assert indexes[0] == indexes[1]
        missing = house.ask(
            "select pg_get_constraintdef(c.oid) from pg_constraint c where c.conrelid = %s::regclass"
            " and c.contype in ('c', 'p', 'f', 'u') and not exists (select 1 from pg_constraint d"
            " where d.conrelid = %s::regclass and d.contype = c.contype)",
            table, child,
        )  # fmt: skip
        assert missing == []
    house.ask(
        "insert into receipt (day, route, remote_id, normal_id, forms, state, arrival, at, provenance)"
        " values (%s, 'main', 'a', 'a', '{a}', 'DELIVRD', 'delivered', now(), 'session')",
        day,
    )
    with pytest.raises(psycopg.errors.RaiseException, match="is not emptied"):
        house.ask(f"truncate permit_{day:%Y%m%d}")


# --- put away


def test_a_day_goes_when_it_is_older_than_the_rule_and_not_before(house: House) -> None:
    """At so many days it stays, a day later it goes; without a rule it stays for ever."""
    lived(house)
    connection = house.connect()

    def kept_for(today: date, keep: int | None) -> str | None:
        (found,) = [one for one in archive.days(connection, today=today, keep=keep) if one.day == ON]
        return found.kept_for

    assert kept_for(LATER - timedelta(days=1), KEEP) == "it is not older than 400 days"
    assert kept_for(LATER, KEEP) is None
    assert kept_for(LATER, None) == "[keeping] of duly.toml says nothing"


def test_what_is_put_away_lies_in_files_row_by_row(house: House) -> None:
    """Every row of every table, with its digest; the evidence and the texts stay, and so does what counts."""
    lived(house)
    before = {
        table: house.ask(f"select count(*) from {table} where day = %s", ON)[0][0] for table in archive.TABLES
    }
    keys = {bytes(key) for (key,) in house.ask("select key from permit where day = %s", ON)}
    kept = {
        table: house.ask(f"select count(*) from {table}") for table in ("hand_over", "reservation", "entry")
    }

    (gone,) = [one for one in away(house) if one.day == ON]

    assert not gone.waits
    assert partitions_of(house, ON) == {"entry", "message_text", "opening"}
    files = {table: pl.read_parquet(Path(gone.folder) / f"{table}.parquet") for table in archive.TABLES}
    assert {table: file.height for table, file in files.items()} == before
    assert set(files["permit"]["key"].to_list()) == keys
    assert files["message"].schema["not_before"] == pl.Datetime("us", "UTC")
    assert gone.rows == sum(before.values())
    assert {table: house.ask(f"select count(*) from {table}") for table in kept} == kept
    assert away(house) == ()


def test_a_day_that_somebody_asks_for_stays(house: House) -> None:
    """An open case, a hand-over in doubt, a batch that is not done: each by itself."""
    connection = house.connect()

    def why() -> str:
        (found,) = [one for one in archive.days(connection, today=LATER, keep=KEEP) if one.day == ON]
        return str(found.kept_for)

    assert why().startswith("cases that its messages speak of are open")
    row = house.waiting()[0]
    (going,) = house.open_gate().judge(house.ready(row)).released
    house.force("update case_file set state = 'closed'")
    assert why() == "hand-overs in doubt: 1"
    segments = [Segment(fate=Fate.ACCEPTED, remote_id="r")] * going.released.encoded.count
    house.settle((going, answer.settle(segments)))
    assert why().startswith("batches that are not done")
    house.ask("update batch set state = 'done'")
    assert why() == "None"


def test_a_report_is_not_waited_for_and_the_day_goes_the_next_time(house: House) -> None:
    """While it reads, what was begun waits and the gate goes on; when it is done the rest follows."""
    lived(house)
    house.ask("select ensure_day(%s)", LATER)
    with report(house), report(house, "permit"):
        begun = time.monotonic()
        (gone,) = [one for one in away(house) if one.day == ON]
        took = time.monotonic() - begun
        assert gone.waits
        assert took < 20
        with contextlib.closing(house.opened.connect()) as writing:
            writing.execute("set lock_timeout = '2s'")
            writing.execute("select count(*) from message where day = %s", [LATER])
            writing.execute("select ensure_day(%s)", [LATER + timedelta(days=9)])
    (gone,) = [one for one in away(house) if one.day == ON]
    assert not gone.waits
    assert partitions_of(house, ON) == {"entry", "message_text", "opening"}


def test_a_day_whose_file_is_another_one_stays(house: House) -> None:
    """Nothing is dropped on the word of a file that changed since."""
    lived(house)
    with report(house, "permit"):
        (gone,) = [one for one in away(house) if one.day == ON]
    assert gone.waits
    file = Path(gone.folder) / "permit.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])

    with pytest.raises(EvidenceBroken, match="is not the one that"):
        away(house)
    assert "permit" in partitions_of(house, ON)
    file.write_bytes(whole)
    assert [one.waits for one in away(house) if one.day == ON] == [False]


def test_a_day_that_was_written_to_since_stays(house: House) -> None:
    """Its rows are counted once more before they go."""
    lived(house)
    with report(house, "permit"):
        away(house)
    child = f"permit_{ON:%Y%m%d}"
    house.force(f"delete from {child} where ctid = (select ctid from {child} limit 1)")

    with pytest.raises(DatabaseRefused, match="other rows than it was put away with"):
        away(house)
    assert "permit" in partitions_of(house, ON)


def test_a_day_that_was_put_away_is_not_begun_again(house: House) -> None:
    """Whoever asks for it is told so."""
    lived(house)
    away(house)
    with pytest.raises(psycopg.errors.RaiseException, match="put away is not begun again"):
        house.ask("select ensure_day(%s)", ON)


def test_the_command_shows_first_and_puts_away_when_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --yes nothing is changed; with it the day lies in files, and who may not is refused."""
    lived(house)
    houses.change(
        house.folder / "duly.toml",
        "parts_per_message = 8\n",
        "parts_per_message = 8\n[keeping]\ndays = 400\n",
    )
    with (house.folder / "duly.toml").open("a", encoding="utf-8") as file:
        file.write('\n[people."ma.li"]\nduties = ["engineer"]\n')
    house.move_to(instant(9, on=LATER))
    for name, value in house.environ.items():
        monkeypatch.setenv(name, value)

    def said(*words: str) -> tuple[int, dict[str, Any]]:
        told = CliRunner().invoke(commands.app, ["archive", *words, "-p", str(house.folder), "--json"])
        return told.exit_code, json.loads(told.stdout or "{}")

    code, shown = said("--as", "ma.li")
    assert (code, [one["day"] for one in shown["going"]]) == (0, [ON.isoformat()])
    assert "message" in partitions_of(house, ON)
    assert said("--as", "zhao.min", "--yes")[0] != 0
    assert "message" in partitions_of(house, ON)
    code, done = said("--as", "ma.li", "--yes")
    assert (code, [one["day"] for one in done["put_away"]]) == (0, [ON.isoformat()])
    assert "message" not in partitions_of(house, ON)
