"""Wireshark's dissector reads what we write, field by field."""

import json
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from duly.wire import sms
from duly.wire.smpp import codec, pdu
from duly.wire.smpp.pdu import Address, Tag, Tlv
from tests.wire.cases import ALERT, CASES, DATA

PORT = 2775


def capture(path: Path, pdus: Sequence[bytes]) -> None:
    """A pcap file with one TCP segment a PDU (raw IPv4, link type 101), from us to port 2775."""
    packets = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)]
    sequence = 1
    for raw in pdus:
        tcp = struct.pack(">HHIIBBHHH", 40000, PORT, sequence, 1, 5 << 4, 0x18, 65535, 0, 0) + raw
        address = bytes((127, 0, 0, 1))
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + address + address
        packet = ip + tcp
        packets.append(struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)
        sequence += len(raw)
    path.write_bytes(b"".join(packets))


def dissect(path: Path, pdus: Sequence[bytes]) -> list[dict[str, Any]]:
    """The SMPP layer of each packet as tshark sees it."""
    capture(path, pdus)
    done = subprocess.run(
        [
            "tshark",
            "-n",
            "-r",
            str(path),
            "-d",
            f"tcp.port=={PORT},smpp",
            "-T",
            "json",
            "--no-duplicate-keys",
        ],
        capture_output=True,
        check=True,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "HOME": str(path.parent), "LC_ALL": "C.UTF-8"},
    )
    layers: list[dict[str, Any]] = [packet["_source"]["layers"] for packet in json.loads(done.stdout)]
    assert not any("_ws.malformed" in json.dumps(layer) for layer in layers)
    return [layer["smpp"] for layer in layers]


def number(text: str) -> int:
    """Numbers are written in decimal or hexadecimal."""
    return int(text, 0)


@pytest.mark.stranger("tshark")
def test_every_pdu_of_the_table_is_dissected_as_what_it_is(tmp_path: Path) -> None:
    """Length, command, status, sequence; nothing malformed."""
    seen = dissect(tmp_path / "cases.pcap", [raw for _, _, raw in CASES])
    assert len(seen) == len(CASES)
    for (name, said, raw), layer in zip(CASES, seen, strict=True):
        assert number(layer["smpp.command_length"]) == len(raw), name
        assert number(layer["smpp.command_id"]) == codec.command_of(said.body), name
        assert number(layer.get("smpp.command_status", "0")) == said.status, name
        assert number(layer["smpp.sequence_number"]) == said.sequence, name


@pytest.mark.stranger("tshark")
def test_the_fields_of_a_long_chinese_message_are_dissected(tmp_path: Path) -> None:
    """Addresses, coding, validity, the header of each segment and its text, our reference."""
    text = "您尾号1234的贷款已逾期,应还1,230.00元。" * 4
    parts = sms.split(text, reference=0x5A)
    raws = [
        codec.encode(
            pdu.Pdu(
                sequence=number_of,
                body=pdu.SubmitSm(
                    source=Address("10690000", 0, 1),
                    destination=Address("8613800138000"),
                    short_message=part.payload,
                    esm_class=pdu.ESM_HEADER,
                    validity_period="261123120000000+",
                    registered_delivery=1,
                    data_coding=part.data_coding,
                    tlvs=(pdu.number(Tag.USER_MESSAGE_REFERENCE, 0xBEEF),),
                ),
            )
        )
        for number_of, part in enumerate(parts, start=1)
    ]
    read = ""
    for place, layer in enumerate(dissect(tmp_path / "long.pcap", raws), start=1):
        flat = flatten(layer)
        assert flat["smpp.source_addr"] == "10690000"
        assert flat["smpp.destination_addr"] == "8613800138000"
        assert number(flat["smpp.data_coding"]) == 8
        assert number(flat["smpp.esm.submit.features"]) == 1
        assert number(flat["smpp.sm_length"]) == len(parts[place - 1].payload)
        assert number(flat["smpp.user_message_reference"]) == 0xBEEF
        assert flat["smpp.validity_period"].startswith("Nov 23, 2026 12:00:00")
        assert flat["smpp.message"].replace(":", "").startswith(parts[place - 1].udh.hex())
        read += flat["smpp.message_text"]
    assert read == text


@pytest.mark.stranger("tshark")
def test_a_receipt_and_a_payload_are_dissected(tmp_path: Path) -> None:
    """The optional parameters by their names."""
    receipt = pdu.DeliverSm(
        source=Address("8613800138000"),
        destination=Address("10690000"),
        esm_class=pdu.ESM_RECEIPT,
        tlvs=(
            Tlv(Tag.RECEIPTED_MESSAGE_ID, b"0A1B\0"),
            pdu.number(Tag.MESSAGE_STATE, 2),
            Tlv(Tag.MESSAGE_PAYLOAD, b"x" * 300),
        ),
    )
    (layer,) = dissect(tmp_path / "receipt.pcap", [codec.encode(pdu.Pdu(sequence=1, body=receipt))])
    flat = flatten(layer)
    assert flat["smpp.receipted_message_id"] == "0A1B"
    assert number(flat["smpp.message_state"]) == 2
    assert number(flat["smpp.esm.submit.msg_type"]) == 1


@pytest.mark.stranger("tshark")
def test_what_is_new_beside_submissions_and_deliveries_is_dissected(tmp_path: Path) -> None:
    """data_sm with its payload, an alert, an outbind, and a parameter of our own of the vendor's range."""
    ours = b"20261123" + b"0a" * 16 + b"01"
    submit = pdu.SubmitSm(
        source=Address("1069"),
        destination=Address("8613800138000"),
        data_coding=8,
        tlvs=(Tlv(0x1501, ours), Tlv(Tag.MESSAGE_PAYLOAD, "逾期".encode("utf-16-be") * 100)),
    )
    said: tuple[pdu.Body, ...] = (DATA, ALERT, pdu.Outbind(system_id="smsc", password="secret12"), submit)
    layers = dissect(
        tmp_path / "more.pcap",
        [codec.encode(pdu.Pdu(sequence=n, body=body)) for n, body in enumerate(said, start=1)],
    )
    data, alert, outbind, sent = map(flatten, layers)
    assert data["smpp.source_addr"] == alert["smpp.source_addr"] == "8613800138000"
    assert number(data["smpp.esm.submit.msg_type"]) == 1
    assert data["smpp.message_payload"].replace(":", "") == b"id:1 stat:DELIVRD".hex()
    assert alert["smpp.esme_addr"] == "10690000"
    assert (outbind["smpp.system_id"], outbind["smpp.password"]) == ("smsc", "secret12")
    assert sent["smpp.vendor_op"].replace(":", "") == ours.hex()
    assert number(sent["smpp.sm_length"]) == 0


def flatten(layer: dict[str, Any]) -> dict[str, str]:
    """Every leaf by its name."""
    flat: dict[str, str] = {}
    for name, value in layer.items():
        if isinstance(value, dict):
            flat |= flatten(value)
        elif isinstance(value, list):
            for one in value:
                flat |= flatten(one) if isinstance(one, dict) else {name: one}
        else:
            flat[name] = value
    return flat
