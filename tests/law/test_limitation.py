"""When a claim becomes time-barred, what starts the period anew, and when a guarantor is released."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.law import limitation, pack
from duly.law.limitation import Clock, Debt, Event, Happened, Kind, State
from tests.law import samples

LAST = date(2024, 2, 29)
ENDS = date(2027, 2, 28)  # three years on, in a year without that day
DAY = timedelta(days=1)


def law() -> limitation.Limitation:
    """The clocks of mainland China."""
    return samples.shipped("cn").limitations["CN"]


def debt(role: str = "borrower", product: str = "cash_loan", last: date | None = LAST) -> Debt:
    """One person's debt."""
    return Debt(account="A1", person="P1", role=role, product=product, last_due=last)


def happened(event: Event, day: date, person: str = "P1") -> Happened:
    """Something on a day."""
    return Happened(event=event, day=day, person=person, proof=f"{event.value}/{day}")


def clock(*events: Happened, of: Debt | None = None) -> Clock:
    """The one clock of a debt."""
    found = limitation.clocks(law(), of or debt(), events)
    assert len(found) == 1
    return found[0]


def test_a_claim_runs_three_years_from_the_last_instalment() -> None:
    """Civil Code 188, 189: it stands on the last day, and is barred on the next; month arithmetic from the 29th."""
    found = clock()

    assert (found.kind, found.begins, found.ends) == (Kind.LIMITATION, LAST, ENDS)
    assert found.state(ENDS) is State.RUNNING
    assert found.state(ENDS + DAY) is State.BARRED
    assert (found.left(ENDS), found.left(ENDS + DAY)) == (1, 0)
    assert found.rules == ("cn-lim-01", "cn-lim-02")


@pytest.mark.parametrize(
    ("day", "ends"),
    [
        (LAST - DAY, ENDS),  # what was said before the last instalment fell due restarts nothing
        (LAST, ENDS),
        (LAST + DAY, date(2027, 3, 1)),
        (ENDS, date(2030, 2, 28)),
        (ENDS + DAY, ENDS),  # what has run out is not revived by a demand
    ],
)
def test_a_demand_that_arrived_starts_the_period_anew_while_it_runs(day: date, ends: date) -> None:
    """Civil Code 195(1) with art. 8(1)(2): on its last day it still does, on the day after no longer."""
    found = clock(happened(Event.DEMAND_ARRIVED, day))

    assert found.ends == found.perhaps == ends
    if ends == ENDS:
        assert found.last is None or found.last.day == LAST
    else:
        assert found.last is not None
        assert (found.last.day, found.last.rule) == (day, "cn-lim-04")


def test_a_message_to_the_agreed_address_counts_for_a_card_alone() -> None:
    """Art. 3(2) of the rules on bank cards speaks of the reserved number; nothing seen does so for other loans."""
    sent = happened(Event.DEMAND_TO_AGREED_ADDRESS, date(2026, 1, 1))

    assert clock(sent, of=debt(product="card")).ends == date(2029, 1, 1)
    assert clock(sent).ends == ENDS


def test_what_rests_on_a_draft_moves_only_the_later_day() -> None:
    """A deduction restarts the period by a row nobody compared with the official text: the claim is then in doubt."""
    found = clock(happened(Event.DEDUCTION, date(2026, 1, 1)))

    assert (found.ends, found.perhaps) == (ENDS, date(2029, 1, 1))
    assert found.state(ENDS) is State.RUNNING
    assert found.state(ENDS + DAY) is State.PERHAPS
    assert found.state(date(2029, 1, 1)) is State.PERHAPS
    assert found.state(date(2029, 1, 2)) is State.BARRED


def test_a_firm_restart_that_hangs_on_a_draft_is_in_doubt_as_well() -> None:
    """The demand came when the claim was alive only if the deduction had kept it alive."""
    found = clock(
        happened(Event.DEDUCTION, date(2026, 1, 1)), happened(Event.DEMAND_ARRIVED, date(2028, 1, 1))
    )

    assert (found.ends, found.perhaps) == (ENDS, date(2031, 1, 1))


def test_what_interrupts_for_one_joint_debtor_may_for_the_other() -> None:
    """Art. 15 is a draft here, so it moves the later day; a guarantor is no joint debtor."""
    told = happened(Event.DEMAND_ARRIVED, date(2026, 1, 1), person="P2")

    both = clock(told, of=debt("co_borrower"))
    assert (both.ends, both.perhaps) == (ENDS, date(2029, 1, 1))
    assert both.last is not None
    assert both.last.rule == "cn-lim-18"
    assert limitation.clocks(law(), debt("guarantor_joint"), [told])[0].last is None


def test_twenty_years_are_the_end_whatever_happens() -> None:
    """The outer limit: a demand every two years keeps the claim for so long and no longer."""
    demands = [happened(Event.DEMAND_ARRIVED, date(2026 + n, 1, 1)) for n in range(0, 24, 2)]

    assert clock(*demands).ends == date(2044, 2, 29)


def test_a_claim_without_a_known_due_date_is_neither_running_nor_barred() -> None:
    """Nobody guesses the first day."""
    found = clock(of=debt(last=None))

    assert found.state(date(2050, 1, 1)) is State.UNKNOWN
    assert found.left(date(2050, 1, 1)) is None


@pytest.mark.parametrize(
    ("role", "event", "day", "state"),
    [
        ("guarantor_joint", Event.DEMAND_ARRIVED, date(2024, 8, 29), State.KEPT),
        ("guarantor_joint", Event.DEMAND_ARRIVED, date(2024, 8, 30), State.BARRED),
        ("guarantor_joint", Event.PAYMENT, date(2024, 8, 1), State.BARRED),  # nothing interrupts it
        ("guarantor_general", Event.DEMAND_ARRIVED, date(2024, 8, 1), State.BARRED),  # only suit keeps it
        ("guarantor_general", Event.SUIT, date(2024, 8, 29), State.KEPT),
    ],
)
def test_a_guarantee_is_kept_by_calling_upon_the_guarantor_in_time(
    role: str, event: Event, day: date, state: State
) -> None:
    """Civil Code 692, 693: six months where none were agreed, to the day, by demand or by suit as the kind asks."""
    guarantee = limitation.clocks(law(), debt(role), [happened(event, day)])[0]

    assert guarantee.kind is Kind.GUARANTEE
    assert guarantee.ends == date(2024, 8, 29)
    assert guarantee.state(date(2024, 9, 1)) is state


def test_once_called_upon_a_guarantor_has_a_limitation_period_of_his_own() -> None:
    """Civil Code 694: it runs from the demand."""
    called = happened(Event.DEMAND_ARRIVED, date(2024, 6, 1))

    _, own = limitation.clocks(law(), debt("guarantor_joint"), [called])

    assert (own.kind, own.begins, own.ends) == (Kind.LIMITATION, date(2024, 6, 1), date(2027, 6, 1))


def test_an_agreed_guarantee_period_goes_before_the_six_months() -> None:
    """The law's period is for those who agreed on none."""
    agreed = Debt(
        account="A1",
        person="P1",
        role="guarantor_joint",
        product="cash_loan",
        last_due=LAST,
        guarantee_until=date(2026, 2, 28),
    )

    assert limitation.clocks(law(), agreed, [])[0].ends == date(2026, 2, 28)


EVENTS = st.lists(
    st.builds(
        happened,
        st.sampled_from(Event),
        st.dates(date(2023, 1, 1), date(2050, 1, 1)),
        st.sampled_from(["P1", "P2"]),
    ),
    max_size=8,
)


@given(EVENTS, EVENTS, st.sampled_from(["borrower", "co_borrower"]), st.sampled_from(["cash_loan", "card"]))
def test_more_events_never_bring_the_end_nearer(
    some: list[Happened], more: list[Happened], role: str, product: str
) -> None:
    """And the day that counts drafts is never before the one that does not, nor either beyond twenty years."""
    of = debt(role, product)
    few, many = clock(*some, of=of), clock(*some, *more, of=of)

    assert few.ends is not None
    assert many.ends is not None
    assert many.perhaps is not None
    assert few.ends <= many.ends <= many.perhaps <= date(2044, 2, 29)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("  period: cn-lim-99", "law.limitation.rule"),
        ("  period: cn-lim-03", "law.limitation.period"),
        ("  periods: cn-lim-01", "law.key.unknown"),
    ],
)
def test_a_line_that_stands_on_nothing_is_refused_with_its_place(
    tmp_path: Path, wrong: str, code: str
) -> None:
    """The file is law: each line names a rule of the pack, and the period is a number of that rule."""
    folder = tmp_path / "cn"
    shutil.copytree(pack.shipped("cn"), folder)
    path = folder / "limitation.yaml"
    lines = path.read_text("utf-8").splitlines()
    place = lines.index("  period: cn-lim-01")
    lines[place] = wrong
    path.write_text("\n".join(lines), "utf-8")

    found, problems = pack.load(folder)

    assert found is None
    assert (problems[0].code, problems[0].file, problems[0].line) == (code, "cn/limitation.yaml", place + 1)
