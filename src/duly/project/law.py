"""The law of a project: the packs it pins, the rules of its own, and the policies it set for them.

Refuses a pack that is not the one pinned or locked, an open number nobody decided, and a decision about a
rule that no pack has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from duly.errors import Problem
from duly.law import calendars as law_calendars
from duly.law import jurisdictions, pack, values
from duly.law.pack import Pack
from duly.model.said import say
from duly.project import adoption, calendars, lock, own
from duly.project.adoption import Adoption
from duly.project.calendars import OwnCalendar
from duly.project.contents import Contents
from duly.project.document import Document
from duly.project.lock import Locked
from duly.project.settings import Settings

FOLDER = own.FOLDER
EVERYWHERE = "*"


@dataclass(frozen=True, kw_only=True)
class Law:
    """The packs by name, all of them joined, the lender's own calendars, and which rows were adopted."""

    packs: Mapping[str, Pack]
    joined: Pack
    calendars: Mapping[str, OwnCalendar]
    adoptions: tuple[Adoption, ...]

    def pinned(self) -> dict[str, Locked]:
        """What a lock says of them."""
        return {
            name: Locked(version=one.as_of.isoformat(), sha256=one.digest) for name, one in self.packs.items()
        }


def read(contents: Contents, settings: Settings, written: Document) -> tuple[Law | None, list[Problem]]:
    """The pinned packs and the project's own rules in law/. `written` is duly.toml, for the places."""
    problems: list[Problem] = []
    found: dict[str, Pack] = {}
    for name, version in settings.packs.items():
        one = _pinned(name, version, written, problems)
        if one is not None:
            found[name] = one
    house, wrong = own.rules_of(contents)
    problems += wrong
    if house is not None:
        problems += own.clashes(house, found)
        found[FOLDER] = house
    adopted, wrong = adoption.read(contents)
    problems += wrong
    if problems:
        return None, problems
    try:
        joined = pack.join(*found.values())
    except ValueError as error:
        what = say("two packs cannot be joined: {why}", why=str(error))
        remedy = say("Give the rule in law/ an id of its own, or pin only one of the packs.")
        return None, [written.problem(("packs",), "packs.join", what, remedy)]
    problems += _wholes(found, written)
    problems += _jurisdictions(joined, settings, written)
    problems += own.decisions(joined, settings, written)
    days, wrong = calendars.read(contents, own.calendar_names(joined.rules))
    problems += wrong
    if problems:
        return None, problems
    whole = own.with_calendars(joined, contents)
    return Law(packs=found, joined=whole, calendars=days, adoptions=adopted), []


def written_here(packs: Mapping[str, Pack]) -> frozenset[str]:
    """The rules of the lender's own among the packs of a project."""
    return frozenset(rule.id for rule in packs[FOLDER].rules) if FOLDER in packs else frozenset()


def policy(
    settings: Settings, days: Mapping[str, OwnCalendar]
) -> dict[str, int | str | values.Lift | law_calendars.Days]:
    """The lender's numbers, lifted rules and calendars, as the law takes them."""
    lifts = {
        rule: values.Lift(people=lift.people, on=lift.on, why=lift.why)
        for rule, lift in settings.lifts.items()
    }
    numbers = {rule: each.value for rule, each in settings.policies.items()}
    return {**numbers, **calendars.policies(days), **lifts}


def _pinned(name: str, version: str, written: Document, problems: list[Problem]) -> Pack | None:
    folder, known = pack.shipped(name), _shipped()
    if name not in known:
        what = say("there is no pack `{name}`", name=name)
        remedy = say("The packs that come with duly are {known}.", known=", ".join(known))
        problems.append(written.problem(("packs", name), "packs.unknown", what, remedy))
        return None
    one, wrong = pack.load(folder)
    problems += wrong
    if one is not None and one.as_of.isoformat() != version:
        now = one.as_of.isoformat()
        what = say(
            "the pack `{name}` is pinned to {version} and is of {now} here",
            name=name,
            version=version,
            now=now,
        )
        remedy = say("Read its CHANGELOG, pin {now}, and run `duly check --lock`.", now=now)
        problems.append(written.problem(("packs", name), "packs.version", what, remedy))
        return None
    return one


def _shipped() -> list[str]:
    return sorted(path.parent.name for path in pack.shipped("").glob("*/pack.yaml"))


def _wholes(found: Mapping[str, Pack], written: Document) -> list[Problem]:
    """The law of a part stands on that of the whole: alone it would let pass what the wider law bars."""
    problems = []
    held = {code for one in found.values() for code in one.jurisdictions}
    for name, one in found.items():
        parts = (code for code in sorted(one.jurisdictions) if jurisdictions.is_known(code))
        wider = dict.fromkeys(code for part in parts for code in jurisdictions.chain(part))
        for whole in (code.lower() for code in wider if code not in held):
            wanted = pack.load(pack.shipped(whole))[0] if whole in _shipped() else None
            if wanted is not None:
                what = say(
                    "the pack `{name}` is pinned without `{whole}`, whose law binds there too",
                    name=name,
                    whole=whole,
                )
                version = wanted.as_of.isoformat()
                remedy = say('Add {whole} = "{version}" under [packs].', whole=whole, version=version)
                problems.append(written.problem(("packs", name), "packs.whole", what, remedy))
    return problems


def _jurisdictions(joined: Pack, settings: Settings, written: Document) -> list[Problem]:
    problems = []
    for code in settings.licences:
        if not {code, code.partition("-")[0]} & joined.jurisdictions:
            what = say("no pinned pack holds the law of {code}", code=code)
            remedy = say("Pin one under [packs], or remove the jurisdiction.")
            problems.append(written.problem(("jurisdiction", code), "jurisdiction.lawless", what, remedy))
    # What one is in a part one is under the law of the whole, and the other way round.
    lies = {
        wider
        for code in settings.licences
        if jurisdictions.is_known(code)
        for wider in jurisdictions.chain(code)
    }
    for code in sorted(joined.jurisdictions - {EVERYWHERE}):
        if {code, code.partition("-")[0]} & (lies | set(settings.licences)):
            continue
        what = say("the pinned law of {code} asks what you are there, and nothing says", code=code)
        remedy = say("Add [jurisdiction.{code}] with `actor` and `licence`.", code=code)
        problems.append(written.problem(("packs",), "jurisdiction.missing", what, remedy))
    return problems


def check_lock(contents: Contents, law: Law) -> list[Problem]:
    """How the packs differ from those that duly.lock names."""
    text, problems = contents.text(lock.FILE)
    if text is None:
        if problems[0].code != "file.missing":
            return problems
        return lock.compare({}, law.pinned())
    locked, problems = lock.read(text)
    return problems if locked is None else lock.compare(locked, law.pinned())
