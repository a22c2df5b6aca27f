"""The SMPP codec and session alone: what a message costs with its answer and its receipt, without a socket.

A message is encoded and written; its answer is heard; its receipt is heard, read and acknowledged. What the carrier
says was made before, so only our side is measured, and it comes in blocks as from a socket. The best of some rounds
counts, in CPU time: the others tell of the machine.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from duly.wire import sms
from duly.wire.smpp import codec, event, instant, pdu, receipt, session
from duly.wire.smpp.pdu import Address, Command, Tag, Tlv
from duly.wire.smpp.state import Role

MESSAGES, ROUNDS, WINDOW = 500, 300, 250
_AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
_ZONE = ZoneInfo("Asia/Shanghai")
_TEXT = "【示例】您尾号1234的贷款已逾期,应还1,230.00元,请尽快还款。退订回T"
_US, _THEM = Address("1069000000000001", 0, 1), Address("8613800138000")


def per_s() -> float:
    """Messages a CPU second, with their receipts."""
    return MESSAGES / min(_round() for _ in range(ROUNDS))


def _round() -> float:
    ours, said = _bound(), _carrier()
    content, validity = sms.encode(_TEXT, sms.Alphabet.UCS_2), instant.absolute(_AT)
    began = time.process_time()
    for first in range(0, MESSAGES, WINDOW):
        for number in range(first, first + WINDOW):
            body = codec.encode_body(
                pdu.SubmitSm(
                    source=_US,
                    destination=_THEM,
                    short_message=content,
                    validity_period=validity,
                    registered_delivery=1,
                    data_coding=8,
                    tlvs=(pdu.number(Tag.USER_MESSAGE_REFERENCE, number & 0xFFFF),),
                )
            )
            ours.send_encoded(Command.SUBMIT_SM, body, 0.0, token=number)
        ours.receive_data(said[first // WINDOW], 0.0)
        heard = 0
        while (one := ours.next_event()) is not None:
            if isinstance(one, event.Requested) and isinstance(one.body, pdu.DeliverSm):
                read = receipt.read(one.body, _ZONE)
                heard += read is not None and read.state is receipt.State.DELIVERED
                ours.answer(one, pdu.DeliverSmResp())
        if heard != WINDOW or ours.in_flight:
            raise AssertionError("not every message had its answer and its receipt")
    return time.process_time() - began


def _bound() -> session.Session:
    made = session.Session(Role.ESME, now=0.0, window=WINDOW)
    made.send(pdu.Bind(command=Command.BIND_TRANSCEIVER, system_id="duly", password=""), 0.0)
    answer = pdu.BindResp(command=Command.BIND_TRANSCEIVER_RESP)
    made.receive_data(codec.encode(pdu.Pdu(sequence=1, body=answer)), 0.0)
    made.next_event()
    return made


def _carrier() -> list[bytes]:
    """What the carrier says to each window: the answers, then the receipts."""
    return [
        b"".join([_answer(number) for number in range(first, first + WINDOW)])
        + b"".join([_receipt(number) for number in range(first, first + WINDOW)])
        for first in range(0, MESSAGES, WINDOW)
    ]


def _answer(number: int) -> bytes:
    # The bind was our first request.
    return codec.encode(pdu.Pdu(sequence=number + 2, body=pdu.SubmitSmResp(message_id=f"{number:010d}")))


def _receipt(number: int) -> bytes:
    text = receipt.write(f"{number:010d}", state=receipt.State.DELIVERED, submitted=_AT, done=_AT)
    body = pdu.DeliverSm(
        source=_THEM,
        destination=_US,
        short_message=text,
        esm_class=pdu.ESM_RECEIPT,
        tlvs=(
            Tlv(Tag.RECEIPTED_MESSAGE_ID, f"{number:010d}".encode() + b"\0"),
            pdu.number(Tag.MESSAGE_STATE, receipt.NUMBERS[receipt.State.DELIVERED]),
            pdu.number(Tag.USER_MESSAGE_REFERENCE, number & 0xFFFF),
        ),
    )
    return codec.encode(pdu.Pdu(sequence=number + 1, body=body))
