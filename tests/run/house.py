"""A small lender who does not exist, with everything real: book, vault, approvals, plan, outbox, gate and carrier.

`build` makes the model once a run; `House` is a copy of it with a database, keys and a folder of its own. It is
the morning of `ON`, the day's plan is made and released, and nothing has left yet. The virtual clock only moves
forward, so the day is one that is far from today.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import queue
import shutil
import socket
import threading
import time as steady
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from duly.app import approvals, init, premises
from duly.carrier import debtors, journal, mix, server
from duly.channels import answer, base, inbound
from duly.channels.smpp import Smpp
from duly.evidence import entry
from duly.model import money
from duly.model.account import HoldKind
from duly.model.approval import Subject
from duly.model.party import Actor, Duty
from duly.project.folder import Project
from duly.run import (
    assembly,
    clock,
    day,
    gate,
    inbox,
    installation,
    known,
    ledger,
    load,
    orphans,
    outbox,
    outfit,
    planned,
    record,
    register,
    rendering,
    routes,
    ruling,
    sender,
    sequencer,
    settlement,
    wakes,
    worker,
)
from duly.store import launcher
from duly.store import sql as statements

_SQL = statements.load()

ZONE = "Asia/Shanghai"
ON = date(2031, 11, 24)  # a Monday
PASSPHRASE = b"four words of no sense"
LIN = Actor(name="lin.yue", duties=frozenset({Duty.STRATEGIST}))
APPROVERS = ("zhao.min", "chen.hao", "wu.fang")
CARRIER = {"DULY_SMPP_SYSTEM_ID": "acme", "DULY_SMPP_PASSWORD": "loopback"}
PARTS = approvals.PARTS
_ACCOUNTS, _SEED = 80, 17
_THIRD_PERSON = '\n[people."wu.fang"]\nduties = ["compliance"]\n'
T = TypeVar("T")


def instant(hour: int, minute: int = 0, second: int = 0, *, on: date = ON) -> datetime:
    """A moment of the lender's day."""
    return datetime(on.year, on.month, on.day, hour, minute, second, tzinfo=ZoneInfo(ZONE))


@dataclass(frozen=True, kw_only=True)
class Model:
    """What every house is a copy of: a folder and a database that nobody is connected to."""

    folder: Path
    keys: Path
    project: Project
    server: launcher.Server
    database: str


def environ(url: str) -> dict[str, str]:
    """The environment of an installation on this database."""
    return {installation.DATABASE_URL: url, **CARRIER}


def build(
    made_in: Path,
    running: launcher.Server,
    template: str,
    *,
    alter: Callable[[Path], None] = lambda _: None,
) -> Model:
    """Make the model: a project, its book, the yes of two people to every part, and the plan of the day.

    `alter` changes the new project's folder before anything is approved.
    """
    folder, keys, name = made_in / "acme", made_in / "people", f"house_{uuid.uuid4().hex}"
    found_project(folder)
    alter(folder)
    _create(running, name, template)
    with premises.opened(folder, environ(running.url(name))) as opened:
        begin(opened)
        introduce(opened, keys)
        approve_all(folder, opened, keys)
        with contextlib.closing(opened.connect("duly_planner")) as connection:
            day.record_plan(opened, connection, day.make(opened, connection), reason="day")
        return Model(folder=folder, keys=keys, project=opened.project, server=running, database=name)


def found_project(folder: Path) -> None:
    """A project folder with an invented book, in which three people may approve."""
    init.init(LIN, folder, pack="cn", accounts=_ACCOUNTS, seed=_SEED, on=ON)
    with (folder / "duly.toml").open("a", encoding="utf-8") as settings:
        settings.write(_THIRD_PERSON)


def begin(opened: installation.Installation) -> None:
    """It becomes ten in the morning, and the book is put in force."""
    with contextlib.closing(opened.connect()) as connection:
        clock.advance_to(connection, instant(10))
        opened.time.read(connection)
        load.load(opened, connection, as_of=ON, by="chen.hao")


def introduce(opened: installation.Installation, keys: Path) -> None:
    """Everybody makes a key, and has it registered."""
    with contextlib.closing(opened.connect()) as connection:
        for name in APPROVERS:
            who = Actor(name=name, duties=opened.project.settings.people[name])
            made = approvals.make_key(who, keys, passphrase=PASSPHRASE)
            register.Register(connection, opened.recorder).register(name, made.public_key, who.duties)


def approve_all(
    folder: Path,
    opened: installation.Installation,
    keys: Path,
    *,
    people: Sequence[str] = APPROVERS[:2],
    parts: Sequence[Subject] = approvals.PARTS,
    lifetime: timedelta = approvals.LIFETIME,
) -> None:
    """These people look at each part as it is in the folder now, and sign."""
    with contextlib.closing(opened.connect()) as connection:
        now = opened.time.read(connection).replace(microsecond=0)
        desk = approvals.Desk(kept=register.Register(connection, opened.recorder), now=now)
        for name in people:
            for subject in parts:
                approvals.approve(
                    Actor(name=name, duties=opened.project.settings.people[name]),
                    folder,
                    subject,
                    desk,
                    keys=keys,
                    passphrase=PASSPHRASE,
                    nonce=os.urandom(16),
                    lifetime=lifetime,
                )


@dataclass(kw_only=True)
class House:
    """One installation, opened."""

    folder: Path
    keys: Path
    url: str
    opened: installation.Installation
    environ: Mapping[str, str]
    _connections: list[psycopg.Connection[Any]] = field(default_factory=list)

    # --- the database

    def connect(self, role: str | None = None) -> psycopg.Connection[Any]:
        """A connection that is closed with the house."""
        made = self.opened.connect(role)
        self._connections.append(made)
        return made

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a question that the product has no words for."""
        with contextlib.closing(self.opened.connect()) as connection:
            found = connection.execute(statement, values)
            return found.fetchall() if found.description else []

    def force(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The same past every trigger, as whoever owns the database may do."""
        with contextlib.closing(self.opened.connect()) as connection:
            connection.execute("set session_replication_role = replica")
            found = connection.execute(statement, values)
            return found.fetchall() if found.description else []

    def someone_waits(self) -> bool:
        """Whether anybody waits for one of our locks."""
        rows = self.ask(
            "select 1 from pg_locks l join pg_database d on d.oid = l.database"
            " where d.datname = current_database() and not l.granted"
            " union all select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
        return bool(rows)

    def close(self) -> None:
        """Close every connection."""
        for one in self._connections:
            one.close()

    # --- the clock

    def now(self) -> datetime:
        """The gate's instant."""
        return self.opened.time.read(self.connect())

    def move_to(self, moment: datetime) -> None:
        """Move the virtual clock forward to a moment, or a few thousandths of a second after it."""
        # The offset is of whole seconds: begun at a whole second, it arrives at a whole second.
        steady.sleep(1 - steady.time() % 1)
        with contextlib.closing(self.opened.connect()) as connection:
            clock.advance_to(connection, moment)
            self.opened.time.read(connection)

    def pass_by(self, seconds: int = 2) -> None:
        """Some seconds of the virtual clock go by: what waits for people is looked at again."""
        with contextlib.closing(self.opened.connect()) as connection:
            clock.advance_to(connection, self.opened.time.read(connection) + timedelta(seconds=seconds))
            self.opened.time.read(connection)

    # --- the outbox

    def waiting(self, *, route: str = "main") -> list[planned.Planned]:
        """What is left to do of every batch of a route, as the sender reads it."""
        with contextlib.closing(self.opened.connect()) as connection:
            batches = connection.execute(
                "select id, day from batch where route = %s order by id", [route]
            ).fetchall()
            return [row for number, on in batches for row in outbox.waiting(connection, batch=number, day=on)]

    def versions(self, connection: psycopg.Connection[Any] | None = None) -> list[planned.Planned]:
        """Every row of the outbox, whatever became of it; as this connection sees it."""
        columns = _SQL["batch_messages"].partition("from message m")[0]
        asking = connection or self.connect()
        with asking.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(f"{columns} from message m order by m.key, m.version").fetchall()
        says = outbox.plan_says(asking, {row["plan"] for row in rows})
        return [planned.from_row(row, plan_says=says[row["plan"]]) for row in rows]

    def put(
        self, *rows: planned.Planned, mark: bytes | None = None, not_before: datetime | None = None
    ) -> list[planned.Planned]:
        """Lay rows into a batch of their own, marked by the planner's key or another; in the planner's role."""
        marked = [row.marked_with(mark or self.opened.gate_keys.mark) for row in rows]
        with contextlib.closing(self.opened.connect("duly_planner")) as connection, connection.transaction():
            found = connection.execute(
                _SQL["new_batch"],
                {
                    "day": marked[0].day,
                    "route": marked[0].route,
                    "not_before": not_before or min(row.not_before for row in marked),
                    "not_after": max(row.not_after for row in marked),
                    "messages": len(marked),
                },
            ).fetchone()
            assert found is not None
            outbox.copy(connection, marked, batch=found[0], costs=[0] * len(marked))
        return marked

    def keep_only(self, *rows: planned.Planned) -> None:
        """Every other message of the outbox is withdrawn, so that a test speaks of these alone."""
        self.ask(
            "insert into disposition (day, key, version, outcome, code, at)"
            " select m.day, m.key, m.version, 'superseded', 'planned_again', duly_clock() from message m"
            " where m.key <> all(%s) on conflict do nothing",
            [row.key for row in rows],
        )

    def plan(self, *, persons: Sequence[str] | None = None, reason: str = "again") -> day.Recorded:
        """Plan again, now."""
        with contextlib.closing(self.opened.connect("duly_planner")) as connection:
            made = day.make(self.opened, connection, persons=persons)
            return day.record_plan(self.opened, connection, made, reason=reason)

    # --- the gate

    def rules(self, **policy: int) -> known.Rules:
        """What the gate holds messages against, with some numbers decided otherwise (`cn_freq_04=1`)."""
        found = outfit.rules(self.opened.project)
        changed = {name.replace("_", "-"): value for name, value in policy.items()}
        return replace(found, policy={**found.policy, **changed})

    def open_gate(
        self,
        connection: psycopg.Connection[Any] | None = None,
        *,
        rules: known.Rules | None = None,
        name: str = "worker-1",
    ) -> gate.Gate:
        """A gate on a connection of its own, or on this one."""
        return gate.Gate(
            connection or self.connect("duly_worker"),
            reader=known.Reader(rules or self.rules()),
            keys=self.opened.gate_keys,
            time=self.opened.time,
            recorder=self.opened.recorder,
            worker=name,
        )

    def channel(self, route: str = "main") -> base.Channel:
        """A channel of the project that is not connected: it encodes."""

        async def nobody(_: object) -> None:
            raise AssertionError("nothing is connected")

        made = routes.channels(self.opened, on_inbound=nobody, environ=self.environ)
        return next(one for one in made if one.route == route)

    def prepare(self, *rows: planned.Planned) -> list[ruling.Prepared | ruling.Drop]:
        """Rows rendered and encoded as the worker does it."""
        renderer = rendering.Renderer(
            outfit.outfit(self.opened.project, self.opened.code_key),
            safe=self.opened.vault,
            channel=self.channel(rows[0].route),
        )
        return renderer.prepare(self.connect("duly_worker"), rows)

    def ready(self, *rows: planned.Planned) -> list[ruling.Prepared]:
        """The same, where every row can be rendered."""
        found = [one for one in self.prepare(*rows) if isinstance(one, ruling.Prepared)]
        assert len(found) == len(rows)
        return found

    def accept(self, ids: Mapping[bytes, str], *rows: planned.Planned) -> list[gate.Going]:
        """Permit rows, and have the carrier accept each under an id, every further segment under the id with a dash."""
        word = self.open_gate().judge(self.ready(*rows))
        assert len(word.released) == len(rows)
        self.settle(
            *(
                (
                    going,
                    answer.settle(
                        [
                            answer.Segment(
                                fate=answer.Fate.ACCEPTED,
                                remote_id=ids[going.prepared.planned.key] + f"-{part}" * bool(part),
                            )
                            for part in range(going.released.encoded.count)
                        ]
                    ),
                )
                for going in word.released
            )
        )
        return list(word.released)

    def settle(self, *answers: tuple[gate.Going, answer.Answer]) -> None:
        """Write down what became of hand-overs, as the sender does it."""
        settlement.settle(
            self.connect("duly_worker"),
            [settlement.Answered(what=handed_over(going), answer=given) for going, given in answers],
            recorder=self.opened.recorder,
            now=self.now(),
        )

    def adopt(self) -> int:
        """Receipts that crossed with the answer to their message find it, as the worker has them do all the time."""
        return orphans.adopt(self.connect("duly_worker"), self.opened.recorder)

    def read_at(
        self, moment: datetime, item: ruling.Prepared, *, rules: known.Rules | None = None
    ) -> ruling.Ruling:
        """The gate's word on one message at an exact instant, from what the database says now."""
        held = rules or self.rules()
        seen = known.Reader(held).read(self.connect("duly_worker"), [item], moment)
        return ruling.rule(
            0,
            item,
            seen,
            law=held.reading,
            policy=held.policy,
            mark_key=self.opened.gate_keys.mark,
            history=tuple(seen.history),
        )

    # --- people

    def number(self, row: planned.Planned) -> str:
        """The telephone number that a message goes to, out of the vault."""
        ((person, sealed),) = self.ask("select person, sealed from vault.contact where point = %s", row.point)
        return self.opened.vault.open(person, bytes(sealed), kind="contact", ref=row.point).decode()

    def name(self, person: str) -> str:
        """A person's name, out of the vault."""
        ((sealed,),) = self.ask("select sealed from vault.person where person = %s", person)
        found = json.loads(self.opened.vault.open(person, bytes(sealed), kind="person", ref=person))
        return str(found["name"])

    def pay(
        self,
        account: str,
        minor: int,
        *,
        payment: str = "T-1",
        sort: str = "payment",
        by: psycopg.Connection[Any] | None = None,
    ) -> bool:
        """Somebody tells of a payment."""
        told = ledger.Payment(
            account=account,
            payment=payment,
            amount=money.Money(minor=minor, currency="CNY"),
            paid_on=ON,
            sort=sort,
        )
        connection = by or self.connect("duly_worker")
        return ledger.pay(connection, told, recorder=self.opened.recorder, by="core")

    def hold(self, account: str, kind: HoldKind = HoldKind.MANUAL, *, lift: bool = False) -> None:
        """Somebody sets or lifts a hold."""
        ledger.hold(
            self.connect("duly_worker"),
            account=account,
            kind=kind,
            on=ON,
            lift=lift,
            recorder=self.opened.recorder,
            by="zhao.min",
        )

    def hear(self, *things: inbound.Inbound) -> None:
        """The inbox takes what a carrier brought, as the worker has it do."""
        inbox.take(
            self.connect("duly_worker"),
            things,
            listener=outfit.listener(self.opened),
            recorder=self.opened.recorder,
        )

    def reply(self, row: planned.Planned, text: str, *, raw: bytes = b"") -> None:
        """Whoever has the message's number answers."""
        self.hear(said(self.number(row), text, raw=raw))

    # --- what was written down

    def entries(self, kind: str) -> list[entry.Facts]:
        """Every evidence entry of a kind, opened, in the order in which they were written."""
        rows = self.ask(
            "select e.id, e.leaf, o.person, o.sealed from entry e"
            " join vault.opening o on o.day = e.day and o.entry = e.id where e.kind = %s order by e.at, e.id",
            kind,
        )
        return [
            entry.reveal(
                bytes(leaf),
                self.opened.vault.open(
                    None if person == record.HOUSE else person, bytes(sealed), kind="opening", ref=number.hex
                ),
            )
            for number, leaf, person, sealed in rows
        ]

    def ended(self, row: planned.Planned) -> tuple[str, str] | None:
        """How a message ended without leaving (outcome, code); None while it did not."""
        found = self.ask(
            "select outcome, code from disposition where key = %s and version = %s", row.key, row.version
        )
        return (found[0][0], found[0][1]) if found else None

    def wakes(self) -> list[tuple[str, str]]:
        """Who is to be planned for again by now, and why."""
        rows = self.ask(
            "select person, why from wake where done_by is null and at <= duly_clock() order by id"
        )
        return [(who, why) for who, why in rows]

    def sequence(self) -> int:
        """Give every entry its place in the tree."""
        placing = sequencer.Sequencer(self.opened.log())
        try:
            return placing.drain(self.connect("duly_worker"))
        finally:
            placing.close()

    # --- the carrier

    @contextlib.asynccontextmanager
    async def on_air(
        self,
        *,
        knobs: Mapping[str, Any] | None = None,
        behave: debtors.Behave | None = None,
        waking: bool = False,
        answer_within_ms: int = 1500,
        rate: int = 1000,
        bound: bool = True,
    ) -> AsyncIterator[Air]:
        """A carrier, and a worker of this house that is bound to it, or with `bound` false not yet."""
        path = self.folder.parent / f"journal-{uuid.uuid4().hex}"
        mixed = mix.Mix(**({"latency": 0.0, "receipt_after": 0.01, "again_after": 0.05} | dict(knobs or {})))
        carrier = await server.serve(
            server.Settings(
                port=0,
                mix=mixed,
                journal=path,
                accounts={CARRIER["DULY_SMPP_SYSTEM_ID"]: CARRIER["DULY_SMPP_PASSWORD"]},
            ),
            clock=self.opened.time.now,
            behave=behave,
        )
        self.opened.project = _led_to(self.opened.project, carrier.port, answer_within_ms, rate)
        made = self.worker(waking=waking)
        air = Air(house=self, carrier=carrier, worker=made, path=path)
        try:
            for channel in made.channels if bound else ():
                await channel.start()
            yield air
        finally:
            for one in air.senders:
                one.stop()
            await asyncio.gather(*air.running, return_exceptions=True)
            for one in air.senders:
                one.close()
            for channel in made.channels:
                await channel.stop()
            if made._inbox is not None:
                made._inbox.close()
            await carrier.stop()

    def worker(self, *, waking: bool = False) -> worker.Worker:
        """A worker of this house, put together and not at work."""
        return assembly.build(
            self.opened,
            environ=self.environ,
            plan_wakes=wakes.Waker(self.opened).plan if waking else None,
        )

    def add_route(self, name: str) -> None:
        """Another route to the same carrier, as if channels.yaml had it; those who approve are not asked."""
        main = next(one for one in self.opened.project.routes if one.name == "main")
        routes_now = (*self.opened.project.routes, replace(main, name=name))
        self.opened.project = replace(self.opened.project, routes=routes_now)

    def send(self, **air: Any) -> list[dict[str, object]]:
        """Send what may leave now, and tell what the carrier took."""

        async def story() -> list[dict[str, object]]:
            async with self.on_air(**air) as on:
                await on.send()
                return on.taken()

        taken: list[dict[str, object]] = run(story())
        return taken


@dataclass(kw_only=True)
class Air:
    """A carrier with a worker that is bound to it."""

    house: House
    carrier: server.Server
    worker: worker.Worker
    path: Path
    senders: list[sender.Sender] = field(default_factory=list)
    running: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def sms(self) -> Smpp:
        """The route to the carrier."""
        found = next(one for one in self.worker.channels if one.route == "main")
        assert isinstance(found, Smpp)
        return found

    async def go_away(self) -> None:
        """The carrier hangs up, and nobody listens any more."""
        assert self.carrier._listening is not None
        self.carrier._listening.close()
        await self.carrier.cut()

    def make_sender(self, route: str = "main") -> sender.Sender:
        """A sender of a route, not running."""
        made = self.worker.sender_for(next(one for one in self.worker.channels if one.route == route))
        self.senders.append(made)
        return made

    async def send(self, route: str = "main") -> sender.Sender:
        """Send until no batch of the route is due."""
        made = self.make_sender(route)
        await made.run(until_idle=True)
        made.close()
        return made

    def keep_sending(self, route: str = "main") -> sender.Sender:
        """Send in the background, until the air is closed."""
        made = self.make_sender(route)
        self.running.append(asyncio.create_task(made.run()))
        return made

    def taken(self) -> list[dict[str, object]]:
        """The segments that the carrier took."""
        return journal.read(self.path)

    def messages(self) -> list[str]:
        """To whom whole messages went, in order."""
        return [str(line["destination"]) for line in self.taken() if line["part"] == 1]


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A carrier in a thread of its own."""

    port: int
    path: Path

    def messages(self) -> list[str]:
        """To whom whole messages went, in order."""
        lines = journal.read(self.path) if self.path.exists() else []
        return [str(line["destination"]) for line in lines if line["part"] == 1]


@contextlib.contextmanager
def carrier_beside(house: House, *, port: int = 0) -> Iterator[Beside]:
    """A carrier for commands, which have an event loop of their own."""
    path = house.folder.parent / f"journal-{uuid.uuid4().hex}"
    ready: queue.Queue[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = queue.Queue()
    accounts = {CARRIER["DULY_SMPP_SYSTEM_ID"]: CARRIER["DULY_SMPP_PASSWORD"]}

    async def work() -> None:
        settings = server.Settings(
            port=port, mix=mix.Mix(latency=0.0, receipt_after=0.01), journal=path, accounts=accounts
        )
        carrier = await server.serve(settings, clock=house.opened.time.now)
        over = asyncio.Event()
        ready.put((carrier.port, asyncio.get_running_loop(), over))
        await over.wait()
        await carrier.stop()

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    found, loop, over = ready.get(timeout=10)
    try:
        yield Beside(port=found, path=path)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(20)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(wanted: Callable[[], object], *, within: float = 10.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(within):
        while not await asyncio.to_thread(wanted):
            await asyncio.sleep(0.01)


def run(story: Coroutine[Any, Any, T]) -> T:
    """Run a story, which must end within half a minute."""

    async def bounded() -> T:
        async with asyncio.timeout(30):
            return await story

    return asyncio.run(bounded())


def _led_to(project: Project, port: int, answer_within_ms: int, rate: int) -> Project:
    # Not written into channels.yaml: a test carrier's port is no business of those who approve.
    return replace(
        project,
        routes=tuple(
            replace(
                one,
                rate=rate,
                answer_within_ms=answer_within_ms,
                smpp=None if one.smpp is None else replace(one.smpp, port=port),
            )
            for one in project.routes
        ),
    )


def _create(running: launcher.Server, name: str, template: str) -> None:
    with psycopg.connect(running.url(), autocommit=True) as connection:
        names = {"name": sql.Identifier(name), "template": sql.Identifier(template)}
        connection.execute(sql.SQL("create database {name} template {template}").format(**names))


def drop(running: launcher.Server, name: str) -> None:
    """Drop a database with whatever still holds on to it."""
    with psycopg.connect(running.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@contextlib.contextmanager
def moved_in(model: Model, place: Path) -> Iterator[House]:
    """A copy of the model to live in."""
    name = f"test_{uuid.uuid4().hex}"
    shutil.copytree(model.folder, place / "acme")
    _create(model.server, name, model.database)
    url = model.server.url(name)
    try:
        # Read once a run: the folder is a copy, and a test that changes a file opens the house again.
        project = replace(model.project, root=place / "acme")
        with installation.open_installation(project, environ(url)) as opened:
            made = House(folder=project.root, keys=model.keys, url=url, opened=opened, environ=environ(url))
            try:
                yield made
            finally:
                made.close()
    finally:
        drop(model.server, name)


def handed_over(going: gate.Going) -> settlement.HandedOver:
    """Which hand-over that was."""
    row = going.prepared.planned
    return settlement.HandedOver(
        day=row.day,
        key=row.key,
        attempt=going.attempt,
        person=row.person,
        cases=row.cases,
        route=row.route,
        entry=going.entry,
    )


@contextlib.contextmanager
def reopened(house: House) -> Iterator[House]:
    """The same house, opened again: its files are read anew, as by a worker that was started again."""
    with premises.opened(house.folder, house.environ) as opened:
        made = replace(house, opened=opened, _connections=[])
        try:
            yield made
        finally:
            made.close()


def said(number: str, text: str, *, raw: bytes = b"", route: str = "main") -> inbound.Inbound:
    """A short reply as a channel hands it over."""
    whole = raw or f"{number} {text}".encode()
    event = inbound.ReplyEvent(source=number, to="1069000000000001", text=text, at=None, raw=whole)
    return inbound.Inbound(route=route, raw=whole, events=(event,))


def change(file: Path, old: str, new: str) -> None:
    """Change one place of a file."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
