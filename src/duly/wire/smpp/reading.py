"""Bodies read from their bytes, a function for each command; `DECODERS` says which.

Refuses what lies about itself, with the command_status that says so. Tolerates, because carriers differ here and
nothing hangs on it: a response whose body is empty, a message id without its NUL, what follows an id.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from duly.wire.smpp import fields, pdu, status
from duly.wire.smpp.fault import RemoteProtocolError
from duly.wire.smpp.pdu import Address, Command

# The fixed part of submit_sm and deliver_sm, each text within its limit and before its NUL.
_FIXED = re.compile(
    rb"([^\0]{0,5})\0(..)([^\0]{0,20})\0(..)([^\0]{0,20})\0(...)([^\0]{0,16})\0([^\0]{0,16})\0(.{5})",
    re.DOTALL,
)
# What a refusal leaves out.
_Short = TypeVar("_Short", pdu.SubmitSm, pdu.DeliverSm)


def _bind_decoder(command: Command) -> Callable[[bytes], pdu.Body]:
    def read(body: bytes) -> pdu.Bind:
        system_id, at = fields.cut_text(body, 0, 16, "system_id")
        password, at = fields.cut_text(body, at, 9, "password")
        system_type, at = fields.cut_text(body, at, 13, "system_type")
        version, ton, npi = fields.cut_bytes(body, at, 3)
        address_range, at = fields.cut_text(body, at + 3, 41, "address_range")
        fields.refuse_rest(body, at)
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
        system_id, at = fields.cut_text(body, 0, 16, "system_id")
        return pdu.BindResp(command=command, system_id=system_id, tlvs=fields.decode_tlvs(body, at))

    return read


def _short_decoder(kind: type[_Short]) -> Callable[[bytes], pdu.Body]:
    def read(body: bytes) -> _Short:
        held = _FIXED.match(body)
        if held is None:
            raise _fault(body)
        (
            service,
            (source_ton, source_npi),
            source,
            (ton, npi),
            destination,
            flags,
            schedule,
            validity,
            ends,
        ) = held.groups()
        esm_class, protocol_id, priority_flag = flags
        registered, replace, coding, default_id, size = ends
        at = held.end()
        end = at + size
        if size > fields.MAX_SHORT_MESSAGE:
            raise RemoteProtocolError("sm_length is at most 254", status=status.INVALID_MESSAGE_LENGTH)
        if end > len(body):
            raise RemoteProtocolError("the body ends too early", status=status.INVALID_COMMAND_LENGTH)
        return kind(
            source=Address(source.decode("latin-1"), source_ton, source_npi),
            destination=Address(destination.decode("latin-1"), ton, npi),
            short_message=body[at:end],
            service_type=service.decode("latin-1"),
            esm_class=esm_class,
            protocol_id=protocol_id,
            priority_flag=priority_flag,
            schedule_delivery_time=schedule.decode("latin-1"),
            validity_period=validity.decode("latin-1"),
            registered_delivery=registered,
            replace_if_present_flag=replace,
            data_coding=coding,
            sm_default_msg_id=default_id,
            tlvs=fields.decode_tlvs(body, end) if end < len(body) else (),
        )

    return read


def _fault(body: bytes) -> RemoteProtocolError:
    """Which field of a submit_sm or deliver_sm is the first that does not fit: read slowly, one by one."""
    try:
        _, at = fields.cut_text(body, 0, 6, "service_type")
        fields.cut_bytes(body, at, 2)
        _, at = fields.cut_text(body, at + 2, 21, "source_addr")
        fields.cut_bytes(body, at, 2)
        _, at = fields.cut_text(body, at + 2, 21, "destination_addr")
        fields.cut_bytes(body, at, 3)
        _, at = fields.cut_text(body, at + 3, 17, "schedule_delivery_time")
        _, at = fields.cut_text(body, at, 17, "validity_period")
        fields.cut_bytes(body, at, 5)
    except RemoteProtocolError as error:
        return error
    raise AssertionError("the fixed part is as it should be")


def _decode_data(body: bytes) -> pdu.DataSm:
    service_type, at = fields.cut_text(body, 0, 6, "service_type")
    source, at = _cut_address(body, at, 65, "source_addr")
    destination, at = _cut_address(body, at, 65, "destination_addr")
    esm_class, registered, coding = fields.cut_bytes(body, at, 3)
    return pdu.DataSm(
        source=source,
        destination=destination,
        service_type=service_type,
        esm_class=esm_class,
        registered_delivery=registered,
        data_coding=coding,
        tlvs=fields.decode_tlvs(body, at + 3),
    )


def _decode_alert(body: bytes) -> pdu.AlertNotification:
    source, at = _cut_address(body, 0, 65, "source_addr")
    esme, at = _cut_address(body, at, 65, "esme_addr")
    return pdu.AlertNotification(source=source, esme=esme, tlvs=fields.decode_tlvs(body, at))


def _decode_query(body: bytes) -> pdu.QuerySm:
    message_id, at = fields.cut_text(body, 0, 65, "message_id")
    source, at = _cut_address(body, at, 21, "source_addr")
    fields.refuse_rest(body, at)
    return pdu.QuerySm(message_id=message_id, source=source)


def _decode_query_resp(body: bytes) -> pdu.QuerySmResp:
    message_id, at = fields.cut_text(body, 0, 65, "message_id")
    final_date, at = fields.cut_text(body, at, 17, "final_date")
    message_state, error_code = fields.cut_bytes(body, at, 2)
    # Optional parameters may follow in later versions.
    fields.decode_tlvs(body, at + 2)
    return pdu.QuerySmResp(
        message_id=message_id, final_date=final_date, message_state=message_state, error_code=error_code
    )


def _decode_outbind(body: bytes) -> pdu.Outbind:
    system_id, at = fields.cut_text(body, 0, 16, "system_id")
    password, at = fields.cut_text(body, at, 9, "password")
    fields.refuse_rest(body, at)
    return pdu.Outbind(system_id=system_id, password=password)


def _cut_address(body: bytes, at: int, limit: int, name: str) -> tuple[Address, int]:
    ton, npi = fields.cut_bytes(body, at, 2)
    number, at = fields.cut_text(body, at + 2, limit, name)
    return Address(number, ton, npi), at


def _message_id_decoder(
    kind: type[pdu.SubmitSmResp | pdu.DeliverSmResp | pdu.DataSmResp],
) -> Callable[[bytes], pdu.Body]:
    def read(body: bytes) -> pdu.Body:
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
        fields.refuse_rest(body, 0)
        return held

    return read


DECODERS: dict[int, Callable[[bytes], pdu.Body]] = {
    **{command: _bind_decoder(command) for command in pdu.BINDS},
    **{
        Command(pdu.RESPONSE | command): _bind_resp_decoder(Command(pdu.RESPONSE | command))
        for command in pdu.BINDS
    },
    Command.SUBMIT_SM: _short_decoder(pdu.SubmitSm),
    Command.DELIVER_SM: _short_decoder(pdu.DeliverSm),
    Command.SUBMIT_SM_RESP: _message_id_decoder(pdu.SubmitSmResp),
    Command.DELIVER_SM_RESP: _message_id_decoder(pdu.DeliverSmResp),
    Command.QUERY_SM: _decode_query,
    Command.QUERY_SM_RESP: _decode_query_resp,
    Command.ENQUIRE_LINK: _empty_decoder(pdu.EnquireLink),
    Command.ENQUIRE_LINK_RESP: _empty_decoder(pdu.EnquireLinkResp),
    Command.UNBIND: _empty_decoder(pdu.Unbind),
    Command.UNBIND_RESP: _empty_decoder(pdu.UnbindResp),
    Command.GENERIC_NACK: _empty_decoder(pdu.GenericNack),
    Command.OUTBIND: _decode_outbind,
    Command.ALERT_NOTIFICATION: _decode_alert,
    Command.DATA_SM: _decode_data,
    Command.DATA_SM_RESP: _message_id_decoder(pdu.DataSmResp),
}
