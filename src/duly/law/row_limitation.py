"""A pack's `limitation.yaml`, read strictly into a `limitation.Limitation`.

Refuses a line that stands on no rule of the pack, an event or a role nobody knows, and a period that is no number.
"""

from __future__ import annotations

from collections.abc import Iterable

from duly.law import duties, limitation, source
from duly.law.rules import ENFORCED, Reading, Rule, Version
from duly.law.source import Mapping, Source
from duly.law.terms import Parameter
from duly.model.party import Role

_EVENTS = tuple(one.value for one in limitation.Event)
_ROLES = tuple(one.value for one in Role)
_PERIODS = {"years": duties.Period.YEARS, "months": duties.Period.MONTHS, "days": duties.Period.DAYS}


def read(opened: Source, node: source.Node, rules: Iterable[Rule]) -> limitation.Limitation | None:
    """The clocks of the pack; None when there are problems, which are noted in the source."""
    before = len(opened.problems)
    top = opened.mapping(node, 1, "limitation.yaml")
    if top is None or not opened.keys(top, required=("jurisdiction", "limitation"), optional=("guarantee",)):
        return None
    found = _Reading(opened, {rule.id: rule for rule in rules}).clocks(top)
    return None if len(opened.problems) > before else found


class _Reading:
    """One walk over the file; problems go to the source."""

    def __init__(self, opened: Source, rules: dict[str, Rule]) -> None:
        self._source, self._rules = opened, rules

    def clocks(self, top: Mapping) -> limitation.Limitation | None:
        code = self._source.text(top, "jurisdiction")
        row = self._source.mapping(top.entries["limitation"], top.line, "limitation")
        if row is None or not self._source.keys(
            row, required=("period", "start", "restarts"), optional=("outer", "joint")
        ):
            return None
        period, start = self._period(row), self._rule(row, "start")
        items = self._source.listing(row.entries["restarts"], row.line, "restarts") or ()
        lines = [self._restart(item) for item in items]
        outer = self._outer(row) if "outer" in row.entries else None
        joint = self._joint(row) if "joint" in row.entries else None
        guarantee = self._guarantee(top) if "guarantee" in top.entries else None
        if code is None or period is None or start is None or None in lines:
            return None
        return limitation.Limitation(
            jurisdiction=code,
            period=period[0],
            period_rule=period[1].id,
            start_rule=start.id,
            outer=outer,
            restarts=tuple(line for line in lines if line is not None),
            joint=joint,
            guarantee=guarantee,
        )

    def _restart(self, node: source.Node) -> limitation.Restart | None:
        row = self._source.mapping(node, node.line, "a restart")
        if row is None or not self._source.keys(row, required=("event", "rule"), optional=("products",)):
            return None
        event, rule = self._source.word(row, "event", _EVENTS), self._rule(row, "rule")
        products = self._source.words(row, "products") if "products" in row.entries else None
        if event is None or rule is None:
            return None
        return limitation.Restart(
            event=limitation.Event(event),
            rule=rule.id,
            reading=_reading(rule),
            products=None if products is None else frozenset(products),
        )

    def _joint(self, row: Mapping) -> limitation.Joint | None:
        inner = self._source.mapping(row.entries["joint"], row.line_of("joint"), "joint")
        if inner is None or not self._source.keys(inner, required=("rule", "roles")):
            return None
        rule, roles = self._rule(inner, "rule"), self._source.words(inner, "roles", _ROLES)
        if rule is None or roles is None:
            return None
        return limitation.Joint(rule=rule.id, reading=_reading(rule), roles=frozenset(roles))

    def _outer(self, row: Mapping) -> duties.Length | None:
        inner = self._source.mapping(row.entries["outer"], row.line_of("outer"), "outer")
        if inner is None or not self._source.keys(inner, required=("years", "rule")):
            return None
        years, rule = self._source.whole(inner, "years", least=1), self._rule(inner, "rule")
        return None if years is None or rule is None else duties.Length(n=years, period=duties.Period.YEARS)

    def _guarantee(self, top: Mapping) -> limitation.Guarantee | None:
        row = self._source.mapping(top.entries["guarantee"], top.line_of("guarantee"), "guarantee")
        if row is None or not self._source.keys(row, required=("period", "kept_by")):
            return None
        period = self._period(row)
        kept = self._source.mapping(row.entries["kept_by"], row.line_of("kept_by"), "kept_by")
        if period is None or kept is None or not self._source.keys(kept, required=(), optional=_ROLES):
            return None
        events = {
            role: frozenset(
                limitation.Event(one)
                for one in self._source.words(kept, role, _EVENTS) or ()
                if one in _EVENTS
            )
            for role in kept.entries
        }
        return limitation.Guarantee(
            period=period[0], rule=period[1].id, reading=_reading(period[1]), kept_by=events
        )

    def _period(self, row: Mapping) -> tuple[duties.Length, Rule] | None:
        """The length that the parameter named by `period` gives."""
        rule = self._rule(row, "period")
        if rule is None:
            return None
        term = _enforced(rule)[-1].term if _enforced(rule) else None
        if isinstance(term, Parameter) and type(term.value) is int and term.unit in _PERIODS:
            return duties.Length(n=term.value, period=_PERIODS[term.unit]), rule
        self._source.refuse(
            row.line_of("period"),
            "law.limitation.period",
            f"{rule.id} is no number of years, months or days",
            "Name a parameter that gives the period.",
        )
        return None

    def _rule(self, row: Mapping, key: str) -> Rule | None:
        name = self._source.text(row, key)
        if name is None:
            return None
        if name not in self._rules:
            self._source.refuse(
                row.line_of(key),
                "law.limitation.rule",
                f"{name!r} is no rule of this pack",
                "Name the rule that this line stands on.",
            )
        return self._rules.get(name)


def _enforced(rule: Rule) -> list[Version]:
    return [version for version in rule.versions if version.status in ENFORCED]


def _reading(rule: Rule) -> Reading:
    """The reading of the rule: verified only where every text in force was read."""
    texts = _enforced(rule)
    read_all = texts and all(version.reading is Reading.VERIFIED for version in texts)
    return Reading.VERIFIED if read_all else Reading.DRAFT
