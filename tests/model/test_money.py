"""Money: integers, one currency, and a rounding that has a name."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.model import money
from duly.model.money import Money, Rounding

CASES = [
    # numerator, denominator; down, half even, half up, up
    (0, 2, (0, 0, 0, 0)),
    (1, 2, (0, 0, 1, 1)),
    (3, 2, (1, 2, 2, 2)),
    (5, 2, (2, 2, 3, 3)),
    (7, 3, (2, 2, 2, 3)),
    (8, 3, (2, 3, 3, 3)),
    (6, 3, (2, 2, 2, 2)),
]
RULES = (Rounding.DOWN, Rounding.HALF_EVEN, Rounding.HALF_UP, Rounding.UP)


@pytest.mark.parametrize(("numerator", "denominator", "rounded"), CASES)
def test_each_rounding_says_how_the_last_cent_falls(
    numerator: int, denominator: int, rounded: tuple[int, ...]
) -> None:
    """The four named rules differ exactly at and beside the half."""
    assert tuple(money.divide(numerator, denominator, rule) for rule in RULES) == rounded


@given(st.integers(0, 10**30), st.integers(1, 10**15), st.sampled_from(list(Rounding)))
def test_a_rounded_quotient_is_never_a_whole_unit_away(
    numerator: int, denominator: int, rule: Rounding
) -> None:
    """However large the numbers, the result differs from the exact quotient by less than one."""
    exact = Fraction(numerator, denominator)

    assert abs(money.divide(numerator, denominator, rule) - exact) < 1


@pytest.mark.parametrize(("numerator", "denominator"), [(-1, 2), (1, 0), (1, -3)])
def test_what_cannot_be_divided_is_refused(numerator: int, denominator: int) -> None:
    """A negative numerator or an empty denominator is a defect of the caller."""
    with pytest.raises(ValueError, match="non-negative numerator"):
        money.divide(numerator, denominator, Rounding.DOWN)


def test_two_currencies_are_never_added_or_compared() -> None:
    """A sum across currencies would be a number that nobody owes."""
    yuan, pounds = Money(minor=1, currency="CNY"), Money(minor=1, currency="GBP")

    with pytest.raises(ValueError, match="never added or compared"):
        _ = yuan + pounds
    with pytest.raises(ValueError, match="never added or compared"):
        _ = yuan < pounds


@pytest.mark.parametrize("minor", [1.0, True, "1"])
def test_money_is_an_integer(minor: object) -> None:
    """Neither a float nor a truth is an amount."""
    with pytest.raises(TypeError, match="integer"):
        Money(minor=minor, currency="CNY")  # type: ignore[arg-type]  # that is the point


def test_an_amount_is_bounded_on_both_sides() -> None:
    """1e13 minor units is an amount, one more is a mistake."""
    assert Money(minor=money.MAX_MINOR, currency="CNY").minor == money.MAX_MINOR
    with pytest.raises(ValueError, match="beyond"):
        Money(minor=money.MAX_MINOR + 1, currency="CNY")
    with pytest.raises(ValueError, match="beyond"):
        Money(minor=-money.MAX_MINOR - 1, currency="CNY")


@pytest.mark.parametrize(
    ("minor", "currency", "plain"),
    [
        (123000, "CNY", "1230.00"),
        (5, "CNY", "0.05"),
        (-5, "CNY", "-0.05"),
        (-12345, "USD", "-123.45"),
        (7, "JPY", "7"),
    ],
)
def test_plain_digits_have_the_decimals_of_the_currency(minor: int, currency: str, plain: str) -> None:
    """Two for the yuan, none for the yen, and the sign in front."""
    assert Money(minor=minor, currency=currency).plain() == plain
