"""Whose figures a notice states: by the lender's choice ours or its own ledger's, and never a mixture."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from duly.book import facts
from duly.book.columns import Book
from duly.book.mapping import Figures
from duly.plan import explain, plan
from duly.plan.plan import Plan
from tests.plan import plans
from tests.plan.plans import ON, account, instalment, late, payment

EVE = ON - timedelta(days=1)
DUE = ON - timedelta(days=4)
# 1,230.00 fell due; by our own reckoning 2.40 of interest on it has grown by the eve of the notice, 3.20 by its day.
THEIRS = {"principal": 120_000, "interest": 3_000, "fee": 0, "penalty": 250, "overdue": 123_250}
TOLERANCE = 100


def ledger(as_of: date | None = EVE, **changes: int | None) -> dict[str, Any]:
    """The ledger's columns of an account."""
    said = {f"ledger_{name}_minor": minor for name, minor in (THEIRS | changes).items()}
    return said | {"ledger_as_of": as_of}


def made(whose: Figures, given: Book | None = None, tolerance: int = TOLERANCE) -> Plan:
    """The plan of a lender who states these figures."""
    book = given or late(4, accounts=[account(**ledger())])
    reckoning = replace(plans.inputs(book).reckoning, tolerance_minor=tolerance, figures=whose)
    return plans.decide(book, reckoning=reckoning)


def told(found: Plan, locale: str = "en") -> str:
    """The decision about the account in words, with amounts."""
    return " ".join(explain.sentences(plans.decision(found), locale, amounts=True))


def fields(found: Plan) -> Mapping[str, Any]:
    """The figures of the first message."""
    said: Mapping[str, Any] = json.loads(found.messages["fields"][0])
    return said


def test_ours_are_stated_unless_the_lender_chose_otherwise() -> None:
    """Reckoned to the day of the notice, and the decision says whose they are."""
    found = made(Figures.OURS)

    assert (fields(found)["overdue_minor"], fields(found)["as_of"]) == (123_320, ON.isoformat())
    assert found.messages["overdue_minor"].to_list()[0] == 123_320
    row = plans.decision(found)
    assert (row["figures"], row["stated_on"], row["overdue_minor"]) == ("ours", ON, 123_320)
    assert "ledger of" not in told(found)


def test_the_ledgers_are_stated_whole_and_as_of_its_own_day() -> None:
    """Amounts, the sum of the message, each part, the day in the text, the evidence and the explanation all follow."""
    found = made(Figures.LEDGER)

    said = fields(found)
    parts = {name: said[f"{name}_minor"] for name in THEIRS}
    assert (parts, said["as_of"]) == (THEIRS, EVE.isoformat())
    assert said["dpd"] == 4
    assert found.messages["overdue_minor"].to_list()[0] == 123_250
    (figures,) = said["figures"].values()
    assert (figures["whose"], figures["as_of"], figures["penalty_minor"]) == ("ledger", EVE.isoformat(), 250)
    row = plans.decision(found)
    assert (row["figures"], row["stated_on"], row["overdue_minor"]) == ("ledger", EVE, 123_250)
    assert row["ledger_difference_minor"] == -10
    assert "by the lender's ledger of 19 November 2026" in told(found)
    assert "以上金额以机构11月19日的账目为准" in told(found, "zh-CN")


def test_a_text_that_names_our_figure_where_the_ledgers_was_chosen_is_refused() -> None:
    """The lint compares with the figures that are stated, so what was planned passes and the other does not."""
    found = made(Figures.LEDGER)
    allowed = {value for name, value in fields(found).items() if name.endswith("_minor")}

    assert found.messages.height > 0
    assert 123_250 in allowed
    assert 123_320 not in allowed


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"penalty": None}, "ledger_silent"),
        ({"as_of": ON + timedelta(days=1), "penalty": 400, "overdue": 123_400}, "ledger_later"),
        ({"penalty": 251}, "ledger_sum"),
    ],
)
def test_figures_of_the_ledger_that_cannot_be_stated_hold_the_account(
    changes: dict[str, Any], code: str
) -> None:
    """Instead of falling back to ours in silence; and the reason is told."""
    found = made(Figures.LEDGER, late(4, accounts=[account(**ledger(**changes))]))

    row = plans.decision(found)
    assert found.messages.is_empty()
    assert (row["rule"], row["unfit"], row["figures"]) == ("duly.stop.amount_disagrees", code, "ours")
    assert "The lender states its own ledger's figures" in told(found)
    assert "机构选择在通知中使用其账目的金额" in told(found, "zh-CN")
    assert made(Figures.OURS, late(4, accounts=[account(**ledger(**changes))])).messages.height > 0


@pytest.mark.parametrize("whose", list(Figures))
def test_a_fact_without_which_our_figures_are_not_to_be_used_holds_the_account(whose: Figures) -> None:
    """A ceiling on all costs, and nobody said what others charged: held, and the fact is named."""
    capped = ledger() | {"all_in_cap_ppm": 240_000}

    held, known = (
        made(whose, late(4, accounts=[account(**capped, outside_charges=said)])) for said in (None, "none")
    )

    row = plans.decision(held)
    assert held.messages.is_empty()
    assert (row["rule"], row["unfit"]) == ("duly.stop.amount_disagrees", "outside_charges")
    assert "nobody said what was charged elsewhere" in told(held)
    assert "不知道他处是否另收费用" in told(held, "zh-CN")
    assert plans.decision(known)["unfit"] != "outside_charges"


def test_a_payment_since_the_ledgers_day_holds_and_one_on_it_does_not() -> None:
    """The ledger cannot know of it, and to state its figure would be to claim what was paid."""
    for day, code in ((EVE, None), (ON, "paid_since")):
        lower = ledger(interest=0, principal=119_990, penalty=250, overdue=120_240)
        given = late(
            4, accounts=[account(**(lower if day == EVE else ledger()))], payments=[payment(day, 3_010)]
        )
        found = made(Figures.LEDGER, given, tolerance=1_000)
        assert plans.decision(found)["unfit"] == code
        assert found.messages.is_empty() is (code is not None)


def test_an_instalment_that_went_overdue_since_the_ledgers_day_holds() -> None:
    """Due on the ledger's day it is overdue from the next on; due on the day of the notice it is not overdue yet."""
    for day, code in ((EVE, "due_since"), (ON, None)):
        lines = [instalment(DUE), instalment(day, seq=2)]
        found = made(Figures.LEDGER, late(4, accounts=[account(**ledger())], instalments=lines))
        assert plans.decision(found)["unfit"] == code


def test_by_a_ledger_that_has_nothing_overdue_nothing_is_stated() -> None:
    """Within the tolerance of ours it may say zero; a notice over nothing is never sent."""
    nothing = ledger(principal=0, interest=0, penalty=0, overdue=0)
    small = instalment(DUE, principal_minor=90, interest_minor=0)
    found = made(Figures.LEDGER, late(4, accounts=[account(**nothing)], instalments=[small]))

    assert plans.decision(found)["unfit"] == "ledger_nothing"
    assert found.messages.is_empty()


def test_a_reminder_of_what_is_not_due_yet_states_ours_in_either_case() -> None:
    """The ledger says nothing of what falls due next, and nothing of it is overdue."""
    nothing = ledger(principal=0, interest=0, penalty=0, overdue=0)
    coming = late(-3, accounts=[account(**nothing)])

    for whose in Figures:
        found = made(whose, coming)
        assert plans.decision(found)["unfit"] is None
        assert plans.decision(found)["figures"] == "ours"


def test_a_hold_for_a_break_names_the_component_and_both_figures() -> None:
    """Even where amounts are not asked for: they are its reason. What is within the tolerance is not named."""
    off = account(**ledger(penalty=420, overdue=123_420))
    found = made(Figures.OURS, late(4, accounts=[off]))

    row = plans.decision(found)
    assert row["rule"] == "duly.stop.amount_disagrees"
    for locale, said in (
        (
            "en",
            (
                "It differs from the lender's ledger of 19 November 2026: "
                "interest on overdue principal is CNY 2.40 by us, CNY 4.20 by the ledger; "
                "all that is overdue is CNY 1,232.40 by us, CNY 1,234.20 by the ledger."
            ),
        ),
        (
            "zh-CN",
            "与机构11月19日的账目不符：罚息：我方2.40元，账目4.20元；逾期总额：我方1,232.40元，账目1,234.20元。",
        ),
    ):
        assert said in explain.sentences(row, locale)


def test_what_the_amounts_are_made_from_is_named_in_the_message_by_its_digest() -> None:
    """The account's rows, under nobody's name; read again they are the rows of the book."""
    given = late(4, payments=[payment(DUE, 5_000)])
    found = made(Figures.OURS, given)

    (document,) = found.messages["facts"].to_list()[0]
    (figures,) = fields(found)["figures"].values()
    assert figures["facts"] == hashlib.sha256(document.encode()).hexdigest()
    assert "P1" not in document.replace("A1-", "")
    again = facts.read(document)
    assert (again.account, again.on) == ("A1", ON)
    assert again.book.instalments.drop("person").equals(given.instalments.drop("person"))
    assert again.book.payments.drop("person").equals(given.payments.drop("person"))
    assert again.reckoning["tolerance_minor"] == TOLERANCE


def test_the_same_facts_have_the_same_digest_whoever_else_is_planned() -> None:
    """So a plan made again for one person does not replace what stands unsent."""
    both = plans.book(
        [account(), account("A2", "P2")],
        [instalment(DUE), instalment(DUE, "A2", "P2", fee_minor=700)],
        contacts=[plans.point(), plans.point(person="P2")],
    )
    alone = plans.decide(late(4, instalments=[instalment(DUE)]))
    together = plan.decide(plans.inputs(both))

    first = together.messages.filter(together.messages["person"] == "P1")
    assert first["facts"].to_list()[0] == alone.messages["facts"].to_list()[0]
