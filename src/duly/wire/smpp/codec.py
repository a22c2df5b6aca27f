"""SMPP values as bytes and back, strict in both directions.

Refuses, with the command_status that says so: a length that lies, a field without its NUL or past its limit,
an optional parameter cut short, bytes left over. Tolerates, because carriers differ here and nothing hangs on
it: a response whose body is empty, a message id without its NUL.

A PDU looks like this (section 3.2): command_length, command_id, command_status, sequence_number, body.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from duly.wire.smpp import pdu, status
from duly.wire.smpp.fault import LocalProtocolError, RemoteProtocolError
from duly.wire.smpp.pdu import Command, Tlv

HEADER = struct.Struct(">IIII")
HEADER_SIZE = 16
# Header, fixed fields and a message_payload of 64 KiB; nothing we speak of is longer.
MAX_SIZE = 70_000
MAX_SHORT_MESSAGE = 254

_TLV = struct.Struct(">HH")
_Short = TypeVar("_Short", pdu.SubmitSm, pdu.DeliverSm)


def encode(said: pdu.Pdu) -> bytes:
    """The whole PDU. Raises LocalProtocolError for a field past its limit."""
    body = said.body
    # Sections 4.1.2 and 4.4.2: the body is not returned with a refusal.
    empty = said.status != 0 and isinstance(body, (pdu.BindResp, pdu.SubmitSmResp))
    return frame(command_of(body), said.sequence, b"" if empty else encode_body(body), said.status)


def frame(command: int, sequence: int, body: bytes, code: int = 0) -> bytes:
    """Put the header before a body."""
    return HEADER.pack(HEADER_SIZE + len(body), command, code, sequence) + body


def command_of(body: pdu.Body) -> Command:
    """The command that a body travels under."""
    if isinstance(body, (pdu.Bind, pdu.BindResp)):
        return body.command
    return _COMMANDS[type(body)]


def encode_body(body: pdu.Body) -> bytes:
    """The body alone: what a permit binds, since the header's sequence changes with each writing."""
    return _ENCODERS[type(body)](body)


def decode(raw: bytes) -> pdu.Pdu:
    """Read one whole PDU. Raises RemoteProtocolError, whose `status` is the answer it deserves."""
    length, command, code, sequence = read_header(raw)
    if length != len(raw):
        raise RemoteProtocolError("command_length lies", status=status.INVALID_COMMAND_LENGTH)
    decoder = _DECODERS.get(command)
    if decoder is None:
        raise RemoteProtocolError(f"command 0x{command:08x} is not spoken", status=status.INVALID_COMMAND)
    return pdu.Pdu(sequence=sequence, status=code, body=decoder(raw[HEADER_SIZE:]))


def read_header(raw: bytes | bytearray, at: int = 0) -> tuple[int, int, int, int]:
    """command_length, command_id, command_status, sequence_number, or RemoteProtocolError if cut short."""
    if len(raw) - at < HEADER_SIZE:
        raise RemoteProtocolError("a PDU has a header of 16 octets", status=status.INVALID_COMMAND_LENGTH)
    length, command, code, sequence = HEADER.unpack_from(raw, at)
    return length, command, code, sequence


def _encode_bind(body: pdu.Bind) -> bytes:
    return b"".join(
        (
            _text("system_id", body.system_id, 16),
            _text("password", body.password, 9),
            _text("system_type", body.system_type, 13),
            _octets(body.interface_version, body.addr_ton, body.addr_npi),
            _text("address_range", body.address_range, 41),
        )
    )


def _encode_bind_resp(body: pdu.BindResp) -> bytes:
    return _text("system_id", body.system_id, 16) + _encode_tlvs(body.tlvs)


def _encode_short(body: pdu.ShortMessage) -> bytes:
    message = body.short_message
    if len(message) > MAX_SHORT_MESSAGE:
        raise LocalProtocolError("short_message has at most 254 octets; longer ones go into message_payload")
    source, destination = body.source, body.destination
    return b"".join(
        (
            _text("service_type", body.service_type, 6),
            _octets(source.ton, source.npi),
            _text("source_addr", source.number, 21),
            _octets(destination.ton, destination.npi),
            _text("destination_addr", destination.number, 21),
            _octets(body.esm_class, body.protocol_id, body.priority_flag),
            _time("schedule_delivery_time", body.schedule_delivery_time),
            _time("validity_period", body.validity_period),
            _octets(
                body.registered_delivery,
                body.replace_if_present_flag,
                body.data_coding,
                body.sm_default_msg_id,
                len(message),
            ),
            message,
            _encode_tlvs(body.tlvs),
        )
    )


def _encode_message_id(body: pdu.SubmitSmResp | pdu.DeliverSmResp) -> bytes:
    return _text("message_id", body.message_id, 65)


def _encode_nothing(_: pdu.Body) -> bytes:
    return b""


def _encode_tlvs(tlvs: Sequence[Tlv]) -> bytes:
    for tag, value in tlvs:
        if len(value) > 0xFFFF or len(value) != pdu.NUMBER_SIZES.get(tag, len(value)):
            raise LocalProtocolError(f"optional parameter 0x{tag:04x} has a wrong length")
    return b"".join([_TLV.pack(tag, len(value)) + value for tag, value in tlvs])


def _octets(*values: int) -> bytes:
    try:
        return bytes(values)
    except ValueError as error:
        raise LocalProtocolError("a field of one octet holds 0 to 255") from error


def _text(name: str, value: str, limit: int) -> bytes:
    try:
        raw = value.encode("latin-1")
    except UnicodeEncodeError:
        # Not chained: the original error would carry the value.
        raise LocalProtocolError(f"{name} holds a character beyond Latin-1") from None
    if len(raw) >= limit or b"\0" in raw:
        raise LocalProtocolError(f"{name} has at most {limit - 1} characters and no NUL")
    return raw + b"\0"


def _time(name: str, value: str) -> bytes:
    if len(value) not in {0, 16}:
        raise LocalProtocolError(f"{name} is empty or has 16 characters")
    return _text(name, value, 17)


def _cut_text(body: bytes, at: int, limit: int, name: str) -> tuple[str, int]:
    end = body.find(b"\0", at, at + limit)
    if end < 0:
        raise RemoteProtocolError(
            f"{name} does not end within {limit} octets", status=status.INVALID_COMMAND_LENGTH
        )
    return body[at:end].decode("latin-1"), end + 1


def _cut_bytes(body: bytes, at: int, size: int) -> bytes:
    if at + size > len(body):
        raise RemoteProtocolError("the body ends too early", status=status.INVALID_COMMAND_LENGTH)
    return body[at : at + size]


def _bind_decoder(command: Command) -> Callable[[bytes], pdu.Body]:
    def read(body: bytes) -> pdu.Bind:
        system_id, at = _cut_text(body, 0, 16, "system_id")
        password, at = _cut_text(body, at, 9, "password")
        system_type, at = _cut_text(body, at, 13, "system_type")
        version, ton, npi = _cut_bytes(body, at, 3)
        address_range, at = _cut_text(body, at + 3, 41, "address_range")
        _refuse_rest(body, at)
        return pdu.Bind(
            command=command,
            system_id=system_id,
            password=password,
            system_type=system_type,
            interface_version=version,
            addr_ton=ton,
            addr_npi=npi,
            address_range=address_range,
        )

    return read


def _bind_resp_decoder(command: Command) -> Callable[[bytes], pdu.Body]:
    def read(body: bytes) -> pdu.BindResp:
        if not body:
            return pdu.BindResp(command=command)
        system_id, at = _cut_text(body, 0, 16, "system_id")
        return pdu.BindResp(command=command, system_id=system_id, tlvs=_decode_tlvs(body, at))

    return read


def _short_decoder(kind: type[_Short]) -> Callable[[bytes], pdu.Body]:
    def read(body: bytes) -> _Short:
        service_type, at = _cut_text(body, 0, 6, "service_type")
        source_ton, source_npi = _cut_bytes(body, at, 2)
        source, at = _cut_text(body, at + 2, 21, "source_addr")
        destination_ton, destination_npi = _cut_bytes(body, at, 2)
        destination, at = _cut_text(body, at + 2, 21, "destination_addr")
        esm_class, protocol_id, priority_flag = _cut_bytes(body, at, 3)
        schedule, at = _cut_text(body, at + 3, 17, "schedule_delivery_time")
        validity, at = _cut_text(body, at, 17, "validity_period")
        registered, replace, coding, default_id, size = _cut_bytes(body, at, 5)
        if size > MAX_SHORT_MESSAGE:
            raise RemoteProtocolError("sm_length is at most 254", status=status.INVALID_MESSAGE_LENGTH)
        at += 5
        message = _cut_bytes(body, at, size)
        return kind(
            source=pdu.Address(source, source_ton, source_npi),
            destination=pdu.Address(destination, destination_ton, destination_npi),
            short_message=message,
            service_type=service_type,
            esm_class=esm_class,
            protocol_id=protocol_id,
            priority_flag=priority_flag,
            schedule_delivery_time=schedule,
            validity_period=validity,
            registered_delivery=registered,
            replace_if_present_flag=replace,
            data_coding=coding,
            sm_default_msg_id=default_id,
            tlvs=_decode_tlvs(body, at + size) if at + size < len(body) else (),
        )

    return read


def _message_id_decoder(
    kind: type[pdu.SubmitSmResp | pdu.DeliverSmResp],
) -> Callable[[bytes], pdu.Body]:
    def read(body: bytes) -> pdu.SubmitSmResp | pdu.DeliverSmResp:
        # Optional parameters may follow in later versions; the id is what is before the first NUL.
        raw = body.partition(b"\0")[0]
        if len(raw) > 64:
            raise RemoteProtocolError(
                "message_id has at most 64 octets", status=status.INVALID_COMMAND_LENGTH
            )
        return kind(message_id=raw.decode("latin-1"))

    return read


def _empty_decoder(kind: Callable[[], pdu.Body]) -> Callable[[bytes], pdu.Body]:
    held = kind()

    def read(body: bytes) -> pdu.Body:
        _refuse_rest(body, 0)
        return held

    return read


def _decode_tlvs(body: bytes, at: int) -> tuple[Tlv, ...]:
    found: list[Tlv] = []
    while at < len(body):
        if at + 4 > len(body):
            raise RemoteProtocolError("an optional parameter is cut short", status=status.INVALID_TLV_STREAM)
        tag, size = _TLV.unpack_from(body, at)
        at += 4
        if at + size > len(body):
            raise RemoteProtocolError("an optional parameter is cut short", status=status.INVALID_TLV_STREAM)
        if pdu.NUMBER_SIZES.get(tag, size) != size:
            raise RemoteProtocolError(
                f"optional parameter 0x{tag:04x} has a wrong length", status=status.INVALID_TLV_LENGTH
            )
        found.append(Tlv(tag, body[at : at + size]))
        at += size
    return tuple(found)


def _refuse_rest(body: bytes, at: int) -> None:
    if at != len(body):
        raise RemoteProtocolError("the body is longer than its fields", status=status.INVALID_COMMAND_LENGTH)


_COMMANDS: dict[type[pdu.Body], Command] = {
    pdu.SubmitSm: Command.SUBMIT_SM,
    pdu.SubmitSmResp: Command.SUBMIT_SM_RESP,
    pdu.DeliverSm: Command.DELIVER_SM,
    pdu.DeliverSmResp: Command.DELIVER_SM_RESP,
    pdu.EnquireLink: Command.ENQUIRE_LINK,
    pdu.EnquireLinkResp: Command.ENQUIRE_LINK_RESP,
    pdu.Unbind: Command.UNBIND,
    pdu.UnbindResp: Command.UNBIND_RESP,
    pdu.GenericNack: Command.GENERIC_NACK,
}

_ENCODERS: dict[type[pdu.Body], Callable[[Any], bytes]] = {
    pdu.Bind: _encode_bind,
    pdu.BindResp: _encode_bind_resp,
    pdu.SubmitSm: _encode_short,
    pdu.DeliverSm: _encode_short,
    pdu.SubmitSmResp: _encode_message_id,
    pdu.DeliverSmResp: _encode_message_id,
    pdu.EnquireLink: _encode_nothing,
    pdu.EnquireLinkResp: _encode_nothing,
    pdu.Unbind: _encode_nothing,
    pdu.UnbindResp: _encode_nothing,
    pdu.GenericNack: _encode_nothing,
}

_DECODERS: dict[int, Callable[[bytes], pdu.Body]] = {
    **{command: _bind_decoder(command) for command in pdu.BINDS},
    **{
        Command(pdu.RESPONSE | command): _bind_resp_decoder(Command(pdu.RESPONSE | command))
        for command in pdu.BINDS
    },
    Command.SUBMIT_SM: _short_decoder(pdu.SubmitSm),
    Command.DELIVER_SM: _short_decoder(pdu.DeliverSm),
    Command.SUBMIT_SM_RESP: _message_id_decoder(pdu.SubmitSmResp),
    Command.DELIVER_SM_RESP: _message_id_decoder(pdu.DeliverSmResp),
    Command.ENQUIRE_LINK: _empty_decoder(pdu.EnquireLink),
    Command.ENQUIRE_LINK_RESP: _empty_decoder(pdu.EnquireLinkResp),
    Command.UNBIND: _empty_decoder(pdu.Unbind),
    Command.UNBIND_RESP: _empty_decoder(pdu.UnbindResp),
    Command.GENERIC_NACK: _empty_decoder(pdu.GenericNack),
}
