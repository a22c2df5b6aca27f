"""The log and an older database made one again: what the log kept is taken in, and nothing leaves until people look.

In one transaction the entries that the database lacks get their rows and places, the chains of their cases move on,
everybody who may have been written to is held, and everything is halted. Then the sequencer begins a new term on
the longer tree: what was signed stays true, and no tree is ever signed beside it.
Refuses to guess what the lost time held: what an entry said is gone with the rows that opened it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from duly import errors
from duly.evidence import log
from duly.model.said import say
from duly.run import caution, clock, halt, installation, lapse, locks, sequencer, statement
from duly.store import connect, sql

_SQL = sql.load()


def reunite(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    found: lapse.Lapse,
    *,
    by: Sequence[str],
) -> caution.Recovery:
    """Take in what the log kept, hold, halt, and begin a new term. `by` are the two who signed `found.digest`.

    Raises LogBusy while another process writes the log, EvidenceBroken where the two are not one history.
    """
    evidence = opened.log()
    try:
        standing = evidence.recover(found.database, lambda _start, _stop: ())
        if standing.standing is not log.Standing.RECOVERING or standing.files != found.files:
            raise errors.EvidenceBroken(
                say("the log moved while it was looked at"), remedy=say("Look again: `duly recover`.")
            )
        if opened.project.settings.invented and found.lost_until is not None:
            clock.advance_to(connection, found.lost_until)  # its clock came back with the backup
        with connect.transaction(connection):
            locks.take_book(connection)
            if lapse.head(connection) != found.database:
                raise errors.EvidenceBroken(
                    say("the database moved while it was looked at"),
                    remedy=say("Look again: `duly recover`."),
                )
            number = _take_in(opened, connection, found, by=by)
    finally:
        evidence.close()
    placing = sequencer.Sequencer(opened.log())
    try:
        placing.drain(connection)
    finally:
        placing.close()
    made = caution.last(connection)
    if made is None or made.number != number:
        raise errors.DatabaseRefused(
            say("the recovery was not written"), remedy=say("Look at the PostgreSQL log.")
        )
    return made


def _take_in(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    found: lapse.Lapse,
    *,
    by: Sequence[str],
) -> int:
    for part in lapse.leaves(opened, found.database, found.files):
        cases = lapse.cases_of(connection, part)
        lapse.refuse_other_history(connection, part, cases)
        _place(opened, connection, part)
        _chain(opened, connection, part, {name: case for name, (case, _, _) in cases.items()})
    moved = connection.execute(
        _SQL["swap_head"],
        {
            "size": found.files.size,
            "root": found.files.root,
            "epoch": found.files.epoch,
            "old_size": found.database.size,
            "old_root": found.database.root,
            "old_epoch": found.database.epoch,
        },
    ).fetchone()
    if moved is None:
        raise log.LogBusy(
            "The head of the log moved under us.", remedy="Another sequencer runs; stop it, and look again."
        )
    connection.execute(_SQL["revoke_keys"], {"fingerprints": sorted(found.revoked)})
    now = caution.now_in(opened, connection)
    number = _halt(opened, connection, found)
    row = connection.execute(
        _SQL["record_recovery"],
        {
            "at": now,
            "database_size": found.database.size,
            "database_root": found.database.root,
            "database_epoch": found.database.epoch,
            "log_size": found.files.size,
            "log_root": found.files.root,
            "log_epoch": found.files.epoch,
            "everybody": found.everybody,
            "digest": found.digest,
            "approved_by": list(by),
            "halt": number,
        },
    ).fetchone()
    if row is None:
        raise errors.DatabaseRefused(
            say("the recovery was not written"), remedy=say("Look at the PostgreSQL log.")
        )
    caution.hold(opened, connection, int(row[0]), found.persons, now)
    return int(row[0])


def _place(
    opened: installation.Installation, connection: psycopg.Connection[Any], part: Sequence[lapse.Leaf]
) -> None:
    """Rows and places of the entries; those that waited when the backup was made have their rows."""
    days = {leaf.id: opened.recorder.day_of(leaf.at) for leaf in part}
    for day in sorted(set(days.values())):
        connection.execute(_SQL["ensure_day"], {"day": day})
    ids = [leaf.id for leaf in part]
    rows = connection.execute(
        _SQL["entries_known"], {"days": sorted(set(days.values())), "ids": ids}
    ).fetchall()
    known = {row[0]: bytes(row[1]) for row in rows}
    if any(known.get(leaf.id, leaf.raw) != leaf.raw for leaf in part):
        raise errors.EvidenceBroken(
            say("an entry of the database is not the one that the log holds"),
            remedy=say(
                "Keep both as they are, and compare the log with `duly verify`: one of them was changed."
            ),
        )
    fresh = [leaf for leaf in part if leaf.id not in known]
    connection.execute(
        _SQL["entries"],
        {
            "days": [days[leaf.id] for leaf in fresh],
            "ids": [leaf.id for leaf in fresh],
            "at": [leaf.at for leaf in fresh],
            "kinds": [leaf.kind for leaf in fresh],
            "leaves": [leaf.raw for leaf in fresh],
        },
    )
    connection.execute(_SQL["wait_no_more"], {"ids": ids})
    connection.execute(
        _SQL["place"],
        {"places": [leaf.index for leaf in part], "ids": ids, "days": [days[leaf.id] for leaf in part]},
    )


def _chain(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    part: Sequence[lapse.Leaf],
    cases: dict[bytes, str],
) -> None:
    """The entries join the chains of the cases that are known, and the next entry of each goes on from there."""
    links = [(cases[name], number, leaf) for leaf in part for name, number in leaf.links if name in cases]
    connection.execute(
        _SQL["chain_entries"],
        {
            "cases": [case for case, _, _ in links],
            "seqs": [number for _, number, _ in links],
            "ids": [leaf.id for _, _, leaf in links],
            "days": [opened.recorder.day_of(leaf.at) for _, _, leaf in links],
        },
    )
    ends = {case: (number, leaf.hashed) for case, number, leaf in sorted(links, key=lambda link: link[1])}
    connection.execute(
        _SQL["advance_chains"],
        {
            "cases": list(ends),
            "seqs": [number for number, _ in ends.values()],
            "heads": [head for _, head in ends.values()],
        },
    )


def _halt(
    opened: installation.Installation,
    connection: psycopg.Connection[Any],
    found: lapse.Lapse,
) -> int:
    reason = (
        f"the database was put back from a backup: it knew {found.database.size} entries "
        f"(root {found.database.root.hex()[:16]}, term {found.database.epoch}), the log holds {found.files.size} "
        f"(root {found.files.root.hex()[:16]}, term {found.files.epoch})"
    )
    made = halt.stop(
        connection, recorder=opened.recorder, scope="all", value="", reason=reason, by=statement.MACHINE
    )
    return int(made["id"])
