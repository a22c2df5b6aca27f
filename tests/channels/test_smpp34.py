"""Our channel against smpp34's server, a carrier in Rust that answers in hexadecimal and writes receipts in decimal."""

import socket
from pathlib import Path

import pytest

from duly.channels import answer, base, inbound, smpp
from duly.model import notice
from duly.wire import remote_id
from tests.channels.bench import Gate, Inbox, key, message, run, settings, until
from tests.channels.node_peer import Node

SERVER = Path(__file__).parent / "smpp34" / "server.py"
LONG = "您尾号1234的贷款已逾期,应还1,230.00元。" * 4


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


@pytest.mark.stranger("smpp34")
def test_a_stranger_in_rust_takes_our_messages_and_we_take_its_receipts_and_replies() -> None:
    """Both alphabets, segments, the reference, a full queue; receipts matched across hexadecimal and decimal.

    As transceiver: its server does not hear a receiver acknowledge, not even its own client's.
    """

    async def story() -> None:
        port = free_port()
        async with Node(SERVER, str(port)) as peer:
            await peer.heard("listening")
            gate, inbox = Gate(), Inbox()
            channel = smpp.Smpp(
                settings(port, ids=remote_id.Habit.HEX_ANSWERS, enquire_after=0.2),
                turnstile=gate.turnstile,
                on_inbound=inbox,
            )
            await channel.start()
            await peer.heard("bind")
            messages = [
                message(1, "Pay €5.00 [now]"),
                message(2, LONG),
                message(9),
                *map(message, range(20, 32)),
            ]
            given = await channel.send([gate.release(channel, one) for one in messages])

            refused = [one for one in given if isinstance(one, answer.Refused)]
            assert [(one.code, one.throttled) for one in refused] == [("ESME_RMSGQFUL", True)] * 2  # 9 and 29
            taken = [one for one in given if isinstance(one, answer.Accepted)]
            assert len(taken) == len(messages) - 2
            ids = {remote_id.fold(one) for each in taken for one in each.remote_ids}
            await until(lambda: len(inbox.of(inbound.ReceiptEvent)) == len(ids))
            receipts = inbox.of(inbound.ReceiptEvent)
            assert {receipt.normal_ids for receipt in receipts} == {(one,) for one in ids}
            assert {receipt.state for receipt in receipts} == {notice.Arrival.DELIVERED}
            assert base.reference(key(1), messages[0].day, 0) in {receipt.reference for receipt in receipts}
            await until(lambda: len(inbox.of(inbound.ReplyEvent)) == len(ids))
            assert {reply.text for reply in inbox.of(inbound.ReplyEvent)} == {"退订"}
            answered = await peer.heard("answered", len(ids))
            assert {(one["receipt"], one["reply"]) for one in answered} == {(0, 0)}
            await channel.stop()
            await peer.heard("unbound")

            seen = peer.named("submit_sm")
            halves = [one for one in seen if one["destination"].endswith("02")]
            assert "".join(bytes.fromhex(one["content"])[6:].decode("utf-16-be") for one in halves) == LONG
            assert {one["esm_class"] for one in halves} == {0x40}

    run(story())
