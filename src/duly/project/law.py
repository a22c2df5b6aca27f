"""The law of a project: the packs it pins, the rules of its own, and the policies it set for them.

Refuses a pack that is not the one pinned or locked, an open number nobody decided, and a decision about a
rule that no pack has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from duly.errors import Problem
from duly.law import pack, rules, values
from duly.law.facts import policy_fact
from duly.law.pack import Pack
from duly.model.said import say
from duly.project import lock
from duly.project.contents import Contents
from duly.project.document import Document
from duly.project.lock import Locked
from duly.project.settings import Settings

FOLDER = "law"
EVERYWHERE = "*"


@dataclass(frozen=True, kw_only=True)
class Law:
    """The packs by name, and all of them joined."""

    packs: Mapping[str, Pack]
    joined: Pack

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
    own = any(path.endswith((".yaml", ".yml")) for path in contents.under(FOLDER))
    if own:
        house, wrong = pack.load(contents.root / FOLDER)
        problems += wrong
        if house is not None:
            found[FOLDER] = house
    if problems:
        return None, problems
    try:
        joined = pack.join(*found.values())
    except ValueError as error:
        what = say("two packs cannot be joined: {why}", why=str(error))
        remedy = say("Give the rule in law/ an id of its own, or pin only one of the packs.")
        return None, [written.problem(("packs",), "packs.join", what, remedy)]
    problems += _jurisdictions(joined, settings, written)
    problems += _decisions(joined, settings, written)
    return (None, problems) if problems else (Law(packs=found, joined=joined), [])


def policy(settings: Settings) -> dict[str, int | str | values.Lift]:
    """The lender's numbers and lifted rules, as the law takes them."""
    lifts = {
        rule: values.Lift(people=lift.people, on=lift.on, why=lift.why)
        for rule, lift in settings.lifts.items()
    }
    return {rule: each.value for rule, each in settings.policies.items()} | lifts


def _pinned(name: str, version: str, written: Document, problems: list[Problem]) -> Pack | None:
    folder = pack.shipped(name)
    if not name.isidentifier() or not (folder / "pack.yaml").is_file():
        what = say("there is no pack `{name}`", name=name)
        known = ", ".join(sorted(path.parent.name for path in folder.parent.glob("*/pack.yaml")))
        remedy = say("The packs that come with duly are {known}.", known=known)
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


def _jurisdictions(joined: Pack, settings: Settings, written: Document) -> list[Problem]:
    problems = []
    for code in settings.licences:
        if not {code, code.partition("-")[0]} & joined.jurisdictions:
            what = say("no pinned pack holds the law of {code}", code=code)
            remedy = say("Pin one under [packs], or remove the jurisdiction.")
            problems.append(written.problem(("jurisdiction", code), "jurisdiction.lawless", what, remedy))
    for code in sorted(joined.jurisdictions - {EVERYWHERE}):
        if {code, code.partition("-")[0]} & set(settings.licences):
            continue
        what = say("the pinned law of {code} asks what you are there, and nothing says", code=code)
        remedy = say("Add [jurisdiction.{code}] with `actor` and `licence`.", code=code)
        problems.append(written.problem(("packs",), "jurisdiction.missing", what, remedy))
    return problems


def _decisions(joined: Pack, settings: Settings, written: Document) -> list[Problem]:
    """Every open number has a policy, and every policy and every lift is about a rule that takes one."""
    problems = []
    by_id = {rule.id: rule for rule in joined.rules}
    needs = joined.needs()
    for rule in joined.rules:
        if policy_fact(rule.id) in needs and rule.id not in settings.policies:
            what = say(
                "the law leaves the number of {rule} to you, and nobody has set it: {title}",
                rule=rule.id,
                title=rule.title.get("en", rule.id),
            )
            remedy = say(
                'Add [policy."{rule}"] with `value`, `by` and `on`; until then it holds.', rule=rule.id
            )
            problems.append(written.problem(("packs",), "policy.unset", what, remedy))
    for name in settings.policies:
        if name not in by_id:
            problems.append(_stranger(written, "policy", name))
        elif policy_fact(name) not in needs:
            what = say("{rule} has its number from the law; a policy cannot change it", rule=name)
            remedy = say("Remove it; a stricter rule of your own goes into law/.")
            problems.append(written.problem(("policy", name), "policy.foreign", what, remedy))
    for name in settings.lifts:
        if name not in by_id:
            problems.append(_stranger(written, "lift", name))
        elif by_id[name].effect not in rules.LIFTABLE:
            what = say("{rule} is neither a presumption nor guidance, and nobody can lift it", rule=name)
            problems.append(written.problem(("lift", name), "lift.foreign", what, say("Remove it.")))
    return problems


def _stranger(written: Document, table: str, name: str) -> Problem:
    what = say("no pinned pack has a rule {rule}", rule=name)
    remedy = say("`duly law show` lists them; look for a slip of the pen.")
    return written.problem((table, name), f"{table}.unknown", what, remedy)


def check_lock(contents: Contents, law: Law) -> list[Problem]:
    """How the packs differ from those that duly.lock names."""
    text, problems = contents.text(lock.FILE)
    if text is None:
        if problems[0].code != "file.missing":
            return problems
        return lock.compare({}, law.pinned())
    locked, problems = lock.read(text)
    return problems if locked is None else lock.compare(locked, law.pinned())
