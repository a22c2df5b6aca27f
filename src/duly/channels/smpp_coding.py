"""Our messages as submit_sm bodies, and a carrier's deliver_sm as events: pure, both ways.

The body is everything that a permit binds; only the header with its sequence number is added when it is
written. The concatenation reference comes from the message key, the user_message_reference from key, day and
place, so the same message gives the same bytes in any process. Refuses a number that is none, a text that cannot be
written, and more segments than the route takes.

Source: SMPP Protocol Specification v3.4, sections 4.4.1 (submit_sm), 4.6.1 (deliver_sm), 5.2.19
(data_coding).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from zoneinfo import ZoneInfo

from duly.channels import base, inbound, smpp_reference
from duly.channels.smpp_settings import LongTexts, Settings
from duly.model import notice
from duly.wire import remote_id, sms
from duly.wire.smpp import codec, fault, instant, pdu, receipt, receipt_head
from duly.wire.smpp.pdu import Tag, Tlv

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_TON_INTERNATIONAL = 1
_TON_ALPHANUMERIC = 5

# The carrier's words (section 5.2.28, Appendix B) as ours. A message that expired, was deleted, rejected or
# skipped did not arrive; ACCEPTD, ENROUTE and SCHEDULED are not the end, and what we cannot read is not one
# either.
ARRIVALS: Mapping[receipt.State, notice.Arrival] = MappingProxyType(
    {
        receipt.State.DELIVERED: notice.Arrival.DELIVERED,
        receipt.State.EXPIRED: notice.Arrival.FAILED,
        receipt.State.DELETED: notice.Arrival.FAILED,
        receipt.State.UNDELIVERABLE: notice.Arrival.FAILED,
        receipt.State.REJECTED: notice.Arrival.FAILED,
        receipt.State.SKIPPED: notice.Arrival.FAILED,
        receipt.State.UNKNOWN: notice.Arrival.UNKNOWN,
        receipt.State.SCHEDULED: notice.Arrival.UNKNOWN,
        receipt.State.ENROUTE: notice.Arrival.UNKNOWN,
        receipt.State.ACCEPTED: notice.Arrival.UNKNOWN,
        receipt.State.UNREADABLE: notice.Arrival.UNKNOWN,
    }
)


def encode(settings: Settings, message: base.Message) -> base.Encoded:
    """The submit_sm bodies of a message, one a segment. Raises Unsendable."""
    if not _E164.fullmatch(message.to):
        raise base.Unsendable("number", "this is no E.164 number", remedy="Write it as + and 7 to 15 digits.")
    if len(message.text) > sms.MAX_SEGMENTS * 66:
        raise base.Unsendable("too_long", "the text is no short message", remedy="Shorten the template.")
    if not message.text:
        raise base.Unsendable("empty", "the message has no text", remedy="Look at the template's rendering.")
    try:
        parts = sms.split(
            message.text, reference=message.key[0], chosen=_chosen(settings.default_alphabet, message.text)
        )
    except UnicodeError:
        # Not chained: the encoder's error would carry the text.
        raise base.Unsendable(
            "text", "the text holds half a character", remedy="Look at the template's rendering."
        ) from None
    if len(parts) > settings.segments:
        raise base.Unsendable(
            "too_long",
            f"the text takes {len(parts)} segments of at most {settings.segments}",
            remedy="Shorten the template, or raise the route's window and max_parts.",
        )
    if len(parts) > 1 and settings.long_texts is LongTexts.PAYLOAD:
        whole = sms.encode(message.text, parts[0].alphabet)
        submitted = _submit(settings, message, parts[0].alphabet, payload=whole)
        return base.Encoded.of([submitted], cut_into=len(parts))
    return base.Encoded.of(
        [
            _submit(
                settings, message, part.alphabet, short=part.payload, has_header=bool(part.udh), place=place
            )
            for place, part in enumerate(parts)
        ]
    )


def _chosen(default: sms.Alphabet, text: str) -> sms.Alphabet | None:
    if default is sms.Alphabet.GSM:
        return None
    # Where data_coding 0 is not the GSM alphabet, the alphabet is said by its own number.
    return sms.Alphabet.LATIN_1 if all(ord(char) < 256 for char in text) else sms.Alphabet.UCS_2


def _submit(
    settings: Settings,
    message: base.Message,
    alphabet: sms.Alphabet,
    *,
    short: bytes = b"",
    has_header: bool = False,
    payload: bytes = b"",
    place: int = 0,
) -> bytes:
    content = (Tlv(Tag.MESSAGE_PAYLOAD, payload),) if payload else ()
    body = pdu.SubmitSm(
        source=source(settings, message.sender or settings.source),
        destination=pdu.Address(message.to[1:]),
        short_message=short,
        esm_class=pdu.ESM_HEADER if has_header else 0,
        validity_period=instant.absolute(message.not_after),
        # A receipt for success and for failure, section 5.2.17; none where nobody would hear it.
        registered_delivery=1 if settings.bind.hears else 0,
        data_coding=int(alphabet),
        tlvs=(*smpp_reference.parameters(settings, message, place), *content),
    )
    try:
        return codec.encode_body(body)
    except fault.LocalProtocolError as error:
        raise base.Unsendable("sender", str(error), remedy="Mend the sender in channels.yaml.") from error


def source(settings: Settings, sender: str) -> pdu.Address:
    """A sender as this carrier takes it."""
    # Section 5.2.5: international, alphanumeric, or whatever the carrier wants for its own short numbers.
    if sender.startswith("+"):
        return pdu.Address(sender[1:], _TON_INTERNATIONAL, 1)
    if not sender.isdecimal():
        return pdu.Address(sender, _TON_ALPHANUMERIC, 0)
    return pdu.Address(sender, settings.source_ton, settings.source_npi)


def decode(settings: Settings, raw: bytes) -> tuple[inbound.Event, ...]:
    """What a whole deliver_sm or data_sm says; what cannot be read is an Unread event, never an error."""
    try:
        body = codec.decode(raw).body
    except fault.RemoteProtocolError as error:
        return (inbound.Unread(reason=str(error), raw=raw),)
    if not isinstance(body, (pdu.DeliverSm, pdu.DataSm)):
        return (inbound.Unread(reason=f"a {type(body).__name__} brings nothing", raw=raw),)
    return read(settings, body, raw)


def read(settings: Settings, body: pdu.Delivery, raw: bytes) -> tuple[inbound.Event, ...]:
    """What a deliver_sm or data_sm says that was decoded from `raw` already."""
    if receipt.is_marked(body):
        return (_receipt(settings, body, raw),)
    return (_reply(settings, body, raw),)


def _receipt(settings: Settings, body: pdu.Delivery, raw: bytes) -> inbound.Event:
    read = receipt.read(body, ZoneInfo(settings.zone), settings.receipts)
    if read is None:
        return inbound.Unread(reason="the receipt names no message", raw=raw)
    head = receipt_head.read(body, ZoneInfo(settings.zone))
    return inbound.ReceiptEvent(
        remote_id=read.message_id,
        normal_ids=remote_id.forms(read.message_id, settings.ids),
        state=ARRIVALS[read.state],
        final=read.state not in receipt.ON_ITS_WAY,
        word=read.word,
        code=read.error,
        at=read.done_at,
        destination=_number(body.source),
        reference=smpp_reference.read(settings, body, read.reference),
        provenance=inbound.Provenance.SESSION,
        raw=raw,
        submitted_at=head.submitted_at,
        head=head.text,
    )


def _reply(settings: Settings, body: pdu.Delivery, raw: bytes) -> inbound.Event:
    alphabet = _alphabet(settings, body.data_coding)
    if alphabet is None:
        return inbound.Unread(reason=f"data_coding {body.data_coding} is no text", raw=raw)
    place, piece = _place(body), body.content
    if body.esm_class & pdu.ESM_HEADER:
        try:
            place, piece = sms.open_payload(piece)
        except sms.NotASegment as error:
            return inbound.Unread(reason=str(error), raw=raw)
    source, to = _number(body.source), body.destination.number
    text = sms.decode(piece, alphabet)
    if place is None or place.total == 1:
        return inbound.ReplyEvent(source=source, to=to, text=text, at=None, raw=raw)
    return inbound.ReplyPart(
        source=source,
        to=to,
        text=text,
        piece=piece,
        alphabet=alphabet,
        reference=place.reference,
        number=place.number,
        total=place.total,
        at=None,
        raw=raw,
    )


def _place(body: pdu.Delivery) -> sms.Place | None:
    # Sections 5.3.2.22 to 24: the same as the header, said by optional parameters.
    reference, total, number = (
        body.number(tag) for tag in (Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM)
    )
    if reference is None or total is None or number is None or not 1 <= number <= total:
        return None
    return sms.Place(reference=reference, total=total, number=number)


def _alphabet(settings: Settings, data_coding: int) -> sms.Alphabet | None:
    named = {
        0: settings.default_alphabet,
        1: sms.Alphabet.LATIN_1,  # IA5: its letters and digits are Latin-1's
        3: sms.Alphabet.LATIN_1,
        8: sms.Alphabet.UCS_2,
    }.get(data_coding)
    if named is not None:
        return named
    # TS 23.038 section 4 in values that SMPP leaves to GSM: bits 3 and 2 name the alphabet.
    if 0x10 <= data_coding <= 0x3F:
        return {0: sms.Alphabet.GSM, 2: sms.Alphabet.UCS_2}.get(data_coding >> 2 & 3)
    if 0xF0 <= data_coding <= 0xF3:
        return sms.Alphabet.GSM
    return None


def _number(address: pdu.Address) -> str:
    return f"+{address.number}" if address.ton == _TON_INTERNATIONAL and address.number else address.number
