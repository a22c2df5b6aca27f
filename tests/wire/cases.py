"""PDUs and their bytes, driven through every reader and writer (test_codec, test_session)."""

from duly.wire.smpp import pdu
from duly.wire.smpp.pdu import Address, Command, Tag, Tlv

BIND = pdu.Bind(command=Command.BIND_TRANSCEIVER, system_id="duly", password="secret12", system_type="SMS")
SUBMIT = pdu.SubmitSm(
    source=Address("10690000", 0, 1),
    destination=Address("8613800138000"),
    short_message="逾期".encode("utf-16-be"),
    esm_class=0,
    validity_period="261123120000000+",
    registered_delivery=1,
    data_coding=8,
    tlvs=(pdu.number(Tag.USER_MESSAGE_REFERENCE, 0xBEEF),),
)
DELIVER = pdu.DeliverSm(
    source=Address("8613800138000"),
    destination=Address("10690000", 0, 1),
    short_message=b"id:1 stat:DELIVRD",
    esm_class=pdu.ESM_RECEIPT,
    tlvs=(Tlv(Tag.RECEIPTED_MESSAGE_ID, b"1\0"), pdu.number(Tag.MESSAGE_STATE, 2)),
)
DATA = pdu.DataSm(
    source=Address("8613800138000"),
    destination=Address("10690000", 0, 1),
    esm_class=pdu.ESM_RECEIPT,
    registered_delivery=1,
    tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, b"id:1 stat:DELIVRD"), Tlv(Tag.RECEIPTED_MESSAGE_ID, b"1\0")),
)
ALERT = pdu.AlertNotification(source=Address("8613800138000"), esme=Address("10690000", 0, 1))

# (name, PDU, its bytes)
CASES: list[tuple[str, pdu.Pdu, bytes]] = [
    (
        "bind_transceiver",
        pdu.Pdu(sequence=1, body=BIND),
        bytes.fromhex("00000026 00000009 00000000 00000001") + b"duly\0secret12\0SMS\0\x34\x00\x00\0",
    ),
    (
        "bind_transmitter",
        pdu.Pdu(
            sequence=2,
            body=pdu.Bind(command=Command.BIND_TRANSMITTER, system_id="a", password="", addr_ton=1),
        ),
        bytes.fromhex("00000018 00000002 00000000 00000002") + b"a\0\0\0\x34\x01\x00\0",
    ),
    (
        "bind_receiver_resp",
        pdu.Pdu(
            sequence=3,
            body=pdu.BindResp(
                command=Command.BIND_RECEIVER_RESP,
                system_id="smsc",
                tlvs=(pdu.number(Tag.SC_INTERFACE_VERSION, 0x34),),
            ),
        ),
        bytes.fromhex("0000001a 80000001 00000000 00000003") + b"smsc\0\x02\x10\x00\x01\x34",
    ),
    (
        "bind_transceiver_resp, refused",
        pdu.Pdu(sequence=1, status=0x0E, body=pdu.BindResp(command=Command.BIND_TRANSCEIVER_RESP)),
        bytes.fromhex("00000010 80000009 0000000e 00000001"),
    ),
    (
        "submit_sm",
        pdu.Pdu(sequence=4, body=SUBMIT),
        bytes.fromhex("00000050 00000004 00000000 00000004")
        + b"\0\x00\x0110690000\0\x01\x018613800138000\0\x00\x00\x00\x00"
        + b"261123120000000+\0\x01\x00\x08\x00\x04"
        + bytes.fromhex("903e671f")
        + bytes.fromhex("0204 0002 beef"),
    ),
    (
        "submit_sm_resp",
        pdu.Pdu(sequence=4, body=pdu.SubmitSmResp(message_id="0a1B-9")),
        bytes.fromhex("00000017 80000004 00000000 00000004") + b"0a1B-9\0",
    ),
    (
        "submit_sm_resp, throttled",
        pdu.Pdu(sequence=4, status=0x58, body=pdu.SubmitSmResp()),
        bytes.fromhex("00000010 80000004 00000058 00000004"),
    ),
    (
        "deliver_sm",
        pdu.Pdu(sequence=5, body=DELIVER),
        bytes.fromhex("00000052 00000005 00000000 00000005")
        + b"\0\x01\x018613800138000\0\x00\x0110690000\0\x04\x00\x00\0\0\x00\x00\x00\x00\x11id:1 stat:DELIVRD"
        + bytes.fromhex("001e 0002 3100 0427 0001 02"),
    ),
    (
        "deliver_sm_resp",
        pdu.Pdu(sequence=5, body=pdu.DeliverSmResp()),
        bytes.fromhex("00000011 80000005 00000000 00000005 00"),
    ),
    (
        "query_sm",
        pdu.Pdu(sequence=5, body=pdu.QuerySm(message_id="0A1", source=Address("10690000", 0, 1))),
        bytes.fromhex("0000001f 00000003 00000000 00000005") + b"0A1\0\x00\x0110690000\0",
    ),
    (
        "query_sm_resp",
        pdu.Pdu(
            sequence=5,
            body=pdu.QuerySmResp(
                message_id="0A1", final_date="261123120000000+", message_state=2, error_code=0
            ),
        ),
        bytes.fromhex("00000027 80000003 00000000 00000005") + b"0A1\0" + b"261123120000000+\0\x02\x00",
    ),
    (
        "enquire_link",
        pdu.Pdu(sequence=6, body=pdu.EnquireLink()),
        bytes.fromhex("00000010 00000015 00000000 00000006"),
    ),
    (
        "enquire_link_resp",
        pdu.Pdu(sequence=6, body=pdu.EnquireLinkResp()),
        bytes.fromhex("00000010 80000015 00000000 00000006"),
    ),
    ("unbind", pdu.Pdu(sequence=7, body=pdu.Unbind()), bytes.fromhex("00000010 00000006 00000000 00000007")),
    (
        "unbind_resp",
        pdu.Pdu(sequence=7, body=pdu.UnbindResp()),
        bytes.fromhex("00000010 80000006 00000000 00000007"),
    ),
    (
        "generic_nack",
        pdu.Pdu(sequence=0, status=0x03, body=pdu.GenericNack()),
        bytes.fromhex("00000010 80000000 00000003 00000000"),
    ),
    (
        "outbind",
        pdu.Pdu(sequence=8, body=pdu.Outbind(system_id="smsc", password="secret12")),
        bytes.fromhex("0000001e 0000000b 00000000 00000008") + b"smsc\0secret12\0",
    ),
    (
        "alert_notification",
        pdu.Pdu(sequence=9, body=ALERT),
        bytes.fromhex("0000002b 00000102 00000000 00000009") + b"\x01\x018613800138000\0\x00\x0110690000\0",
    ),
    (
        "data_sm",
        pdu.Pdu(sequence=10, body=DATA),
        bytes.fromhex("0000004a 00000103 00000000 0000000a")
        + b"\0\x01\x018613800138000\0\x00\x0110690000\0\x04\x01\x00"
        + bytes.fromhex("0424 0011")
        + b"id:1 stat:DELIVRD"
        + bytes.fromhex("001e 0002 3100"),
    ),
    (
        "data_sm_resp",
        pdu.Pdu(sequence=10, body=pdu.DataSmResp(message_id="77")),
        bytes.fromhex("00000013 80000103 00000000 0000000a") + b"77\0",
    ),
]
NAMES = [name for name, _, _ in CASES]
