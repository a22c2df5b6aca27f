"""What a receipt says besides its state: when it was taken, and how the message began, as carriers write it."""

from datetime import UTC, datetime

import pytest

from duly.wire.smpp import pdu, receipt, receipt_head
from duly.wire.smpp.pdu import Address

_MINUTE = datetime(2031, 1, 2, 3, 4, tzinfo=UTC)
_USUAL = receipt.write("1", state=receipt.State.DELIVERED, submitted=_MINUTE, done=_MINUTE, text="Pay 300")


@pytest.mark.parametrize(
    ("said", "submitted_at", "text"),
    [
        (_USUAL, _MINUTE, b"Pay 300"),
        (b"id:1 submit_date : 310102030405 stat:X Text : Pay", _MINUTE.replace(second=5), b" Pay"),
        (b"id:1 SUBMITDATE:3101020304 stat:X err:0", _MINUTE, b""),
        (b"id:1 submit date:20310102030405 text:", _MINUTE.replace(second=5), b""),
        (b"id:1 submit date:9999999999 text:x", None, b"x"),
        (b"id:1 stat:DELIVRD text:submit date:3101020304", None, b"submit date:3101020304"),
        (b"id:1 stat:DELIVRD", None, b""),
        (b"id:1 text:" + b"x" * 99, None, b"x" * 40),
        (b"", None, b""),
    ],
    ids=[
        "usual",
        "blanks",
        "no text",
        "a century",
        "no date",
        "within the text",
        "neither",
        "too much",
        "nothing",
    ],
)
def test_a_receipt_says_when_it_was_taken_and_how_it_began(
    said: bytes, submitted_at: datetime | None, text: bytes
) -> None:
    """What stands in the text is the message's own, and is never read as a field."""
    delivered = pdu.DeliverSm(
        source=Address("8613800138000"),
        destination=Address("1069", 0, 1),
        short_message=said,
        esm_class=pdu.ESM_RECEIPT,
    )
    found = receipt_head.read(delivered, UTC)
    assert (found.submitted_at, found.text) == (submitted_at, text)


def test_a_receipt_in_ucs_2_is_read_too() -> None:
    """Some carriers write their receipts in the alphabet of the message."""
    delivered = pdu.DeliverSm(
        source=Address("8613800138000"),
        destination=Address("1069", 0, 1),
        short_message="id:1 submit date:3101020304 text:【晨曦】您的".encode("utf-16-be"),
        data_coding=8,
        esm_class=pdu.ESM_RECEIPT,
    )
    found = receipt_head.read(delivered, UTC)
    assert (found.submitted_at, found.text.decode()) == (_MINUTE, "【晨曦】您的")
