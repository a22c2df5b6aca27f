"""The lender's own database: asked by the project's queries alone, from a role that cannot write, and never further."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from duly import egress, errors
from duly.book import read
from duly.run import answers
from tests.book import lender
from tests.conftest import Database

QUERIES: Mapping[str, str] = {
    "accounts": "select a.*, 'x' as branch from core.accounts a order by no;\n",
    "payments": (
        "-- what was paid, in the lender's zone\n"
        "select id, no, day, amount, kind, orig from core.payments where kind like '%' order by id -- all of it"
    ),
}
SCHEMA = """
create schema core;
create table core.accounts (no text, contract text, type text, status text, since date, rate numeric, od_rate numeric,
    owed numeric(18, 2), owed_on date, cur text);
insert into core.accounts values
    ('A1', 'K-2026-0077', 'L', 'overdue', '2026-03-11', 18.25, 27.375, 1000.50, '2026-03-11', 'CNY'),
    ('A2', 'K-2026-0078', 'C', 'current', '2026-01-01', 0, 0, null, null, 'CNY');
create table core.payments (id text, no text, day date, amount numeric(18, 2), kind text, orig text, at timestamptz,
    raw double precision);
insert into core.payments values ('y1', 'A1', '2026-03-12', 200.00, 'P', null, '2026-03-12 01:00+08', 0.1),
    ('y2', 'A1', '2026-03-14', 200.00, 'R', 'y1', '2026-03-14 01:00+08', 0.1),
    ('y3', 'A2', '2026-03-01', 1, 'P', null, '2026-03-01 01:00+08', 0.1);
"""


class Lender:
    """A core system's database with a role that may read it, and a project folder that asks it."""

    def __init__(self, database: Database, root: Path) -> None:
        self.root = root
        self.owner = database
        self.role = "reader_" + database.url.rpartition("test_")[2][:12]
        split = urlsplit(database.url)
        self.folder = split.query.partition("host=")[2].partition("&")[0].replace("%2F", "/")
        self.url = f"postgresql://{self.role}@{split.path and ''}/{split.path[1:]}?{split.query}"
        self.do(SCHEMA)
        self.do(f"create role {self.role} login")
        self.do(f"grant usage on schema core to {self.role}")
        self.do(f"grant select on all tables in schema core to {self.role}")
        lender.write(root)
        (root / "queries").mkdir()
        for name, text in QUERIES.items():
            (root / "queries" / f"{name}.sql").write_text(text, "utf-8")
        self.text = (
            lender.YAML.replace("files: data/accounts*.csv", "query_file: queries/accounts.sql")
            .replace("files: data/payments.csv", "query_file: queries/payments.sql")
            .replace("feeds:", f"sql:\n  database: $CORE\n  allow_private: [{self.folder}]\nfeeds:")
        )

    def do(self, statement: str) -> None:
        """As whoever owns the database."""
        with psycopg.connect(self.owner.url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def query(self, feed: str, text: str) -> None:
        """Another query of a feed."""
        (self.root / "queries" / f"{feed}.sql").write_text(text, "utf-8")

    @contextlib.contextmanager
    def asked(self) -> Iterator[answers.Answers]:
        """The database as a load has it."""
        with answers.open_(self, {"CORE": self.url}) as found:  # type: ignore[arg-type]
            assert found is not None
            yield found

    @property
    def book(self) -> Any:
        """The mapping, as a project has it."""
        return lender.mapped(self.text)

    def load(self) -> tuple[read.Loaded | None, list[errors.Problem]]:
        """What comes of loading."""
        with self.asked() as found:
            return read.load(self.root, self.book, as_of=lender.AS_OF, blind=lender.index, answers=found)

    def loaded(self) -> read.Loaded:
        """What was loaded, when nothing refuses it."""
        found, problems = self.load()
        assert problems == []
        assert found is not None
        return found

    def codes(self) -> list[str]:
        """Why the load was refused."""
        found, problems = self.load()
        assert found is None
        return [problem.code for problem in problems]


@pytest.fixture
def core(empty_database: Database, tmp_path: Path) -> Iterator[Lender]:
    """The lender's database; its role is the server's and goes with it."""
    made = Lender(empty_database, tmp_path)
    yield made
    made.do(f"drop owned by {made.role}")
    made.do(f"drop role {made.role}")


# --- what is answered


def test_a_query_gives_the_same_book_as_a_file(core: Lender, tmp_path: Path) -> None:
    """Types and all; the manifest holds the hash of what was answered."""
    made = core.loaded()
    files = tmp_path / "files"
    files.mkdir()

    assert made.quarantine.is_empty()
    assert made.book.payments.equals(lender.loaded(files).book.payments)
    assert made.book.accounts.equals(lender.loaded(files).book.accounts)
    payments = next(feed for feed in made.feeds if feed.name == "payments")
    assert (payments.files[0][0], payments.rows) == ("queries/payments.sql", 3)
    assert payments == next(feed for feed in core.loaded().feeds if feed.name == "payments")


def test_a_bad_row_of_an_answer_says_which_it_was(core: Lender) -> None:
    """The row of the answer, counted with its header, and the column."""
    core.do("insert into core.payments values ('y4', 'A9', '2026-03-01', 1, 'P', null)")

    left_out = core.loaded().quarantine.select("file", "line", "field", "code")

    assert left_out.rows() == [("queries/payments.sql", 5, "no", "account_unknown")]


def test_all_queries_of_a_load_see_one_state(core: Lender) -> None:
    """A payment that is booked between two of them is in none."""
    with core.asked() as found:
        with found.ask("queries/accounts.sql", core.book.feeds["accounts"]) as stream:
            stream.read()
        core.do("insert into core.payments values ('y4', 'A1', '2026-03-15', 5, 'P', null)")
        with found.ask("queries/payments.sql", core.book.feeds["payments"]) as stream:
            assert b"y4" not in stream.read()


def test_the_control_may_be_asked_too(core: Lender) -> None:
    """In the same state, so that it cannot be of another day; a row too few refuses the load."""
    core.text = "control: queries/control.sql\n" + core.text
    others = " union all ".join(
        f"select '{feed}', null, null, null"
        for feed in ("accounts", "parties", "instalments", "contacts", "holds")
    )
    head = "select 'payments' as feed, max(day) as watermark, count(*){more} as rows, sum(amount) as control_total"
    core.query("control", f"{head.format(more='')} from core.payments union all {others}")
    payments = next(feed for feed in core.loaded().feeds if feed.name == "payments")
    assert (payments.watermark, payments.control_total_minor) == (date(2026, 3, 14), 40_100)

    core.query("control", f"{head.format(more=' + 1')} from core.payments union all {others}")
    assert core.codes() == ["book.feed.rows_differ"]


# --- what is refused


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("select 1; delete from core.payments", "query"),
        ("select 1) to program 'id'; copy (select 1", "query"),
        ("select /* 1", "query"),
        ("delete from core.payments returning *", None),
        ("select no from nowhere", "query"),
        ("select id, no, at as day, amount, kind, orig from core.payments", "column_type"),
        ("select id, no, day, raw as amount, kind, orig from core.payments", "column_type"),
        ("select id, no, day, amount::money as amount, kind, orig from core.payments", "column_type"),
        ("select id, no, day, amount, kind from core.payments", "column_missing"),
    ],
)
def test_a_query_reads_and_is_one_statement(core: Lender, query: str, code: str | None) -> None:
    """It is what it seems to be, and what it answers is exact."""
    core.query("payments", query)

    if code is None:
        with pytest.raises(errors.DatabaseRefused):
            core.load()
    else:
        assert core.codes() == [f"book.file.{code}"]
    with psycopg.connect(core.owner.url) as connection:
        assert connection.execute("select count(*) from core.payments").fetchone() == (3,)


def test_a_refused_query_says_why_and_the_others_are_still_tried(core: Lender) -> None:
    """All mistakes at once, each at its file."""
    core.query("accounts", "select no from nowhere")
    core.query("payments", "select 1 as x")

    found, problems = core.load()

    assert found is None
    assert [(problem.file, problem.code) for problem in problems][:1] == [
        ("queries/accounts.sql", "book.file.query")
    ]
    assert "nowhere" in problems[0].what
    assert "book.file.column_missing" in {problem.code for problem in problems}


def test_a_query_outside_of_the_folder_is_none(core: Lender, tmp_path: Path) -> None:
    """Not even over a link."""
    elsewhere = tmp_path.parent / f"{tmp_path.name}.sql"
    elsewhere.write_text("select 1")
    (tmp_path / "queries" / "payments.sql").unlink()
    (tmp_path / "queries" / "payments.sql").symlink_to(elsewhere)

    assert core.codes() == ["book.file.query"]


@pytest.mark.parametrize(
    ("grant", "why"),
    [
        ("grant insert on core.payments to {role}", "core.payments"),
        ("grant update (amount) on core.payments to {role}", "core.payments"),
        ("grant create on schema core to {role}", "core"),
        ("grant create on database {database} to {role}", "the database"),
        ("grant pg_write_all_data to {role}", "change anything"),
        ("alter role {role} createdb", "change anything"),
        ("alter role {role} superuser", "change anything"),
    ],
)
def test_a_role_that_could_write_is_refused(core: Lender, grant: str, why: str) -> None:
    """By itself, by a membership, by what it may make; the sentence says by what."""
    database = urlsplit(core.owner.url).path[1:]
    core.do(grant.format(role=core.role, database=database))

    with pytest.raises(errors.NotAllowed) as refused:
        core.load()
    core.do(f"alter role {core.role} nosuperuser nocreatedb")
    assert why in str(refused.value)


def test_a_role_that_may_become_another_is_refused(core: Lender) -> None:
    """Even where it does not inherit what the other may."""
    writer = core.role.replace("reader", "writer")
    core.do(f"create role {writer}; grant delete on core.payments to {writer}; grant {writer} to {core.role}")
    core.do(f"alter role {core.role} noinherit")
    try:
        with pytest.raises(errors.NotAllowed, match=r"core\.payments"):
            core.load()
    finally:
        core.do(f"drop owned by {writer}; drop role {writer}")


def test_nothing_can_be_written_through_the_connection(core: Lender) -> None:
    """Neither in the transaction nor after it, whatever the role may."""
    core.do(f"grant insert on core.payments to {core.role}")
    connection = egress.postgresql(core.url, allow=(core.folder,), connect_s=5, application="tests")
    with connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("insert into core.payments (id) values ('z')")


def test_a_query_that_takes_too_long_is_ended(core: Lender) -> None:
    """And nothing was changed by it."""
    core.text = core.text.replace("database: $CORE", "database: $CORE\n  timeout_seconds: 1")
    core.query("payments", "select id, no, day, amount, kind, orig from core.payments, pg_sleep(20)")

    with pytest.raises(errors.DatabaseAway):
        core.load()


# --- where it may lead


@contextlib.contextmanager
def relayed(folder: str, port: str) -> Iterator[int]:
    """A port of this machine that leads to the server's socket."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def pump(source: socket.socket, target: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while piece := source.recv(65536):
                    target.sendall(piece)
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_WR)

        def relay(came: socket.socket) -> None:
            with came, socket.socket(socket.AF_UNIX) as there:
                there.connect(f"{folder}/.s.PGSQL.{port}")
                back = threading.Thread(target=pump, args=(there, came))
                back.start()
                pump(came, there)
                back.join()

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    served.append(threading.Thread(target=relay, args=(listening.accept()[0],)))
                    served[-1].start()

        served: list[threading.Thread] = []
        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        for one in served:
            one.join()


@pytest.mark.parametrize("allow", [(), ("10.0.0.0/8",), ("127.0.0.0/8",), ("127.0.0.1/32",)])
def test_a_private_address_is_reached_where_the_project_names_it(
    core: Lender, allow: tuple[str, ...]
) -> None:
    """And nowhere else: the same port, with and without its network."""
    split = urlsplit(core.url)
    with relayed(core.folder, split.query.partition("port=")[2]) as port:
        url = f"postgresql://{core.role}@localhost:{port}{split.path}"
        if not any(each.startswith("127.") for each in allow):
            with pytest.raises(errors.NotAllowed, match="private network"):
                egress.postgresql(url, allow=allow, connect_s=5, application="tests")
            return
        everywhere = (*allow, "::1/128")  # where the name leads there too
        with egress.postgresql(url, allow=everywhere, connect_s=5, application="tests") as connection:
            assert connection.execute("select 1").fetchone() == (1,)
            assert connection.info.hostaddr in {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "172.16.0.1", "100.64.0.1", "0.0.0.0",
        "::1", "fd00::1", "fe80::1", "::ffff:10.0.0.1", "2002:0a00:0001::1", "224.0.0.1", "198.51.100.7",
    ],
)  # fmt: skip
def test_no_address_of_a_private_network_is_open(address: str) -> None:
    """However it is written; the one that tells a cloud's secrets among them."""
    with pytest.raises(errors.NotAllowed):
        egress.reach(address, 5432, allow=())


def test_a_name_is_refused_if_it_leads_inside_even_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several addresses libpq would try one after the other."""
    told = [(0, 0, 0, "", ("93.184.215.14", 5432)), (0, 0, 0, "", ("10.0.0.7", 5432))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: told)

    with pytest.raises(errors.NotAllowed):
        egress.reach("db.example", 5432, allow=())
    assert egress.reach("db.example", 5432, allow=("10.0.0.0/8",)).addresses == ("93.184.215.14", "10.0.0.7")
    assert not egress.reach("db.example", 5432, allow=("10.0.0.0/8",)).named
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: told[:1])
    assert egress.reach("db.example", 5432, allow=()).addresses == ("93.184.215.14",)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://r@db.example/x?hostaddr=10.0.0.1",
        "postgresql://r@db.example/x?options=-csearch_path%3Devil",
        "postgresql://r@db.example/x?service=inside",
        "postgresql://r@db.example/x?passfile=/etc/passwd",
        "postgresql://r@a.example,b.example/x",
        "postgresql:///x",
        "dbname=x",
    ],
)
def test_an_address_names_one_host_and_nothing_else(url: str) -> None:
    """What libpq would take besides could lead elsewhere, or tell files."""
    with pytest.raises(errors.NotAllowed):
        egress.postgresql(url, allow=("0.0.0.0/0",), connect_s=1, application="tests")


def test_over_the_open_net_the_server_must_prove_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A weaker mode is refused before anything is sent."""
    told = [(0, 0, 0, "", ("93.184.215.14", 5432))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: told)

    with pytest.raises(errors.NotAllowed, match="verify-full"):
        egress.postgresql(
            "postgresql://r@db.example/x?sslmode=require", allow=(), connect_s=1, application="tests"
        )


def test_no_password_stands_in_an_error(core: Lender) -> None:
    """Neither of an address that nobody can read nor of one where nobody answers."""
    for url in ("postgresql://r:hushhush@[::1", f"postgresql://r:hushhush@/x?host={core.folder}&port=1"):
        with pytest.raises(errors.DulyError) as failed:
            egress.postgresql(url, allow=(core.folder,), connect_s=1, application="tests")
        assert "hushhush" not in f"{failed.value} {failed.value.remedy}"
        assert failed.value.__suppress_context__
