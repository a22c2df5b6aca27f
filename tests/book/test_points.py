"""A number or address has one form, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.book import points
from duly.model.party import Channel


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("13800138000", "+8613800138000"),
        ("138 0013-8000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("0086-13800138000", "+8613800138000"),
        ("010-6552 9988", "+861065529988"),
        ("(021) 6552.9988", "+862165529988"),
        ("+44 7700 900123", "+447700900123"),
        ("12", None),
        ("", None),
        ("1380013800x", None),
        ("+0013800138000", None),
        ("+8613800138000123456", None),
    ],
)
def test_a_telephone_has_one_form(written: str, normal: str | None) -> None:
    """E.164, whether it came from a contract or a carrier."""
    assert points.normal(Channel.SMS, written, calling_code="86") == normal
    assert points.normal(Channel.VOICE, written, calling_code="86") == normal


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        (" Ann@Post.Example ", "ann@post.example"),
        ("ann+loan@a.b.example", "ann+loan@a.b.example"),
        ("ann", None),
        ("ann@home", None),
        ("ann@@post.example", None),
        ("ann@post.example\r\nBcc: x@y.example", None),
    ],
)
def test_an_email_address_has_one_form(written: str, normal: str | None) -> None:
    """Small letters; nothing that could begin a header."""
    assert points.normal(Channel.EMAIL, written, calling_code="86") == normal


@pytest.mark.parametrize(
    ("written", "normal"), [("虚构省  示例市\n1号", "虚构省 示例市 1号"), ("", None), ("x" * 301, None)]
)
def test_a_postal_address_keeps_its_words(written: str, normal: str | None) -> None:
    """Only its blanks are folded."""
    assert points.normal(Channel.LETTER, written, calling_code="86") == normal


@given(st.sampled_from(Channel), st.text(max_size=40))
def test_the_normal_form_of_a_normal_form_is_itself(channel: Channel, written: str) -> None:
    """So it does not matter how often it is taken."""
    normal = points.normal(channel, written, calling_code="86")

    assert normal is None or points.normal(channel, normal, calling_code="86") == normal
