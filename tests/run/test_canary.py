"""Names and numbers go through every flow and every failure, and lie nowhere in the clear but with the carrier.

Everybody in the book has a name of two rare characters and something more, so that whoever is contacted, refused,
in doubt or kept out is the canary. Then everything that was written anywhere is searched for all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import logging
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from psycopg import sql

from duly.app import doubts, plans, premises, proofs, story
from duly.carrier import debtors
from duly.errors import DulyError
from duly.model.party import Actor, Duty
from duly.run import day, load
from duly.store import launcher
from tests.conftest import Database
from tests.run import house as houses
from tests.run.house import ON, Air, House, run, said, until

CANARY = "鵷鶵"
COUNSEL = Actor(name="counsel", duties=frozenset({Duty.COUNSEL, Duty.OPERATIONS}))
MANY = 8  # more needles than this are not looked for in the server's own files


@dataclass
class Told:
    """Everything that a person or a log may have been told."""

    words: list[str] = field(default_factory=list)
    needles: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def expecting(self, *kinds: type[BaseException]) -> Iterator[None]:
        """Something fails here; its traceback and its repr are kept."""
        try:
            yield
        except kinds as error:
            self.words += [*traceback.format_exception(error), repr(error), str(error)]
            if isinstance(error, DulyError):
                self.words.append(repr(vars(error)))
        else:
            raise AssertionError(f"nothing of {kinds} was raised")


def mark(folder: Path) -> list[str]:
    """Give everybody a canary's name, spoil two rows, and list every name, number, address and identity number."""
    parties, contacts = folder / "data" / "parties.csv", folder / "data" / "contacts.csv"
    people = _rows(parties)
    for row in people:
        row["cust_name"] = f"{CANARY}{chr(0x4E00 + int(row['cust_no'][1:]))}"
    people[-1]["cust_role"] = "NOBODY"
    points = _rows(contacts)
    points[-1]["contact_status"] = f"{CANARY}?"
    _write(parties, people)
    _write(contacts, points)
    houses.change(folder / "book.yaml", "quarantine_percent: 1", "quarantine_percent: 20")
    return [CANARY, *sorted({row["contact_value"] for row in points} | {row["id_no"] for row in people})]


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def _write(file: Path, rows: list[dict[str, str]]) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    file.write_text(out.getvalue(), "utf-8")


# --- searching


def forms(needle: str) -> set[bytes]:
    """How a word may lie in a file: as text, as a short message, and as PostgreSQL and JSON show bytes."""
    plain = {needle.encode(), needle.encode("utf-16-be"), needle.encode("utf-16-le")}
    return {
        *plain,
        *(raw.hex().encode() for raw in plain),
        needle.encode("unicode_escape"),
        repr(needle)[1:-1].encode(),
    }


def found_in(raw: bytes, needles: list[str]) -> list[str]:
    """Which of them lie in there."""
    lower = raw.lower()
    return [needle for needle in needles if any(form.lower() in lower for form in forms(needle))]


def files_with(
    folder: Path, needles: list[str], *, but: Callable[[Path], bool] = lambda _: False
) -> dict[str, list[str]]:
    """The files under a folder in which one of them lies; a Parquet file is read as the table that it is."""
    hits = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or but(path):
            continue
        raw = path.read_bytes()
        if path.suffix == ".parquet":
            raw += repr(pl.read_parquet(path).to_dict(as_series=False)).encode()
        if hit := found_in(raw, needles):
            hits[str(path.relative_to(folder))] = hit
    return hits


def tables_with(connection: psycopg.Connection[Any], needles: list[str]) -> dict[str, list[str]]:
    """The tables, the vault's too, in which one of them lies in the clear."""
    hits = {}
    tables = connection.execute(
        "select schemaname, tablename from pg_tables where schemaname in ('public', 'vault') order by 1, 2"
    ).fetchall()
    assert len(tables) > 30
    for schema, table in tables:
        statement = sql.SQL("copy (select * from {}) to stdout").format(sql.Identifier(schema, table))
        with connection.cursor().copy(statement) as copied:
            raw = b"".join(bytes(part) for part in copied)
        if hit := found_in(raw, needles):
            hits[f"{schema}.{table}"] = hit
    return hits


# --- the flows


@pytest.fixture
def told() -> Told:
    """An empty record."""
    return Told()


@pytest.fixture
def canary(
    database: Database,
    tmp_path: Path,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[House]:
    """A house of canaries: its book is loaded, after files that were refused, and its day planned."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    caplog.set_level(logging.DEBUG)
    folder, keys = tmp_path / "acme", tmp_path / "people"
    houses.found_project(folder)
    told.needles = mark(folder)
    environ = houses.environ(database.url)
    with premises.opened(folder, environ) as opened:
        made = House(folder=folder, keys=keys, url=database.url, opened=opened, environ=environ)
        try:
            contacts = folder / "data" / "contacts.csv"
            whole = contacts.read_text("utf-8")
            for broken in (
                whole.replace("contact_value", "phone", 1),
                whole + '"unfinished',
                whole + "a,b\n",
            ):
                contacts.write_text(broken, "utf-8")
                with told.expecting(DulyError), contextlib.closing(opened.connect()) as connection:
                    load.load(opened, connection, as_of=ON, by="chen.hao")
            contacts.write_text(whole, "utf-8")
            houses.begin(opened)
            houses.introduce(opened, keys)
            houses.approve_all(folder, opened, keys)
            with contextlib.closing(opened.connect("duly_planner")) as connection:
                plan = day.make(opened, connection)
                told.words += [
                    repr(plan.plan),
                    repr(plans.describe(plan.plan, ON, locale="zh-CN", zone=houses.ZONE)),
                ]
                day.record_plan(opened, connection, plan, reason="day")
            yield made
        finally:
            made.close()


async def sending(house: House, told: Told) -> None:
    """Send under faults, in a loop that logs every callback; phones answer with their owner's name and number."""
    loop = asyncio.get_running_loop()
    loop.set_debug(enabled=True)
    loop.slow_callback_duration = 0.0

    def behave(number: str, text: str, _: int) -> debtors.Behaviour:
        name = text.partition("】")[2].partition("，")[0]
        words = [
            f"我是{name}，{number}，别再发短信了",
            f"{name}昨天已还清",
            f"{name}不认识",
            f"嗯嗯{name}，{number}，" * 12,
            "",
        ]
        at = int(number) % len(words)
        return debtors.Behaviour(arrives=bool(words[at]), reply=words[at], reply_after=0.01)

    knobs = {
        "refuse_ppm": 100_000,
        "lose_ppm": 60_000,
        "drop_ppm": 60_000,
        "receipt_early_ppm": 200_000,
        "seed": 2,
    }
    async with house.on_air(knobs=knobs, behave=behave, answer_within_ms=200) as air:
        for _ in range(3):
            await asyncio.gather(air.send(), air.send("mailbox"))
            await asyncio.to_thread(house.pass_by, 3)
        await until(lambda: house.ask("select count(*) from vault.reply_part") > [(1,)])
        await until(lambda: house.ask("select count(*) from reply") > [(3,)])
        told.words += [repr(air.worker), repr(air.senders), repr(air.worker.channels)]
        assert air.taken()


async def without_database(air: Air, house: House, told: Told) -> None:
    """The database goes away under everybody who has something to say to it."""
    name = house.url.partition("?")[0].rpartition("/")[2]
    waiting = house.waiting()
    ready = house.ready(*waiting[:2])
    reply = said(house.number(waiting[0]), f"{house.name(waiting[0].person)}，退订")
    judging = house.open_gate()
    planning = house.connect("duly_planner")
    with psycopg.connect(house.url.replace(name, "postgres"), autocommit=True) as outside:
        outside.execute(f"alter database {name} allow_connections false")
        outside.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")
        try:
            with told.expecting(DulyError):
                await air.worker.on_inbound([reply])
            with told.expecting(psycopg.Error):
                judging.judge(ready)
            with told.expecting(DulyError, psycopg.Error):
                day.make(house.opened, planning)
            with told.expecting(DulyError):
                house.opened.connect()
        finally:
            outside.execute(f"alter database {name} allow_connections true")
    await air.worker.on_inbound([reply])
    told.words += [repr(ready), repr(reply), repr(judging)]


def spoil(house: House) -> None:
    """Three people cannot be rendered: a name that fills a page, a number that is none, a row that was moved."""
    one, two, three = house.waiting()[3:6]
    vault = house.opened.vault
    payload = json.dumps({"name": CANARY * 200, "id_number": ""}).encode()
    house.ask(
        "update vault.person set sealed = %s where person = %s",
        vault.seal(one.person, payload, kind="person", ref=one.person),
        one.person,
    )
    house.ask(
        "update vault.contact set sealed = %s where point = %s",
        vault.seal(two.person, f"{CANARY} at home".encode(), kind="contact", ref=two.point),
        two.point,
    )
    house.ask(
        "update vault.contact set sealed = (select sealed from vault.contact where point = %s) where point = %s",
        one.point,
        three.point,
    )


def test_nobody_is_named_outside_the_vault_and_the_carrier(
    canary: House,
    told: Told,
    server: launcher.Server,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
) -> None:
    """Load, plan, send, refusals, doubts, replies, texts that cannot be rendered, a broken template, no database."""
    house = canary

    async def failing() -> None:
        async with house.on_air() as air:
            await without_database(air, house, told)

    run(failing())
    spoil(house)
    run(sending(house, told))
    house.adopt()
    house.plan()
    run(sending_mail(house))
    template = house.folder / "templates" / "overdue_first" / "zh-CN" / "sms.txt"
    template.write_text(template.read_text("utf-8") + "{{ nme }}", "utf-8")
    with told.expecting(DulyError):
        premises.project(house.folder)
    houses.change(template, "{{ nme }}", "")
    house.sequence()
    rows = house.versions()
    told.words += [
        repr(doubts.listed(COUNSEL, house.folder, environ=house.environ)),
        *(
            repr(
                story.tell(COUNSEL, house.folder, account=row.accounts[0], locale="en", environ=house.environ)
            )
            for row in rows[:4]
        ),
        repr(rows),
        repr(house.opened),
    ]
    proven = proofs.prove(
        COUNSEL, house.folder, account=rows[0].accounts[0], out=tmp_path / "bundle", environ=house.environ
    )
    captured = capfd.readouterr()
    heard = "\n".join(
        [*told.words, caplog.text, captured.out, captured.err, *(str(one.message) for one in recwarn)]
    ).encode()

    # Everything that was meant to happen did.
    ends = set(house.ask("select distinct code, fact from disposition"))
    assert ends >= {("unsendable", "number"), ("unsendable", "too_long"), ("vault_altered", None)}
    outcomes = {outcome for (outcome,) in house.ask("select distinct outcome from answer")}
    assert outcomes >= {"accepted", "unsure"}
    assert house.ask("select count(*) from reply") > [(3,)]
    assert house.ask("select count(*) from quarantine") >= [(2,)]
    assert len(caplog.records) > 100
    assert len(told.needles) > 100

    # With the carrier, in the folder of the mail robot, and in the lender's own files they do lie.
    assert found_in(b"".join(path.read_bytes() for path in tmp_path.glob("journal-*")), told.needles)
    assert files_with(house.folder / "outgoing-email", [CANARY])
    assert files_with(house.folder / "data", [CANARY])

    theirs = (house.folder / "data", house.folder / "outgoing-email")
    assert found_in(heard, told.needles) == []
    assert (
        files_with(
            tmp_path,
            told.needles,
            but=lambda path: (
                path.name.startswith("journal-") or any(path.is_relative_to(one) for one in theirs)
            ),
        )
        == {}
    )
    assert files_with(proven.path, told.needles) == {}
    with contextlib.closing(house.opened.connect()) as connection:
        assert tables_with(connection, told.needles) == {}
        assert server_files_with(connection, server, told.needles[:MANY]) == {}

        # The search finds what is there: a name in a reason, and the same in the server's own files.
        connection.execute(
            "insert into halt (scope, reason, by, at) values ('all', %s, 'x', now())", [CANARY]
        )
        assert tables_with(connection, told.needles) == {"public.halt": [CANARY]}
        assert server_files_with(connection, server, told.needles[:MANY]) != {}
    assert found_in(f"somebody called +86{told.needles[1]}".encode(), told.needles) == [told.needles[1]]


async def sending_mail(house: House) -> None:
    """What the second plan made."""
    async with house.on_air() as air:
        await asyncio.gather(air.send(), air.send("mailbox"))


def server_files_with(
    connection: psycopg.Connection[Any], server: launcher.Server, needles: list[str]
) -> dict[str, list[str]]:
    """The server's log, its write-ahead log, its temporary files and this database's own in which one of them lies."""
    connection.execute("checkpoint")
    ((data, number),) = connection.execute(
        "select current_setting('data_directory'), oid from pg_database where datname = current_database()"
    ).fetchall()
    hits: dict[str, list[str]] = {}
    for place in ("log", "pg_wal", f"base/{number}", "base/pgsql_tmp"):
        hits |= files_with(Path(data) / place, needles)
    hits |= files_with(server.lodging.home, needles, but=lambda path: path.is_relative_to(data))
    return hits
