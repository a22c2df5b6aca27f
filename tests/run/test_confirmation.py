"""A stop is confirmed once, at once, and only where the law spares it: the gate decides, and names the rule if not."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from duly.run import confirmation, gate, known, planned
from duly.store import launcher
from tests.run import house as houses
from tests.run.house import House, run, until

_STOP = "duly.stop.opt_out"
_SAID = {
    "zh-CN": "已收到您的要求，我们不再向此号码发送提醒。",
    "en": "We will send no more reminders to this number.",
}


def write_template(folder: Path) -> None:
    """The lender writes what a confirmation says."""
    for locale, text in _SAID.items():
        place = folder / "templates" / confirmation.NOTICE / locale
        place.mkdir(parents=True)
        (place / "sms.txt").write_text(text + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def confirming(
    server: launcher.Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[houses.Model]:
    """A lender who confirms stops."""
    made = houses.build(tmp_path_factory.mktemp("confirming"), server, template, alter=write_template)
    yield made
    houses.drop(server, made.database)


@pytest.fixture
def polite(confirming: houses.Model, tmp_path: Path) -> Iterator[House]:
    """His house."""
    with houses.moved_in(confirming, tmp_path) as made:
        yield made


def told(house: House) -> planned.Planned:
    """A message that left by SMS."""
    row = next(one for one in house.waiting() if one.stage == "first")
    house.accept({row.key: "4711"}, row)
    house.keep_only(row)
    return row


def lay(house: House) -> int:
    """The planner looks for stops."""
    with contextlib.closing(house.opened.connect("duly_planner")) as connection:
        return confirmation.lay(house.opened, connection)


def laid(house: House) -> list[planned.Planned]:
    """The confirmations that wait."""
    return [one for one in house.waiting() if one.notice == confirmation.NOTICE]


def sparing(house: House) -> known.Rules:
    """A law whose stop spares a confirmation."""
    rules = house.rules()
    spared = tuple(rule for rule in rules.law.rules if rule.id != _STOP)
    assert len(spared) == len(rules.law.rules) - 1
    return replace(rules, law=replace(rules.law, rules=spared))


def judged(house: House, rules: known.Rules | None = None) -> gate.Word:
    """The gate's word on what waits."""
    return house.open_gate(rules=rules).judge(house.ready(*laid(house)))


def test_a_stop_is_confirmed_once(polite: House) -> None:
    """To whom said it, by the way he refused, under the plan in force, and within five minutes; whoever looks again
    finds it done.
    """
    row = told(polite)
    polite.reply(row, "STOP")

    assert (lay(polite), lay(polite)) == (1, 0)

    (one,) = laid(polite)
    assert (one.person, one.point, one.cases, one.route) == (row.person, row.point, row.cases, row.route)
    assert (one.class_, one.deadline_on, one.act["consent"]) == ("nudge", None, "withdrawn")
    assert dict(one.act["facts"])["purpose"] == "stop_confirmation"  # type: ignore[call-overload]  # a JSON object
    assert timedelta() < one.not_after - one.not_before <= confirmation.WITHIN


def test_where_no_rule_spares_it_the_gate_says_which_stands_in_the_way(polite: House) -> None:
    """The house's own stop spares nothing but what the law requires or a right hangs on."""
    row = told(polite)
    polite.reply(row, "STOP")
    lay(polite)

    word = judged(polite)

    assert word.released == ()
    assert [(drop.code, drop.rule) for drop in word.dropped] == [("law", _STOP)]
    assert [one.committed["reason"] for one in polite.entries("expiry")][-1:] == [f"law {_STOP}"]


def test_where_the_law_spares_it_it_leaves_as_an_act_and_is_counted(polite: House) -> None:
    """With a permit, a reservation under the name that rules count it by, and what it says and no more."""
    row = told(polite)
    polite.reply(row, "STOP")
    lay(polite)

    word = judged(polite, sparing(polite))

    (going,) = word.released
    assert _SAID[row.locale] in going.prepared.text
    assert not going.prepared.debt_disclosed
    kinds = polite.ask("select distinct kind from reservation where key = %s", going.released.message_key)
    assert kinds == [("notice:opt_out_confirmation",)]
    assert polite.entries("permit")[-1].committed["decision"] is not None


def test_a_worker_confirms_by_itself(polite: House) -> None:
    """Whoever plans for those who are woken lays it out too."""
    row = told(polite)
    polite.reply(row, "STOP")

    async def story() -> None:
        async with polite.on_air(waking=True, bound=False) as air:
            air.worker.plan_wakes(polite.connect("duly_planner"))  # type: ignore[misc]  # it does with `waking`
            await until(lambda: laid(polite))

    run(story())


@pytest.mark.parametrize(("minutes", "count"), [(4, 1), (6, 0)])
def test_after_five_minutes_it_is_not_said_any_more(polite: House, minutes: int, count: int) -> None:
    """Only as long is it presumed to be wanted."""
    row = told(polite)
    polite.reply(row, "STOP")
    polite.pass_by(minutes * 60)
    assert lay(polite) == count


@pytest.mark.parametrize("text", ["退订", "unsubscribe"])
def test_stop_start_stop_is_confirmed_twice_and_an_echo_is_not(polite: House, text: str) -> None:
    """Each stop is one; what the carrier brings again is none."""
    row = told(polite)
    polite.reply(row, text, raw=b"first")
    polite.reply(row, text, raw=b"again")
    assert lay(polite) == 1
    polite.reply(row, "START")
    polite.reply(row, text, raw=b"after start")
    assert lay(polite) == 1
    assert len({one.key for one in laid(polite)}) == 2


def test_what_is_no_stop_is_not_confirmed(polite: House) -> None:
    """Nor is a stop of somebody to whom nothing was said."""
    row = told(polite)
    polite.reply(row, "我要投诉")
    polite.hear(houses.said("+8613000000009", "STOP"))
    assert lay(polite) == 0


def test_without_a_template_nothing_is_confirmed(house: House) -> None:
    """The project says whether it does."""
    house.reply(told(house), "STOP")
    assert lay(house) == 0
