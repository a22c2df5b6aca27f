"""A lender who does not exist, to be measured: a project with an invented book, approved, on a morning of its own.

Its PostgreSQL is a real one with all its durability, its evidence a real log, its carrier a process of its own.
It is ten in the morning of `ON` and nothing is planned yet.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from benches import cpu
from duly.app import approvals, init, premises
from duly.model.approval import NONCE_BYTES, Question
from duly.model.party import Actor, Duty
from duly.run import clock, installation, load, register

ON = date(2031, 11, 24)  # a Monday: the virtual clock only moves forward, so the day is far from today
_TEN = datetime(2031, 11, 24, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
_SEED = 7
_APPROVERS = ("zhao.min", "chen.hao")
_ACTOR = Actor(name="bench", duties=frozenset({Duty.ENGINEER, Duty.OPERATIONS}))
_CARRIER = Path(__file__).with_name("carrier.py")
# A route without brakes of its own, and a run that nobody has to release.
_CHANNELS = (("rate: 100\n", "rate: 10000\n"), ("window: 50\n", "window: 100\n"))
_SETTINGS = (
    ("messages_per_run = 5000", "messages_per_run = 1000000"),
    ("messages_per_day = 10000", "messages_per_day = 1000000"),
    ('overdue_per_run = "50000000.00"', 'overdue_per_run = "90000000000.00"'),
)


@dataclass(frozen=True, kw_only=True)
class Lender:
    """An installation that is open, and the environment its worker needs."""

    opened: installation.Installation
    environ: Mapping[str, str]

    def cpu_s(self) -> float:
        """CPU seconds so far of this process, which is the worker, and of PostgreSQL; the carrier's are not ours."""
        server = self.opened.server
        if server is None:
            raise RuntimeError("the database of a bench is its own: unset DATABASE_URL")
        first = (server.lodging.data / "postmaster.pid").read_text("ascii").splitlines()[0]
        return cpu.own() + cpu.of_tree(int(first))


@contextlib.contextmanager
def lender(place: Path, *, accounts: int) -> Iterator[Lender]:
    """Make everything in the folder `place`, which must not exist, and end it all afterwards."""
    init.init(_ACTOR, place, pack="cn", accounts=accounts, seed=_SEED, on=ON)
    bound = {"DULY_SMPP_SYSTEM_ID": "bench", "DULY_SMPP_PASSWORD": secrets.token_hex(4)}
    environ = {name: value for name, value in os.environ.items() if name != installation.DATABASE_URL} | bound
    with _carrier(bound) as port:
        _change(place / "channels.yaml", ("port: 2775", f"port: {port}"), *_CHANNELS)
        _change(place / "duly.toml", *_SETTINGS)
        with premises.opened(place, environ) as opened:
            _begin(opened, keys=place / ".duly" / "people")
            yield Lender(opened=opened, environ=environ)


@contextlib.contextmanager
def _carrier(bound: Mapping[str, str]) -> Iterator[int]:
    words = [sys.executable, str(_CARRIER), *bound.values()]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("the carrier's output is a pipe")
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def _change(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text("utf-8")
    for old, new in changes:
        if old not in text:
            raise ValueError(f"{file.name} no longer says {old!r}")
        text = text.replace(old, new)
    file.write_text(text, "utf-8")


def _begin(opened: installation.Installation, *, keys: Path) -> None:
    """It becomes ten, two people approve every part as it stands, and the book is put in force."""
    with contextlib.closing(opened.connect(patient=True)) as connection:
        clock.advance_to(connection, _TEN)
        now = opened.time.read(connection).replace(microsecond=0)
        opened.raw_key(ON)
        desk = register.Register(connection, opened.recorder)
        for name in _APPROVERS:
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
        load.load(opened, connection, as_of=ON, by=_ACTOR.name)
