"""One rule told part by part, so that a person can read it beside the text of the statute.

`explain` says a rule in a run of sentences; here each sentence has its own place, and every version is told,
the past and the coming ones too. Written in Chinese and English like the rest.
Refuses to call a text read that was not: a draft is said to be one, whatever its rule demands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from duly.law import explain, phrases, rules, terms

_CONFIDENCE: dict[rules.Reading, phrases.Both] = {
    rules.Reading.DRAFT: (
        "草稿：尚无具备资格的人员核读官方原文（{}）。",
        "Draft: no qualified person has read it in the official text ({}).",
    ),
    rules.Reading.VERIFIED: ("已核（{}）。", "Verified ({})."),
}
_OWN: phrases.Both = (
    "机构自定规则，没有官方原文可核（{}）。",
    "The house's own rule: there is no official text to read it in ({}).",
)


class Standing(Enum):
    """What a version is on a day."""

    BINDS = "in force"
    AHEAD = "not yet begun"
    OVER = "over"
    PROPOSED = "proposed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Text:
    """One version: between which days it holds, what it demands and of whom, and how well it was seen."""

    since: date | None
    until: date | None
    standing: Standing
    demands: str
    applies: str
    reading: str
    confidence: str
    cite: rules.Citation
    note: str


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """A rule on a day. `texts` are all its versions, the oldest first; `now` is the place of the one told first.

    That is the version that binds on the day; if none does, the next one, or else the last.
    """

    id: str
    title: str
    type: str
    jurisdiction: str
    authority: str
    effect: str
    lifted_by: str
    see: tuple[str, ...]
    now: int
    texts: tuple[Text, ...]

    @property
    def text(self) -> Text:
        """The version that is told first."""
        return self.texts[self.now]


def of(rule: rules.Rule, day: date, locale: str) -> Portrait:
    """The rule as it stands on the day."""
    chosen = explain.language(locale)
    first = rule.binding(day) or explain.nearest(rule, day)
    lifts = [phrases.fact(name, chosen) for name in rule.lifted_by]
    speaks = any(not isinstance(version.term, terms.Silent) for version in rule.versions)
    return Portrait(
        id=rule.id,
        title=rule.title[chosen],
        type=rule.type,
        jurisdiction=rule.jurisdiction,
        authority=phrases.pick(explain.AUTHORITIES[rule.authority], chosen),
        effect=phrases.pick(explain.EFFECTS[rule.effect], chosen) if speaks else "",
        lifted_by=phrases.listed(lifts, chosen) if lifts else "",
        see=rule.see,
        now=rule.versions.index(first),
        texts=tuple(_text(rule, version, day, chosen) for version in rule.versions),
    )


def standing(version: rules.Version, day: date) -> Standing:
    """What the version is on the day; only `BINDS` is enforced."""
    if version.status is rules.Status.PROPOSED:
        return Standing.PROPOSED
    if version.status is rules.Status.WITHDRAWN:
        return Standing.WITHDRAWN
    if version.binds_on(day):
        return Standing.BINDS
    return Standing.AHEAD if version.since is not None and day < version.since else Standing.OVER


def _text(rule: rules.Rule, version: rules.Version, day: date, chosen: str) -> Text:
    said = _OWN if rule.authority is rules.Authority.POLICY else _CONFIDENCE[version.reading]
    return Text(
        since=version.since,
        until=version.until,
        standing=standing(version, day),
        demands=phrases.term(version.term, chosen),
        applies=phrases.scope(version.applies, chosen),
        reading=version.reading.value,
        confidence=phrases.pick(said, chosen).format(phrases.pick(explain.TIERS[version.cite.tier], chosen)),
        cite=version.cite,
        note=version.note,
    )
