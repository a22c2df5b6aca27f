"""PDUs that were damaged on the way: an event or a protocol error says whose fault it is, and memory stays flat."""

import random
import tracemalloc
from collections import Counter
from collections.abc import Callable

import pytest

from duly.channels import inbound, smpp_coding, smpp_settings
from duly.wire.smpp import codec, event, fault, pdu, session, status
from duly.wire.smpp.pdu import Command
from duly.wire.smpp.state import Role, State
from tests.wire.cases import CASES

SETTINGS = smpp_settings.Settings(
    route="route", host="localhost", port=2775, system_id="duly", password="", source="1069"
)
WHOLE = [raw for _, _, raw in CASES]
ANYTHING = bytes(range(256))


def flip(dice: random.Random, raw: bytearray) -> None:
    """One bit is another."""
    raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)


def write_over(dice: random.Random, raw: bytearray) -> None:
    """Some octets are others, and not as many."""
    at = dice.randrange(len(raw))
    raw[at : at + dice.randrange(1, 9)] = bytes(dice.choices(ANYTHING, k=dice.randrange(1, 9)))


def cut_short(dice: random.Random, raw: bytearray) -> None:
    """The end is missing."""
    del raw[dice.randrange(16, len(raw) + 1) :]


def drop_out(dice: random.Random, raw: bytearray) -> None:
    """Some octets are missing."""
    at = dice.randrange(len(raw))
    del raw[at : at + dice.randrange(1, 9)]


def double(dice: random.Random, raw: bytearray) -> None:
    """Some octets come twice."""
    at = dice.randrange(len(raw))
    raw[at:at] = raw[at : at + dice.randrange(1, 40)]


def splice(dice: random.Random, raw: bytearray) -> None:
    """The end is another PDU's."""
    other = dice.choice(WHOLE)
    raw[dice.randrange(16, len(raw) + 1) :] = other[dice.randrange(len(other)) :]


def rename(dice: random.Random, raw: bytearray) -> None:
    """The same body under another command."""
    raw[4:8] = dice.choice(list(Command)).to_bytes(4, "big")


MUTATIONS: tuple[Callable[[random.Random, bytearray], None], ...] = (
    flip, write_over, cut_short, drop_out, double, splice, rename
)  # fmt: skip


def mutant(dice: random.Random) -> bytes:
    """A PDU with one to three injuries; its length is put right again in most of them, to get past the door."""
    raw = bytearray(dice.choice(WHOLE))
    for _ in range(dice.randrange(1, 4)):
        dice.choice(MUTATIONS)(dice, raw)
        raw += bytes(max(0, 16 - len(raw)))
    if dice.random() < 0.9:
        raw[:4] = len(raw).to_bytes(4, "big")
    return bytes(raw)


def bound() -> session.Session:
    """A client's session, bound, with one message on its way."""
    made = session.Session(Role.ESME, now=0)
    made.send(pdu.Bind(command=Command.BIND_TRANSCEIVER, system_id="a", password="b"), 0)
    answer = pdu.BindResp(command=Command.BIND_TRANSCEIVER_RESP)
    made.receive_data(codec.encode(pdu.Pdu(sequence=1, body=answer)), 0)
    assert isinstance(made.next_event(), event.Answered)
    return made


def hear(peer: session.Session, raw: bytes) -> list[str]:
    """What a session makes of the bytes, in one word each; whatever it hears, it has an answer to."""
    peer.receive_data(raw, 0)
    words: list[str] = []
    lied: fault.RemoteProtocolError | None = None
    try:
        while (heard := peer.next_event()) is not None:
            words.append(type(heard).__name__)
            if isinstance(heard, event.Wrong):
                assert heard.reason
                assert heard.status in status.TABLE
                codec.decode(peer.refuse(heard))
    except fault.RemoteProtocolError as error:
        lied = error
    if lied is not None:  # the peer's fault, and it says which
        assert lied.status in status.TABLE
        words.append("RemoteProtocolError")
    return words


def damage(count: int) -> tuple[Counter[str], int]:
    """So many damaged PDUs heard by a session and read by the channel; what came of them, and how memory grew."""
    dice = random.Random(20_261_123)  # the same injuries each time
    peer, found = bound(), Counter[str]()
    tracemalloc.start()
    try:
        settled = 0
        for number in range(count):
            if number == count // 4:
                settled = tracemalloc.get_traced_memory()[0]
            raw = mutant(dice)
            found.update(hear(peer, raw))
            if peer.state is not State.BOUND_TRX or len(peer._buffer) > codec.MAX_SIZE:
                peer = bound()
            for read in smpp_coding.decode(SETTINGS, raw):
                assert isinstance(read, inbound.Event)
        return found, tracemalloc.get_traced_memory()[0] - settled
    finally:
        tracemalloc.stop()


def test_twenty_thousand_damaged_pdus_are_each_heard_as_what_they_are() -> None:
    """Each an event, or the peer's protocol error; nothing else is ever raised, and nothing is kept."""
    found, grown = damage(20_000)

    assert set(found) <= {"Requested", "Wrong", "Answered", "Stray", "RemoteProtocolError"}
    assert min(found[kind] for kind in ("Requested", "Wrong", "Stray", "RemoteProtocolError")) > 100
    assert grown < 200_000


@pytest.mark.long
def test_a_million_damaged_pdus_are_each_heard_as_what_they_are() -> None:
    """The same fifty times over: memory is as flat after a million as after twenty thousand."""
    found, grown = damage(1_000_000)

    assert set(found) <= {"Requested", "Wrong", "Answered", "Stray", "RemoteProtocolError"}
    assert grown < 200_000
