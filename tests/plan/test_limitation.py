"""A claim is kept alive in time: the plan knows the clocks, and what a stage that waits for them does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from duly.law.limitation import Event, State
from duly.model import past as pasts
from duly.model.notice import Grade
from duly.model.past import Proof
from duly.plan import columns, limitation, plan, strategy
from duly.plan.code import Code
from duly.plan.inputs import Inputs
from tests.plan import plans, worlds
from tests.plan.plans import ON, account, instalment, late, payment, point

KEEP = """
strategy: keep
segments:
  - name: default
    stages:
      - {name: keep, from_dpd: 1, before_limit: 180d, notice: overdue_firm, channel: [sms], fallback: [email],
         every: 30d, class: rights_preserving}
"""

ASK = """
strategy: ask
segments:
  - name: default
    stages:
      - {{name: only, from_dpd: 1, notice: {notice}, channel: [sms], deadline: 15d}}
"""


def due_on(left: int) -> date:
    """The due date whose claim has `left` days left today, today included: three years before its last day."""
    last = ON + timedelta(days=left - 1)
    return date(last.year - 3, last.month, last.day)


def of(due: date) -> Inputs:
    """The inputs for one person's one account."""
    return plans.inputs(late(1, instalments=[instalment(due)]), strategy=worlds.loaded(KEEP))


def demand(day: date, grade: str) -> pl.DataFrame:
    """KNOWN with one notice of the stage that preserves rights, which left and came as far as `grade` says."""
    arrival = "delivered" if grade == "delivered" else None
    row = worlds.message(stage="keep", day=day, grade=grade, arrival=arrival, cases=["A1/x"])
    return worlds.frame([row], columns.KNOWN)


@pytest.mark.parametrize(
    ("left", "code"),
    [
        (181, Code.LIMIT_NOT_NEAR),
        (180, Code.FIRST_NOTICE),
        (1, Code.FIRST_NOTICE),
    ],
)
def test_a_stage_waits_until_so_many_days_are_left(left: int, code: Code) -> None:
    """On the day before it says that there is time enough."""
    found = plan.decide(of(due_on(left)))

    assert plans.decision(found)["code"] == code.value
    assert found.messages.height == (code is Code.FIRST_NOTICE)


def test_a_claim_that_has_run_out_is_a_hold_and_not_a_day_before() -> None:
    """Three years to the day: the hold is what the law is asked with."""
    assert limitation.holds(of(due_on(1))).is_empty()
    assert limitation.holds(of(due_on(0))).rows() == [("P1", "A1", "time_barred")]


@pytest.mark.parametrize(
    ("left", "notice", "rule"),
    [
        (0, "last_notice", "duly.stop.time_barred"),
        (0, "overdue_firm", None),
        (1, "last_notice", None),
    ],
)
def test_a_notice_on_a_barred_debt_speaks_of_no_suit(left: int, notice: str, rule: str | None) -> None:
    """The last notice says that the creditor may sue: on the day after the claim has run out that is forbidden."""
    given = late(1, instalments=[instalment(due_on(left))])
    found = plans.decide(given, strategy=worlds.loaded(ASK.format(notice=notice)))

    told = plans.decision(found)
    assert (told["code"], told["rule"]) == (
        (Code.LAW_FORBIDS.value, rule) if rule else (Code.FIRST_NOTICE.value, told["rule"])
    )
    assert found.messages.height == (rule is None)


@pytest.mark.parametrize(
    ("grade", "product", "counts"),
    [
        ("delivered", "cash_loan", True),
        ("attempted", "cash_loan", False),
        ("agreed_address", "cash_loan", False),
        ("agreed_address", "card", True),
    ],
)
def test_a_demand_counts_from_the_grade_of_arrival_that_the_law_names(
    grade: str, product: str, counts: bool
) -> None:
    """An SMS whose receipt came; to a card holder's agreed number, one that left."""
    given = late(1, accounts=[account(product=product)], instalments=[instalment(due_on(100))])
    plain = plans.inputs(given, strategy=worlds.loaded(KEEP))
    case = worlds.frame(
        [
            {
                "case": "A1/x",
                "account": "A1",
                "opened_on": due_on(100),
                "state": "open",
                "strategy_digest": plain.current,
            }
        ],
        columns.CASE,
    )
    known = demand(ON - timedelta(days=40), grade)

    (clock,) = limitation.clocks(replace(plain, cases=case, known=known))

    assert (clock.left(ON) == 100) is not counts
    if counts:
        assert clock.last is not None
        assert clock.last.day == ON - timedelta(days=40)


def test_a_payment_restarts_the_clock_unless_it_was_undone() -> None:
    """A part payment acknowledges the debt; one that bounced does not."""
    paid = payment(ON - timedelta(days=30), 1_000)
    bounced = payment(ON - timedelta(days=20), 1_000, kind="reversal", payment=paid["payment"])
    kept = late(1, instalments=[instalment(due_on(100))], payments=[paid])
    undone = late(1, instalments=[instalment(due_on(100))], payments=[paid, bounced])

    (first,) = limitation.clocks(plans.inputs(kept))
    (second,) = limitation.clocks(plans.inputs(undone))

    assert first.last is not None
    assert (first.last.event, first.last.proof) == (Event.PAYMENT, paid["payment"])
    assert first.state(ON) is State.RUNNING
    assert second.last is None
    assert second.left(ON) == 100


@pytest.mark.parametrize(
    ("status", "runs"),
    [("overdue", True), ("filed", True), ("judged", False), ("assigned_out", False), ("settled", False)],
)
def test_a_clock_runs_while_the_claim_is_ours_and_no_judgment_stands_in_its_place(
    status: str, runs: bool
) -> None:
    """What was judged is enforced by other rules, and what was assigned is another's to keep alive."""
    given = late(1, accounts=[account(status=status)], instalments=[instalment(due_on(100))])

    assert bool(limitation.clocks(plans.inputs(given))) is runs


@pytest.mark.parametrize("people", [("P1", "P2"), ("P2",)])
def test_a_payment_is_the_borrowers_whoever_the_plan_is_made_for(people: tuple[str, ...]) -> None:
    """A co-borrower's clock is the same in the day's plan and in one that is made for him alone."""
    paid = ON - timedelta(days=30)
    parties = [account(), account(person="P2", role="co_borrower")]
    given = late(
        1,
        accounts=[row for row in parties if row["person"] in people],
        instalments=[instalment(due_on(100), person=one) for one in people],
        payments=[payment(paid, 1_000, person=one) for one in people],
    )

    found = {one.debt.person: one for one in limitation.clocks(plans.inputs(given))}

    assert set(found) == set(people)
    assert found["P2"].left(ON) == 100  # only by a row that is a draft does it count for him
    assert found["P2"].perhaps == date(paid.year + 3, paid.month, paid.day)
    assert "P1" not in found or found["P1"].left(ON) != 100


def test_a_guarantor_who_was_not_called_upon_in_six_months_is_released_and_not_written_to() -> None:
    """The day after the six months ended a hold stands for him, and for nobody else."""
    both = [account(), account(person="P2", role="guarantor_joint")]
    given = late(1, accounts=both, instalments=[instalment(date(2026, 5, 19))])
    given = replace(given, contacts=worlds.frame([point(), point(person="P2")], given.contacts.schema))

    found = limitation.holds(plans.inputs(given))

    assert found.rows() == [("P2", "A1", "guarantee_released")]
    planned = plans.decide(given)
    assert plans.decision(planned, person="P2")["rule"] == "duly.stop.guarantee_released"
    assert limitation.holds(plans.inputs(given, on=date(2026, 11, 19))).is_empty()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("every: 30d, class: nudge", "strategy.stage.limit"),
        ("class: rights_preserving", "strategy.stage.limit"),
        ("every: 30d, deadline: 60d, class: rights_preserving", "strategy.stage.limit"),
    ],
)
def test_a_stage_that_waits_for_the_limit_is_a_demand_that_repeats_and_never_closes(
    wrong: str, code: str
) -> None:
    """Else it would preserve nothing, or only once."""
    text = KEEP.replace("every: 30d, class: rights_preserving", wrong)

    found, problems = strategy.load(text)

    assert found is None
    assert [one.code for one in problems] == [code]


def told_before(
    kind: str, proof: str, arrival: str | None = None, *, days: int = 40, person: str = "P1"
) -> pl.DataFrame:
    """PAST with one row of another system about the account."""
    shown = pasts.shown(Proof(proof), None if arrival is None else Grade(arrival))
    row = {
        "key": b"imported-row-001",
        "person": person,
        "account": "A1",
        "kind": kind,
        "day": ON - timedelta(days=days),
        "arrival": arrival,
        "shown": shown.value,
        "proof": proof,
        "source": "old",
        "reference": "R1",
    }
    return worlds.frame([row], columns.PAST)


@pytest.mark.parametrize(
    ("kind", "proof", "arrival", "counts"),
    [
        ("demand", "receipt", "delivered", "both"),
        ("demand", "acknowledged", "acknowledged", "both"),
        ("demand", "asserted", "delivered", "perhaps"),
        ("demand", "receipt", "attempted", "neither"),
        ("promise", "recording", None, "both"),
        ("promise", "acknowledged", None, "both"),
        ("promise", "receipt", None, "perhaps"),
        ("acknowledgement", "acknowledged", None, "both"),
        ("acknowledgement", "asserted", None, "perhaps"),
        ("agreement", "acknowledged", None, "both"),
        ("notice", "receipt", "delivered", "neither"),
    ],
)
def test_what_another_system_says_counts_by_what_is_shown_for_it(
    kind: str, proof: str, arrival: str | None, counts: str
) -> None:
    """What is shown restarts the claim; what is asserted keeps it alive perhaps, and doubt holds in between.

    A promise rests on a rule of which the official text was read, or nothing of it would count for the first day.
    """
    given = plans.inputs(late(1, instalments=[instalment(due_on(100))]), strategy=worlds.loaded(KEEP))
    plain = limitation.clocks(given)[0]

    (clock,) = limitation.clocks(replace(given, past=told_before(kind, proof, arrival)))

    assert plain.ends is not None
    assert clock.ends is not None
    assert clock.perhaps is not None
    assert (clock.ends > plain.ends) is (counts == "both")
    assert (clock.perhaps > plain.ends) is (counts != "neither")
    if counts != "neither":
        assert clock.last is not None
        assert (clock.last.proof, clock.last.proven) == (f"old/R1 ({proof})", counts == "both")


@pytest.mark.parametrize(("proof", "state"), [("receipt", State.RUNNING), ("asserted", State.PERHAPS)])
def test_a_claim_that_only_an_assertion_keeps_alive_is_in_doubt(proof: str, state: State) -> None:
    """The claim ran out yesterday but for a demand: shown, it runs; asserted, it is held as one that is barred is."""
    given = plans.inputs(late(1, instalments=[instalment(due_on(0))]), strategy=worlds.loaded(KEEP))
    with_demand = replace(given, past=told_before("demand", proof, "delivered"))

    (clock,) = limitation.clocks(with_demand)

    assert clock.state(ON) is state
    assert limitation.holds(with_demand).is_empty() is (state is State.RUNNING)


@pytest.mark.parametrize(("proof", "kept"), [("receipt", True), ("asserted", False)])
def test_a_guarantor_is_kept_by_a_demand_that_is_shown(proof: str, *, kept: bool) -> None:
    """A guarantee is kept by calling upon the guarantor in time; nobody's word that it was done keeps one."""
    guarantor = account(role="guarantor_joint")
    given = plans.inputs(late(1, accounts=[guarantor], instalments=[instalment(ON - timedelta(days=60))]))

    found = limitation.clocks(replace(given, past=told_before("demand", proof, "delivered")))

    assert (found[0].state(ON) is State.KEPT) is kept
