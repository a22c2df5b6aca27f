"""The carrier asked what became of a segment, by query_sm: the question, and its answer as a receipt.

It knows a message by the id that it gave, so it cannot be asked about one whose answer was lost. What it says is a
receipt confirmed by query, kept and counted like one that it brought. Refuses to take a refusal for news.

Source: SMPP Protocol Specification v3.4, section 4.8.
"""

from __future__ import annotations

from duly.channels import inbound, smpp_coding
from duly.channels.smpp_settings import Settings
from duly.wire import remote_id
from duly.wire.smpp import event, instant, pdu, receipt, status

_STATES = {number: state for state, number in receipt.NUMBERS.items()}


def ask(settings: Settings, message_id: str, *, sender: str) -> pdu.QuerySm:
    """The question; the carrier compares the sender with that of the submission."""
    return pdu.QuerySm(message_id=message_id, source=smpp_coding.source(settings, sender or settings.source))


def read(asked: pdu.QuerySm, heard: event.Answered | None) -> inbound.ReceiptEvent | None:
    """What the carrier says of the segment; None where it says nothing, or something of another."""
    if heard is None or heard.status != status.OK or not isinstance(heard.body, pdu.QuerySmResp):
        return None
    told = heard.body
    if remote_id.fold(told.message_id or asked.message_id) != remote_id.fold(asked.message_id):
        return None
    state = _STATES.get(told.message_state, receipt.State.UNREADABLE)
    return inbound.ReceiptEvent(
        remote_id=asked.message_id,
        normal_ids=(inbound.folded_id(asked.message_id),),
        state=smpp_coding.ARRIVALS[state],
        final=state not in receipt.ON_ITS_WAY,
        word=state.value,
        code=f"{told.error_code:03d}",
        at=instant.read_absolute(told.final_date),
        destination="",
        reference=None,
        provenance=inbound.Provenance.CONFIRMED,
        raw=heard.raw,
    )
