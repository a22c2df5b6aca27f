"""How findings combine: the three sentences that govern it, over every combination of up to five rules.

The combiner is tested apart from the conditions: a rule is one of six symbols, {permit, forbid} times
{true, false, error}, where error means that a fact is missing.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duly.law import clocks, columnar, decide, frames, terms, values, weigh
from duly.law.pack import Pack
from duly.law.rules import Rule
from tests.law import samples

# `shared` is known to be false, `agency_announced` to be true, `night_consent` is unknown.
_SYMBOLS = {
    "permit-true": ("true", "{agency_announced: true}", "{shared: true}"),
    "permit-false": ("true", "{shared: true}", "{shared: true}"),
    "permit-error": ("true", "{night_consent: true}", "{agency_announced: true}"),
    "forbid-true": ("false", "{agency_announced: true}", "{agency_announced: true}"),
    "forbid-false": ("false", "{agency_announced: true}", "{shared: true}"),
    "forbid-error": ("false", "{agency_announced: true}", "{night_consent: true}"),
}


def _act() -> values.Act:
    return samples.act(facts={"agency_announced": True})


def _rule(name: str, symbol: str, *, only: str = "") -> Rule:
    permits, applies, when = _SYMBOLS[symbol]
    head = f"permits: {permits}\napplies: {{all: [{applies}{only}]}}"
    return samples.written(samples.rule(name, "forbid", f"when: {when}, check: machine,", head=head)).rules[0]


def expected(symbols: tuple[str, ...]) -> str:
    """The answer by the three sentences alone."""
    if "forbid-true" in symbols:
        return "forbid"
    if "forbid-error" in symbols or "permit-error" in symbols:
        return "hold"
    return "permit" if "permit-true" in symbols else "hold"


def sequences() -> list[tuple[str, ...]]:
    """All sequences of up to five symbols."""
    return [one for length in range(6) for one in itertools.product(_SYMBOLS, repeat=length)]


def test_every_combination_of_up_to_five_rules_is_combined_by_the_three_sentences() -> None:
    """9,331 sequences through the plain combiner; the reasons are those rules that gave them."""
    act, pack = _act(), samples.practice()
    day = date(2026, 11, 23)
    found = {
        symbol: weigh.weigh(_rule(f"p.{symbol}", symbol), act, (), clocks.instant(act.at), day)
        for symbol in _SYMBOLS
    }
    for symbols in sequences():
        findings = [finding for finding in (found[symbol] for symbol in symbols) if finding is not None]
        kind, in_doubt = decide.combine(pack, act, findings)

        assert kind.value == expected(symbols), symbols
        doubted = [doubt.rule for doubt in in_doubt if doubt.rule != values.SILENCE]
        assert doubted == ([f"p.{one}" for one in symbols if one.endswith("error")] if doubted else []), (
            symbols
        )
        silent = not any(one in ("permit-true", "permit-error") for one in symbols)
        assert (values.Doubt(rule=values.SILENCE, fact=values.NO_PERMISSION) in in_doubt) == silent, symbols


def test_the_columns_combine_every_combination_of_up_to_five_rules_alike() -> None:
    """One pack with a rule for each place and symbol; an act's stage spells out which of them apply to it."""
    spelled = {
        "".join(str(list(_SYMBOLS).index(one)) for one in symbols) or "none": symbols
        for symbols in sequences()
    }
    rules = []
    for place, (number, symbol) in itertools.product(range(5), enumerate(_SYMBOLS)):
        stages = [f"'{word}'" for word in spelled if len(word) > place and word[place] == str(number)]
        rules.append(_rule(f"p.{place}.{symbol}", symbol, only=f", {{stage: [{', '.join(stages)}]}}"))
    pack = _pack_of(rules)
    acts = [replace(_act(), stage=word) for word in spelled]

    judged = columnar.judge(pack, *frames.of_acts(acts))

    assert judged["verdict"].to_list() == [expected(symbols) for symbols in spelled.values()]


def _pack_of(rules: list[Rule]) -> Pack:
    pack = samples.written(samples.rule("p.none", "parameter", "value: 1, unit: null,"))
    return Pack(
        name=pack.name,
        title=pack.title,
        as_of=pack.as_of,
        reviewed_until=pack.reviewed_until,
        zone=pack.zone,
        jurisdictions=pack.jurisdictions,
        rules=tuple(rules),
        cases=(),
        digest=pack.digest,
    )


def _with(pack: Pack, *more: Rule) -> Pack:
    return _pack_of([*pack.rules, *more]) if pack.zone == "Asia/Shanghai" else _moved(pack, more)


def _moved(pack: Pack, more: tuple[Rule, ...]) -> Pack:
    return Pack(
        name=pack.name,
        title=pack.title,
        as_of=pack.as_of,
        reviewed_until=pack.reviewed_until,
        zone=pack.zone,
        jurisdictions=pack.jurisdictions,
        rules=(*pack.rules, *more),
        cases=(),
        digest=pack.digest,
    )


seeds = given(seed=st.integers(0, 2**32))
quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def _acts(seed: int) -> tuple[values.Act, ...]:
    return samples.scene(samples.seeded(seed), ("XX", "XX-1"), acts=3, contacts=3).acts


@seeds
@quick
def test_forbid_trumps_permit(seed: int) -> None:
    """Whatever else a pack permits or doubts, one prohibition that is met forbids, and is named."""
    barred = _with(samples.practice(), _rule("p.bar", "forbid-true"))
    for act in _acts(seed):
        acting = replace(act, facts={**act.facts, "agency_announced": True})
        verdict = decide.decide(barred, acting)

        # The added rule is of jurisdiction XX, under which every act of the scene stands.
        assert verdict.kind is values.Kind.FORBID
        assert "p.bar" in [reason.rule for reason in verdict.blocked_by]
        assert verdict.because == ()
        assert verdict.until is None


@seeds
@quick
def test_silence_is_not_permission(seed: int) -> None:
    """A permit always rests on a permitting rule that spoke and was kept, under a law the pack holds."""
    pack = samples.practice()
    for act in _acts(seed):
        verdict = decide.decide(pack, act)
        if verdict.kind is values.Kind.PERMIT:
            assert any(pack.rule(reason.rule).permits for reason in verdict.because)
            assert pack.jurisdictions.issuperset(act.jurisdictions)
        silent = decide.decide(pack, replace(act, jurisdictions=("ZZ",)))

        assert silent.kind is values.Kind.HOLD
        assert {doubt.rule for doubt in silent.in_doubt} == {values.SILENCE}
        assert silent.until is None


@seeds
@quick
def test_doubt_holds(seed: int) -> None:
    """A fact made unknown never permits what was not permitted; and what it makes of a permit is a hold.

    The doubt then names the fact, or the one it decides by default.
    """
    pack = samples.practice()
    for act in _acts(seed):
        before = decide.decide(pack, act)
        for name in ("holds", "elements", "shared", "channel", "notice_class", "debt_class", "place"):
            after = decide.decide(pack, samples.without(act, name))
            if before.kind is not values.Kind.PERMIT:
                assert after.kind is not values.Kind.PERMIT
            elif after.kind is not values.Kind.PERMIT:
                assert after.kind is values.Kind.HOLD
                assert {name, "visibility"} & {doubt.fact for doubt in after.in_doubt}


@seeds
@quick
def test_adding_a_stop_never_permits_more(seed: int) -> None:
    """A stop added to a pack can only move an answer from permit towards forbid."""
    order = [values.Kind.PERMIT, values.Kind.HOLD, values.Kind.FORBID]
    pack = samples.practice()
    for state in ("{holds: [dispute]}", "{shared: true}", "{place: [home]}"):
        for verdict in ("hold", "forbid"):
            stop = samples.written(
                samples.rule("p.more", "stop", f"state: {state}, verdict: {verdict},")
            ).rules[0]
            for act in _acts(seed):
                before, after = decide.decide(pack, act), decide.decide(_with(pack, stop), act)

                assert order.index(after.kind) >= order.index(before.kind)


@pytest.mark.parametrize("kind", sorted(terms.TYPES))
def test_a_house_rule_permits_nothing(kind: str) -> None:
    """Of the house's own rules none is a permission, whatever its type."""
    house = samples.shipped("house")
    assert not any(rule.permits for rule in house.rules if rule.type == kind)
    assert not samples.shipped("cn").rule("cn-freq-04").permits
