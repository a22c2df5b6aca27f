"""Books of any size to be measured: about 12 instalments and 5.5 payments an account, a fifth of them overdue.

manifest = book.a_book(Path("build/book1m"), accounts=1_000_000)
"""

from __future__ import annotations

import contextlib
import hmac
from datetime import date
from pathlib import Path

from duly.app import init
from duly.book import read, snapshot
from duly.model.party import Actor, Duty
from duly.project import folder

ON = date(2031, 11, 24)  # as benches.lender has it
SEED = 7
TERMS = (6, 12, 12, 18)  # months; twelve instalments an account
_ACTOR = Actor(name="bench", duties=frozenset({Duty.ENGINEER, Duty.OPERATIONS}))


def a_project(place: Path, *, accounts: int) -> init.Made:
    """A project folder with its files in the folder `place`, which must not exist; nothing is loaded."""
    return init.init(_ACTOR, place, pack="cn", accounts=accounts, seed=SEED, on=ON, terms=TERMS)


def a_book(place: Path, *, accounts: int) -> snapshot.Manifest:
    """A project in the folder `place`, and its snapshot below `.duly/book`, without any database or vault.

    Where the project is there already, what is there is used; a snapshot that this version cannot read is not.
    """
    if not place.exists():
        a_project(place, accounts=accounts)
    project, problems = folder.load(place)
    if project is None:
        raise ValueError(problems)
    written = sorted((project.state / "book").glob("*/" + snapshot.MANIFEST))
    for one in written:
        with contextlib.suppress(snapshot.BookDamaged):
            return snapshot.load(one.parent)
    loaded, problems = read.load(project.root, project.book, as_of=ON, blind=_blind)
    if loaded is None:
        raise ValueError(problems)
    sources = loaded.sources
    return snapshot.write_in_ranges(
        sources.book, sources.height, project.state / "book", as_of=ON, as_of_event=0, feeds=loaded.feeds
    )


def _blind(value: str) -> str:
    return hmac.digest(b"bench", value.encode(), "sha256")[:16].hex()
