"""The texts of a pack laid out for columns: each enforced version is a slot with a period and expressions.

Three-valued logic is Polars' own: a test on a null is null, and `all`, `any` and `not` follow Kleene. What
a window or a cap says depends on the instant, so their slots carry no condition here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce

import polars as pl

from duly.law import clocks, facts, frames, needs, predicates, rules, sequences, terms, values
from duly.law.intervals import NEVER
from duly.law.pack import Pack

Unknown = Mapping[str, pl.Expr]  # fact -> whether it is for want of this fact that nothing is known
TRUE, FALSE = pl.lit(True), pl.lit(False)


@dataclass(frozen=True)
class Slot:
    """One enforced text. `begins` and `ends` are seconds since 1970, the end exclusive.

    `applies` is null where that is unknown; `lifted` is never null; `broken` is the condition of a term
    that time does not change, None for the others. `moving` are facts that a term lacks at some instants only;
    `state` is the part of a bar with an end that time does not change. `reads` are the columns all this looks at,
    `tests` what is tested of them.
    """

    number: int
    rule: rules.Rule
    version: rules.Version
    begins: int
    ends: int
    applies: pl.Expr
    applies_unknown: Unknown
    lifted: pl.Expr
    broken: pl.Expr | None
    broken_unknown: Unknown
    moving: Sequence[str]
    reads: frozenset[str]
    tests: frozenset[predicates.Test]
    state: pl.Expr | None = None

    @property
    def timed(self) -> bool:
        """Whether the condition must be asked of an instant."""
        return self.broken is None


def codes(pack: Pack) -> list[str]:
    """The jurisdictions that stand in a frame's bits, in their order."""
    return sorted(pack.jurisdictions.union(rule.jurisdiction for rule in pack.rules) - {"*"})


def lay_out(pack: Pack, policy: values.Policy) -> list[Slot]:
    """The slots of every enforced text, in the order of the pack's rules and versions."""
    enforced = [
        (rule, version, version.term)
        for rule in pack.rules
        for version in rule.versions
        if version.status in rules.ENFORCED and not isinstance(version.term, terms.Silent)
    ]
    return [
        _slot(pack, policy, (rule, version), number=number, term=term)
        for number, (rule, version, term) in enumerate(enforced)
    ]


def _slot(
    pack: Pack,
    policy: values.Policy,
    text: tuple[rules.Rule, rules.Version],
    *,
    number: int,
    term: terms.Asked,
) -> Slot:
    rule, version = text
    here = TRUE
    if rule.jurisdiction != "*":
        here = (pl.col("jurisdictions") & (1 << codes(pack).index(rule.jurisdiction))) != 0
    if rule.disapplied_by:
        here = here & ~pl.any_horizontal(
            *(pl.col(name).fill_null(value=False) for name in rule.disapplied_by)
        )
    broken, broken_unknown = _condition(rule, term, policy, number)
    ends = isinstance(term, terms.Stop) and term.expiry is not None
    by_two = rule.effect in rules.LIFTABLE and isinstance(policy.get(rule.id), values.Lift)
    recorded = [pl.col(name).fill_null(False) for name in rule.lifted_by]
    return Slot(
        number=number,
        rule=rule,
        version=version,
        begins=midnight(version.since, pack.zone, -NEVER),
        ends=midnight(version.until + timedelta(days=1) if version.until else None, pack.zone, NEVER),
        applies=here & truth(version.applies),
        applies_unknown={fact: here & one for fact, one in unknown(version.applies).items()},
        lifted=pl.lit(by_two) if by_two or not recorded else pl.any_horizontal(*recorded),
        broken=None if ends else broken,
        state=broken if ends else None,
        broken_unknown=broken_unknown,
        moving=sequences.moving_facts(term),
        reads=_read_by(rule, version.applies, term),
        tests=frozenset(_tests(version.applies)).union(*map(_tests, _said_by(term))),
    )


def _read_by(rule: rules.Rule, applies: predicates.Predicate, term: terms.Asked) -> frozenset[str]:
    """The columns that say whether the text applies, is broken or lacks a fact; not those it counts by."""
    read = {*predicates.facts_of(applies), *needs.tested_by(term), *rule.lifted_by, *rule.disapplied_by}
    clock = terms.clock_of(term)
    if clock is not None and clock.basis is not terms.ZoneBasis.FIXED:
        read.update(("zones",) if clock.basis is terms.ZoneBasis.DEBTOR else ("zones", "number_zones"))
    if isinstance(term, terms.Window):
        read.update(("preferred",) if term.preference is not None else ())
        read.update(("transit_seconds",) if term.moment is terms.Moment.ARRIVAL else ())
    if isinstance(term, terms.Cap):
        read.add("channel")
    defaults = [facts.FACTS[name].otherwise for name in read]
    return frozenset(read | {otherwise.by for otherwise in defaults if otherwise is not None})


def _said_by(term: terms.Asked) -> list[predicates.Predicate]:
    """The predicates a term has of its own."""
    match term:
        case terms.Stop():
            return [term.state, *([term.exception] if term.exception is not None else [])]
        case terms.Forbid():
            return [term.when]
        case _:
            return []


def midnight(day: date | None, zone: str, otherwise: int) -> int:
    """The instant the day begins in the zone."""
    return otherwise if day is None else clocks.day_start(day, zone)


def tested(test: predicates.Test) -> pl.Expr:
    """Whether the test holds of a portrait, under its own name, so that many texts may ask it and it is asked once."""
    fact = facts.FACTS[test.fact]
    if fact.values:  # one word or several, they are bits
        mask = frames.bits(fact.name, (str(word) for word in test.values))
        return ((pl.col(fact.name) & mask) != 0).alias(_name(test))
    return pl.col(fact.name).is_in(sorted(test.values, key=str)).alias(_name(test))


def _name(test: predicates.Test) -> str:
    return f"{test.fact}: {', '.join(sorted(map(str, test.values)))}"


def _tests(predicate: predicates.Predicate | None) -> Iterator[predicates.Test]:
    match predicate:
        case predicates.Test():
            yield predicate
        case predicates.Not():
            yield from _tests(predicate.part)
        case predicates.All() | predicates.AnyOf():
            for part in predicate.parts:
                yield from _tests(part)


def truth(predicate: predicates.Predicate) -> pl.Expr:
    """The predicate as a nullable Boolean expression over portraits with what was `tested` of them."""
    match predicate:
        case predicates.Test():
            return pl.col(_name(predicate))
        case predicates.Not():
            return ~truth(predicate.part)
        case predicates.All():
            return reduce(lambda left, right: left & right, map(truth, predicate.parts), TRUE)
        case predicates.AnyOf():
            return reduce(lambda left, right: left | right, map(truth, predicate.parts), FALSE)


def unknown(predicate: predicates.Predicate) -> dict[str, pl.Expr]:
    """For each fact asked about, whether the predicate is undecided for want of it."""
    match predicate:
        case predicates.Test():
            return {predicate.fact: truth(predicate).is_null()}
        case predicates.Not():
            return unknown(predicate.part)
        case predicates.All() | predicates.AnyOf():
            undecided = truth(predicate).is_null()
            found: dict[str, pl.Expr] = {}
            for part in predicate.parts:
                for fact, one in unknown(part).items():
                    found[fact] = found[fact] | one if fact in found else one
            return {fact: one & undecided for fact, one in found.items()}


def _condition(
    rule: rules.Rule, term: terms.Asked, policy: values.Policy, number: int
) -> tuple[pl.Expr | None, Unknown]:
    match term:
        case terms.Window() if not term.spans:
            return None, {facts.policy_fact(rule.id): TRUE}
        case terms.Window():
            wanting = _zones_unknown(term.clock)
            if term.moment is terms.Moment.ARRIVAL:
                wanting["transit_seconds"] = pl.col("transit_seconds").is_null()
            return None, wanting
        case terms.Cap():
            return None, _cap_unknown(rule, term, policy)
        case terms.Stop():
            return _stop(term, number)
        case terms.Forbid():
            return truth(term.when), unknown(term.when)
        case terms.Content():
            mask = frames.bits("elements", term.elements)
            return (pl.col("elements") & mask) != mask, {"elements": pl.col("elements").is_null()}
        case terms.Precedence():
            return None, _keys_unknown(term.scope) | _zones_unknown(term.clock)
        case terms.Consent():
            unsaid = {"consents": ~pl.col(frames.CONSENTED), "channel": pl.col("channel").is_null()}
            return None, unsaid | _zones_unknown(term.clock)


def _stop(stop: terms.Stop, number: int) -> tuple[pl.Expr, Unknown]:
    """The bar but for its end in time; the exception counts while it is not spent."""
    barred, lacking = truth(stop.state), unknown(stop.state)
    if stop.exception is not None:
        spared = predicates.All((stop.state, predicates.Not(stop.exception)))
        spent = FALSE if stop.spent is None else pl.col(f"_spent{number}")
        barred = pl.when(spent).then(barred).otherwise(truth(spared))
        both = unknown(spared)
        lacking = {
            fact: pl.when(spent).then(lacking.get(fact, FALSE)).otherwise(one) for fact, one in both.items()
        }
    if stop.expiry is not None:
        lacking = lacking | {
            name: one & barred.ne_missing(FALSE) for name, one in _zones_unknown(stop.expiry.clock).items()
        }
    return barred, lacking


def _zones_unknown(clock: terms.Clock) -> dict[str, pl.Expr]:
    if clock.basis is terms.ZoneBasis.FIXED or clock.candidates:
        return {}
    presumed = clock.basis is not terms.ZoneBasis.DEBTOR
    return {"zones": pl.col("_presumed_unknown" if presumed else "_zones_unknown")}


def _keys_unknown(scope: Sequence[terms.Scope]) -> dict[str, pl.Expr]:
    wanting: dict[str, pl.Expr] = {}
    if terms.Scope.ACCOUNT in scope:
        wanting["accounts"] = ~pl.col(frames.ACCOUNTED)
    if terms.Scope.NUMBER in scope:
        wanting["number"] = ~pl.col(frames.NUMBERED)
    return wanting


def _cap_unknown(rule: rules.Rule, cap: terms.Cap, policy: values.Policy) -> Unknown:
    wanting: dict[str, pl.Expr] = {}
    if most_allowed(rule, cap, policy) is None:
        wanting[facts.policy_fact(rule.id)] = TRUE
    if not cap.pool:
        wanting["channel"] = pl.col("channel").is_null()
    return wanting | _zones_unknown(cap.clock) | _keys_unknown(cap.scope)


def most_allowed(rule: rules.Rule, cap: terms.Cap, policy: values.Policy) -> int | None:
    """The stricter of the law's number and the lender's own; None where neither is set."""
    own = policy.get(rule.id)
    if not isinstance(own, int):
        return cap.most
    return own if cap.most is None else min(cap.most, own)
