"""What the lender adds to the law: rules of his own in law/, calendars, and numbers in duly.toml.

All of it only ever takes away. A rule of his own is policy and permits nothing, a number may be lower than the
law's and never higher, a calendar speaks of days that the law leaves open. What is looser than a presumption or a
piece of guidance takes two people who lift the rule, and a rule of his own in its place; a bar and a duty are
lifted by nobody.
Refuses everything else, at its file and line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from duly.errors import Problem
from duly.law import hours, pack, rules, terms
from duly.law.facts import policy_fact
from duly.law.pack import Pack
from duly.model.said import say
from duly.project import adoption, calendars, digest
from duly.project.contents import Contents
from duly.project.document import Document
from duly.project.settings import Settings

FOLDER = "law"


def rules_of(contents: Contents) -> tuple[Pack | None, list[Problem]]:
    """The pack of the lender's own rules in law/, if there is one; adoptions and calendars are read elsewhere."""
    beside = {adoption.FILE, *contents.under(calendars.FOLDER)}
    if not any(path.endswith((".yaml", ".yml")) for path in set(contents.under(FOLDER)) - beside):
        return None, []
    house, problems = pack.load(contents.root / FOLDER)
    for rule in house.rules if house is not None else ():
        if rule.authority is not rules.Authority.POLICY:
            what = say("{rule} is a rule of your own and calls itself law", rule=rule.id)
            remedy = say("Write `authority: policy` and cite the house; law comes in the pinned packs.")
            problems.append(_at(rule, "law.own.authority", what, remedy))
    return (None, problems) if problems else (house, [])


def clashes(house: Pack, found: Mapping[str, Pack]) -> list[Problem]:
    """A rule of ours under the name of one that is pinned would stand in the place of the law."""
    return [
        _at(
            rule,
            "law.own.clash",
            say("{rule} is the name of a rule of the pack `{pack}`", rule=rule.id, pack=name),
            say("Give the rule in law/ an id of its own; then both bind."),
        )
        for rule in house.rules
        for name, one in found.items()
        if any(rule.id == other.id for other in one.rules)
    ]


def _at(rule: rules.Rule, code: str, what: str, remedy: str) -> Problem:
    excerpt = f"id: {rule.id}"
    return Problem(code=code, file=rule.file, line=rule.line, excerpt=excerpt, what=what, remedy=remedy)


def calendar_names(found: Iterable[rules.Rule]) -> frozenset[str]:
    """The rules that are calendars."""
    return frozenset(
        rule.id for rule in found if any(_is_calendar(version.term) for version in rule.versions)
    )


def _is_calendar(term: terms.Term) -> bool:
    return isinstance(term, terms.Parameter) and term.unit == terms.CALENDAR


def with_calendars(joined: Pack, contents: Contents) -> Pack:
    """The law under a digest that covers the lender's calendars too: they decide, so two people approve them."""
    days = contents.under(calendars.FOLDER)
    if not days:
        return joined
    listing = f"{joined.digest}\n{digest.of_files(days)}"
    return replace(joined, digest=hashlib.sha256(listing.encode()).hexdigest())


def decisions(joined: Pack, settings: Settings, written: Document) -> list[Problem]:
    """Every open number has a policy, and every policy and every lift is about a rule that takes one."""
    by_id = {rule.id: rule for rule in joined.rules}
    needs = joined.needs()
    days = calendar_names(joined.rules)
    problems = [
        _unset(rule, written)
        for rule in joined.rules
        if policy_fact(rule.id) in needs and rule.id not in settings.policies and rule.id not in days
    ]
    for name in settings.policies:
        if name not in by_id:
            problems.append(_stranger(written, "policy", name))
        else:
            problems += _number(by_id[name], needs, settings, written)
    for name in settings.lifts:
        if name not in by_id:
            problems.append(_stranger(written, "lift", name))
        elif by_id[name].effect not in rules.LIFTABLE:
            what = say("{rule} is neither a presumption nor guidance, and nobody can lift it", rule=name)
            problems.append(written.problem(("lift", name), "lift.foreign", what, say("Remove it.")))
    return problems


def _unset(rule: rules.Rule, written: Document) -> Problem:
    title = rule.title.get("en", rule.id)
    what = say(
        "the law leaves the number of {rule} to you, and nobody has set it: {title}",
        rule=rule.id,
        title=title,
    )
    remedy = say('Add [policy."{rule}"] with `value`, `by` and `on`; until then it holds.', rule=rule.id)
    return written.problem(("packs",), "policy.unset", what, remedy)


def _number(
    rule: rules.Rule, needs: frozenset[str], settings: Settings, written: Document
) -> Iterator[Problem]:
    """What is wrong with a number that the lender set: it may fill an open one, or lower one that is there."""
    name, value = rule.id, settings.policies[rule.id].value

    def refuse(code: str, what: str, remedy: str) -> Problem:
        return written.problem(("policy", name), code, what, remedy)

    most = highest(rule)
    if any(_is_calendar(version.term) for version in rule.versions):
        what = say("{rule} is a calendar, which is no number", rule=name)
        yield refuse("policy.calendar", what, say("Write its days into a file in law/calendars/."))
    elif name in settings.lifts:
        what = say("{rule} was lifted by two people, so no number of it counts", rule=name)
        remedy = say("Remove the number or the lift; a number in its place is a rule of your own in law/.")
        yield refuse("policy.lifted", what, remedy)
    elif rule.is_open and not hours.of_lender(value):
        what = say("{rule} asks for hours, and `{value}` states none", rule=name, value=value)
        yield refuse("policy.hours", what, say("Write them as `mon,tue 09:00-17:30; sat 10:00-12:00`."))
    elif policy_fact(name) in needs:
        return
    elif most is None:
        what = say("{rule} has its number from the law; a policy cannot change it", rule=name)
        remedy = say("Remove it; a stricter rule of your own goes into law/.")
        yield refuse("policy.foreign", what, remedy)
    elif not isinstance(value, int) or value < 0:
        what = say("the number of {rule} is `{value}`", rule=name, value=value)
        yield refuse("policy.number", what, say("Write a whole number from 0 to {most}.", most=most))
    elif value > most:
        what = say("{rule} allows {most}, and {value} is looser than that", rule=name, most=most, value=value)
        yield refuse("policy.looser", what, _way_out(rule, most))


def _way_out(rule: rules.Rule, most: int) -> str:
    if rule.effect in rules.LIFTABLE:
        return say(
            'Lower it to {most}; or lift the rule by two people ([lift."{rule}"]) and write your own into law/.',
            most=most,
            rule=rule.id,
        )
    return say("Lower it to {most}: nobody can lift this rule.", most=most)


def highest(rule: rules.Rule) -> int | None:
    """The highest number that any enforced text of a cap gives; None where none does, or the rule is no cap."""
    given = [
        version.term.most
        for version in rule.versions
        if version.status in rules.ENFORCED and isinstance(version.term, terms.Cap)
    ]
    return max((number for number in given if number is not None), default=None)


def _stranger(written: Document, table: str, name: str) -> Problem:
    what = say("no pinned pack has a rule {rule}", rule=name)
    remedy = say("`duly law show` lists them; look for a slip of the pen.")
    return written.problem((table, name), f"{table}.unknown", what, remedy)
