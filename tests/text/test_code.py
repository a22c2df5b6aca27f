"""A code can be typed, and a wrong one is known to be wrong."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.text import code

KEY = b"k" * 32
messages = st.binary(min_size=1, max_size=16)


def test_a_code_never_changes() -> None:
    """It stands in messages that left years ago."""
    assert code.code(KEY, b"message") == "A1H5A-GFJAS"


@given(messages)
def test_a_code_is_read_back(message: bytes) -> None:
    """However it is typed: small, full width, without the hyphen, with the letters that look like digits."""
    made = code.code(KEY, message)
    wide = "".join(chr(ord(char) + 0xFEE0) for char in made)
    alike = made.replace("0", "o").replace("1", "l")

    for typed in (
        made,
        made.lower(),
        made.replace("-", ""),
        f" {made} ",
        made.replace("-", " "),
        wide,
        alike,
    ):
        assert code.normalise(typed) == made


@given(messages, st.data())
def test_one_wrong_character_is_noticed(message: bytes, data: st.DataObject) -> None:
    """Any of the ten, by any other."""
    made = code.code(KEY, message).replace("-", "")
    place = data.draw(st.integers(0, code.LENGTH - 1))
    other = data.draw(st.sampled_from([char for char in code.ALPHABET if char != made[place]]))

    assert code.normalise(made[:place] + other + made[place + 1 :]) is None


@given(messages)
def test_two_exchanged_characters_are_noticed(message: bytes) -> None:
    """Any two that differ, not only neighbours."""
    made = code.code(KEY, message).replace("-", "")
    for left, right in itertools.combinations(range(code.LENGTH), 2):
        turned = list(made)
        turned[left], turned[right] = turned[right], turned[left]
        if made[left] != made[right]:
            assert code.normalise("".join(turned)) is None


@pytest.mark.parametrize(
    "typed", ["", "x", "A1H5A-GFJA", "A1H5A-GFJASS", "U1H5A-GFJAS", "A1H5A+GFJAS", "💥", "０" * 9]
)
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    """Too short, too long, other characters."""
    assert code.normalise(typed) is None


def test_codes_depend_on_key_and_message() -> None:
    """Another key or another message gives another code, and none says anything of its message."""
    made = {code.code(key, message) for key in (KEY, b"l" * 32) for message in (b"a", b"b", b"", b"ab")}

    assert len(made) == 8


def test_a_short_key_is_refused() -> None:
    """31 bytes are too few, 32 suffice."""
    with pytest.raises(ValueError, match="at least 32 bytes"):
        code.code(b"k" * 31, b"message")
