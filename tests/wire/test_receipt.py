"""Receipts of carriers that each write them their own way."""

import time
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.wire.smpp import instant, pdu, receipt
from duly.wire.smpp.pdu import Address, Tag, Tlv
from duly.wire.smpp.receipt import State

SHANGHAI = ZoneInfo("Asia/Shanghai")
DONE = datetime(2026, 11, 23, 14, 5, tzinfo=SHANGHAI)


def delivered(
    text: bytes, *tlvs: Tlv, esm_class: int = pdu.ESM_RECEIPT, data_coding: int = 0
) -> pdu.DeliverSm:
    """A deliver_sm with this text."""
    return pdu.DeliverSm(
        source=Address("8613800138000"),
        destination=Address("10690000"),
        short_message=text,
        esm_class=esm_class,
        data_coding=data_coding,
        tlvs=tlvs,
    )


@pytest.mark.parametrize(
    ("text", "message_id", "state", "error", "done"),
    [
        (
            (
                b"id:0123456789 sub:001 dlvrd:001 submit date:2611231404 "
                b"done date:2611231405 stat:DELIVRD err:000 text:Hi"
            ),
            "0123456789",
            State.DELIVERED,
            "000",
            DONE,
        ),
        # without sub and dlvrd (opentelecoms-org/jsmpp issue 62)
        (
            b"id:1526758174 submit date:2611231404 done date:2611231405 stat:DELIVRD err:000 text:hellow",
            "1526758174",
            State.DELIVERED,
            "000",
            DONE,
        ),
        # seconds, lower case, no text at all
        (
            b"id:0654354026 submit date:261123140459 done date:261123140500 stat:expired err:17",
            "0654354026",
            State.EXPIRED,
            "17",
            DONE,
        ),
        # blanks after the colon (onlinecity/php-smpp issue 29), a century, capital Text
        (
            (
                b"id: 7f-A.3 sub: 001 dlvrd: 000 submit date: 20261123140400 done date: 20261123140500 "
                b"stat: UNDELIV err: 0 Text: no"
            ),
            "7f-A.3",
            State.UNDELIVERABLE,
            "0",
            DONE,
        ),
        # another order, underscores, commas
        (
            b"stat:REJECTD,err:255,done_date:2611231405,submit_date:2611231404,id:9",
            "9",
            State.REJECTED,
            "255",
            DONE,
        ),
        # words that are not the specification's
        (b"id:9 stat:DELIVERED err:0 text:", "9", State.DELIVERED, "0", None),
        (b"id:9 stat:FAILED", "9", State.UNDELIVERABLE, "", None),
        (b"id:9 stat:MK:0005 err:MK:0005", "9", State.UNREADABLE, "MK:0005", None),
        (b"id:9", "9", State.UNREADABLE, "", None),
        # a date that is none
        (b"id:9 done date:9999999999 stat:UNKNOWN", "9", State.UNKNOWN, "", None),
        # our own text quoted after text: says nothing about the message
        (b"id:9 stat:UNDELIV err:001 text: stat:DELIVRD id:8", "9", State.UNDELIVERABLE, "001", None),
    ],
)
def test_text_receipts_are_read_in_all_their_shapes(
    text: bytes, message_id: str, state: State, error: str, done: datetime | None
) -> None:
    """Fields may be missing, in another order, another case, with other blanks."""
    read = receipt.read(delivered(text), SHANGHAI)

    assert read is not None
    assert (read.message_id, read.state, read.error, read.done_at) == (message_id, state, error, done)
    assert read.destination == "8613800138000"


@given(
    message_id=st.text("0123456789abcdefABCDEF-", min_size=1, max_size=20),
    done=st.text("0123456789", max_size=14),
    word=st.sampled_from(["DELIVRD", "UNDELIV", "expired", "MK:0005", ""]),
    error=st.text("0123456789A", max_size=3),
    tail=st.sampled_from(
        ["", " text:", " text:id:9 stat:DELIVRD", " Text:Hi", " id:8 stat:UNKNOWN", ",err:9"]
    ),
)
def test_the_quick_reading_of_the_usual_text_is_the_slow_one(
    message_id: str, done: str, word: str, error: str, tail: str
) -> None:
    """A blank in front takes the same text past the quick way."""
    text = (
        f"id:{message_id} sub:001 dlvrd:001 submit date:2611231404 done date:{done} "
        f"stat:{word} err:{error}{tail}"
    ).encode()
    assert receipt.read(delivered(text), SHANGHAI) == receipt.read(delivered(b" " + text), SHANGHAI)


OWN = receipt.Style(
    layout=receipt.layout("MsgID={id};State={state};Done={done};Err={error}"),
    words={"0": State.DELIVERED, "NOTIFY": State.REJECTED},
)


@pytest.mark.parametrize(
    ("text", "message_id", "state", "done"),
    [
        (b"MsgID=77;State=0;Done=2026-11-23 14:05:00;Err=000", "77", State.DELIVERED, DONE),
        (b"msgid=77;state=Notify;done=2611231405;err=12 more", "77", State.REJECTED, DONE),
        (b"Notice: MsgID=77;State=DELIVRD;Done=;Err=", "77", State.DELIVERED, None),
        (b"MsgID=77;State=9;Done=never;Err=1", "77", State.UNREADABLE, None),
        # a receipt that is not in the carrier's own layout is read as anybody's
        (b"id:77 stat:DELIVRD done date:2611231405", "77", State.DELIVERED, DONE),
    ],
)
def test_a_carrier_with_a_layout_and_words_of_its_own_is_read(
    text: bytes, message_id: str, state: State, done: datetime | None
) -> None:
    """Layout and words are data; what fits neither is read as usual, and never invented."""
    read = receipt.read(delivered(text), SHANGHAI, OWN)
    assert read is not None
    assert (read.message_id, read.state, read.done_at) == (message_id, state, done)


def test_without_its_layout_the_same_receipt_names_nothing() -> None:
    """The layout is what makes it readable."""
    assert receipt.read(delivered(b"MsgID=77;State=0"), SHANGHAI) is None


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("State={state}", "names {id}"),
        ("{id};{id}", "each of its fields once"),
        ("{id};{text}", "each of its fields once"),
        ("{id}{state}", "stands between"),
        ("", "names {id}"),
    ],
)
def test_a_layout_that_cannot_be_read_by_is_refused(written: str, says: str) -> None:
    """Both sides: the id must be found, and where each field ends."""
    receipt.layout("{id}")
    with pytest.raises(ValueError, match=says):
        receipt.layout(written)


def test_a_hostile_text_takes_no_time() -> None:
    """Only the head of a receipt is looked at, and each field ends at one character."""
    began = time.process_time()
    receipt.read(delivered(b"MsgID=" * 40_000), SHANGHAI, OWN)
    receipt.read(delivered(b"id:" * 20_000), SHANGHAI)
    assert time.process_time() - began < 1


def test_a_receipt_may_come_as_data_sm() -> None:
    """Its text is in message_payload then."""
    body = pdu.DataSm(
        source=Address("8613800138000"),
        destination=Address("10690000"),
        esm_class=pdu.ESM_RECEIPT,
        tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, b"id:9 stat:DELIVRD err:000"),),
    )
    read = receipt.read(body, SHANGHAI)
    assert read is not None
    assert (read.message_id, read.state, read.destination) == ("9", State.DELIVERED, "8613800138000")


def test_optional_parameters_win_over_the_text() -> None:
    """They were made for machines."""
    read = receipt.read(
        delivered(
            b"id:111 stat:UNDELIV err:001",
            Tlv(Tag.RECEIPTED_MESSAGE_ID, b"abc\0"),
            pdu.number(Tag.MESSAGE_STATE, 2),
            pdu.number(Tag.USER_MESSAGE_REFERENCE, 513),
        ),
        SHANGHAI,
    )
    assert read is not None
    assert (read.message_id, read.state, read.word, read.reference) == (
        "abc",
        State.DELIVERED,
        "UNDELIV",
        513,
    )


def test_a_receipt_of_optional_parameters_alone_is_read() -> None:
    """Empty text, an id without its NUL, a network error code."""
    read = receipt.read(
        delivered(
            b"",
            Tlv(Tag.RECEIPTED_MESSAGE_ID, b"abc"),
            pdu.number(Tag.MESSAGE_STATE, 5),
            Tlv(Tag.NETWORK_ERROR_CODE, b"\x03\x00\x1b"),
            esm_class=0,
        ),
        SHANGHAI,
    )
    assert read is not None
    assert (read.message_id, read.state, read.word, read.error) == ("abc", State.UNDELIVERABLE, "5", "27")


def test_an_unknown_number_falls_back_to_the_word() -> None:
    """A carrier's own state number must not hide a word that can be read."""
    read = receipt.read(delivered(b"id:1 stat:DELIVRD", pdu.number(Tag.MESSAGE_STATE, 77)), SHANGHAI)
    assert read is not None
    assert read.state is State.DELIVERED


def test_a_receipt_in_ucs2_is_read() -> None:
    """Some carriers write even receipts in the alphabet of the message."""
    text = "id:5 stat:DELIVRD err:000 text:逾期".encode("utf-16-be")
    read = receipt.read(delivered(text, data_coding=8), SHANGHAI)
    assert read is not None
    assert (read.message_id, read.state) == ("5", State.DELIVERED)


def test_a_debtor_cannot_text_a_receipt() -> None:
    """Without the carrier's mark it is a reply, whatever it says."""
    forged = delivered(b"id:1 sub:001 dlvrd:001 stat:DELIVRD err:000", esm_class=0)
    assert not receipt.is_marked(forged)
    assert receipt.read(forged, SHANGHAI) is None


@pytest.mark.parametrize("esm_class", [0x04, 0x20, 0x24, 0x44])
def test_the_mark_is_a_bit_of_esm_class(esm_class: int) -> None:
    """Section 5.2.12: receipt or intermediate notification."""
    assert receipt.is_marked(delivered(b"", esm_class=esm_class))


def test_a_marked_message_that_names_nothing_is_no_receipt() -> None:
    """The caller keeps it as unread."""
    assert receipt.read(delivered(b"hello"), SHANGHAI) is None


@given(
    message_id=st.text("0123456789abcdef", min_size=1, max_size=20),
    state=st.sampled_from([s for s in State if s is not State.UNREADABLE]),
    text=st.text(max_size=60),
)
def test_what_our_carrier_writes_is_read_back(message_id: str, state: State, text: str) -> None:
    """Whatever the message's text says."""
    raw = receipt.write(message_id, state=state, submitted=DONE, done=DONE, text=text)
    read = receipt.read(delivered(raw), SHANGHAI)
    assert read is not None
    assert (read.message_id, read.state, read.done_at) == (message_id, state, DONE)


@given(text=st.binary(max_size=200), zone=st.sampled_from([UTC, SHANGHAI]))
def test_any_marked_bytes_are_read_or_not(text: bytes, zone: ZoneInfo) -> None:
    """And never crash."""
    receipt.read(delivered(text), zone)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 23, 20, 0, 0, 999_999, tzinfo=SHANGHAI), "261123120000000+"),
        (datetime(2026, 1, 1, 0, 0, tzinfo=SHANGHAI), "251231160000000+"),
        (datetime(2026, 6, 1, 12, 0, 1, tzinfo=UTC), "260601120001000+"),
    ],
)
def test_an_end_of_life_is_written_in_utc_and_never_rounded_up(moment: datetime, text: str) -> None:
    """Section 7.1.1; seconds are cut, because a message must not outlive its permit."""
    assert instant.absolute(moment) == text
    assert instant.read_absolute(text) == moment.replace(microsecond=0)


def test_an_end_of_life_without_a_zone_is_refused() -> None:
    """Eight hours are a lawful and an unlawful evening."""
    with pytest.raises(ValueError, match="carries a zone"):
        instant.absolute(datetime(2026, 1, 1))  # noqa: DTZ001 - the naive one is the case


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("261123200000032+", datetime(2026, 11, 23, 20, tzinfo=timezone(timedelta(hours=8)))),
        ("261123070000020-", datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("000001000000000R", None),
        ("", None),
        ("261323200000000+", None),
        ("2611232000000", None),
    ],
)
def test_absolute_times_of_others_are_read(text: str, moment: datetime | None) -> None:
    """`nn` is quarter hours, and what is no absolute time is None."""
    assert instant.read_absolute(text) == moment
