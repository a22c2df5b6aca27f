"""The law that a project pins, rule by rule, for a person who has the statute beside it.

Reads the packs even where the rest of the project has problems: whoever mends a rule's name in duly.toml looks
for it here. Refuses a rule that no pack has, and names those that are spelled nearly so.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from duly.app import words
from duly.errors import Problem, ProjectRefused, WrongUsage
from duly.law import calendars as law_calendars
from duly.law import check, explain, portrait, rules
from duly.law import pack as packs
from duly.law.facts import policy_fact
from duly.law.pack import Pack
from duly.model.party import Actor
from duly.model.said import Said, say
from duly.plan import strategy as strategies
from duly.plan.ladder import Strategy
from duly.project import adoption, calendars, contents, folder, law, own, settings, usage
from duly.project.decisions import Lift, Policy
from duly.project.settings import Settings

_NEAR = 5  # names offered for one that is not known
_STANDINGS: Mapping[portrait.Standing, Said] = {
    portrait.Standing.BINDS: say("in force"),
    portrait.Standing.AHEAD: say("not yet begun"),
    portrait.Standing.OVER: say("over"),
    portrait.Standing.PROPOSED: say("proposed, never enforced"),
    portrait.Standing.WITHDRAWN: say("withdrawn, never enforced"),
}


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """The packs at hand by name, and what the project decided about their rules; nothing outside a project.

    `strategy` is None where there is no project, or where its file has problems: then nobody knows what is in use.
    """

    packs: Mapping[str, Pack]
    policies: Mapping[str, Policy] = field(default_factory=dict)
    lifts: Mapping[str, Lift] = field(default_factory=dict)
    project: bool = False
    settings: Settings | None = None
    strategy: Strategy | None = None
    adoptions: tuple[adoption.Adoption, ...] = ()
    calendars: Mapping[str, calendars.OwnCalendar] = field(default_factory=dict)

    def calendars_known(self) -> dict[str, law_calendars.Calendar]:
        """Every calendar of the packs, filled up with the lender's own."""
        days = calendars.policies(self.calendars)
        return {name: known for one in self.packs.values() for name, known in one.calendars(days).items()}

    def stands(self, rule: rules.Rule, version: rules.Version) -> adoption.Standing | None:
        """Who adopted a version of a rule, if anybody did; None outside a project."""
        if self.settings is None:
            return None
        written = law.written_here(self.packs)
        duties = self.settings.people
        return adoption.standing(rule, version, self.adoptions, own=rule.id in written, duties=duties)

    def used(self, on: date) -> frozenset[str] | None:
        """The rules that can speak about what this project does, and those they count by; None where nobody knows."""
        if self.settings is None or self.strategy is None:
            return None
        every = [rule for _, rule in self.rules()]
        return frozenset(one.rule.id for one in usage.of_day(every, self.settings, self.strategy, on))

    def rules(self) -> Iterator[tuple[str, rules.Rule]]:
        """Every rule with the name of its pack."""
        for name, one in self.packs.items():
            for rule in one.rules:
                yield name, rule


@dataclass(frozen=True, kw_only=True)
class Row:
    """A rule in one line of the table."""

    rule: str
    pack: str
    says: str
    standing: Said
    reading: str
    since: date | None
    effect: str


@dataclass(frozen=True, kw_only=True)
class Told:
    """A rule in full, with the lender's own number for it and the decision that lifted it, if there are any.

    `open_number` says that the law leaves the number to the lender.
    """

    pack: str
    portrait: portrait.Portrait
    open_number: bool
    policy: Policy | None
    lift: Lift | None
    project: bool
    adopted: adoption.Standing | None


def shelf(actor: Actor, start: Path, *, name: str | None = None) -> Shelf:
    """The packs that the project around `start` pins, or the shipped one of that name.

    Raises WrongUsage where there is neither, ProjectRefused where what is pinned cannot be read.
    """
    del actor  # anybody may read the law
    if name is not None:
        return Shelf(packs={name: shipped(name)})
    try:
        root = contents.find(start)
    except WrongUsage as lost:
        raise WrongUsage(
            str(lost),
            remedy=say(
                "Go into a project folder, or name a pack: --pack {names}.", names=" | ".join(names())
            ),
        ) from lost
    found, problems = contents.gather(root)
    text, missing = found.text(settings.FILE)
    who, wrong = (None, []) if text is None else settings.read(text)
    problems = [*missing, *wrong]
    read: dict[str, Pack] = {}
    for pinned in () if who is None else who.packs:
        one, refused = packs.load(packs.shipped(pinned))
        problems += refused
        if one is not None:
            read[pinned] = one
    house, refused = own.rules_of(found)
    adopted, forged = adoption.read(found)
    every = (rule for one in [*read.values(), *([house] if house else [])] for rule in one.rules)
    days, unfit = calendars.read(found, own.calendar_names(every))
    problems += [*refused, *forged, *unfit]
    if house is not None:
        read[law.FOLDER] = house
    if problems or who is None:
        raise ProjectRefused(_sorted(problems))
    plan, _ = found.text(folder.STRATEGY)
    return Shelf(
        packs=read,
        policies=who.policies,
        lifts=who.lifts,
        project=True,
        settings=who,
        strategy=None if plan is None else strategies.load(plan)[0],
        adoptions=adopted,
        calendars=days,
    )


def rows(found: Shelf, on: date, *, locale: str) -> tuple[Row, ...]:
    """Every rule as it stands on a day, in the order of the packs."""
    return tuple(
        Row(
            rule=told.id,
            pack=name,
            says=told.title,
            standing=in_words(told.text.standing),
            reading=told.text.reading,
            since=told.text.since,
            effect=rule.effect.value,
        )
        for name, rule in found.rules()
        for told in (portrait.of(rule, on, locale),)
    )


def tell(found: Shelf, rule: str, on: date, *, locale: str) -> Told:
    """One rule as it stands on a day. Raises WrongUsage with the nearest names where no pack has it."""
    for name, one in found.rules():
        if one.id == rule:
            return Told(
                pack=name,
                portrait=portrait.of(one, on, locale),
                open_number=policy_fact(rule) in one.needs(),
                policy=found.policies.get(rule),
                lift=found.lifts.get(rule),
                project=found.project,
                adopted=found.stands(one, one.binding(on) or explain.nearest(one, on)),
            )
    known = [one.id for _, one in found.rules()]
    raise WrongUsage(
        say("no rule {rule} in {packs}", rule=rule, packs=", ".join(found.packs)),
        remedy=say(
            "Near it are {names}; `duly law show` lists them all.", names=", ".join(near(rule, known))
        ),
    )


def try_pack(actor: Actor, name: str) -> tuple[check.Tried, ...]:
    """Every test of a shipped pack, or of one in a folder, run through both readings."""
    del actor  # anybody may try the law
    folder = Path(name)
    if name not in names() and (folder / "pack.yaml").is_file():
        one, problems = packs.load(folder)
        if one is None:
            raise ProjectRefused(_sorted(problems))
        return check.run_tests(one)
    return check.run_tests(shipped(name))


def near(wanted: str, known: list[str]) -> list[str]:
    """The known names that are spelled nearest to a wanted one, the nearest first; never none."""
    by_fold = {name.casefold().replace("_", "-"): name for name in known}
    close = difflib.get_close_matches(
        wanted.casefold().replace("_", "-"), list(by_fold), n=_NEAR, cutoff=0.5
    ) or difflib.get_close_matches(wanted.casefold(), list(by_fold), n=_NEAR, cutoff=0.0)
    return [by_fold[name] for name in close]


def in_words(standing: portrait.Standing) -> Said:
    """What a version is on the day."""
    return _STANDINGS[standing]


def reading(recorded: str) -> str:
    """How well a text was read: `draft` or `verified`."""
    return words.said(recorded)


def own_number(told: Told) -> Said:
    """Whether the law leaves the number to the lender, and what he set."""
    if told.policy is not None:
        return say(
            "{value}, set by {by} on {day}{why}",
            value=told.policy.value,
            by=told.policy.by,
            day=told.policy.on,
            why=f": {told.policy.why}" if told.policy.why else "",
        )
    if not told.open_number:
        return say("none: the rule leaves no number to the lender")
    if not told.project:
        return say("left to the lender; each project sets its own under [policy]")
    return say("left to the lender, and not set: every act under it is held")


def lifted(told: Told) -> Said:
    """By whom the rule was lifted, if it was."""
    if told.lift is None:
        return say("no")
    return say(
        "by {people} on {day}: {why}",
        people=" + ".join(told.lift.people),
        day=told.lift.on,
        why=told.lift.why,
    )


def shipped(name: str) -> Pack:
    """A pack that comes with duly. Raises WrongUsage where there is none of that name."""
    folder = packs.shipped(name)
    if name not in names():
        raise WrongUsage(
            say("there is no pack `{name}`", name=name),
            remedy=say("The packs that come with duly are {known}.", known=", ".join(names())),
        )
    one, problems = packs.load(folder)
    if one is None:
        raise ProjectRefused(_sorted(problems))
    return one


def names() -> list[str]:
    """The packs that come with duly."""
    return sorted(path.parent.name for path in packs.shipped("").glob("*/pack.yaml"))


def _sorted(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda each: (each.file, each.line or 0, each.column or 0)))
