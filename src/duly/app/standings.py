"""How the pinned law stands with a project: what binds, what of it is in use, adopted, a draft, not set, past review.

Refuses to judge: a row that nobody adopted, a draft and a number that is not set block as they do everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from duly.app import adoption as adopting
from duly.app.law import Shelf, Told
from duly.law import explain, rules
from duly.law.facts import policy_fact
from duly.model.said import Said, say
from duly.project import adoption


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A pinned rule that binds on a day. `number`: whether the lender's own is set; None where none is left to him.

    `own` is a rule of the house, which has no official text that could be read. `speaks`: whether it can speak about
    what this project does; None where nobody knows.
    """

    rule: str
    pack: str
    says: str
    reading: str
    own: bool
    since: date | None
    number: bool | None
    calendar: bool
    lifted: bool
    speaks: bool | None
    adopted: adoption.Standing | None

    @property
    def open(self) -> bool:
        """Whether production asks that somebody adopt it, and nobody has, as it is."""
        settled = {adoption.State.OWN, adoption.State.ADOPTED}
        return self.speaks is not False and self.adopted is not None and self.adopted.state not in settled


@dataclass(frozen=True, kw_only=True)
class Review:
    """A pinned pack: how many of its rules bind, how many of those are in use, drafts, not set, not adopted in use.

    `reviewed_until` is the last day on which somebody stands for the pack. `in_use` is None where nobody knows.
    """

    pack: str
    as_of: date
    in_force: int
    in_use: int | None
    drafts: int
    unset: int
    unadopted: int
    reviewed_until: date
    past: bool


def binding(found: Shelf, on: date, *, locale: str) -> tuple[Standing, ...]:
    """Every pinned rule with a text that binds on the day, in the order of the packs."""
    needs = frozenset().union(*(one.needs() for one in found.packs.values()))
    speaking, known = found.used(on), found.calendars_known()
    return tuple(
        Standing(
            rule=rule.id,
            pack=name,
            says=rule.title[explain.language(locale)],
            reading=text.reading.value,
            own=rule.authority is rules.Authority.POLICY,
            since=text.since,
            number=(
                None
                if policy_fact(rule.id) not in needs
                else known[rule.id].part(on) is not None
                if rule.id in known
                else rule.id in found.policies
            ),
            calendar=rule.id in known,
            lifted=rule.id in found.lifts,
            speaks=None if speaking is None else rule.id in speaking,
            adopted=found.stands(rule, text),
        )
        for name, rule in found.rules()
        for text in [rule.binding(on)]
        if text is not None
    )


def reviews(found: Shelf, used: Sequence[Standing], on: date) -> tuple[Review, ...]:
    """Every pinned pack as it stands on the day, given its rules that bind."""
    return tuple(
        Review(
            pack=name,
            as_of=one.as_of,
            in_force=sum(each.pack == name for each in used),
            in_use=(
                None
                if found.strategy is None
                else sum(each.pack == name and each.speaks is True for each in used)
            ),
            drafts=sum(
                each.pack == name and each.reading == rules.Reading.DRAFT.value and not each.own
                for each in used
            ),
            unset=sum(each.pack == name and each.number is False for each in used),
            unadopted=sum(each.pack == name and each.open for each in used),
            reviewed_until=one.reviewed_until,
            past=on > one.reviewed_until,
        )
        for name, one in found.packs.items()
    )


def adopted(each: Standing) -> Said:
    """Whether a rule was adopted, by whom, and whether that still counts."""
    return say("unknown") if each.adopted is None else adopting.state(each.adopted)


def changed(each: Standing) -> bool:
    """Whether it was adopted once, in another text than it has now."""
    return each.adopted is not None and each.adopted.state is adoption.State.CHANGED


def told(rule: Told) -> Said | None:
    """Whether the version told of a rule was adopted; nothing outside a project."""
    return None if rule.adopted is None else adopting.state(rule.adopted)


def number(each: Standing) -> Said:
    """Whether the lender's own number of a rule in use is set."""
    if each.number is None:
        return say("none is left to the lender")
    return say("set") if each.number else say("NOT SET: it holds")


def unset(each: Standing) -> Said:
    """What a rule lacks that the lender has to set."""
    if each.calendar:
        return say("{rule}: nobody says which of these days are working days.", rule=each.rule)
    return say("{rule}: the law leaves the number to you, and nobody has set it.", rule=each.rule)


def mend(each: Standing) -> Said:
    """How the number of a rule, or the days of a calendar, are set."""
    if each.calendar:
        return say("Write its days into law/calendars/{rule}.yaml; until then it holds.", rule=each.rule)
    return say('Add [policy."{rule}"] with `value`, `by` and `on`; until then it holds.', rule=each.rule)
