"""The whole plan over small books, with the shipped law, templates and word lists."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from duly.book import facts
from duly.book.columns import Book
from duly.law import decide
from duly.law import values as law_values
from duly.model.notice import NoticeId, message_key
from duly.model.party import Channel
from duly.plan import columns, decision, message, plan
from duly.plan.code import OUTCOME, Code
from duly.plan.plan import Plan
from tests.plan import plans, strategies, worlds
from tests.plan.plans import ON, account, hold, instalment, late, payment, point

OTHER = {"creditor": "云鹤银行", "brand": "云鹤银行"}


def local(hour: int, minute: int = 0, second: int = 0, on: date = ON) -> datetime:
    """A moment in Shanghai."""
    return datetime.combine(on, time(hour, minute, second), ZoneInfo(plans.ZONE)).astimezone(UTC)


def test_a_first_notice_is_planned_with_all_that_the_outbox_needs() -> None:
    """One account one day late: one SMS, its figures, its price, its life and its reasons; and no text."""
    found = plans.decide(late(1))
    row = found.messages.row(0, named=True)
    fields = json.loads(row["fields"])
    notice = NoticeId(person="P1", creditor="晨曦消费金融", brand=plans.BRAND, stage="first", occurrence=1)

    assert found.messages.height == 1
    assert row["key"] == message_key(notice, point="P1-sms", channel=Channel.SMS, step=0)
    assert (row["notice"], row["class"], row["locale"], row["route"]) == (
        "overdue_first",
        "nudge",
        "zh-CN",
        "main",
    )
    assert row["cases"] == ["A1/20261119"]
    assert (row["overdue_minor"], row["principal_minor"], row["penalty_minor"]) == (123_080, 120_000, 80)
    assert row["deadline_on"] == ON + timedelta(days=5)
    assert fields["figures"] == {
        "A1/20261119": {
            "account": "A1",
            "currency": "CNY",
            "overdue_minor": 123_080,
            "principal_minor": 120_000,
            "interest_minor": 3_000,
            "penalty_minor": 80,
            "fee_minor": 0,
            "dpd": 1,
            "as_of": "2026-11-20",
            "whose": "ours",
            "facts": facts.digest(row["facts"][0]),
        }
    }
    assert row["cost_micro"] == row["billed"] * 45_000
    assert (row["not_before"], row["binding_rule"]) == (local(10), None)
    assert row["supersedes"] is False
    for frame in (found.messages, found.planned, found.decisions, found.stage_moves):
        assert "张三" not in str(frame.rows())


@pytest.mark.parametrize(
    ("at", "code", "not_before", "rule"),
    [
        (time(7, 59, 59), "first_notice", local(8), "cn-time-01"),
        (time(8), "first_notice", local(8), None),
        (time(21, 59, 54), "first_notice", local(21, 59, 54), None),
        (time(21, 59, 55), "next_window", None, None),
        (time(22), "next_window", None, "cn-time-01"),
    ],
)
def test_a_message_waits_for_its_window_and_ends_with_it(
    at: time, code: str, not_before: datetime | None, rule: str | None
) -> None:
    """Nothing before eight; nothing that could arrive after ten in the evening, the route's five seconds counted."""
    found = plans.decide(late(1), at=at)
    told = plans.decision(found)

    assert (told["code"], told["not_before"], told["rule"]) == (code, not_before, rule)
    if not_before is not None:
        assert found.messages["not_after"].item() == local(21, 59, 54)
    else:
        assert told["next_on"] == ON + timedelta(days=1)


HOLDS = [
    ("dispute", "law_holds", "duly.stop.dispute"),
    ("complaint", "law_holds", "duly.stop.complaint"),
    ("hardship", "law_holds", "duly.stop.hardship"),
    ("bankruptcy", "law_forbids", "duly.stop.bankruptcy"),
    ("deceased", "law_forbids", "duly.stop.deceased"),
    ("represented", "law_forbids", "duly.stop.represented"),
    ("cease", "law_forbids", "duly.stop.cease"),
    ("payment_in_flight", "law_holds", "duly.stop.payment_in_flight"),
    ("manual", "law_holds", "duly.stop.manual"),
]


@pytest.mark.parametrize(("kind", "code", "rule"), HOLDS)
@pytest.mark.parametrize("whose", ["A1", None])
def test_every_hold_is_judged_by_its_rule_which_is_cited(
    kind: str, code: str, rule: str, whose: str | None
) -> None:
    """A hold on the account, or on all of the person's, keeps the notice back; the rule of the house says so."""
    found = plans.decide(late(1, holds=[hold(kind, whose)]))
    told = plans.decision(found)

    assert found.messages.is_empty()
    assert (told["outcome"], told["code"], told["rule"]) == ("hold", code, rule)
    assert (told["cite"], told["holds"]) == ("duly, the house's own rule", [kind])


@pytest.mark.parametrize(("until", "held"), [(ON, False), (ON + timedelta(days=1), True)])
def test_a_hold_ends_on_its_day(until: date, held: bool) -> None:
    """`until` is the first day without it."""
    found = plans.decide(late(1, holds=[hold("dispute", "A1", until=until)]))

    assert found.messages.is_empty() is held


def test_a_dispute_about_one_account_silences_that_one_only() -> None:
    """The other account of the same notice is told of, and the disputed one is not mentioned."""
    two = late(
        1,
        accounts=[account(), account("A2")],
        instalments=[instalment(ON - timedelta(days=1)), instalment(ON - timedelta(days=1), "A2")],
        holds=[hold("dispute", "A1")],
    )

    found = plans.decide(two)

    assert found.messages["accounts"].to_list() == [["A2"]]
    assert plans.decision(found, "A1")["rule"] == "duly.stop.dispute"
    assert plans.decision(found, "A2")["code"] == "first_notice"


@pytest.mark.parametrize(
    ("ledger", "code"), [(123_080, "first_notice"), (123_280, "first_notice"), (123_281, "law_holds")]
)
def test_an_amount_that_disagrees_with_the_ledger_holds(ledger: int, code: str) -> None:
    """Beyond the tolerance of two yuan nothing is told, and the rule is cited."""
    given = late(1, accounts=[account(ledger_overdue_minor=ledger, ledger_as_of=ON)])
    reckoning = replace(plans.inputs(given).reckoning, tolerance_minor=200)

    told = plans.decision(plans.decide(given, reckoning=reckoning))

    assert told["code"] == code
    assert (told["rule"] == "duly.stop.amount_disagrees") is (code == "law_holds")


def test_a_late_feed_holds_everything() -> None:
    """When payments may be missing, nobody is told that he has not paid."""
    found = plans.decide(late(1), stale=frozenset({"payments"}))

    assert found.messages.is_empty()
    assert plans.decision(found)["rule"] == "duly.stop.feed_stale"


def test_a_payment_known_today_stops_everything() -> None:
    """Paid in full: no message, and the decision says so."""
    found = plans.decide(late(1, payments=[payment(ON, 123_080)]))

    assert found.messages.is_empty()
    assert plans.decision(found)["code"] == "nothing_overdue"


@pytest.mark.parametrize(
    ("contacts", "code", "rule", "sent"),
    [
        ([], "no_contact_point", None, None),
        ([point(state="wrong_number")], "no_contact_point", None, None),
        ([point(state="wrong_number"), point("email")], "first_notice", None, "P1-email"),
        ([point(shared=True)], "law_holds", "duly.stop.shared_point", None),
        ([point(shared=True), point(point="P1-own")], "first_notice", None, "P1-own"),
        ([point(state="suspended")], "law_holds", "duly.stop.point_state", None),
        ([point(state="unreachable"), point("email")], "first_notice", None, "P1-email"),
        ([point(consent="withdrawn")], "law_forbids", "duly.stop.opt_out", None),
        ([point(consent="withdrawn"), point(point="P1-two", rank=9)], "first_notice", None, "P1-two"),
        (
            [point(state="unverified"), point(point="P1-two", verified_on=date(2020, 1, 1))],
            "first_notice",
            None,
            "P1-two",
        ),
        ([point(verified_on=date(2025, 1, 1)), point(point="P1-two")], "first_notice", None, "P1-two"),
        (
            [point(verified_on=None), point(point="P1-two", verified_on=date(2015, 1, 1))],
            "first_notice",
            None,
            "P1-two",
        ),
        ([point(rank=2), point(point="P1-two", rank=1)], "first_notice", None, "P1-two"),
    ],
)
def test_the_best_contact_point_is_chosen_and_a_bad_one_held(
    contacts: Sequence[plans.Row], code: str, rule: str | None, sent: str | None
) -> None:
    """Never a wrong number; the person's own, verified and freshest first; else the law says what is wrong."""
    found = plans.decide(late(1, contacts=contacts))
    told = plans.decision(found)

    assert (told["code"], told["rule"]) == (code, rule)
    assert found.messages["point"].to_list() == ([sent] if sent else [])


def test_an_opt_out_stops_a_reminder_but_reroutes_what_preserves_a_right() -> None:
    """Refused on SMS: the nudge is not sent another way; the demand that keeps the claim alive is not stopped (D22)."""
    contacts = [point(consent="withdrawn"), point("email")]
    nudge = worlds.loaded(strategies.PLAIN)
    demand = worlds.loaded(strategies.PLAIN.replace("every: 3d", "every: 3d, class: rights_preserving"))

    stopped = plans.decide(late(1, contacts=contacts), strategy=nudge)
    sent = plans.decide(late(1, contacts=contacts), strategy=demand)

    assert plans.decision(stopped)["rule"] == "duly.stop.opt_out"
    assert sent.messages["channel"].to_list() == ["sms"]


def test_a_right_is_preserved_by_the_next_lawful_channel() -> None:
    """Where the law bars the SMS for want of an unshared number, the demand goes by e-mail; a nudge would wait."""
    demand = worlds.loaded(strategies.PLAIN.replace("every: 3d", "every: 3d, class: rights_preserving"))
    held = [hold("manual", None, point="P1-sms")]
    given = late(
        1, contacts=[point(state="suspended"), point("email", shared=True), point("email", point="P1-own")]
    )

    by_mail = plans.decide(given, strategy=demand, routes=(plans.MAIN, plans.MAILBOX))
    barred = plans.decide(late(1, contacts=[point(), point("email")], holds=held), strategy=demand)

    assert by_mail.messages["point"].to_list() == ["P1-own"]
    assert barred.messages["channel"].to_list() == ["email"]


def test_a_person_who_is_not_liable_is_told_nothing_and_the_law_is_cited() -> None:
    """A guarantor without recorded liability: the rule about whom one may contact is named."""
    found = plans.decide(late(1, accounts=[account(role="guarantor_general", liable=False)]))
    told = plans.decision(found)

    assert (told["outcome"], told["rule"]) == ("not_liable", "cn-target-01")
    assert found.messages.is_empty()


def test_a_co_borrower_and_a_borrower_each_get_their_own() -> None:
    """The same account stands under both, and each is told at his own number."""
    given = plans.book(
        [account(), account(person="P2", role="co_borrower")],
        [instalment(ON - timedelta(days=1)), instalment(ON - timedelta(days=1), person="P2")],
        contacts=[point(), point(person="P2")],
    )

    found = plans.decide(given)

    assert sorted(found.messages["point"].to_list()) == ["P1-sms", "P2-sms"]
    assert found.case_moves.height == 1


def test_accounts_of_one_brand_are_told_of_together_with_their_sum() -> None:
    """One notice, two accounts, added up; each account keeps its own figures beside it."""
    given = late(
        1,
        accounts=[account(), account("A2", product="card")],
        instalments=[
            instalment(ON - timedelta(days=1)),
            instalment(ON - timedelta(days=1), "A2", principal_minor=50_000),
        ],
    )

    row = plans.decide(given).messages.row(0, named=True)

    assert row["accounts"] == ["A1", "A2"]
    assert row["principal_minor"] == 170_000
    assert json.loads(row["fields"])["tail"] is None
    assert json.loads(row["act"])["product"] == "card"


def test_two_currencies_are_never_added() -> None:
    """The account in another currency waits for a notice of its own."""
    given = late(
        1,
        accounts=[account(), account("A2", currency="USD")],
        instalments=[instalment(ON - timedelta(days=1)), instalment(ON - timedelta(days=1), "A2")],
    )

    found = plans.decide(given)

    assert [row["accounts"] for row in found.messages.rows(named=True)] in ([["A1"]], [["A2"]])
    assert sorted(found.decisions["code"].to_list()) == ["first_notice", "joins_next_occurrence"]


def test_a_debt_is_never_told_of_under_another_creditors_name() -> None:
    """Two brands, two notices; the lender's cap of one reminder a day lets one of them leave today."""
    given = late(
        1,
        accounts=[account(), account("A2", **OTHER)],
        instalments=[instalment(ON - timedelta(days=1)), instalment(ON - timedelta(days=1), "A2")],
    )

    capped, free = plans.decide(given), plans.decide(given, policy={"cn-freq-04": 2})

    assert capped.messages.height == 1
    assert sorted(capped.decisions["code"].to_list()) == ["first_notice", "next_window"]
    waits = capped.decisions.filter(pl.col("code") == "next_window").row(0, named=True)
    assert (waits["rule"], waits["until"]) == (
        "cn-freq-04",
        local(0, on=ON + timedelta(days=1)) + timedelta(hours=8),
    )
    assert sorted(row["brand"] for row in free.messages.rows(named=True)) == sorted([plans.BRAND, "云鹤银行"])


def test_contacts_that_count_already_count_against_the_cap() -> None:
    """A reminder this morning, of whatever creditor, and the next one is tomorrow's."""
    history = plans.inputs(late(1)).history
    this_morning = pl.DataFrame(
        [
            {
                "at": local(9),
                "kind": "message_sent",
                "channel": "sms",
                "person": "P1",
                "account": "A9",
                "number": "key-P1-sms",
                "ref": "00",
            }
        ],
        schema=history.schema,
    )

    told = plans.decision(plans.decide(late(1), history=this_morning))

    assert (told["code"], told["rule"]) == ("next_window", "cn-freq-04")


def test_what_bars_a_message_all_day_is_named_before_the_day_begins_too() -> None:
    """Planned before eight, a reminder that the cap bars today names the cap: the night is over before it would be."""
    history = plans.inputs(late(1)).history
    contact = {
        "kind": "message_sent",
        "channel": "sms",
        "person": "P1",
        "account": "A9",
        "number": "key-P1-sms",
    }
    at_night = pl.DataFrame([{"at": local(0, 30), "ref": "00", **contact}], schema=history.schema)

    early = plans.decision(plans.decide(late(1), at=time(7, 30), history=at_night))
    free = plans.decision(plans.decide(late(1), at=time(7, 30)))

    assert (early["code"], early["rule"], early["rules"]) == (
        "next_window",
        "cn-freq-04",
        ["cn-freq-04@undated"],
    )
    assert (free["code"], free["rule"], free["not_before"]) == ("first_notice", "cn-time-01", local(8))


def test_a_debtor_in_a_city_is_under_the_law_of_the_country_and_of_the_city() -> None:
    """Shenzhen's own rule is added to the nation's, with the same licence and word lists."""
    book = plans.book(
        accounts=[plans.account(jurisdiction="CN-44-Shenzhen")],
        instalments=[plans.instalment(ON - timedelta(days=1))],
        contacts=[plans.point()],
    )

    found = plans.decide(book, at=time(7, 30))
    act = json.loads(found.messages["act"].item())

    assert plans.decision(found)["rule"] == "cn-time-01"
    assert act["jurisdictions"] == ["CN", "CN-44-Shenzhen"]
    assert act["actor"] == "first_party"


def test_a_number_the_lender_must_set_holds_until_it_is_set() -> None:
    """Doubt holds, and the fact is named."""
    told = plans.decision(plans.decide(late(1), policy={}))

    assert (told["code"], told["rule"], told["fact"]) == ("fact_missing", "cn-freq-04", "policy.cn-freq-04")
    assert told["cite"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"names": pl.DataFrame(schema={"person": pl.String, "name": pl.String})}, "no_name"),
        ({"words": replace(plans.words(), templates={})}, "no_template"),
        ({"words": replace(plans.words(), lists={})}, "fact_missing"),
        ({"words": replace(plans.words(), max_parts=1)}, "text_refused"),
        ({"words": replace(plans.words(), official_url="https://chenxi.example.evil")}, "law_forbids"),
        ({"routes": (replace(plans.MAIN, signatures={}),)}, "no_route"),
        ({"actors": {}}, "fact_missing"),
    ],
)
def test_what_cannot_be_said_is_held_and_told(changes: dict[str, Any], code: str) -> None:
    """No name, no template, an unread text, too long, an unapproved link, no route, no licence: each with its code."""
    told = plans.decision(plans.decide(late(8, contacts=[point()]), **changes))

    assert (told["outcome"], told["code"]) == ("hold", code)


def test_the_highest_stage_is_said_today_and_the_lower_one_stays_due() -> None:
    """Two accounts of a brand at two stages: one notice, and the other account's decision says which and when."""
    given = late(
        1,
        accounts=[account(), account("A2")],
        instalments=[instalment(ON - timedelta(days=1)), instalment(ON - timedelta(days=9), "A2")],
    )
    first = worlds.case_of("A2", ON - timedelta(days=9))
    files = [
        {"case": first, "account": "A2", "opened_on": ON - timedelta(days=9), "state": "open"}
        | {"strategy_digest": worlds.loaded(strategies.PLAIN).digest}
    ]
    stages = [
        {"person": "P1", "case": first, "account": "A2", "stage": "first", "state": "closed"}
        | {
            "opened_on": ON - timedelta(days=8),
            "served_on": ON - timedelta(days=8),
            "closed_on": ON - timedelta(days=2),
        }
    ]
    known: dict[str, Any] = {
        "cases": worlds.frame(files, columns.CASE),
        "stages": worlds.frame(stages, columns.STAGE),
    }

    found = plans.decide(given, **known)
    disputed = plans.decide(replace_holds(given, [hold("dispute", "A2")]), **known)

    assert found.messages["stage"].to_list() == ["firm"]
    assert plans.decision(found, "A1")["code"] == "higher_stage_today"
    assert plans.decision(found, "A1")["next_on"] == ON + timedelta(days=1)
    # A stage that may not be said keeps nobody else from being told.
    assert disputed.messages["stage"].to_list() == ["first"]


def replace_holds(given: Book, rows: Sequence[Mapping[str, Any]]) -> Book:
    """The book with these holds."""
    return replace(given, holds=plans.book([], holds=[dict(row) for row in rows]).holds)


def known_of(found: Plan, **outcome: object) -> pl.DataFrame:
    """KNOWN as the run would read back what a plan wrote."""
    rows = [row | {"outcome": None} | outcome for row in found.planned.rows(named=True)]
    return worlds.frame(rows, columns.KNOWN)


def filed(found: Plan) -> dict[str, Any]:
    """CASE and STAGE as they stand after a first plan's moves."""
    cases = found.new_cases.with_columns(state=pl.lit("open"))
    stages = found.stage_moves.filter(pl.col("event") == "reached").with_columns(
        state=pl.lit("open"), opened_on="on", served_on=pl.lit(None, pl.Date), closed_on=pl.lit(None, pl.Date)
    )
    return {"cases": columns.shaped(cases, columns.CASE), "stages": columns.shaped(stages, columns.STAGE)}


def test_the_same_inputs_give_the_same_bytes() -> None:
    """Also with the rows of the book in another order."""
    given = many()
    first, again = plans.decide(given), plans.decide(given)
    shuffled = plans.decide(Book(**{name: frame.reverse() for name, frame in given.frames().items()}))

    assert decision.parquet(first.decisions) == decision.parquet(again.decisions)
    assert decision.parquet(first.decisions) == decision.parquet(shuffled.decisions)
    assert_frame_equal(first.messages, again.messages)
    assert_frame_equal(first.messages, shuffled.messages)


def many() -> Book:
    """Forty people at all stages."""
    people = [f"P{n}" for n in range(40)]
    return plans.book(
        [account(f"A{n}", person) for n, person in enumerate(people)],
        [instalment(ON - timedelta(days=n - 3), f"A{n}", person) for n, person in enumerate(people)],
        contacts=[point(person=person) for person in people],
    )


def test_planning_twice_changes_nothing() -> None:
    """What stands unsent and says the same is not written again, also an hour later."""
    first = plans.decide(late(1))

    again = plans.decide(late(1), at=time(11), known=known_of(first), **filed(first))

    assert again.messages.is_empty()
    assert again.withdrawn.is_empty()
    assert again.planned["key"].to_list() == first.planned["key"].to_list()
    assert plans.decision(again)["messages"] == first.planned["key"].to_list()


def test_a_changed_figure_replaces_what_stands_unsent() -> None:
    """A part payment between two plans: the same key, other figures, marked as superseding."""
    first = plans.decide(late(1))

    again = plans.decide(late(1, payments=[payment(ON, 23_000)]), known=known_of(first), **filed(first))

    assert again.messages["key"].to_list() == first.planned["key"].to_list()
    assert again.messages["supersedes"].to_list() == [True]
    assert again.messages["overdue_minor"].item() == 100_080


def test_what_nobody_wants_any_more_is_withdrawn() -> None:
    """Paid between two plans: the unsent message is named, so that it is never handed over."""
    first = plans.decide(late(1))

    again = plans.decide(late(1, payments=[payment(ON, 123_080)]), known=known_of(first), **filed(first))

    assert again.messages.is_empty()
    assert again.withdrawn["key"].to_list() == first.planned["key"].to_list()
    assert plans.decision(again)["code"] == "paid"


@pytest.mark.parametrize("outcome", ["accepted", "unsure"])
def test_what_left_or_may_have_left_is_never_planned_again(outcome: str) -> None:
    """The machine does not ask for it; were it to, the plan would stop rather than say it twice."""
    first = plans.decide(late(1))
    known = known_of(first, outcome=outcome, sent_on=ON)

    again = plans.decide(late(1), known=known, **filed(first))

    assert again.planned.is_empty()
    with pytest.raises(ValueError, match="planned again"):
        message.refuse_sent(first.planned, known)


def test_messages_are_spread_by_the_rate_of_their_route() -> None:
    """At one part a second and three parts a message, they leave three seconds apart."""
    found = plans.decide(many(), routes=(replace(plans.MAIN, rate=1),), policy={"cn-freq-04": 1})
    starts = found.messages["not_before"].sort()
    billed = found.messages.sort("not_before")["parts"]

    gaps = [int(gap.total_seconds()) for gap in starts.diff().drop_nulls()]
    assert gaps == billed.to_list()[:-1]
    assert starts[0] == local(10)


def test_what_finds_no_room_before_the_window_ends_waits_for_tomorrow() -> None:
    """Ten seconds before ten: three messages of three parts fit at one part a second, counting the latency."""
    found = plans.decide(many(), at=time(21, 59, 47), routes=(replace(plans.MAIN, rate=1),))

    assert 0 < found.messages.height < 5
    waits = found.decisions.filter(pl.col("code") == "no_room_today")
    assert waits.height > 20
    assert set(waits["next_on"]) == {ON + timedelta(days=1)}
    assert set(waits["messages"].is_null()) == {True}


def test_every_person_and_account_has_one_decision_with_a_known_code() -> None:
    """No account is left without a reason, and every reason belongs to its outcome."""
    found = plans.decide(many())

    assert found.decisions.select("person", "account").is_duplicated().any() is False
    assert found.decisions.height == 40
    for outcome, code in found.decisions.select("outcome", "code").rows():
        assert OUTCOME[Code(code)].value == outcome


def test_a_planned_message_is_permitted_by_the_plain_reading_of_the_law_too() -> None:
    """The facts that are kept beside a message, asked again one by one at its instant, permit it."""
    found = plans.decide(many())
    assert found.messages.height > 10
    for row in found.messages.rows(named=True):
        kept = json.loads(row["act"])
        facts = kept.pop("facts")
        frozen = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
        act = law_values.Act(
            **(frozen | {"holds": frozenset(kept["holds"])}),
            at=row["not_before"],
            claims=frozenset(),
            elements=frozenset({"sender_name_first", "official_contact"}),
            facts=facts,
            policy={"cn-freq-04": 1},
        )
        assert decide.decide(plans.law(), act).kind is law_values.Kind.PERMIT


def test_an_empty_book_gives_an_empty_plan() -> None:
    """Nobody, nothing, no error."""
    found = plans.decide(plans.book([]))

    assert found.decisions.is_empty()
    assert found.messages.is_empty()
    assert found.totals.messages == 0


def test_the_totals_say_what_a_day_comes_to() -> None:
    """Counts, parts, price and the sum told of, each account once."""
    totals = plans.decide(late(1)).totals

    assert totals.outcomes == {"send": 1}
    assert totals.overdue_minor == {"CNY": 123_080}
    assert totals.cost_micro == {"CNY": totals.billed * 45_000}
    assert totals.by_channel == {"sms": 1}


@pytest.mark.parametrize("at", [local(10).replace(tzinfo=None), local(10).replace(microsecond=5)])
def test_the_instant_of_a_plan_is_exact(at: datetime) -> None:
    """A moment without a zone, or with a part of a second, is refused."""
    with pytest.raises(ValueError, match="carries a zone"):
        plan.decide(replace(plans.inputs(late(1)), at=at))


def test_an_arm_is_drawn_once_and_says_its_own_notice() -> None:
    """The arm is in the message, the draw is given to be kept, and a kept draw is not drawn again."""
    arms = "arms: {control: 50%, softer: {share: 50%, notice: overdue_firm}}"
    text = strategies.PLAIN.replace("every: 3d", f"every: 3d, {arms}")
    given = plans.book(
        [account(f"A{n}", f"P{n}") for n in range(30)],
        [instalment(ON - timedelta(days=1), f"A{n}", f"P{n}") for n in range(30)],
        contacts=[point(person=f"P{n}") for n in range(30)],
    )
    found = plans.decide(given, strategy=worlds.loaded(text))
    kept = found.arms.with_columns(arm=pl.lit("control"))

    again = plans.decide(given, strategy=worlds.loaded(text), arms=kept)

    pairs = set(found.messages.select("arm", "notice").rows())
    assert pairs == {("control", "overdue_first"), ("softer", "overdue_firm")}
    assert found.arms.height == 30
    assert set(again.messages["arm"]) == {"control"}
    assert again.arms.is_empty()
