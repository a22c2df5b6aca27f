"""Adopt rows of the law: one who may reads them and signs, with his own key, the text of each as it is.

The signatures go into law/adopted.yaml, and that they were given into the evidence.
Refuses the author of the packs, whoever is neither of compliance nor counsel, and another key than the one that is
registered for him. An adoption lifts and softens nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from duly.app import approvals, law, premises
from duly.errors import NotAllowed, WrongUsage
from duly.law import rules
from duly.model.approval import Subject
from duly.model.party import Actor
from duly.model.said import Said, say
from duly.project import adoption, usage
from duly.project import law as project_law
from duly.project.adoption import Adoption, Standing, State
from duly.project.folder import Project
from duly.run import record, register

# In the words of a decision, which are told in two languages and not looked up: zh, en.
_SENTENCES: Mapping[State, tuple[str, str]] = {
    State.OWN: ("本机构自定的规则。", "A rule of the lender's own."),
    State.OPEN: ("本机构尚无人采纳此条。", "Nobody of the lender has adopted this row."),
    State.ADOPTED: ("{by}已于{day}采纳此条。", "{by} adopted this row on {day}."),
    State.CHANGED: ("{by}于{day}采纳此条，其后条文有变。", "The row changed since {by} adopted it on {day}."),
    State.WITHOUT_DUTY: (
        "{by}于{day}采纳此条，但无权或已无权采纳。",
        "{by} adopted this row on {day}, and may not, or may no more.",
    ),
}
_STATES: Mapping[State, Said] = {
    State.OWN: say("a rule of your own"),
    State.OPEN: say("no"),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A version of a rule that was adopted; `changed` says that an earlier text of it had been."""

    rule: str
    version: str
    says: str
    reading: str
    text: str
    changed: bool


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """What one person adopted, and when; `already` counts what he was asked for and stood adopted as it is."""

    by: str
    at: datetime
    rows: tuple[Row, ...]
    already: int


@dataclass(frozen=True, kw_only=True)
class Text:
    """One version to be adopted, and where it stands."""

    rule: rules.Rule
    version: rules.Version
    stands: Standing


def adopt(
    actor: Actor,
    folder: Path,
    names: Sequence[str],
    *,
    keys: Path,
    passphrase: bytes,
    environ: Mapping[str, str],
    locale: str,
    verified: bool = False,
) -> Adopted:
    """Sign the rules of these names as they are, or with no name every row in use; what binds and what is to come.

    `verified`: of all in use only those whose official text was read. Raises ProjectRefused, WrongUsage for a name
    that no pack has, NotAllowed, KeyMissing.
    """
    project = premises.project(folder)
    _refuse(actor, project)
    with premises.opened(folder, environ) as home, contextlib.closing(home.connect()) as connection:
        at = home.time.now().replace(microsecond=0)
        chosen = wanted(project, names, home.local_day(at), verified=verified)
        kept = register.Register(connection, home.recorder)
        key = approvals.find_key(actor, keys, passphrase=passphrase).public_key
        if kept.public_key(actor.name) != key:
            raise NotAllowed(
                say("the key of {name} is not the one that is registered", name=actor.name),
                remedy=say("Register the key with `duly approve --register`, or use the one that was."),
            )
        open_rows = [one for one in chosen if not _counts(one.stands, kept)]
        sign = approvals.signing(actor, keys, passphrase=passphrase)
        signed = [_sign(one, actor, at, key, sign) for one in open_rows]
        if signed:
            # The evidence first: a file without its entry would be an adoption that nobody can place.
            with connection.transaction():
                facts = [_fact(one, text, at) for one, text in zip(signed, open_rows, strict=True)]
                home.recorder.write(connection, facts)
            keep(project.root, project.adoptions, signed)
    return Adopted(
        by=actor.name,
        at=at,
        rows=tuple(_row(one, locale) for one in open_rows),
        already=len(chosen) - len(open_rows),
    )


def keep(root: Path, before: Iterable[Adoption], signed: Iterable[Adoption]) -> None:
    """Write law/adopted.yaml whole: the new ones beside the old, but for those they stand in the place of."""
    fresh = list(signed)
    named = {(one.rule, one.version) for one in fresh}
    left = [one for one in before if (one.rule, one.version) not in named]
    target = root / adoption.FILE
    target.parent.mkdir(exist_ok=True)
    beside = target.with_name(f".{target.name}.new")
    beside.write_text(adoption.write([*left, *fresh]), encoding="utf-8")
    beside.replace(target)


def _refuse(actor: Actor, project: Project) -> None:
    if actor.name == project.settings.authors[Subject.PACKS]:
        raise NotAllowed(
            say("{name} answers for the packs and cannot adopt their rows", name=actor.name),
            remedy=say("Another person, of compliance or counsel, has to."),
        )
    if not actor.has(*adoption.MAY_ADOPT):
        duties = ", ".join(sorted(duty.value for duty in adoption.MAY_ADOPT))
        raise NotAllowed(
            say("{name} has no duty that may adopt a row of the law", name=actor.name),
            remedy=say("It takes one of {duties}.", duties=duties),
        )


def wanted(project: Project, names: Sequence[str], today: date, *, verified: bool) -> list[Text]:
    """The texts to adopt: of each rule the version that binds today, and those that will."""
    own = project_law.written_here(project.packs)
    found = {rule.id: rule for rule in project.law.rules if rule.id not in own}
    for name in names:
        if name in found:
            continue
        if name in own:
            raise WrongUsage(
                say("{rule} is a rule of your own, which is not adopted", rule=name),
                remedy=say("Two people approve it with the packs: `duly approve packs`."),
            )
        near = ", ".join(law.near(name, list(found)))
        raise WrongUsage(
            say("no rule {rule} in {packs}", rule=name, packs=", ".join(project.packs)),
            remedy=say("Near it are {names}; `duly law show` lists them all.", names=near),
        )
    chosen = names or _in_use(project, list(found.values()), today)
    return [
        Text(rule=found[name], version=version, stands=stands(project, found[name], version))
        for name in dict.fromkeys(chosen)
        for version in _ahead(found[name], today)
        if not verified or version.reading is rules.Reading.VERIFIED
    ]


def _ahead(rule: rules.Rule, today: date) -> list[rules.Version]:
    """The version that binds today and those that will."""
    enforced = (version for version in rule.versions if version.status in rules.ENFORCED)
    return [version for version in enforced if version.until is None or version.until >= today]


def _in_use(project: Project, found: Sequence[rules.Rule], today: date) -> list[str]:
    """The rules in use today, and those that will be by a text that is written down already."""
    made = usage.acts(project.settings, project.strategy)
    used = {one.rule.id for one in usage.of_day(found, project.settings, project.strategy, today)}
    return [
        rule.id
        for rule in found
        if rule.id in used or any(usage.can_speak(rule, one, made) for one in _ahead(rule, today))
    ]


def stands(project: Project, rule: rules.Rule, version: rules.Version) -> Standing:
    """Where a version of a rule of the project stands."""
    return adoption.standing(
        rule,
        version,
        project.adoptions,
        own=rule.id in project_law.written_here(project.packs),
        duties=project.settings.people,
    )


def state(found: Standing) -> Said:
    """Whether a row was adopted, by whom, and whether that still counts."""
    if found.adoption is None:
        return _STATES[found.state]
    whose = {"by": found.adoption.by, "day": found.adoption.at.date()}
    match found.state:
        case State.ADOPTED:
            return say("by {by} on {day}", **whose)
        case State.CHANGED:
            return say("changed since {by} adopted it on {day}", **whose)
        case _:
            return say("by {by} on {day}, who may not, or may no more", **whose)


def sentence(project: Project, rule: str | None, version: str | None, locale: str) -> str:
    """Whether the text that decided something is adopted, in a sentence; nothing for one the project has not.

    Nothing either where the lender has not begun to adopt: every line would say so.
    """
    if not project.adoptions:
        return ""
    for one in project.law.rules:
        for text in one.versions if one.id == rule else ():
            if text.name == version:
                found = stands(project, one, text)
                by, day = (found.adoption.by, found.adoption.at.date()) if found.adoption else ("", "")
                return _SENTENCES[found.state][not locale.startswith("zh")].format(by=by, day=day)
    return ""


def _counts(found: Standing, kept: register.Register) -> bool:
    """Whether the row is adopted, with the key that its person has now: one that was lost may be anybody's."""
    one = found.adoption
    return found.state is State.ADOPTED and one is not None and kept.public_key(one.by) == one.key


def _sign(text: Text, actor: Actor, at: datetime, key: bytes, sign: Callable[[bytes], bytes]) -> Adoption:
    one = Adoption(
        rule=text.rule.id,
        version=text.version.name,
        text=text.version.fingerprint,
        by=actor.name,
        at=at,
        key=key,
    )
    return replace(one, signature=sign(one.to_sign()))


def _fact(one: Adoption, text: Text, at: datetime) -> record.Fact:
    before = text.stands.adoption
    replaced = {"replaces": before.text} if before is not None and before.text != one.text else {}
    return record.Fact(
        kind="adoption",
        at=at,
        open={"what": "law", "digest": one.text, **replaced},
        committed={"name": one.rule, "version": one.version, "by": one.by},
    )


def _row(text: Text, locale: str) -> Row:
    return Row(
        rule=text.rule.id,
        version=text.version.name,
        says=text.rule.title["zh" if locale.startswith("zh") else "en"],
        reading=text.version.reading.value,
        text=text.version.fingerprint,
        changed=text.stands.state is State.CHANGED,
    )
