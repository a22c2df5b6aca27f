"""Episodes in the database: a payment that bounces joins two cases, and an account is never in two at once."""

from __future__ import annotations

from duly.run import planned
from tests.run.house import House


def one(house: House) -> planned.Planned:
    """A first notice about one account that paid its instalments until it stopped."""
    return next(row for row in house.waiting() if row.stage == "first" and len(row.accounts) == 1)


def states(house: House, account: str) -> list[tuple[str, str]]:
    """Every case of an account and its state, by the day since which it is unpaid."""
    return house.ask('select "case", state from case_file where account = %s order by opened_on', account)


def test_an_older_debt_that_comes_to_light_takes_in_the_case_that_is_open(house: House) -> None:
    """All its money bounces: the episode began with the first instalment, and the ladder begins anew for it."""
    row = one(house)
    (account,), (newer,) = row.accounts, row.cases
    assert states(house, account) == [(newer, "open")]

    house.pay(account, 10**9, sort="reversal")
    house.plan()

    (older, state), *others = states(house, account)
    assert (state, others) == ("open", [(newer, "joined")])
    assert house.ask(
        'select event, from_state, to_state from case_event where "case" = %s order by n', newer
    ) == [
        ("first_unpaid", "none", "open"),
        ("join", "open", "joined"),
    ]
    ends = house.ask(
        'select state, closed_on is not null from stage_file where "case" = %s and stage = %s', newer, "first"
    )
    assert set(ends) == {("lapsed", True)}
    begun = house.ask('select stage, state from stage_file where "case" = %s', older)
    assert set(begun) == {("first", "open")}
    # What had been planned for the newer case and had not left is not said any more.
    assert {case for kept in house.waiting() if account in kept.accounts for case in kept.cases} <= {older}


def test_a_plan_made_again_joins_nothing_twice(house: House) -> None:
    """The same day planned once more: the cases stand as they stood."""
    row = one(house)
    house.pay(row.accounts[0], 10**9, sort="reversal")
    house.plan()
    before = states(house, row.accounts[0])

    house.plan()

    assert states(house, row.accounts[0]) == before
