"""PDUs as bytes: one table, read and written; what lies about itself is refused with the right status."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.wire.smpp import codec, fault, pdu, status
from duly.wire.smpp.pdu import Address, Command, Tag, Tlv
from tests.wire.cases import BIND, CASES, DELIVER, NAMES, SUBMIT

EVERY_CASE = pytest.mark.parametrize(("name", "said", "raw"), CASES, ids=NAMES)


@EVERY_CASE
def test_a_pdu_becomes_these_bytes(name: str, said: pdu.Pdu, raw: bytes) -> None:
    """The table's PDU is written as the table's bytes."""
    assert codec.encode(said) == raw


@EVERY_CASE
def test_these_bytes_become_the_pdu(name: str, said: pdu.Pdu, raw: bytes) -> None:
    """And read back from them."""
    assert codec.decode(raw) == said


@EVERY_CASE
def test_a_byte_less_is_refused(name: str, said: pdu.Pdu, raw: bytes) -> None:
    """A PDU is never read from a part of it, whatever its length field says."""
    with pytest.raises(fault.RemoteProtocolError, match=r"command_length lies|header of 16"):
        codec.decode(raw[:-1])


@EVERY_CASE
def test_a_byte_more_is_refused(name: str, said: pdu.Pdu, raw: bytes) -> None:
    """Nor from more than itself."""
    with pytest.raises(fault.RemoteProtocolError, match="command_length lies"):
        codec.decode(raw + b"\0")


@EVERY_CASE
def test_a_body_with_a_byte_too_many_is_refused(name: str, said: pdu.Pdu, raw: bytes) -> None:
    """Where a field or an optional parameter cannot begin with it; after an id it is tolerated."""
    grown = codec.frame(codec.command_of(said.body), said.sequence, raw[16:] + b"\0", said.status)
    if isinstance(said.body, pdu.SubmitSmResp | pdu.DeliverSmResp | pdu.DataSmResp) or (
        isinstance(said.body, pdu.BindResp) and said.status
    ):
        assert codec.decode(grown) == said
    else:
        with pytest.raises(fault.RemoteProtocolError, match=r"longer than its fields|cut short"):
            codec.decode(grown)


@pytest.mark.parametrize(
    ("command", "body", "code"),
    [
        (0x00000111, b"", status.INVALID_COMMAND),
        (Command.SUBMIT_SM, b"", status.INVALID_COMMAND_LENGTH),
        (Command.SUBMIT_SM, b"toolong\0", status.INVALID_COMMAND_LENGTH),
        (Command.DELIVER_SM, codec.encode_body(DELIVER)[:40], status.INVALID_COMMAND_LENGTH),
        (Command.DELIVER_SM, codec.encode_body(DELIVER)[:-3], status.INVALID_TLV_STREAM),
        (Command.DELIVER_SM, codec.encode_body(DELIVER) + b"\x02\x04\x00\x01\x01", status.INVALID_TLV_LENGTH),
        (Command.BIND_TRANSCEIVER, b"a" * 16 + b"\0", status.INVALID_COMMAND_LENGTH),
        (Command.BIND_TRANSCEIVER, b"a\0" + b"p" * 9 + b"\0", status.INVALID_COMMAND_LENGTH),
        (Command.ENQUIRE_LINK, b"\0", status.INVALID_COMMAND_LENGTH),
        (Command.SUBMIT_SM_RESP, b"a" * 65, status.INVALID_COMMAND_LENGTH),
    ],
)
def test_a_body_that_lies_is_refused_with_its_status(command: int, body: bytes, code: int) -> None:
    """The status tells the peer what was wrong."""
    with pytest.raises(fault.RemoteProtocolError) as caught:
        codec.decode(codec.frame(command, 1, body))
    assert caught.value.status == code


@pytest.mark.parametrize("size", range(len(codec.encode_body(DELIVER)) - 28))
def test_a_body_that_ends_within_its_fixed_part_names_the_field(size: int) -> None:
    """The quick reading finds that something is wrong, the slow one what."""
    with pytest.raises(fault.RemoteProtocolError, match=r"does not end within|ends too early") as caught:
        codec.decode_body(Command.DELIVER_SM, codec.encode_body(DELIVER)[:size])
    assert caught.value.status == status.INVALID_COMMAND_LENGTH


def test_parameters_of_version_5_and_of_vendors_pass_through() -> None:
    """What we do not know is kept as it stands, in its place."""
    unknown = (Tlv(0x0428, b"\x5a"), Tlv(0x0600, b"x"), Tlv(0x1401, b"ours"), Tlv(0xFFFF, b""))
    body = pdu.DeliverSm(source=Address("1"), destination=Address("2"), tlvs=unknown)
    assert codec.decode(codec.encode(pdu.Pdu(sequence=1, body=body))).body == body


def test_a_message_of_255_octets_is_refused_on_both_sides() -> None:
    """sm_length is at most 254; longer ones go into message_payload."""
    empty = codec.encode_body(pdu.SubmitSm(source=Address("1"), destination=Address("2")))
    codec.decode(codec.frame(Command.SUBMIT_SM, 1, empty[:-1] + b"\xfe" + b"x" * 254))
    with pytest.raises(fault.RemoteProtocolError, match="at most 254"):
        codec.decode(codec.frame(Command.SUBMIT_SM, 1, empty[:-1] + b"\xff" + b"x" * 255))
    with pytest.raises(fault.LocalProtocolError, match="message_payload"):
        codec.encode_body(
            pdu.SubmitSm(source=Address("1"), destination=Address("2"), short_message=b"x" * 255)
        )


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            pdu.Bind(command=Command.BIND_TRANSCEIVER, system_id="a" * 16, password=""),
            "system_id has at most 15",
        ),
        (
            pdu.Bind(command=Command.BIND_TRANSCEIVER, system_id="a", password="p" * 9),
            "password has at most 8",
        ),
        (pdu.SubmitSm(source=Address("1" * 21), destination=Address("2")), "source_addr has at most 20"),
        (pdu.SubmitSm(source=Address("1\0"), destination=Address("2")), "no NUL"),
        (pdu.SubmitSm(source=Address("银行"), destination=Address("2")), "source_addr holds a character"),
        (pdu.SubmitSm(source=Address("1"), destination=Address("2"), validity_period="1"), "16 characters"),
        (pdu.SubmitSm(source=Address("1"), destination=Address("2"), data_coding=256), "0 to 255"),
        (
            pdu.SubmitSm(
                source=Address("1"), destination=Address("2"), tlvs=(Tlv(Tag.MESSAGE_STATE, b"12"),)
            ),
            "wrong length",
        ),
        (pdu.SubmitSmResp(message_id="x" * 65), "message_id has at most 64"),
    ],
)
def test_we_never_write_a_field_past_its_limit(body: pdu.Body, says: str) -> None:
    """Our own mistakes stop before the wire."""
    with pytest.raises(fault.LocalProtocolError, match=says):
        codec.encode_body(body)


def test_an_error_never_carries_the_value() -> None:
    """Errors reach logs, values may be a person's number or text."""
    with pytest.raises(fault.LocalProtocolError) as caught:
        codec.encode_body(pdu.SubmitSm(source=Address("1"), destination=Address("堃13800138000")))
    assert "13800138000" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "secret12" not in repr(BIND)
    assert "DELIVRD" not in repr(DELIVER)


def test_message_payload_is_the_content_when_the_short_message_is_empty() -> None:
    """Section 5.3.2.32."""
    long = pdu.SubmitSm(
        source=Address("1"), destination=Address("2"), tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, b"x" * 1000),)
    )
    assert codec.decode(codec.encode(pdu.Pdu(sequence=9, body=long))).body == long
    assert long.content == b"x" * 1000
    assert SUBMIT.number(Tag.USER_MESSAGE_REFERENCE) == 0xBEEF
    assert SUBMIT.number(Tag.SAR_MSG_REF_NUM) is None


ADDRESSES = st.builds(
    Address,
    st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=20),
    st.integers(0, 255),
    st.integers(0, 255),
)
OCTET = st.integers(0, 255)
MESSAGES = st.builds(
    pdu.DeliverSm,
    source=ADDRESSES,
    destination=ADDRESSES,
    short_message=st.binary(max_size=254),
    service_type=st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=5),
    esm_class=OCTET,
    protocol_id=OCTET,
    priority_flag=OCTET,
    registered_delivery=OCTET,
    replace_if_present_flag=OCTET,
    data_coding=OCTET,
    sm_default_msg_id=OCTET,
    tlvs=st.lists(st.builds(Tlv, st.integers(0x1400, 0x3FFF), st.binary(max_size=300)), max_size=4).map(
        tuple
    ),
)


@given(body=MESSAGES, sequence=st.integers(1, 0x7FFFFFFF), code=st.integers(0, 0xFFFF))
def test_every_message_survives_the_wire(body: pdu.DeliverSm, sequence: int, code: int) -> None:
    """What is encoded decodes to the same."""
    said = pdu.Pdu(sequence=sequence, status=code, body=body)
    assert codec.decode(codec.encode(said)) == said


def read_or_refused(raw: bytes) -> pdu.Pdu | None:
    """What was read; None when it was refused with a status of the table."""
    refused: fault.RemoteProtocolError | None = None
    try:
        return codec.decode(raw)
    except fault.RemoteProtocolError as error:
        refused = error
    assert refused.status in status.TABLE
    return None


@given(command=st.sampled_from(list(Command)), body=st.binary(max_size=120))
def test_garbage_is_read_or_refused_and_never_crashes(command: Command, body: bytes) -> None:
    """And what was read from garbage is written back as something that reads the same."""
    raw = codec.frame(command, 1, body)
    said = read_or_refused(raw)
    assert said is None or codec.decode(codec.encode(said)) == said


@given(body=MESSAGES, at=st.integers(0, 10_000), octet=OCTET)
def test_a_flipped_octet_is_read_or_refused_and_never_crashes(
    body: pdu.DeliverSm, at: int, octet: int
) -> None:
    """Near misses are where parsers break."""
    raw = bytearray(codec.encode(pdu.Pdu(sequence=1, body=body)))
    raw[16 + at % (len(raw) - 16)] = octet
    read_or_refused(bytes(raw))


def test_fifty_thousand_pdus_take_less_than_a_cpu_second() -> None:
    """Half of them written, half of them read; the floor is a tenth, since a machine may be slow."""
    raw = codec.encode(pdu.Pdu(sequence=5, body=DELIVER))
    began = time.process_time()
    for _ in range(2_500):
        codec.encode_body(SUBMIT)
        codec.decode(raw)
    assert 5_000 / (time.process_time() - began) > 5_000
