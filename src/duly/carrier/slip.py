"""What the simulated carrier writes about a message, in the dialect that its knobs say.

Refuses to know what became of the message: it is told the state, and only puts it into words and parameters.
"""

from __future__ import annotations

from datetime import datetime

from duly.carrier.mix import Mix
from duly.wire.smpp import pdu, receipt
from duly.wire.smpp.pdu import Tag, Tlv

_VENDOR = range(0x1400, 0x4000)


def write(
    knobs: Mix,
    body: pdu.SubmitSm,
    *,
    number: int,
    state: receipt.State,
    error: str,
    now: datetime,
    head: str = "",
) -> pdu.Delivery:
    """The receipt of the submission `body`, which is message `number` here; `head` is how its text begins."""
    message_id = knobs.receipt_ids.write(number)
    tlvs: list[Tlv] = []
    if knobs.receipt_tlvs:
        tlvs += [
            Tlv(Tag.RECEIPTED_MESSAGE_ID, message_id.encode() + b"\0"),
            pdu.number(Tag.MESSAGE_STATE, receipt.NUMBERS[state]),
        ]
    if knobs.echoes:
        tlvs += [one for one in body.tlvs if one.tag == Tag.USER_MESSAGE_REFERENCE or one.tag in _VENDOR]
    if knobs.receipt_layout:
        word = knobs.receipt_words.get(state, state.value)
        done = f"{now:%Y-%m-%d %H:%M:%S}"
        text = knobs.receipt_layout.format(id=message_id, state=word, error=error, done=done).encode()
    else:
        text = receipt.write(message_id, state=state, submitted=now, done=now, error=error, text=head)
    made = pdu.DeliverSm(
        source=body.destination,
        destination=body.source,
        short_message=text,
        esm_class=pdu.ESM_RECEIPT,
        tlvs=tuple(tlvs),
    )
    return wrapped(knobs, made)


def wrapped(knobs: Mix, message: pdu.DeliverSm) -> pdu.Delivery:
    """A delivery as this carrier brings it: by deliver_sm, or by data_sm with all of it in message_payload."""
    if not knobs.data_sm:
        return message
    return pdu.DataSm(
        source=message.source,
        destination=message.destination,
        esm_class=message.esm_class,
        data_coding=message.data_coding,
        tlvs=(*message.tlvs, Tlv(Tag.MESSAGE_PAYLOAD, message.content)),
    )
