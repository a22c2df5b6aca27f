"""SMPP values as bytes and back, strict in both directions.

Refuses, with the command_status that says so: a length that lies, a field without its NUL or past its limit,
an optional parameter cut short, bytes left over. `reading` says what is tolerated.

A PDU looks like this (section 3.2): command_length, command_id, command_status, sequence_number, body.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from duly.wire.smpp import fields, pdu, reading, status
from duly.wire.smpp.fault import LocalProtocolError, RemoteProtocolError
from duly.wire.smpp.pdu import Address, Command

HEADER = struct.Struct(">IIII")
HEADER_SIZE = 16
# Header, fixed fields and a message_payload of 64 KiB; nothing we speak of is longer.
MAX_SIZE = 70_000

_EMPTY_IF_REFUSED = (pdu.BindResp, pdu.SubmitSmResp, pdu.DataSmResp, pdu.QuerySmResp)


def encode(said: pdu.Pdu) -> bytes:
    """The whole PDU. Raises LocalProtocolError for a field past its limit."""
    return frame(command_of(said.body), said.sequence, encode_answer(said.body, said.status), said.status)


def encode_answer(body: pdu.Body, code: int) -> bytes:
    """The body under a header with this status: sections 4.1.2 and 4.4.2 return none with a refusal."""
    if code != status.OK and isinstance(body, _EMPTY_IF_REFUSED):
        return b""
    return encode_body(body)


def frame(command: int, sequence: int, body: bytes, code: int = 0) -> bytes:
    """Put the header before a body."""
    return HEADER.pack(HEADER_SIZE + len(body), command, code, sequence) + body


def command_of(body: pdu.Body) -> Command:
    """The command that a body travels under."""
    named = _COMMANDS.get(type(body))
    if named is None and isinstance(body, (pdu.Bind, pdu.BindResp)):
        return body.command
    return named or _COMMANDS[type(body)]


def encode_body(body: pdu.Body) -> bytes:
    """The body alone: what a permit binds, since the header's sequence changes with each writing."""
    return _ENCODERS[type(body)](body)


def decode(raw: bytes) -> pdu.Pdu:
    """Read one whole PDU. Raises RemoteProtocolError, whose `status` is the answer it deserves."""
    length, command, code, sequence = read_header(raw)
    if length != len(raw):
        raise RemoteProtocolError("command_length lies", status=status.INVALID_COMMAND_LENGTH)
    return pdu.Pdu(sequence=sequence, status=code, body=decode_body(command, raw[HEADER_SIZE:]))


def decode_body(command: int, body: bytes) -> pdu.Body:
    """Read what stands after the header. Raises as `decode` does."""
    decoder = reading.DECODERS.get(command)
    if decoder is None:
        raise RemoteProtocolError(f"command 0x{command:08x} is not spoken", status=status.INVALID_COMMAND)
    return decoder(body)


def read_header(raw: bytes | bytearray, at: int = 0) -> tuple[int, int, int, int]:
    """command_length, command_id, command_status, sequence_number, or RemoteProtocolError if cut short."""
    if len(raw) - at < HEADER_SIZE:
        raise RemoteProtocolError("a PDU has a header of 16 octets", status=status.INVALID_COMMAND_LENGTH)
    length, command, code, sequence = HEADER.unpack_from(raw, at)
    return length, command, code, sequence


def _encode_bind(body: pdu.Bind) -> bytes:
    return b"".join(
        (
            fields.text("system_id", body.system_id, 16),
            fields.text("password", body.password, 9),
            fields.text("system_type", body.system_type, 13),
            fields.octets(body.interface_version, body.addr_ton, body.addr_npi),
            fields.text("address_range", body.address_range, 41),
        )
    )


def _encode_bind_resp(body: pdu.BindResp) -> bytes:
    return fields.text("system_id", body.system_id, 16) + fields.encode_tlvs(body.tlvs)


def _encode_short(body: pdu.ShortMessage) -> bytes:
    message = body.short_message
    if len(message) > fields.MAX_SHORT_MESSAGE:
        raise LocalProtocolError("short_message has at most 254 octets; longer ones go into message_payload")
    source, destination = body.source, body.destination
    # Every octet is checked at one go, and cut to its place.
    octets = fields.octets(
        source.ton,
        source.npi,
        destination.ton,
        destination.npi,
        body.esm_class,
        body.protocol_id,
        body.priority_flag,
        body.registered_delivery,
        body.replace_if_present_flag,
        body.data_coding,
        body.sm_default_msg_id,
        len(message),
    )
    return b"".join(
        (
            fields.text("service_type", body.service_type, 6),
            octets[:2],
            fields.text("source_addr", source.number, 21),
            octets[2:4],
            fields.text("destination_addr", destination.number, 21),
            octets[4:7],
            fields.time("schedule_delivery_time", body.schedule_delivery_time),
            fields.time("validity_period", body.validity_period),
            octets[7:],
            message,
            fields.encode_tlvs(body.tlvs),
        )
    )


def _encode_data(body: pdu.DataSm) -> bytes:
    return b"".join(
        (
            fields.text("service_type", body.service_type, 6),
            _address("source_addr", body.source, 65),
            _address("destination_addr", body.destination, 65),
            fields.octets(body.esm_class, body.registered_delivery, body.data_coding),
            fields.encode_tlvs(body.tlvs),
        )
    )


def _encode_alert(body: pdu.AlertNotification) -> bytes:
    addresses = _address("source_addr", body.source, 65) + _address("esme_addr", body.esme, 65)
    return addresses + fields.encode_tlvs(body.tlvs)


def _encode_query(body: pdu.QuerySm) -> bytes:
    return fields.text("message_id", body.message_id, 65) + _address("source_addr", body.source, 21)


def _encode_query_resp(body: pdu.QuerySmResp) -> bytes:
    return b"".join(
        (
            fields.text("message_id", body.message_id, 65),
            fields.time("final_date", body.final_date),
            fields.octets(body.message_state, body.error_code),
        )
    )


def _encode_outbind(body: pdu.Outbind) -> bytes:
    return fields.text("system_id", body.system_id, 16) + fields.text("password", body.password, 9)


def _address(name: str, held: Address, limit: int) -> bytes:
    return fields.octets(held.ton, held.npi) + fields.text(name, held.number, limit)


def _encode_message_id(body: pdu.SubmitSmResp | pdu.DeliverSmResp | pdu.DataSmResp) -> bytes:
    return fields.text("message_id", body.message_id, 65)


def _encode_nothing(_: pdu.Body) -> bytes:
    return b""


_COMMANDS: dict[type[pdu.Body], Command] = {
    pdu.SubmitSm: Command.SUBMIT_SM,
    pdu.SubmitSmResp: Command.SUBMIT_SM_RESP,
    pdu.DeliverSm: Command.DELIVER_SM,
    pdu.DeliverSmResp: Command.DELIVER_SM_RESP,
    pdu.QuerySm: Command.QUERY_SM,
    pdu.QuerySmResp: Command.QUERY_SM_RESP,
    pdu.EnquireLink: Command.ENQUIRE_LINK,
    pdu.EnquireLinkResp: Command.ENQUIRE_LINK_RESP,
    pdu.Unbind: Command.UNBIND,
    pdu.UnbindResp: Command.UNBIND_RESP,
    pdu.GenericNack: Command.GENERIC_NACK,
    pdu.Outbind: Command.OUTBIND,
    pdu.AlertNotification: Command.ALERT_NOTIFICATION,
    pdu.DataSm: Command.DATA_SM,
    pdu.DataSmResp: Command.DATA_SM_RESP,
}

_ENCODERS: dict[type[pdu.Body], Callable[[Any], bytes]] = {
    pdu.Bind: _encode_bind,
    pdu.BindResp: _encode_bind_resp,
    pdu.SubmitSm: _encode_short,
    pdu.DeliverSm: _encode_short,
    pdu.SubmitSmResp: _encode_message_id,
    pdu.DeliverSmResp: _encode_message_id,
    pdu.QuerySm: _encode_query,
    pdu.QuerySmResp: _encode_query_resp,
    pdu.EnquireLink: _encode_nothing,
    pdu.EnquireLinkResp: _encode_nothing,
    pdu.Unbind: _encode_nothing,
    pdu.UnbindResp: _encode_nothing,
    pdu.GenericNack: _encode_nothing,
    pdu.Outbind: _encode_outbind,
    pdu.AlertNotification: _encode_alert,
    pdu.DataSm: _encode_data,
    pdu.DataSmResp: _encode_message_id,
}
