"""Ids that a carrier writes in one way and then in another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.wire import remote_id


@pytest.mark.parametrize(
    ("written", "submitted"),
    [
        ("1234", "1234"),
        ("0001234", "1234"),
        ("1234", "0000001234"),
        ("ABCDEF", "abcdef"),
        ("255", "ff"),
        ("255", "00FF"),
        ("ff", "255"),
        ("00000000FF", "255"),
        ("a-b", "A-B"),
        (" 12 ", "12"),
        ("0", "000"),
    ],
)
def test_an_id_is_found_in_each_form_a_carrier_may_give_it(written: str, submitted: str) -> None:
    """Case, leading zeros, hexadecimal here and decimal there."""
    assert remote_id.fold(submitted) in remote_id.forms(written)


def test_the_surest_form_comes_first() -> None:
    """A conversion is only a guess."""
    assert remote_id.forms("0010") == ("10", "a", "16")
    assert remote_id.forms("zz") == ("zz",)
    assert remote_id.forms("9" * 40) == ("9" * 40,)


@given(number=st.integers(0, 2**64 - 1), zeros=st.integers(0, 5))
def test_a_counter_is_found_across_both_conversions(number: int, zeros: int) -> None:
    """Submitted in hexadecimal and receipted in decimal, or the reverse, padded or not."""
    padded = "0" * zeros
    assert remote_id.fold(padded + f"{number:X}") in remote_id.forms(padded + str(number))
    assert remote_id.fold(padded + str(number)) in remote_id.forms(padded + f"{number:x}")


@given(raw=st.text(max_size=64))
def test_every_string_has_a_form(raw: str) -> None:
    """An id is whatever the carrier says it is."""
    assert remote_id.forms(raw)[0] == remote_id.fold(raw)
    assert remote_id.fold(remote_id.fold(raw)) == remote_id.fold(raw)
