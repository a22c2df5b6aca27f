"""What happened to an account, day by day, in words: what was done, what was not, and why.

Told from what was recorded at the time, the decisions of each plan and the rows of the outbox; today's book,
strategy and law are not asked. Only who adopted the row of the law behind a decision is told as it stands now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import psycopg
from psycopg.rows import dict_row

from duly import errors
from duly.app import adoption, pasts, premises, words
from duly.model.money import Money
from duly.model.party import Actor
from duly.model.said import Said, say
from duly.plan import explain
from duly.run import installation
from duly.store import sql
from duly.text import fields

_SQL = sql.load()


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that happened, or that was decided not to.

    `kind` is plan, message, receipt, reply, event, stage, or imported: what another system says happened.
    """

    day: date
    at: datetime | None
    kind: str
    person: str
    says: str | Said


@dataclass(frozen=True, kw_only=True)
class Story:
    """Everything recorded of an account, in order."""

    account: str
    lines: tuple[Line, ...]


def tell(actor: Actor, folder: Path, *, account: str, locale: str, environ: Mapping[str, str]) -> Story:
    """The story of an account. Raises WrongUsage for one of which nothing was ever recorded."""
    del actor  # anybody may ask why
    with premises.opened(folder, environ) as opened:
        return tell_opened(opened, account=account, locale=locale)


def tell_opened(opened: installation.Installation, *, account: str, locale: str) -> Story:
    """`tell` in an installation that is open already."""
    with opened.connect() as connection:
        lines = [
            *_decided(opened, connection, account, locale),
            *_messages(opened, connection, account),
            *_events(opened, connection, account),
            *_stages(connection, account),
            *_imported(opened, connection, account),
        ]
    if not lines:
        raise errors.WrongUsage(
            say("nothing was ever recorded of account {account}", account=account),
            remedy=say("Look at the account's id; the first plan that sees it records something."),
        )
    # Within a day: what was decided first, then what happened, in its own order.
    ordered = sorted(
        lines, key=lambda line: (line.day, line.kind != "plan", line.at is not None, str(line.at))
    )
    return Story(account=account, lines=tuple(ordered))


def _decided(
    opened: installation.Installation, connection: psycopg.Connection[Any], account: str, locale: str
) -> Iterator[Line]:
    zone = opened.project.settings.zone
    with connection.cursor(row_factory=dict_row) as cursor:
        plans = cursor.execute(_SQL["all_plans"]).fetchall()
    last: dict[str, tuple[date, tuple[str, ...]]] = {}
    for plan in plans:
        path = Path(plan["decisions_path"])
        if not path.is_file():
            yield Line(
                day=plan["day"],
                at=None,
                kind="plan",
                person="",
                says=say("The decisions of this plan ({path}) are not on this machine.", path=path.name),
            )
            continue
        rows = pl.scan_parquet(path).filter(pl.col("account") == account).collect()
        for row in rows.iter_rows(named=True):
            adopted = adoption.sentence(opened.project, row["rule"], row["version"], locale)
            told = (*explain.sentences(row, locale, zone=zone), *([adopted] if adopted else []))
            if last.get(row["person"]) == (plan["day"], told):
                continue  # planned again on the same day, with the same answer
            last[row["person"]] = (plan["day"], told)
            yield Line(day=plan["day"], at=None, kind="plan", person=row["person"], says=" ".join(told))


def _messages(
    opened: installation.Installation, connection: psycopg.Connection[Any], account: str
) -> Iterator[Line]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["story_of_messages"], {"account": account}).fetchall()
        receipts = cursor.execute(
            _SQL["story_of_receipts"], {"keys": [row["key"] for row in rows]}
        ).fetchall()
        closed = cursor.execute(_SQL["story_of_doubts"], {"keys": [row["key"] for row in rows]}).fetchall()
    ended = set()
    for row in rows:
        if row["permitted_at"] is not None:
            yield _handed_over(opened, row)
        version = (bytes(row["key"]), row["version"])
        if row["ended"] is not None and version not in ended:
            ended.add(version)  # once, however often it had been handed over and given back before
            yield _ended(opened, row)
    owners = {bytes(row["key"]): row for row in rows}
    for doubt in closed:
        yield _no_more_waited_for(opened, doubt, owners[bytes(doubt["key"])])
    told: dict[tuple[bytes, str], list[Mapping[str, Any]]] = {}
    for receipt in receipts:
        told.setdefault((bytes(receipt["key"]), receipt["arrival"]), []).append(receipt)
    for (key, arrival), same in told.items():
        last = max(same, key=lambda one: one["at"])
        yield _line(
            opened,
            last["at"],
            "receipt",
            owners[key]["person"],
            say(
                "The carrier says that {notice} by {channel} was {arrival}: {parts} receipt(s), the last {state}, "
                "known by {provenance}.",
                notice=owners[key]["notice"],
                channel=words.said(owners[key]["channel"]),
                arrival=words.said(arrival),
                parts=len(same),
                state=last["state"],
                provenance=words.said(last["provenance"]),
            ),
        )


def _handed_over(opened: installation.Installation, row: Mapping[str, Any]) -> Line:
    minor, due_on = fields.demanded(row["notice"], row["fields"])
    amount = Money(minor=minor, currency=str(row["fields"]["currency"]))
    permit = {"route": row["permit_route"], "at": row["permitted_at"], "not_after": row["permit_not_after"]}
    if opened.gate_keys.gave({**row, **permit}):
        says = say(
            "Handed over: {notice} by {channel} on route {route}, occurrence {occurrence}, over {amount}, "
            "due on {due_on}; {count} rules were asked and none stood in the way. The carrier's answer: {outcome}.",
            notice=row["notice"],
            channel=words.said(row["channel"]),
            route=row["route"],
            occurrence=row["occurrence"],
            amount=f"{amount.currency} {amount.plain()}",
            due_on=due_on,
            count=len(row["verdict"]["because"]),
            outcome=words.said(row["outcome"]) if row["outcome"] else say("none yet"),
        )
    else:
        says = say(
            "Somebody wrote a permit for {notice} by {channel} that the gate did not give; nothing left by it.",
            notice=row["notice"],
            channel=words.said(row["channel"]),
        )
    return _line(opened, row["permitted_at"], "message", row["person"], says)


def _no_more_waited_for(
    opened: installation.Installation, doubt: Mapping[str, Any], owner: Mapping[str, Any]
) -> Line:
    what = {"notice": owner["notice"], "channel": words.said(owner["channel"])}
    if doubt["basis"] == "time":
        says = say(
            "Nobody said in time what became of {notice} by {channel}; it counts, and is waited for no more.",
            **what,
        )
    else:
        says = say(
            "What became of {notice} by {channel} stays unknown, as {people} decided: {reason}.",
            people=" + ".join(doubt["approved_by"]),
            reason=doubt["reason"],
            **what,
        )
    return _line(opened, doubt["at"], "receipt", owner["person"], says)


def _ended(opened: installation.Installation, row: Mapping[str, Any]) -> Line:
    what = {"notice": row["notice"], "channel": words.said(row["channel"])}
    if row["ended"] == "superseded" and row["ended_code"] == "withdrawn":
        says = say("Not handed over: {notice} by {channel}; a later plan withdrew it.", **what)
    elif row["ended"] == "superseded":
        says = say("Not handed over: {notice} by {channel}; a later plan says it in another way.", **what)
    else:
        because = words.listed(
            str(word) for word in (row["ended_code"], row["ended_rule"], row["ended_fact"]) if word
        )
        says = say(
            "Not handed over: {notice} by {channel} was {ended} at the gate ({because}).",
            **what,
            ended=words.said(row["ended"]),
            because=because,
        )
    return _line(opened, row["ended_at"], "message", row["person"], says)


def _events(
    opened: installation.Installation, connection: psycopg.Connection[Any], account: str
) -> Iterator[Line]:
    with connection.cursor(row_factory=dict_row) as cursor:
        persons = [
            row["person"] for row in cursor.execute(_SQL["liable_of"], {"accounts": [account]}).fetchall()
        ]
        replies = cursor.execute(_SQL["story_of_replies"], {"persons": persons}).fetchall()
        events = cursor.execute(_SQL["story_of_events"], {"account": account, "persons": persons}).fetchall()
    for reply in replies:
        yield _line(
            opened,
            reply["at"],
            "reply",
            reply["person"],
            say(
                "The debtor answered; read as {intent} with confidence {confidence}.",
                intent=words.said(reply["intent"]),
                confidence=reply["confidence"],
            ),
        )
    for event in events:
        what = words.said(str(event["detail"])) if event["amount_minor"] is None else event["amount_minor"]
        yield _line(
            opened,
            event["at"],
            "event",
            event["person"] or "",
            say(
                "Known from {source}: {kind} {what}, from {on}.",
                source=words.said(event["source"]),
                kind=words.said(event["kind"]),
                what=what,
                on=event["on_date"],
            ),
        )


def _stages(connection: psycopg.Connection[Any], account: str) -> Iterator[Line]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_SQL["story_of_stages"], {"account": account}).fetchall()
        cases = cursor.execute(_SQL["story_of_cases"], {"account": account}).fetchall()
    for case in cases:
        yield Line(
            day=case["on_day"],
            at=None,
            kind="stage",
            person="",
            says=say(
                "Case {case}: {event}, now {state}.",
                case=case["case"],
                event=words.said(case["event"]),
                state=words.said(case["to_state"]),
            ),
        )
    for row in rows:
        yield Line(day=row["on_day"], at=None, kind="stage", person=row["person"], says=pasts.stage(row))


def _imported(
    opened: installation.Installation, connection: psycopg.Connection[Any], account: str
) -> Iterator[Line]:
    for told in pasts.of_account(connection, account):
        yield _line(opened, told.at, "imported", told.person, told.says)


def _line(opened: installation.Installation, at: datetime, kind: str, person: str, says: Said) -> Line:
    local = at.astimezone(ZoneInfo(opened.project.settings.zone))
    return Line(day=local.date(), at=local, kind=kind, person=person, says=says)
