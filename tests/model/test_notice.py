"""Identity: the same notice is recognised for ever, and no two are taken for one (DESIGN D17)."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.model import notice
from duly.model.account import BUCKETS
from duly.model.notice import NoticeId
from duly.model.party import Channel

NOTICE = NoticeId(person="P1", creditor="bank", brand="Blue", stage="first", occurrence=1)
KEY = notice.message_key(NOTICE, point="P1-s1", channel=Channel.SMS, step=0)

# Each of these changes what is said, to whom or how, so it is another message.
OTHERS = [
    {"person": "P2"},
    {"creditor": "banc"},
    {"brand": "Bluf"},
    {"stage": "firm"},
    {"occurrence": 2},
    {"point": "P1-s2"},
    {"channel": Channel.VOICE},
    {"step": 1},
]


def test_the_keys_never_change_from_version_to_version() -> None:
    """A key that drifted would send every unsent and every sent notice again: these bytes are for ever."""
    assert KEY.hex() == "11951513b87da2eca4db0fb242ccf4ec"
    assert notice.notice_key(NOTICE).hex() == "6cd0aa11dd4f882ccf9ce1dfc31540c9"
    assert [notice.bucket(person) for person in ("P1", "P2", "张三")] == [392, 318, 644]


@pytest.mark.parametrize("change", OTHERS, ids=lambda change: next(iter(change)))
def test_whatever_makes_another_message_makes_another_key(change: dict[str, object]) -> None:
    """Person, creditor, brand, stage, occurrence, contact point, channel and step each count."""
    of_notice = {name: value for name, value in change.items() if hasattr(NOTICE, name)}
    rest = {"point": "P1-s1", "channel": Channel.SMS, "step": 0} | {
        name: value for name, value in change.items() if name not in of_notice
    }
    other = dataclasses.replace(NOTICE, **of_notice)  # type: ignore[arg-type]  # values fit their fields

    assert notice.message_key(other, **rest) != KEY  # type: ignore[arg-type]  # likewise


def test_the_identity_has_no_date_amount_or_case_in_it() -> None:
    """A notice planned again tomorrow, over another sum, is the same notice."""
    assert {field.name for field in dataclasses.fields(NoticeId)} == {
        "person",
        "creditor",
        "brand",
        "stage",
        "occurrence",
    }


@given(st.text(max_size=6), st.text(max_size=6), st.text(max_size=6), st.text(max_size=6))
def test_moving_a_letter_from_one_field_to_the_next_changes_the_key(a: str, b: str, c: str, d: str) -> None:
    """Fields are framed by their lengths, so ("ab", "c") and ("a", "bc") are different people."""
    one = NoticeId(person=a, creditor=b, brand=c, stage=d, occurrence=1)
    for other in (
        NoticeId(person=a + b, creditor="", brand=c, stage=d, occurrence=1),
        NoticeId(person=a, creditor=b + c, brand="", stage=d, occurrence=1),
    ):
        same = one == other

        assert (notice.notice_key(one) == notice.notice_key(other)) is same


def test_occurrence_counts_from_one() -> None:
    """There is no notice number nought."""
    assert NoticeId(person="P", creditor="c", brand="b", stage="s", occurrence=1).occurrence == 1
    with pytest.raises(ValueError, match="counts from 1"):
        NoticeId(person="P", creditor="c", brand="b", stage="s", occurrence=0)


@given(st.text())
def test_every_person_has_a_bucket(person: str) -> None:
    """0 to 1023, whatever the id looks like."""
    assert 0 <= notice.bucket(person) < BUCKETS
