"""`duly law show`, `law ask`, `law test` and `law status`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from duly.cli import language, options
from duly.cli import show as door
from duly.cli.language import tr
from duly.errors import ProjectRefused
from duly.model.party import Actor

if TYPE_CHECKING:
    from duly.app import law as app
    from duly.app import standings


def show(
    *,
    rule: Annotated[
        str,
        typer.Argument(metavar="[RULE]", help=tr("The id of a rule; left out, shows them all in a table.")),
    ] = "",
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], metavar="DAY", help=tr("The day; today if left out.")),
    ] = None,
    pack: Annotated[
        str | None,
        typer.Option(
            "--pack", metavar="PACK", help=tr("A pack that comes with duly, instead of the project's own.")
        ),
    ] = None,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Show the law that is pinned: all rules in a table, or one in sentences with its source."""
    from duly.app import law as app

    # The law is read by anybody, also where there is no project that could say who he is.
    actor = Actor(name=options.who(name), duties=frozenset())
    day = on.date() if on is not None else datetime.now().astimezone().date()
    with door.Screen(as_json=as_json) as screen:
        found = app.shelf(actor, folder, name=pack)
        screen.put("on", day)
        if rule:
            _rule(screen, app.tell(found, rule, day, locale=language.chosen()), day)
            return
        screen.table(
            "rules",
            (
                door.Column(key="rule", title=tr("Rule")),
                door.Column(key="says", title=tr("What it says")),
                door.Column(key="standing", title=tr("Status")),
                door.Column(key="reading", title=tr("Reading")),
                door.Column(key="since", title=tr("Since")),
                door.Column(key="effect", title=tr("Effect")),
                door.Column(key="pack", title=tr("Pack")),
            ),
            [
                (one.rule, one.says, one.standing, app.reading(one.reading), one.since, one.effect, one.pack)
                for one in app.rows(found, day, locale=language.chosen())
            ],
        )
        screen.say(tr("A draft was not read by a qualified person in the official text."))
        screen.say(tr("`duly law show RULE` tells one in full, with its source."))


def ask(
    *,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE|-", help=tr("A file with a question, or an array of them; - is standard input.")
        ),
    ],
) -> None:
    """Ask the law about acts: JSON in, one JSON verdict for each out."""
    from duly.app import questions

    # The law is asked by anybody, also where there is no project that could say who he is.
    actor = Actor(name="", duties=frozenset())
    written = sys.stdin.buffer.read() if file == "-" else questions.from_file(Path(file))
    try:
        answer = questions.ask(actor, written, file=file, locale=language.chosen())
    except ProjectRefused as refused:
        # Whoever asks in JSON is a program: what is wrong is told in JSON too.
        with door.Screen(as_json=True) as screen:
            screen.problems(refused.problems)
        raise typer.Exit(1) from refused
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")


def try_pack(
    *,
    pack: Annotated[
        str,
        typer.Argument(metavar="PACK", help=tr("A pack that comes with duly, or the folder of one.")),
    ],
    as_json: options.Json = False,
) -> None:
    """Run a pack's own tests through both readings."""
    from duly.app import law as app

    actor = Actor(name="", duties=frozenset())
    with door.Screen(as_json=as_json) as screen:
        tried = app.try_pack(actor, pack)
        failed = [one for one in tried if one.differences]
        for one in failed:
            screen.say(tr("{place}: {name}", place=f"{one.file}:{one.line}", name=one.name), style="bold red")
            for difference in one.differences:
                screen.say(f"        {difference}")
        screen.put("tests", len(tried))
        screen.put("hold", len(tried) - len(failed))
        screen.put(
            "failed",
            [
                {
                    "name": one.name,
                    "rules": one.rules,
                    "file": one.file,
                    "line": one.line,
                    "differences": one.differences,
                }
                for one in failed
            ],
        )
        screen.say(
            tr(
                "{hold} of {tests} tests hold in both readings",
                hold=len(tried) - len(failed),
                tests=len(tried),
            )
        )
        if failed:
            raise typer.Exit(1)


def status(
    *,
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], metavar="DAY", help=tr("The day; today if left out.")),
    ] = None,
    folder: options.Folder = Path(),
    name: options.Name = None,
    as_json: options.Json = False,
) -> None:
    """Show how the pinned law stands: in use, adopted, drafts, numbers not set, and until when it was reviewed."""
    from duly.app import law as app
    from duly.app import standings

    actor = Actor(name=options.who(name), duties=frozenset())
    day = on.date() if on is not None else datetime.now().astimezone().date()
    with door.Screen(as_json=as_json) as screen:
        found = app.shelf(actor, folder)
        binding = standings.binding(found, day, locale=language.chosen())
        reviews = standings.reviews(found, binding, day)
        screen.put("on", day)
        screen.table(
            "packs",
            (
                door.Column(key="pack", title=tr("Pack")),
                door.Column(key="as_of", title=tr("Of")),
                door.Column(key="in_force", title=tr("Rules in force"), right=True),
                door.Column(key="in_use", title=tr("In use here"), right=True),
                door.Column(key="unadopted", title=tr("Of these not adopted"), right=True),
                door.Column(key="drafts", title=tr("Drafts"), right=True),
                door.Column(key="unset", title=tr("Numbers not set"), right=True),
                door.Column(key="reviewed_until", title=tr("Reviewed until")),
                door.Column(key="past", title=tr("Past it")),
            ),
            [
                (
                    one.pack,
                    one.as_of,
                    one.in_force,
                    one.in_use,
                    one.unadopted,
                    one.drafts,
                    one.unset,
                    one.reviewed_until,
                    one.past,
                )
                for one in reviews
            ],
        )
        screen.table(
            "rules",
            (
                door.Column(key="rule", title=tr("Rule")),
                door.Column(key="says", title=tr("What it says")),
                door.Column(key="reading", title=tr("Reading")),
                door.Column(key="since", title=tr("Since")),
                door.Column(key="in_use", title=tr("In use here")),
                door.Column(key="adopted", title=tr("Adopted")),
                door.Column(key="number", title=tr("The lender's own number")),
                door.Column(key="lifted", title=tr("Lifted by decision")),
                door.Column(key="pack", title=tr("Pack")),
            ),
            [
                (
                    one.rule,
                    one.says,
                    app.reading(one.reading),
                    one.since,
                    one.speaks,
                    standings.adopted(one),
                    standings.number(one),
                    one.lifted,
                    one.pack,
                )
                for one in binding
            ],
        )
        unset = [one for one in binding if one.number is False]
        screen.put("unset", [{"rule": one.rule, "remedy": standings.mend(one)} for one in unset])
        for one in unset:
            screen.say(standings.unset(one), style="bold red")
            screen.say(f"  {tr(standings.mend(one))}")
        _unadopted(screen, binding)
        past = [each for each in reviews if each.past]
        screen.put("past", [each.pack for each in past])
        for each in past:
            screen.say(
                tr(
                    "{pack} was reviewed until {day}; what the law has changed since is not in it.",
                    pack=each.pack,
                    day=each.reviewed_until,
                ),
                style="bold red",
            )
        screen.say(tr("A draft was not read by a qualified person in the official text."))


def _unadopted(screen: door.Screen, binding: Sequence[standings.Standing]) -> None:
    """What production asks to be adopted; and what was, in another text than it has now."""
    from duly.app import standings as app

    lacking = [one for one in binding if one.open]
    changed = [one for one in lacking if app.changed(one)]
    screen.put("unadopted", [one.rule for one in lacking])
    screen.put("changed", [one.rule for one in changed])
    for one in changed:
        screen.say(tr("{rule}: {state}.", rule=one.rule, state=tr(app.adopted(one))), style="bold red")
    if lacking:
        screen.say(
            tr(
                "{count} rules in use are not adopted as they are. Each blocks all the same; for production, "
                "have counsel read them and run `duly law adopt RULE`.",
                count=len(lacking),
            )
        )


def _rule(screen: door.Screen, told: app.Told, day: date) -> None:
    from duly.app import law as app
    from duly.app import standings

    whole, text = told.portrait, told.portrait.text
    screen.say(f"{whole.id}  {whole.title}", style="bold")
    screen.gap()
    screen.facts(
        "rule",
        {
            "rule": (tr("Rule"), whole.id),
            "pack": (tr("Pack"), told.pack),
            "title": (tr("What it says"), whole.title),
            "demands": (tr("What it demands"), text.demands),
            "applies": (tr("To what it applies"), text.applies),
            "jurisdiction": (tr("Where"), whole.jurisdiction),
            "lifted_by": (tr("What lifts it"), whole.lifted_by or None),
            "effect": (tr("What it does"), whole.effect or None),
            "standing": (tr("Status on {day}", day=day), app.in_words(text.standing)),
            "since": (tr("From"), text.since),
            "until": (tr("Until"), text.until),
            "confidence": (tr("Confidence"), text.confidence),
            "authority": (tr("Whose word it is"), whole.authority),
            "instrument": (tr("Instrument"), text.cite.instrument),
            "article": (tr("Article"), text.cite.article),
            "link": (tr("Link"), text.cite.link),
            "quote": (tr("Its words"), text.cite.quote),
            "read_on": (tr("Read on"), text.cite.read_on),
            "note": (tr("Note"), text.note or None),
            "see": (tr("See also"), whole.see or None),
            "own_number": (tr("The lender's own number"), app.own_number(told)),
            "lift": (tr("Lifted by decision"), app.lifted(told)),
            "adopted": (tr("Adopted"), standings.told(told)),
        },
        known_only=True,
    )
    screen.put("reading", text.reading)
    if len(whole.texts) == 1 and not screen.as_json:
        return  # it was told above
    screen.table(
        "versions",
        (
            door.Column(key="since", title=tr("From")),
            door.Column(key="until", title=tr("Until")),
            door.Column(key="standing", title=tr("Status on {day}", day=day)),
            door.Column(key="reading", title=tr("Reading")),
            door.Column(key="demands", title=tr("What it demands")),
            door.Column(key="applies", title=tr("To what it applies")),
            door.Column(key="cite", title=tr("Source")),
        ),
        [
            (
                one.since,
                one.until,
                app.in_words(one.standing),
                app.reading(one.reading),
                one.demands,
                one.applies or None,
                one.cite.brief(),
            )
            for one in whole.texts
        ],
        title=tr("All its versions"),
    )
