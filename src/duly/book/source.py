"""The section `sql` of book.yaml: which database of the lender's is asked, for how long, and where it may be.

Refuses an address or a password: only the name of a variable of the environment stands in the folder.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

import yaml

from duly.book.sheet import Sheet
from duly.errors import Problem
from duly.model.said import say

_VARIABLE = re.compile(r"\$([A-Z][A-Z0-9_]{0,63})")
FOLDER = "queries"
QUERY = "query"  # the format of a feed that a database answers
_KEYS = ("database", "timeout_seconds", "connect_seconds", "allow_private")


@dataclass(frozen=True, kw_only=True)
class Source:
    """`variable` holds the address. `allow_private` are networks, and folders of sockets, that may be reached."""

    variable: str
    timeout_seconds: int = 600
    connect_seconds: int = 10
    allow_private: tuple[str, ...] = ()


def is_query(file: str | None) -> bool:
    """Whether a control comes from a query."""
    return file is not None and file.endswith(".sql")


def check_place(sheet: Sheet, node: yaml.Node, path: str) -> None:
    """A query stands in the folder of queries, so that it is read and digested with the project."""
    if not path.startswith(f"{FOLDER}/") or not path.endswith(".sql"):
        what = say("`{path}` is no .sql file in the folder `{folder}`", path=path, folder=FOLDER)
        sheet.refuse(node, "query", what, say("Put it there, as queries/payments.sql."))


def read(sheet: Sheet, root: yaml.Node, node: yaml.Node | None, *, asks: bool) -> Source | None:
    """The section under `node` of the file, which is there where a query is to be asked (`asks`), and only there."""
    if node is None and asks:
        what = say("a query is to be asked, and no database is named")
        sheet.refuse(root, "sql.missing", what, say("Add `sql:` with `database: $LENDER_DATABASE_URL`."))
    if node is None:
        return None
    if not asks:
        what = say("a database is named, and nothing is asked of it")
        sheet.refuse(node, "sql.unused", what, say("Give a feed its `query_file`, or remove `sql`."))
    keys = sheet.keys(node, _KEYS)
    variable = _variable(sheet, node, keys.get("database"))
    timeout = sheet.whole(keys["timeout_seconds"], 7200) if "timeout_seconds" in keys else 600
    waiting = sheet.whole(keys["connect_seconds"], 120) if "connect_seconds" in keys else 10
    allowed = sheet.texts(keys["allow_private"]) if "allow_private" in keys else []
    for place in allowed:
        if not _is_place(place):
            what = say("`{place}` is neither a network nor a folder of a socket", place=place)
            remedy = say("Write it as 10.20.0.0/16, or as /var/run/postgresql.")
            sheet.refuse(keys["allow_private"], "allow_private", what, remedy)
    if timeout == 0 or waiting == 0:
        what = say("a time-out of 0 would wait for ever")
        sheet.refuse(node, "sql.timeout", what, say("Write the seconds, as 600."))
    if variable is None or not timeout or not waiting:
        return None
    return Source(
        variable=variable, timeout_seconds=timeout, connect_seconds=waiting, allow_private=tuple(allowed)
    )


def _variable(sheet: Sheet, node: yaml.Node, told: yaml.Node | None) -> str | None:
    text = sheet.text(told) if told is not None else ""
    found = _VARIABLE.fullmatch(text or "")
    if found is None and text is not None:
        _refuse_written_out(sheet, told or node, hidden=told is not None)
    return found[1] if found else None


def _refuse_written_out(sheet: Sheet, node: yaml.Node, *, hidden: bool) -> None:
    """The line may hold a password, so it is not shown again."""
    line = node.start_mark.line + 1
    if not hidden:
        what = say("`{key}` is missing here", key="database")
        sheet.refuse(node, "key.missing", what, say("Add `sql:` with `database: $LENDER_DATABASE_URL`."))
        return
    sheet.problems.append(
        Problem(
            code="book.secret",
            file=sheet.file,
            line=line,
            excerpt="database ********",
            what=say("`{key}` is written out in this file, which is kept in git", key="database"),
            remedy=say(
                'Write "${name}" and set that variable where duly runs; '
                "then change the secret, it has been published.",
                name="LENDER_DATABASE_URL",
            ),
        )
    )


def _is_place(text: str) -> bool:
    if text.startswith("/"):
        return True
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
