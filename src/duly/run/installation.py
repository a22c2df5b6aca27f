"""Everything a command needs of one installation, opened together and closed together.

The database (ours, or the one that is named), the key store, the vault, the log's key, and the secrets of the
gate, none of which is in the database.
Refuses a database that belongs to another log, and a real carrier for an invented one.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psycopg
from psycopg.types.array import ListBinaryDumper

from duly import errors
from duly.channels import base
from duly.evidence import checkpoint, keys, keystore, log, vault
from duly.law import columnar
from duly.project.folder import Project
from duly.project.reference import Reference
from duly.run import clock, gate, record
from duly.store import connect, launcher, migrate, sql
from duly.text.shelf import Shelf

_SQL = sql.load()

T = TypeVar("T")

DATABASE_URL = "DATABASE_URL"
_RESTARTS = 5  # of our own server, while a command opens
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# The secrets of the key store that a plan needs.
CODE, ARM = "notice code", "arm"


@dataclass(kw_only=True)
class Installation:
    """One opened installation. `url` is the database's address as its owner, `server` None where it is not ours."""

    project: Project
    url: str
    server: launcher.Server | None
    keys: keystore.KeyStore
    vault: vault.Vault
    signer: checkpoint.Signer
    time: clock.Clock
    recorder: record.Recorder

    def connect(self, role: str | None = None, *, patient: bool = False) -> psycopg.Connection[Any]:
        """A connection as a role; our own server is started again if it died. `patient` waits without limit."""
        if self.server is not None:
            with contextlib.suppress(errors.DatabaseAway):
                launcher.revive(self.server)
        limit = 0 if patient else 120
        made = connect.connect(
            self.url,
            application="duly",
            role=role,
            statement_timeout_s=limit,
            lock_timeout_s=limit,
        )
        # Rows travel as arrays, one for each column: as text, every quote in a verdict and every byte of a seal
        # would be written out twice.
        made.adapters.register_dumper(list, ListBinaryDumper)
        return made

    @functools.cached_property
    def reading(self) -> columnar.Reading:
        """The project's law under what the lender set, laid out once for all plans of this process."""
        return columnar.Reading(self.project.law, self.project.policy)

    @functools.cached_property
    def shelf(self) -> Shelf:
        """What was read of the project's notices once, for all plans and workers of this process."""
        return Shelf()

    @property
    def log_folder(self) -> Path:
        """Where the Merkle log lies."""
        return self.project.state / "log"

    def log(self) -> log.Log:
        """The log, for the one sequencer."""
        return log.Log(self.log_folder, signer=self.signer)

    @property
    def gate_keys(self) -> gate.Keys:
        """The keys of permits and of message rows."""
        return gate.Keys(permit=self.keys.secret("permit"), mark=self.keys.secret("message mark"))

    @property
    def code_key(self) -> bytes:
        """The key of the codes by which a debtor checks a notice."""
        return self.keys.secret(CODE)

    @property
    def arm_key(self) -> bytes:
        """The key by which people are drawn into arms."""
        return self.keys.secret(ARM)

    @property
    def release_key(self) -> bytes:
        """The key of the salts of lists that two people release."""
        return self.keys.secret("release list")

    def turnstile(self) -> base.Turnstile:
        """The one turnstile of this process."""
        return base.Turnstile(key=self.gate_keys.permit, clock=self.time.now)

    def local_day(self, instant: datetime) -> date:
        """The tenant's calendar day."""
        return clock.local_day(instant, self.project.settings.zone)

    def raw_key(self, day: date) -> None:
        """Have the key under which this day's carrier messages are sealed."""
        self.keys.create([record.raw_owner(day), record.raw_owner(day + timedelta(days=1))])

    def blind(self, value: str) -> str:
        """The blind index of a contact value in its normal form (`book.points`)."""
        return self.vault.blind(value)


def log_name(project: Project) -> str:
    """The log's name from the lender's own address: `acme.example/duly`."""
    return f"{urlsplit(project.settings.lender.official_url).hostname}/duly"


@contextlib.contextmanager
def open_installation(project: Project, environ: Mapping[str, str] = os.environ) -> Iterator[Installation]:
    """Open, and make what is missing on the first time.

    Raises DatabaseAway, KeyMissing, and NotAllowed where an invented project meets real things.
    """
    state = project.state
    state.mkdir(mode=0o700, exist_ok=True)
    invented = project.settings.invented
    _refuse_real_carriers(project)
    with _database(project, environ) as (url, server):
        kek = keys.key_encryption_key(state / "keys", invented=invented, environ=environ)
        store = keystore.KeyStore(state / "keystore", kek=kek)
        safe = vault.Vault(store)
        origin = keys.origin(log_name(project), invented=invented)
        signer = keys.create_log_key(state / "keys", origin=origin, environ=environ)
        zone = project.settings.zone
        opened = Installation(
            project=project,
            url=url,
            server=server,
            keys=store,
            vault=safe,
            signer=signer,
            time=clock.Clock(),
            recorder=record.Recorder(
                safe=safe,
                day_of=lambda instant: clock.local_day(instant, zone),
                create_keys=store.create,
            ),
        )
        _despite_restarts(lambda: _install(opened, origin=origin), server)
        yield opened


@contextlib.contextmanager
def _database(project: Project, environ: Mapping[str, str]) -> Iterator[tuple[str, launcher.Server | None]]:
    named = project.settings.database
    url = named.resolve(environ) if isinstance(named, Reference) else named or environ.get(DATABASE_URL)
    if url:
        migrate.migrate(url)
        yield url, None
        return
    with launcher.open(project.state / "postgres") as server:
        yield _despite_restarts(lambda: _migrated(server), server), server


def _migrated(server: launcher.Server) -> str:
    url = server.database("duly")
    migrate.migrate(url)
    return url


def _despite_restarts(work: Callable[[], T], server: launcher.Server | None) -> T:
    """Do `work`, which may be done twice; our own server, should it die meanwhile, is started again."""
    left = _RESTARTS
    while True:
        try:
            with connect.translated():
                return work()
        except errors.DatabaseAway:
            if server is None or not left:
                raise
            left -= 1
            launcher.revive(server)


def _install(opened: Installation, *, origin: str) -> None:
    with opened.connect() as connection:
        connection.execute(
            _SQL["install"],
            {
                "invented": opened.project.settings.invented,
                "origin": origin,
                "log_key": opened.signer.key.vkey,
            },
        )
        row = connection.execute(_SQL["installation"]).fetchone()
        if row is None or row[0] != opened.project.settings.invented or row[1] != origin:
            raise errors.NotAllowed(
                "this database belongs to another installation",
                remedy="Name another database; one tenant has one database, one log and one key.",
            )
        opened.time.offset = timedelta(seconds=clock.offset_seconds(connection))
        instant = clock.instant_of(connection)
        opened.raw_key(opened.local_day(instant))
        connection.execute(_SQL["ensure_day"], {"day": opened.local_day(instant)})


def _refuse_real_carriers(project: Project) -> None:
    # Keys and people of an invented project are invented too: nothing it says may reach a real carrier.
    if not project.settings.invented:
        return
    for route in project.routes:
        if route.smpp is not None and route.smpp.host not in _LOOPBACK:
            raise errors.NotAllowed(
                f"route {route.name} leads to {route.smpp.host}, and this project is invented",
                remedy="An invented project speaks only to the simulated carrier on this machine.",
            )
