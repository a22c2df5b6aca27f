"""The list of commands, in the order in which one meets them, each with its help in one line.

A new command is a function in a module of this package and a line in `COMMANDS`; its page in
docs/reference/commands.md is generated from here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer
from typer import rich_utils

from duly.cli import (
    adoption,
    approve,
    archive,
    book,
    brakes,
    breaks,
    carriers,
    check,
    clocks,
    compact,
    demo,
    doctor,
    doubts,
    init,
    keys,
    language,
    law,
    load,
    notes,
    proofs,
    quarantine,
    recover,
    replies,
    runs,
    status,
    story,
    trial,
)
from duly.cli.language import tr

PROJECT = tr("The project folder")
DAILY = tr("Every day")
CONTROL = tr("Control")
PROOF = tr("Reasons and evidence")
TRY = tr("To try it")

# What typer itself says on a help page and of a mistake in the command's words.
rich_utils.ARGUMENTS_PANEL_TITLE = tr("Arguments")
rich_utils.OPTIONS_PANEL_TITLE = tr("Options")
rich_utils.COMMANDS_PANEL_TITLE = tr("Commands")
rich_utils.ERRORS_PANEL_TITLE = tr("Error")
rich_utils.REQUIRED_LONG_STRING = tr("[required]")
rich_utils.DEFAULT_STRING = tr("[default: {}]")
rich_utils.ENVVAR_STRING = tr("[env var: {}]")

# Name, panel of the help page, function, what it does.
COMMANDS: tuple[tuple[str, str, Callable[..., None], str], ...] = (
    ("init", PROJECT, init.init, tr("Make a project folder with an invented loan book.")),
    ("check", PROJECT, check.check, tr("Say everything that is wrong with the project, with file and line.")),
    (
        "test",
        PROJECT,
        trial.trial,
        tr("Run the project's own cases: these rows, on this day, these notices."),
    ),
    ("approve", PROJECT, approve.approve, tr("Approve a part of the project with your own key.")),
    ("keys", PROJECT, keys.keys, tr("Show whose keys count, or sign that a lost one be replaced.")),
    ("load", DAILY, load.load, tr("Read the book's files and put them in force.")),
    (
        "quarantine",
        DAILY,
        quarantine.quarantine,
        tr("Show the rows that were left out, or write them to a file to be corrected."),
    ),
    ("plan", DAILY, runs.plan, tr("Show what would be done on a day and why; sends nothing.")),
    ("run", DAILY, runs.run, tr("Plan a day, send, listen, until nothing is left to do.")),
    ("work", DAILY, runs.work, tr("Work until told to stop: plan each day, send, listen.")),
    (
        "compact",
        DAILY,
        compact.compact,
        tr("Fold what was told into the next snapshot, or put old ones away."),
    ),
    (
        "archive",
        DAILY,
        archive.archive,
        tr("Put old days of sending into files, or show which may go."),
    ),
    ("book show", DAILY, book.holdings, tr("Show what the book holds of one account.")),
    ("book stats", DAILY, book.stats, tr("Show what the book comes to, beside the snapshot before.")),
    ("book diff", DAILY, book.diff, tr("Show what differs between two snapshots.")),
    ("pay", DAILY, notes.pay, tr("Tell of a payment that no feed has brought yet.")),
    ("hold", DAILY, notes.hold, tr("Hold an account, or end a hold.")),
    ("halt", CONTROL, brakes.halt, tr("Stop sending at once, everywhere or within a scope.")),
    ("resume", CONTROL, brakes.resume, tr("Sign that a halt be lifted; it takes two.")),
    (
        "doubts",
        CONTROL,
        doubts.doubts,
        tr("Show every hand-over of which nobody knows whether it arrived, or decide about it."),
    ),
    ("replies", CONTROL, replies.replies, tr("Show the replies that a person has to see to.")),
    (
        "recover",
        CONTROL,
        recover.recover,
        tr("Go on after a database was put back from a backup; it takes two."),
    ),
    ("status", CONTROL, status.status, tr("Show what holds sending back, or is about to.")),
    ("doctor", CONTROL, doctor.doctor, tr("Look whether everything that duly leans on is sound.")),
    (
        "breaks",
        PROOF,
        breaks.breaks,
        tr("Show where our figures and the lender's own ledger differ, since when and why."),
    ),
    ("explain", PROOF, story.explain, tr("Tell, day by day, what was done about an account and why.")),
    (
        "clocks",
        PROOF,
        clocks.clocks,
        tr("Show until when each claim can be raised, and what restarted the time."),
    ),
    ("prove", PROOF, proofs.prove, tr("Write the evidence about an account as a bundle.")),
    ("verify", PROOF, proofs.verify, tr("Check a bundle or a log.")),
    ("genuine", PROOF, proofs.genuine, tr("Say whether a notice with this code was sent by this lender.")),
    ("law show", PROOF, law.show, tr("Show the pinned law: all rules in a table, or one in sentences.")),
    ("law ask", PROOF, law.ask, tr("Ask the law about acts: JSON in, one JSON verdict for each out.")),
    (
        "law status",
        PROOF,
        law.status,
        tr("Show how the pinned law stands: in use, adopted, drafts, numbers not set, reviews."),
    ),
    (
        "law adopt",
        PROOF,
        adoption.adopt,
        tr("Put your name to rows of the law as they are, with your own key."),
    ),
    (
        "law next",
        PROOF,
        adoption.coming_up,
        tr("Show coming changes of the law, and what the plan would be then."),
    ),
    ("law test", PROOF, law.try_pack, tr("Run a pack's own tests through both readings.")),
    ("carrier", TRY, carriers.carrier, tr("Play the carrier: real SMPP, invented debtors.")),
    ("demo", TRY, demo.demo, tr("Live two virtual weeks of an invented lender.")),
)

app = typer.Typer(
    name="duly",
    help=tr("A lawful overdue-notice engine for lenders."),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(asked: bool) -> None:  # noqa: FBT001 - the form that typer calls
    if asked:
        from importlib import metadata

        typer.echo(metadata.version("duly"))
        raise typer.Exit


Language = Annotated[
    str,
    typer.Option(
        "--lang",
        metavar="|".join(language.LANGUAGES),
        help=tr("The language to speak; DULY_LANG or the locale of the terminal if left out."),
        show_default=False,
    ),
]
Version = Annotated[
    bool,
    typer.Option("--version", help=tr("Say the version and stop."), is_eager=True, callback=_say_version),
]


@app.callback()
def duly(*, lang: Language = "", version: Version = False) -> None:
    """What comes before the command's name. `--lang` was obeyed before anything was defined."""
    del lang, version


# A command of two words stands in a group of its own: its name, and what it is about.
GROUPS: dict[str, str] = {
    "book": tr("The loan book that is in force."),
    "law": tr("The law that the project pins."),
}

_groups: dict[str, typer.Typer] = {}


def _group(name: str, panel: str) -> typer.Typer:
    if name not in _groups:
        _groups[name] = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="rich")
        app.add_typer(_groups[name], name=name, help=GROUPS[name], rich_help_panel=panel)
    return _groups[name]


def _add(name: str, panel: str, function: Callable[..., None], said: str) -> None:
    group, _, word = name.rpartition(" ")
    under = _group(group, panel) if group else app
    under.command(word, help=said, rich_help_panel=panel)(function)


for _command in COMMANDS:
    _add(*_command)
