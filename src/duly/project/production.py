"""What a real carrier and real debtors need beyond a folder without problems (`duly check --production`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from duly.errors import Problem
from duly.model.approval import MAY_APPROVE, PEOPLE
from duly.model.said import say
from duly.project import certificates, channels, document, reliance, settings, takeover
from duly.project.decisions import PARTS
from duly.project.document import Document
from duly.project.folder import Project
from duly.project.reference import Reference


def problems(
    project: Project, written: Document, *, environ: Mapping[str, str], on: date
) -> Iterator[Problem]:
    """What is still missing on the day `on`; `written` is duly.toml, for the places."""
    yield from _reality(project, written)
    yield from _people(project, written)
    yield from _secrets(project, environ)
    yield from _encryption(project, environ, on)
    yield from takeover.lacking(project.settings.taken_over, project.book, project.root, written, on=on)
    yield from reliance.problems(project, on)
    for name, pack in project.packs.items():
        if pack.reviewed_until < on:
            until = pack.reviewed_until.isoformat()
            what = say("the pack `{name}` was reviewed until {until} only", name=name, until=until)
            remedy = say("Pin a newer one, or have counsel review what changed since.")
            yield written.problem(("packs", name), "packs.stale", what, remedy)


def _reality(project: Project, written: Document) -> Iterator[Problem]:
    if project.settings.invented:
        what = say("this project is invented: its database refuses every real carrier")
        remedy = say("Remove the line and begin a new database; an invented one cannot become real.")
        yield written.problem(("invented",), "invented", what, remedy)
    if project.settings.database is None:
        what = say("no `database` is named, so duly would run its own under .duly/")
        remedy = say('Add database = "$DATABASE_URL": one that is backed up and watched.')
        yield written.problem((), "database.own", what, remedy)


def _people(project: Project, written: Document) -> Iterator[Problem]:
    for part in PARTS:
        author = project.settings.authors[part]
        able = [
            name
            for name, duties in project.settings.people.items()
            if name != author and not MAY_APPROVE[part].isdisjoint(duties)
        ]
        if len(able) < PEOPLE:
            what = say(
                "{count} people could approve `{part}`; it takes {needed}",
                count=len(able),
                part=part.value,
                needed=PEOPLE,
            )
            duties = ", ".join(sorted(duty.value for duty in MAY_APPROVE[part]))
            remedy = say("Name people under [people] with one of {duties}, not the author.", duties=duties)
            yield written.problem(("authors", part.value), "people.few", what, remedy)


def _encryption(project: Project, environ: Mapping[str, str], on: date) -> Iterator[Problem]:
    source = (project.root / channels.FILE).read_text("utf-8-sig")
    ways, _ = document.read_yaml(source, kind="channels", file=channels.FILE)
    for index, route in enumerate(project.routes):
        if ways is not None and route.smpp is not None:
            yield from certificates.unready(
                project.certificates, index, route.smpp, ways, environ=environ, on=on
            )


def _secrets(project: Project, environ: Mapping[str, str]) -> Iterator[Problem]:
    wanted: list[tuple[str, Reference]] = []
    if isinstance(project.settings.database, Reference):
        wanted.append((settings.FILE, project.settings.database))
    for route in project.routes:
        if route.smpp is not None:
            wanted += [(channels.FILE, route.smpp.system_id), (channels.FILE, route.smpp.password)]
            if route.smpp.tls is not None and isinstance(route.smpp.tls.key, Reference):
                wanted.append((channels.FILE, route.smpp.tls.key))
    for file, reference in dict.fromkeys(wanted):
        if not environ.get(reference.variable):
            yield Problem(
                code="production.variable",
                file=file,
                what=say("the environment variable {name} is not set here", name=reference.variable),
                remedy=say("Set it where duly runs, from your store of secrets."),
            )
