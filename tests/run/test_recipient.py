"""At the gate: where others may read it only a neutral text leaves, and a word that nobody may say leaves nowhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from duly.law import compiled, terms, values
from duly.law.pack import Pack
from duly.law.predicates import All, AnyOf, Not, Predicate, Test
from duly.model.party import PointState
from duly.run import known, outfit, rendering, ruling
from tests.run.house import House


def ready(house: House, **facts: object) -> ruling.Prepared:
    """One message of the outbox, alone, with facts of its contact point changed by the planner."""
    row = next(one for one in house.waiting() if len(one.accounts) == 1 and one.stage == "first")
    fields = {name: value for name, value in facts.items() if name in row.act}
    further = {name: value for name, value in facts.items() if name not in row.act}
    kept = row.act["facts"]
    assert isinstance(kept, dict)
    act = {**row.act, **fields, "facts": {**kept, **further}}
    marked = replace(row, act=act).marked_with(house.opened.gate_keys.mark)
    house.keep_only(marked)
    (prepared,) = house.ready(marked)
    return prepared


def judged(house: House, prepared: ruling.Prepared) -> tuple[str, str | None, str | None]:
    """What the gate says: released, or the code and the rule or fact of its no."""
    word = house.open_gate().judge([prepared])
    if word.released:
        return "released", None, None
    (drop,) = word.dropped
    return drop.code, drop.rule, drop.fact


OTHERS_READ = [
    ({"shared": True}, "duly.stop.shared_point"),
    ({"verification_lapsed": True}, "duly.stop.unverified_point"),
    ({"at_work": True, "place": "workplace"}, "duly.stop.workplace"),
]


@pytest.mark.parametrize(("facts", "rule"), OTHERS_READ)
def test_where_others_may_read_it_the_gate_lets_no_word_of_the_debt_leave(
    house: House, facts: dict[str, object], rule: str
) -> None:
    """The rendered text is read again: it names the debt, and the rule is named."""
    prepared = ready(house, **facts)

    assert prepared.debt_disclosed
    assert judged(house, prepared) == ("law", rule, None)
    assert house.send() == []


@pytest.mark.parametrize(("facts", "rule"), OTHERS_READ)
def test_where_others_may_read_it_the_gate_lets_a_neutral_text_leave(
    house: House, facts: dict[str, object], rule: str
) -> None:
    """The same point, a text without a word of the debt."""
    assert judged(house, replace(ready(house, **facts), debt_disclosed=False)) == ("released", None, None)
    assert rule in {one.id for one in house.opened.project.law.rules}


def test_a_recycled_number_is_forbidden_whatever_is_said(house: House) -> None:
    """Even a neutral text: the number is somebody else's."""
    prepared = ready(house, point_state=PointState.RECYCLED.value)

    assert judged(house, replace(prepared, debt_disclosed=False)) == ("law", "duly.stop.wrong_number", None)


def test_what_the_plan_said_of_the_text_does_not_count_at_the_gate(house: House) -> None:
    """A row that calls its text neutral is judged by the text that would leave."""
    prepared = ready(house, shared=True, debt_disclosed=False)

    assert judged(house, prepared) == ("law", "duly.stop.shared_point", None)


def test_a_debt_word_in_the_first_characters_is_refused(house: House) -> None:
    """With a wider preview the same text tells of the debt on a locked screen; as the project has it, it leaves."""
    prepared = ready(house)
    whole = outfit.outfit(house.opened.project, house.opened.code_key)
    wide = replace(whole, words=replace(whole.words, preview=60))
    renderer = rendering.Renderer(wide, safe=house.opened.vault, channel=house.channel())
    (seen,) = renderer.prepare(house.connect("duly_worker"), [prepared.planned])
    assert isinstance(seen, ruling.Prepared)

    assert judged(house, seen) == ("text_refused", None, "text.lint.preview")
    assert "text.lint.preview" not in prepared.findings


def test_a_false_promise_does_not_leave(house: House) -> None:
    """The law's own row speaks, and so does the house's."""
    prepared = replace(ready(house), claims=frozenset({"false_promise"}))

    assert judged(house, prepared) == ("law", "cn-word-04", None)


def asks_for_claims(predicate: Predicate) -> bool:
    """Whether a test on `claims` stands in the predicate."""
    match predicate:
        case Test():
            return predicate.fact == "claims"
        case Not():
            return asks_for_claims(predicate.part)
        case All() | AnyOf():
            return any(asks_for_claims(part) for part in predicate.parts)


def without_rules_of_wording(law: Pack) -> Pack:
    """The pack without every rule that forbids what is said."""
    return replace(
        law,
        rules=tuple(
            rule
            for rule in law.rules
            if not any(
                isinstance(one.term, terms.Forbid) and asks_for_claims(one.term.when) for one in rule.versions
            )
        ),
    )


def test_a_forbidden_word_does_not_leave_where_no_rule_speaks_to_it(house: House) -> None:
    """Not even under a law that says nothing of wording: the same message without it would leave."""
    law = compiled.Reading(without_rules_of_wording(house.opened.project.law))
    plain = ready(house)
    insulting = replace(plain, claims=frozenset({"insult"}))

    dropped = said(house, insulting, law)

    assert isinstance(said(house, plain, law), ruling.Release)
    assert isinstance(dropped, ruling.Drop)
    assert (dropped.code, dropped.fact) == ("text_refused", "insult")
    assert dropped.verdict is not None
    assert dropped.verdict.kind is values.Kind.PERMIT


def said(house: House, prepared: ruling.Prepared, law: compiled.Reading) -> ruling.Ruling:
    """The gate's word under another law."""
    reader = known.Reader(house.rules())
    with house.connect("duly_worker") as connection:
        seen = reader.read(connection, [prepared], house.now())
    return ruling.rule(
        0,
        prepared,
        seen,
        law=law,
        policy=house.rules().policy,
        mark_key=house.opened.gate_keys.mark,
        history=(),
    )


def test_the_rows_of_the_outbox_carry_what_the_point_is(house: House) -> None:
    """Age, place and sharing of the point are kept beside each message, so that the gate asks about the same."""
    for row in house.waiting():
        kept = row.act["facts"]
        assert isinstance(kept, dict)
        assert {"verification_lapsed", "at_work", "debt_disclosed"} <= set(kept)
