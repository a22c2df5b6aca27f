"""Behind the carrier's door: what becomes of a submission, and the phones that get it.

`take` says how to answer a segment; receipts, replies and payments follow by themselves. A person reads a
message when all its segments have come.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from duly.carrier import debtors, journal, mailbox, mix, slip
from duly.wire import sms
from duly.wire.smpp import instant, pdu, receipt, status
from duly.wire.smpp.pdu import Tag

_ZONE = ZoneInfo("Asia/Shanghai")  # the carrier's own, in which it dates its receipts
_HEAD = 20  # bytes of the message that a receipt repeats, by Appendix B


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruling:
    """How a submission is answered: with `code` and `message_id` after `after` seconds; None: not at all."""

    code: int | None
    message_id: str = ""
    after: float = 0.0
    cut: bool = False
    alert: bool = False


@dataclass(kw_only=True, slots=True)
class _Reading:
    pieces: dict[int, bytes] = field(default_factory=dict)


class Exchange:
    """The simulated network, shared by all clients."""

    def __init__(
        self,
        knobs: mix.Mix,
        *,
        clock: Callable[[], datetime],
        behave: debtors.Behave,
        on_payment: debtors.OnPayment,
        journal: journal.Journal | None,
        counts: Counter[str],
        first_id: int | None = None,
    ) -> None:
        self._knobs = knobs
        self._clock = clock
        self._behave = behave
        self._on_payment = on_payment
        self._journal = journal
        self._counts = counts
        self._ids = _before(first_id, journal)
        self._seen: Counter[bytes] = Counter()
        self._fates: dict[str, tuple[str, receipt.State, datetime]] = {}
        self._heard: Counter[str] = Counter()
        self._readings: dict[tuple[str, str, int, int], _Reading] = {}
        self._second = -1.0
        self._in_second = 0
        self._timers: set[asyncio.TimerHandle] = set()

    def take(self, body: pdu.SubmitSm, box: mailbox.Mailbox) -> Ruling:
        """Decide about one segment, and set in motion what follows from it."""
        knobs = self._knobs
        if knobs.rate and self._over_rate():
            self._counts["throttled"] += 1
            return Ruling(code=knobs.throttle_code)
        message = _identity(body)
        self._seen[message] += 1
        draw = mix.Draw(seed=knobs.seed, message=message, arrival=self._seen[message])
        if not body.destination.number.isdecimal():
            self._counts["refused"] += 1
            return Ruling(code=status.INVALID_DESTINATION)
        if draw.happens("refuse", knobs.refuse_ppm):
            self._counts["refused"] += 1
            codes = knobs.refuse_codes
            return Ruling(code=codes[draw.number("code") % len(codes)])
        if draw.happens("lose", knobs.lose_ppm):
            self._counts["lost"] += 1
            return Ruling(code=None)
        return self._accept(body, draw, box)

    def close(self) -> None:
        """Nobody replies or pays any more."""
        for handle in self._timers:
            handle.cancel()
        self._timers.clear()

    def _over_rate(self) -> bool:
        second = float(int(asyncio.get_running_loop().time()))
        if second != self._second:
            self._second, self._in_second = second, 0
        self._in_second += 1
        return self._in_second > self._knobs.rate

    def _accept(self, body: pdu.SubmitSm, draw: mix.Draw, box: mailbox.Mailbox) -> Ruling:
        knobs = self._knobs
        self._ids += 1
        number = self._ids
        place, text, piece = self._read(body)
        if self._journal is not None:
            self._journal.note(_line(body, number, place, text, self._clock()))
        self._counts["taken"] += 1
        latency = draw.spread("latency", knobs.latency, knobs.latency_spread)
        whole = self._whole(body, place, piece, text)
        earlier = self._heard[body.destination.number]
        behaviour = self._behave(body.destination.number, whole if whole is not None else text, earlier)
        expires = instant.read_absolute(body.validity_period)
        expired = expires is not None and expires < self._clock()
        state, error = receipt.State.DELIVERED, "000"
        if expired:
            state, error = receipt.State.EXPIRED, "003"
        elif not behaviour.arrives:
            state, error = behaviour.state, behaviour.error
        if knobs.queries:
            self._fates[knobs.answer_ids.write(number)] = body.source.number, state, self._clock()
        if body.registered_delivery & 1:
            self._send_receipt(body, number, box, draw=draw, latency=latency, state=state, error=error)
        if whole is not None and behaviour.arrives and not expired:
            self._heard[body.destination.number] += 1
            self._react(body, number, whole, behaviour, box)
        if draw.happens("cut", knobs.cut_ppm):
            self._counts["cut"] += 1
            return Ruling(code=None, cut=True)
        if draw.happens("drop", knobs.drop_ppm):
            self._counts["dropped"] += 1
            return Ruling(code=None)
        alert = draw.happens("alert", knobs.alert_ppm)
        self._counts["alerts"] += alert
        message_id = knobs.answer_ids.write(number)
        return Ruling(code=status.OK, message_id=message_id, after=latency, alert=alert)

    def tell(self, asked: pdu.QuerySm) -> pdu.QuerySmResp | None:
        """What became of a message, for whoever sent it; None where the carrier does not say or does not know."""
        source, state, done = self._fates.get(asked.message_id, ("", receipt.State.UNKNOWN, None))
        if done is None or source != asked.source.number:
            return None
        return pdu.QuerySmResp(
            message_id=asked.message_id,
            final_date=instant.absolute(done),
            message_state=receipt.NUMBERS[state],
        )

    def _alphabet(self, body: pdu.SubmitSm) -> sms.Alphabet:
        named = {3: sms.Alphabet.LATIN_1, 8: sms.Alphabet.UCS_2}
        return named.get(body.data_coding, self._knobs.default_alphabet)

    def _read(self, body: pdu.SubmitSm) -> tuple[sms.Place | None, str, bytes]:
        place, piece = None, body.content
        if body.esm_class & pdu.ESM_HEADER:
            with contextlib.suppress(sms.NotASegment):
                place, piece = sms.open_payload(piece)
        return place, sms.decode(piece, self._alphabet(body)), piece

    def _whole(self, body: pdu.SubmitSm, place: sms.Place | None, piece: bytes, text: str) -> str | None:
        if place is None:
            return text
        name = (body.source.number, body.destination.number, place.reference, place.total)
        reading = self._readings.setdefault(name, _Reading())
        reading.pieces[place.number] = piece
        whole = sms.join(reading.pieces, place.total, self._alphabet(body))
        if whole is not None:
            del self._readings[name]
        return whole

    def _send_receipt(
        self,
        body: pdu.SubmitSm,
        number: int,
        box: mailbox.Mailbox,
        *,
        draw: mix.Draw,
        latency: float,
        state: receipt.State,
        error: str,
    ) -> None:
        knobs = self._knobs
        if draw.happens("receipt_loss", knobs.receipt_loss_ppm):
            self._counts["receipts_lost"] += 1
            return
        now = self._clock().astimezone(_ZONE)
        head = self._read(body)[2][:_HEAD].decode("latin-1") if knobs.heads else ""
        message = slip.write(knobs, body, number=number, state=state, error=error, now=now, head=head)
        early = draw.happens("receipt_early", knobs.receipt_early_ppm)
        after = draw.spread("receipt", knobs.receipt_after, knobs.receipt_spread)
        times = 2 if draw.happens("receipt_twice", knobs.receipt_twice_ppm) else 1
        for again in range(times):
            self._counts["receipts"] += 1
            # An early one leaves before the answer does; any other leaves after it.
            box.put(message, 0.0 if early and not again else latency + max(after, 0.001) * (again + 1))

    def _react(
        self, body: pdu.SubmitSm, number: int, text: str, behaviour: debtors.Behaviour, box: mailbox.Mailbox
    ) -> None:
        who = body.destination.number
        if behaviour.reply:
            self._counts["replies"] += 1
            for message in reply(who, body.source.number, behaviour.reply):
                box.put(slip.wrapped(self._knobs, message), behaviour.reply_after)
        if behaviour.pays:
            minor = behaviour.pay_minor if behaviour.pay_minor is not None else debtors.asked_minor(text)

            def pay() -> None:
                self._timers.discard(handle)
                self._on_payment(
                    debtors.Payment(number=who, minor=minor, at=self._clock(), remote_id=f"{number:010d}")
                )

            handle = asyncio.get_running_loop().call_later(behaviour.pay_after, pay)
            self._timers.add(handle)


def _before(first_id: int | None, journal: journal.Journal | None) -> int:
    """The number before the first id of this run.

    A carrier names a message once and for all. A journal tells how many were named before; without one, a run draws
    the upper 40 bits of its ids by lot, and has 2^22 messages before it comes to another's. Both forms of an id stay
    within 64 bits.
    """
    if first_id is not None:
        return first_id - 1
    if journal is not None:
        return journal.lines
    return secrets.randbits(40) << 22


def reply(number: str, to: str, text: str) -> list[pdu.DeliverSm]:
    """The segments of a reply, as a phone cuts them."""
    reference = hashlib.blake2b(f"{number}|{text}".encode(), digest_size=1).digest()[0]
    return [
        pdu.DeliverSm(
            source=pdu.Address(number),
            destination=pdu.Address(to, 0, 1),
            short_message=part.payload,
            esm_class=pdu.ESM_HEADER if part.udh else 0,
            data_coding=part.data_coding,
        )
        for part in sms.split(text, reference=reference)
    ]


def _identity(body: pdu.SubmitSm) -> bytes:
    # What the sender's clock puts into a submission (its validity) must not change the draw.
    reference = body.number(Tag.USER_MESSAGE_REFERENCE) or 0
    return b"|".join((body.destination.number.encode("latin-1"), b"%d" % reference, body.content))


def _line(
    body: pdu.SubmitSm, number: int, place: sms.Place | None, text: str, now: datetime
) -> dict[str, object]:
    return {
        "remote_id": f"{number:010d}",
        "at": now.isoformat(),
        "source": body.source.number,
        "destination": body.destination.number,
        "reference": body.number(Tag.USER_MESSAGE_REFERENCE),
        "part": 1 if place is None else place.number,
        "parts": 1 if place is None else place.total,
        "validity": body.validity_period,
        "text": text,
    }
