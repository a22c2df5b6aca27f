"""Contact values by columns: whatever is quick about it, the form is the one that `points` gives each alone."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.book import numbers, points
from duly.model.party import Channel

VALUES = st.one_of(
    st.text(alphabet="0123456789+ -.()/８＋", max_size=20),
    st.text(alphabet="abZ@.-_+1 é＠", max_size=20),
    st.text(alphabet="ab 1路元\u3000ﬁ\u00a0号", max_size=12),
    st.from_regex(r"[a-zA-Z0-9._+-]{1,70}@[a-zA-Z0-9.-]{1,70}", fullmatch=True),
)


def alone(channel: Channel, value: str, code: str) -> str | None:
    """The form of one value by itself."""
    return points.normal(channel, value, calling_code=code)


@given(
    st.lists(st.tuples(st.sampled_from(list(Channel)), VALUES), max_size=8),
    st.sampled_from(["86", "1", "353"]),
)
def test_a_column_has_the_form_that_each_value_has_alone(rows: list[tuple[Channel, str]], code: str) -> None:
    """Of any channel, in any script, in any country."""
    frame = pl.DataFrame(
        [(channel.value, value) for channel, value in rows],
        schema={"channel": pl.String(), "value": pl.String()},
        orient="row",
    )

    found = numbers.normal(frame, calling_code=code)

    assert found.to_list() == [alone(channel, value, code) for channel, value in rows]


@pytest.mark.parametrize(
    ("channel", "value", "form"),
    [
        (Channel.SMS, "138 0013-8000", "+8613800138000"),
        (Channel.VOICE, "0086 138.0013.8000", "+8613800138000"),
        (Channel.SMS, "8613800138000", "+8613800138000"),
        (Channel.SMS, "１３８ 0013 8000", "+8613800138000"),
        (Channel.SMS, "123", None),
        (Channel.EMAIL, "Ann@Post.Example", "ann@post.example"),
        (Channel.EMAIL, "a@b.c", None),
        (Channel.EMAIL, "a@bc.d", "a@bc.d"),
        (Channel.LETTER, "虚构省  示例市 1号", "虚构省 示例市 1号"),
        (Channel.LETTER, "虚构省示例市1号", "虚构省示例市1号"),
    ],
)
def test_what_is_read_at_a_glance_and_what_is_asked_of_points(
    channel: Channel, value: str, form: str | None
) -> None:
    """Both kinds in one column."""
    frame = pl.DataFrame({"channel": [channel.value, "sms"], "value": [value, "13800138001"]})

    assert numbers.normal(frame, calling_code="86").to_list() == [form, "+8613800138001"]
