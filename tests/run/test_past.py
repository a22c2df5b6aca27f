"""An act is given what concerns its person, its accounts and its number, and the law says the same of it as of all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from duly.law import values
from duly.run.past import Past

MORNING = datetime(2031, 11, 24, 2, tzinfo=UTC)


def contact(hour: int, person: str, account: str, number: str) -> values.Contact:
    """A message of so many hours ago."""
    return values.Contact(
        at=MORNING - timedelta(hours=hour),
        kind="message_sent",
        channel="sms",
        person=person,
        account=account,
        number=number,
    )


OWN = contact(4, "P1", "A1", "n1")
SAME_NUMBER = contact(3, "P2", "A2", "n1")
SAME_ACCOUNT = contact(2, "P3", "A1", "n3")
ANOTHER = contact(1, "P4", "A4", "n4")


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (("P1", ("A1",), "n1"), (OWN, SAME_NUMBER, SAME_ACCOUNT)),
        (("P1", (), "n9"), (OWN,)),
        (("P9", ("A1", "A2"), "n9"), (OWN, SAME_NUMBER, SAME_ACCOUNT)),
        (("P9", ("A9",), "n1"), (OWN, SAME_NUMBER)),
        (("P9", ("A9",), "n9"), ()),
    ],
)
def test_only_what_concerns_the_message_is_given(
    asked: tuple[str, tuple[str, ...], str], given: tuple[values.Contact, ...]
) -> None:
    """By any of the three, each row once, in the order in which they came."""
    person, accounts, number = asked
    past = Past((OWN, SAME_NUMBER, SAME_ACCOUNT, ANOTHER))

    assert past.of(person=person, accounts=accounts, number=number) == given


def test_what_the_chunk_releases_is_part_of_the_past() -> None:
    """The next message to the same person is judged with it."""
    past = Past((ANOTHER,))
    assert past.of(person="P1", accounts=("A1",), number="n1") == ()
    past.add((OWN,))

    assert past.of(person="P1", accounts=("A1",), number="n1") == (OWN,)
