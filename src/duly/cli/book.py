"""`duly book show`, `duly book stats` and `duly book diff`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from duly.cli import options, show
from duly.cli.language import tr

_MOST = 10


def holdings(
    *,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help=tr("The lender's id of the account."))],
    reason: Annotated[
        str | None,
        typer.Option(
            "--reason",
            metavar="WORDS",
            help=tr("Why you have names, numbers and addresses opened; it is recorded in the evidence."),
        ),
    ] = None,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Show what the book holds of one account; personal data only for a reason that is recorded."""
    from duly.app import holdings as app
    from duly.app import people

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        held = app.show(actor, folder, account=account, reason=reason, environ=os.environ)
        screen.put("account", held.account)
        screen.put("manifest", held.manifest)
        screen.put("horizon", held.horizon)
        screen.put("opened", held.opened)
        screen.say(tr("Account {account}", account=held.account), style="bold")
        # The columns are those of docs/reference/book.md, in every language: that is what one searches for.
        screen.facts("terms", {key: (key, value) for key, value in held.terms.items()})
        _rows(
            screen,
            "parties",
            [
                {"person": one.person, "role": one.role, "liable": one.liable, "name": one.name}
                for one in held.parties
            ],
        )
        for frame, rows in held.tables.items():
            _rows(screen, frame, rows)
        _rows(screen, "contacts", [{**one.facts, "value": one.value} for one in held.points])
        if not held.opened:
            screen.say(tr("Names and contact values are sealed; --reason has them opened and is recorded."))


def _rows(screen: show.Screen, key: str, rows: Sequence[Mapping[str, object]]) -> None:
    """A frame as a table, without the columns that say nothing of any row; JSON has them all."""
    told = [column for column in (rows[0] if rows else ()) if any(row[column] is not None for row in rows)]
    if rows:
        screen.table(
            key,
            [show.Column(key=column, title=column) for column in told],
            [[row[column] for column in told] for row in rows],
            title=key,
        )
    screen.put(key, [dict(row) for row in rows])


def stats(
    *,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Show what the book comes to, beside the snapshot before."""
    from duly.app import holdings as app
    from duly.app import people
    from duly.model.money import Money

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        with screen.progress(tr("Files of buckets"), 0) as step:
            now, before = app.count(actor, folder, environ=os.environ, progress=step.reach)
        both = [now] if before is None else [now, before]
        titles = [tr("Now"), tr("Snapshot before")]
        lines: list[tuple[str, list[object]]] = [
            (tr("Snapshot"), [one.manifest for one in both]),
            (tr("On"), [one.on for one in both]),
            (tr("Loaded as of"), [one.as_of for one in both]),
            (tr("Events since"), [one.events for one in both]),
            (tr("Accounts"), [one.census.accounts for one in both]),
            (tr("Persons"), [one.census.persons for one in both]),
            (tr("Overdue accounts"), [one.census.overdue for one in both]),
            (tr("Share overdue"), [_percent(one.census.overdue_ppm) for one in both]),
        ]
        for currency in sorted({currency for one in both for currency in one.census.overdue_minor}):
            sums = [one.census.overdue_minor.get(currency, 0) for one in both]
            lines.append((tr("Overdue"), [Money(minor=minor, currency=currency) for minor in sums]))
        lines += [(frame, [one.census.rows[frame] for one in both]) for frame in now.census.rows]
        screen.table(
            "totals",
            [
                show.Column(key="what", title=""),
                *(
                    show.Column(key=key, title=title, right=True)
                    for key, title in zip(("now", "before"), titles[: len(both)], strict=False)
                ),
            ],
            [(what, *values) for what, values in lines],
        )
        for by in ("creditor", "product", "dpd_bucket", "status"):
            _groups(screen, by, both)
        screen.table(
            "feeds",
            (
                show.Column(key="feed", title=tr("Feed")),
                show.Column(key="watermark", title=tr("Up to")),
                show.Column(key="rows", title=tr("Rows"), right=True),
                show.Column(key="quarantined", title=tr("Rows in quarantine"), right=True),
            ),
            [(one.name, one.watermark, one.rows, one.quarantined) for one in now.feeds],
            title=tr("Feeds"),
        )
        screen.put("now", _json(now))
        screen.put("before", None if before is None else _json(before))


def _groups(screen: show.Screen, by: str, both: Sequence[object]) -> None:
    from duly.app.holdings import Counted
    from duly.model.money import Money

    counted = [one for one in both if isinstance(one, Counted)]
    told = [{(g.value, g.currency): g for g in one.census.groups if g.by == by} for one in counted]
    rows = []
    for value, currency in sorted({key for groups in told for key in groups}):
        cells: list[object] = []
        for groups in told:
            group = groups.get((value, currency))
            minor = 0 if group is None else group.overdue_minor
            cells += [0 if group is None else group.accounts, 0 if group is None else group.overdue]
            cells.append(Money(minor=minor, currency=currency))
        rows.append((value or None, *cells))
    columns = [show.Column(key=by, title=by)]
    for place, _ in enumerate(told):
        mark = "" if place == 0 else tr(" before")
        key = "" if place == 0 else "_before"
        columns += [
            show.Column(key=f"accounts{key}", title=tr("Accounts") + mark, right=True),
            show.Column(key=f"overdue{key}", title=tr("Overdue accounts") + mark, right=True),
            show.Column(key=f"sum{key}", title=tr("Overdue") + mark, right=True),
        ]
    screen.table(f"by_{by}", columns, rows)


def _json(counted: object) -> dict[str, object]:
    from dataclasses import asdict

    from duly.app.holdings import Counted

    if not isinstance(counted, Counted):
        raise TypeError("a book is counted")
    return {**asdict(counted), "overdue_ppm": counted.census.overdue_ppm}


def _percent(ppm: int) -> str:
    return f"{ppm // 10_000}.{ppm % 10_000 // 100:02d} %"


def diff(
    *,
    before: Annotated[
        str, typer.Argument(metavar="BEFORE", help=tr("A snapshot: how its digest begins, or `before`."))
    ] = "before",
    after: Annotated[
        str, typer.Argument(metavar="AFTER", help=tr("A snapshot: how its digest begins, or `now`."))
    ] = "now",
    most: Annotated[
        int, typer.Option("--most", min=0, help=tr("How many rows of a kind to show; JSON has all."))
    ] = _MOST,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Show what was added, removed and changed between two snapshots."""
    from dataclasses import asdict

    from duly.app import holdings as app
    from duly.app import people

    actor = people.recognise(folder, options.who(name))
    with show.Screen(as_json=as_json) as screen:
        found = app.compare(actor, folder, before=before, after=after, environ=os.environ)
        screen.put("before", found.before)
        screen.put("after", found.after)
        screen.put("folded", found.folded)
        screen.say(tr("{before} → {after}", before=found.before[:16], after=found.after[:16]), style="bold")
        if found.folded:
            screen.say(tr("Both go back to one load: only what was told as it happened differs."))
        screen.table(
            "counts",
            (
                show.Column(key="frame", title=tr("Rows of")),
                show.Column(key="added", title=tr("Added"), right=True),
                show.Column(key="removed", title=tr("Removed"), right=True),
                show.Column(key="changed", title=tr("Changed"), right=True),
            ),
            [(one.frame, *one.counts) for one in found.differences],
        )
        for one in found.differences:
            for sign, changes in (("+", one.added), ("-", one.removed), ("~", one.changed)):
                for change in changes[:most]:
                    screen.say(f"{sign} {one.frame} {_line(change)}")
                if len(changes) > most:
                    screen.say(tr("  … and {count} more", count=len(changes) - most), style="dim")
        screen.put("differences", [asdict(one) for one in found.differences])


def _line(change: object) -> str:
    from duly.app.holdings import Change

    if not isinstance(change, Change):
        raise TypeError("a change is shown")
    named = " ".join(f"{key}={show.plain(value)}" for key, value in change.named.items() if value is not None)
    moved = ", ".join(
        f"{key}: {show.plain(change.was.get(key))} → {show.plain(change.now.get(key))}"
        for key in dict.fromkeys([*change.was, *change.now])
        if change.was and change.now
    )
    return f"{named}  {moved}".rstrip()
