"""A lender of one's own to be killed: its project, its PostgreSQL, its carrier and its workers, each a process.

`open_yard` makes the folder with an invented book, has it approved, makes the plan of the day at ten in the
morning of `ON`, and starts the carrier; nothing has left yet. Whatever is started here is ended here, by its id.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg

from duly import errors
from duly.app import approvals, init, premises
from duly.model.approval import NONCE_BYTES, Question
from duly.model.party import Actor, Duty
from duly.run import clock, day, installation, load, register
from duly.store import launcher, lodging, processes

ON = date(2031, 11, 24)  # a Monday: the virtual clock only moves forward, so the day is far from today
TEN = datetime(2031, 11, 24, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
FOREMAN = Actor(name="foreman", duties=frozenset({Duty.ENGINEER, Duty.OPERATIONS}))
WINDOW = 50  # segments without an answer that a route may have
SEED = 7  # of the book and its people

_APPROVERS = ("zhao.min", "chen.hao")
_ACCOUNTS_PER_MESSAGE = 4.75  # of the invented book on its first day, measured
_SECRETS = {"DULY_SMPP_SYSTEM_ID": "yard", "DULY_SMPP_PASSWORD": "loopback"}
_OURS = ("PG", "DULY_")


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """How the carrier behaves: times in thousandths of a second, shares in parts per million of the segments.

    `rate` is the segments a second past which it throttles, 0 for never; `refuse_ppm` are refused, `drop_ppm` taken
    and never answered, `cut_ppm` taken and the connection cut instead of an answer.
    """

    latency_ms: int = 20
    receipt_ms: int = 200
    rate: int = 0
    refuse_ppm: int = 0
    drop_ppm: int = 0
    cut_ppm: int = 0


@dataclass(kw_only=True)
class Hand:
    """One process of ours, with the files that it writes to."""

    name: str
    process: subprocess.Popen[bytes]
    output: Path
    errors: Path

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    @property
    def up(self) -> bool:
        """Whether it has said that it works."""
        return self.output.stat().st_size > 0

    def said(self) -> str:
        """What it wrote."""
        return "".join(file.read_text("utf-8", "replace") for file in (self.output, self.errors))

    def kill(self) -> None:
        """End it by kill -9."""
        self.process.kill()
        self.process.wait()

    def end(self, *, within: float) -> int:
        """SIGTERM, and its exit code; kill -9 and -9 if it does not end in time."""
        self.process.terminate()
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


@dataclass(kw_only=True)
class Yard:
    """The installation, opened, and the processes around it."""

    folder: Path
    journal: Path
    opened: installation.Installation
    environ: Mapping[str, str]
    workers: list[Hand] = field(default_factory=list)
    gone: list[Hand] = field(default_factory=list)
    _begun: int = 0

    # --- the workers

    def hire(self) -> Hand:
        """One more worker."""
        self._begun += 1
        words = ["work", "--project", str(self.folder), "--as", FOREMAN.name]
        made = self._start(f"worker-{self._begun}", words)
        self.workers.append(made)
        return made

    def replace(self, hand: Hand) -> None:
        """Another worker for one that ended."""
        self.workers.remove(hand)
        self.gone.append(hand)
        self.hire()

    def sequencer(self) -> Hand | None:
        """The worker that holds the evidence log now; None between two of them."""
        lock = self.opened.log_folder / "lock"
        inode = str(lock.stat().st_ino) if lock.exists() else ""
        # "7: FLOCK  ADVISORY  WRITE 4711 fe:00:2221954 0 EOF"; a line of "->" waits for that lock.
        lines = [line.split() for line in Path("/proc/locks").read_text("ascii").splitlines()]
        holders = {
            int(line[4]) for line in lines if line[1] == "FLOCK" and line[5].rpartition(":")[2] == inode
        }
        return next((hand for hand in self.workers if hand.alive and hand.process.pid in holders), None)

    def sender(self) -> Hand | None:
        """The worker that handed over last, so the one that has the route; None where that one is gone."""
        try:
            with contextlib.closing(self.opened.connect()) as connection:
                row = connection.execute("select worker from permit order by at desc limit 1").fetchone()
        except (errors.DatabaseAway, psycopg.OperationalError):
            return None
        pid = 0 if row is None else int(str(row[0]).split(":")[1])
        return next((hand for hand in self.workers if hand.alive and hand.process.pid == pid), None)

    # --- the database

    def postmaster(self) -> int | None:
        """The process id of the project's PostgreSQL; None while there is none."""
        server = self.opened.server
        assert server is not None
        try:
            pid = int((server.lodging.data / "postmaster.pid").read_text("utf-8").splitlines()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        return pid if processes.works_in(pid, server.lodging.data, server.lodging.user) else None

    def kill_postmaster(self) -> bool:
        """End the project's PostgreSQL by kill -9; False when there was none to kill."""
        pid = self.postmaster()
        if pid is None:
            return False
        os.kill(pid, signal.SIGKILL)
        return True

    # --- inside

    def _start(self, name: str, words: Sequence[str]) -> Hand:
        output, wrong = self.folder.parent / f"{name}.out", self.folder.parent / f"{name}.err"
        with output.open("wb") as into, wrong.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "duly", *words],
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=into,
                stderr=errors,
            )
        return Hand(name=name, process=process, output=output, errors=wrong)

    @contextlib.contextmanager
    def carrier(self, how: Carrier, port: int) -> Iterator[Hand]:
        """The simulated carrier, with a journal."""
        words = ["carrier", "--project", str(self.folder), "--port", str(port), "--seed", str(SEED)]
        words += ["--journal", str(self.journal), "--latency-ms", str(how.latency_ms)]
        words += ["--receipt-ms", str(how.receipt_ms), "--rate", str(how.rate)]
        words += ["--refuse-ppm", str(how.refuse_ppm)]
        words += ["--drop-ppm", str(how.drop_ppm), "--cut-ppm", str(how.cut_ppm)]
        made = self._start("carrier", words)
        try:
            deadline = time.monotonic() + 60
            while made.alive and not made.up and time.monotonic() < deadline:
                time.sleep(0.05)
            assert made.alive, made.said()
            yield made
        finally:
            made.end(within=10)

    def dismiss(self) -> None:
        """Kill what is left of the workers."""
        for hand in self.workers:
            if hand.alive:
                hand.kill()


@contextlib.contextmanager
def open_yard(place: Path, *, messages: int, rate: int, carrier: Carrier) -> Iterator[Yard]:
    """Make everything in the empty folder `place`, with at least about `messages` messages planned for today.

    `rate` is the route's segments a second.
    """
    folder = place / "lender"
    accounts = int(messages * _ACCOUNTS_PER_MESSAGE)
    init.init(FOREMAN, folder, pack="cn", accounts=accounts, seed=SEED, on=ON)
    port = _free_port()
    _set(folder / "channels.yaml", {"port: 2775": f"port: {port}", "rate: 100\n": f"rate: {rate}\n"})
    _set(folder / "channels.yaml", {"window: 50\n": f"window: {WINDOW}\n    answer_within: 3s\n"})
    # As many accounts as these owe more than the sum that a run may have by itself.
    _set(folder / "duly.toml", {'"50000000.00"': '"5000000000.00"'})
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    kept.pop(installation.DATABASE_URL, None)
    environ = {**kept, **_SECRETS, "PYTHONUNBUFFERED": "1"}
    try:
        with premises.opened(folder, environ) as opened:
            _begin_day(opened, keys=place / "keys")
            yard = Yard(folder=folder, journal=place / "journal", opened=opened, environ=environ)
            try:
                with yard.carrier(carrier, port):
                    yield yard
            finally:
                yard.dismiss()
    finally:
        _clear(folder / ".duly" / "postgres")


def _clear(asked: Path) -> None:
    """Remove the database: root's may lie in another place than `asked`, where nobody would look for it."""
    if lodging.inhabited(asked):
        launcher.stop(asked)
        shutil.rmtree(lodging.find(asked).home)


def _begin_day(opened: installation.Installation, *, keys: Path) -> None:
    """It becomes ten in the morning, the book is in force, two people have said yes, the day is planned."""
    with contextlib.closing(opened.connect(patient=True)) as connection:
        clock.advance_to(connection, TEN)
        opened.time.read(connection)
        opened.raw_key(ON)
        load.load(opened, connection, as_of=ON, by=FOREMAN.name)
        desk = register.Register(connection, opened.recorder)
        now = opened.time.now().replace(microsecond=0)
        for name in _APPROVERS:
            _approve(opened, desk, name, keys=keys, now=now)
    with contextlib.closing(opened.connect("duly_planner", patient=True)) as connection:
        recorded = day.record_plan(opened, connection, day.make(opened, connection), reason="day")
    assert recorded.released, "the plan of the day waits for a release"


def _approve(
    opened: installation.Installation, desk: register.Register, name: str, *, keys: Path, now: datetime
) -> None:
    """One person makes a key and approves every part as it stands."""
    person = opened.project.settings.actor(name)
    passphrase = secrets.token_hex(16).encode()
    made = approvals.make_key(person, keys, passphrase=passphrase)
    desk.register(name, made.public_key, person.duties)
    for subject in approvals.PARTS:
        question = Question(
            subject=subject,
            digest=getattr(opened.project.digests, subject.value),
            now=now,
            author=opened.project.settings.authors[subject],
        )
        nonce = secrets.token_bytes(NONCE_BYTES)
        approvals.keep(person, question, desk, keys=keys, passphrase=passphrase, nonce=nonce)


def _set(file: Path, changes: Mapping[str, str]) -> None:
    text = file.read_text("utf-8")
    for old, new in changes.items():
        assert old in text, f"{file.name} no longer says {old!r}"
        text = text.replace(old, new)
    file.write_text(text, "utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
