"""Two virtual weeks of an invented lender: everything real but the people, the money and the calendar.

A folder is made, two people approve it with keys made for the occasion, the simulated carrier runs as a process
of its own and speaks SMPP, and each day's book, plan, gate, receipts, replies and payments are what they would be.
"""

from __future__ import annotations

import contextlib
import csv
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.app import approvals, init, premises, proofs, runs, story
from duly.book import snapshot
from duly.evidence import verify
from duly.evidence.report import Report
from duly.invent import behaviour, cashier
from duly.model import said as speech
from duly.model.approval import NONCE_BYTES, Question
from duly.model.party import Actor, Duty
from duly.run import clock, installation, load, register
from duly.store import sql

_SQL = sql.load()
_ZONE = "Asia/Shanghai"
_APPROVERS = ("zhao.min", "chen.hao")
_MARK = ".duly/demo"  # only a folder that an earlier demo made is made anew
_SEED = 7
_RECEIPTS = 0.12  # seconds to wait for receipts that do not come


@dataclass(frozen=True, kw_only=True)
class Day:
    """One virtual day: what was planned and what came of it."""

    day: date
    accounts: int
    payments: int
    planned: int
    again: int
    totals: Mapping[str, int]
    outcomes: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the demo came to, and what to look at next."""

    folder: Path
    days: tuple[Day, ...]
    contacted: story.Story | None
    held: story.Story | None
    report: Report
    entries: int
    fingerprint: str
    doubts: int


def run(
    folder: Path,
    *,
    days: int,
    accounts: int,
    locale: str,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    done: Callable[[Day], None],
    progress: Callable[[int, int], None],
) -> Shown:
    """Play the demo in `folder`, which must not exist or be an earlier demo's.

    `say` is told each step, `done` each day, `progress` how much of a day's sending is done; `locale` is the language
    of the two stories told at the end.
    """
    _clear(folder)
    begin = clock.wall().astimezone(ZoneInfo(_ZONE)).date() + timedelta(days=1)
    actor = Actor(name="demo", duties=frozenset({Duty.ENGINEER, Duty.OPERATIONS}))
    say("making")
    init.init(actor, folder, pack="cn", accounts=accounts, seed=_SEED, on=begin)
    (folder / _MARK).parent.mkdir(mode=0o700, exist_ok=True)
    (folder / _MARK).write_text("made by duly demo; it may be made anew\n", "utf-8")
    port = _free_port()
    channels = folder / "channels.yaml"
    # The simulated carrier allows more than a real one would, so that two weeks pass in a minute.
    said = (
        channels.read_text("utf-8")
        .replace("port: 2775", f"port: {port}")
        .replace("rate: 100\n", "rate: 2000\n")
    )
    channels.write_text(said.replace("window: 50\n", "window: 100\n"), "utf-8")
    secret = {"DULY_SMPP_SYSTEM_ID": "duly", "DULY_SMPP_PASSWORD": secrets.token_hex(4)}
    everything = {**environ, **secret}
    payments = folder / ".duly" / "carrier-payments.csv"
    say("opening")
    people = behaviour.cast(folder / "data", seed=_SEED)
    with premises.opened(folder, everything) as opened:
        say("approving")
        _approve(opened)
        say("carrier")
        with _carrier(folder, payments=payments, environ=everything):
            say("days")
            told = tuple(
                _live(
                    opened,
                    _Till(people=people, payments=payments),
                    begin + timedelta(days=n),
                    everything,
                    done=done,
                    progress=progress,
                )
                for n in range(days)
            )
        say("evidence")
        return _look_back(opened, folder, told, locale=locale)


def _clear(folder: Path) -> None:
    if (folder / _MARK).is_file():
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise errors.WrongUsage(
            speech.say("{folder} is there and was not made by a demo", folder=folder),
            remedy=speech.say("Name a folder that does not exist yet."),
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _approve(opened: installation.Installation) -> None:
    """Two people, each with a key of his own, approve every part as it stands."""
    project = opened.project
    now = opened.time.now().replace(microsecond=0)
    with tempfile.TemporaryDirectory() as kept, opened.connect() as connection:
        keys = Path(kept)
        desk = register.Register(connection, opened.recorder)
        for name in _APPROVERS:
            person = project.settings.actor(name)
            passphrase = secrets.token_hex(16).encode()
            made = approvals.make_key(person, keys, passphrase=passphrase)
            desk.register(name, made.public_key, person.duties)
            for subject in approvals.PARTS:
                question = Question(
                    subject=subject,
                    digest=getattr(project.digests, subject.value),
                    now=now,
                    author=project.settings.authors[subject],
                )
                nonce = secrets.token_bytes(NONCE_BYTES)
                approvals.keep(person, question, desk, keys=keys, passphrase=passphrase, nonce=nonce)


@contextlib.contextmanager
def _carrier(folder: Path, *, payments: Path, environ: Mapping[str, str]) -> Iterator[None]:
    """The simulated carrier, as a process of its own."""
    words = [sys.executable, "-m", "duly", "carrier", "--project", str(folder), "--seed", str(_SEED)]
    words += ["--payments", str(payments), "--latency-ms", "2", "--receipt-ms", "30"]
    process = subprocess.Popen(
        words, env={**os.environ, **environ}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        heard = process.stdout.readline() if process.stdout is not None else ""
        if process.poll() is not None:
            rest = process.stdout.read() if process.stdout is not None else ""
            raise errors.CarrierAway(
                speech.say("the simulated carrier did not start: {why}", why=(heard + rest).strip()[-500:]),
                remedy=speech.say("Run `duly carrier` in the folder to see why."),
            )
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)
        if process.stdout is not None:
            process.stdout.close()


@dataclass(frozen=True, kw_only=True)
class _Till:
    """Where the carrier's debtors pay, and who they are."""

    people: behaviour.Cast
    payments: Path


def _live(
    opened: installation.Installation,
    till: _Till,
    day: date,
    environ: Mapping[str, str],
    *,
    done: Callable[[Day], None],
    progress: Callable[[int, int], None],
) -> Day:
    """One day: last night's payments are booked, the book is loaded, the day is run."""
    with opened.connect(patient=True) as connection:
        _morning(opened, connection, day)
        _book_payments(opened, connection, till, day - timedelta(days=1))
        loaded = load.load(opened, connection, as_of=day, by="demo")
    ran = runs.run_opened(opened, on=day, environ=environ, patience=_RECEIPTS, progress=progress)
    lived = Day(
        day=day,
        accounts=loaded.accounts,
        payments=loaded.payments,
        planned=ran.planned,
        again=ran.again,
        totals=ran.totals,
        outcomes=ran.outcomes,
    )
    done(lived)
    return lived


def _morning(opened: installation.Installation, connection: psycopg.Connection[Any], day: date) -> None:
    instant = datetime.combine(day, runs.MORNING, ZoneInfo(_ZONE)).astimezone(UTC)
    clock.advance_to(connection, instant)
    opened.raw_key(day)


def _book_payments(
    opened: installation.Installation, connection: psycopg.Connection[Any], till: _Till, on: date
) -> None:
    """What was paid at the carrier's other end becomes rows of the core system's payments feed."""
    with connection.cursor(row_factory=dict_row) as cursor:
        in_force = cursor.execute(_SQL["manifest_in_force"]).fetchone()
    if in_force is None or not till.payments.is_file():
        return
    with till.payments.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    paid = [
        cashier.Paid(
            person=person,
            minor=int(row["amount_minor"]) if row["amount_minor"] else None,
            ref=row["remote_id"],
        )
        for row in rows
        if (person := till.people.person(row["number"])) is not None
    ]
    known = snapshot.read(snapshot.load(Path(in_force["path"])), verify=False)
    cashier.book(opened.project.root / "data", paid, known, on=on)


def _look_back(
    opened: installation.Installation, folder: Path, days: tuple[Day, ...], *, locale: str
) -> Shown:
    with opened.connect(patient=True) as connection:
        proofs.place_waiting(opened, connection)
        with connection.cursor(row_factory=dict_row) as cursor:
            contacted = cursor.execute(_SQL["most_told"]).fetchone()
            held = cursor.execute(_SQL["held_by_reply"]).fetchone()
            counted = cursor.execute(_SQL["head"]).fetchone()
            since = (opened.time.now() - timedelta(days=31)).date()
            doubts = cursor.execute(_SQL["doubts"], {"since": since}).fetchall()
    fingerprint = opened.signer.key.fingerprint
    return Shown(
        folder=folder,
        days=days,
        contacted=_told(opened, contacted, locale),
        held=_told(opened, held, locale),
        report=verify.check(opened.log_folder, trusted=[fingerprint]),
        entries=0 if counted is None else int(counted["size"]),
        fingerprint=fingerprint,
        doubts=len(doubts),
    )


def _told(
    opened: installation.Installation, found: Mapping[str, Any] | None, locale: str
) -> story.Story | None:
    return None if found is None else story.tell_opened(opened, account=str(found["account"]), locale=locale)
