"""Our channel against a carrier that others wrote."""

from pathlib import Path

import pytest

from duly.channels import answer, base, inbound, smpp
from duly.model import notice
from tests.channels.bench import Gate, Inbox, message, run, settings, until
from tests.channels.node_peer import Node

SERVER = Path(__file__).parent / "node" / "server.js"
LONG = "您尾号1234的贷款已逾期,应还1,230.00元。" * 4


@pytest.mark.stranger("node-smpp")
def test_a_stranger_takes_our_messages_and_we_take_its_receipts_and_replies() -> None:
    """Text, segments, reference, validity; throttling; receipts and replies acknowledged; keep-alive;
    good-bye.
    """

    async def story() -> None:
        async with Node(SERVER) as node:
            port = (await node.heard("listening"))[0]["port"]
            gate, inbox = Gate(), Inbox()
            channel = smpp.Smpp(settings(port, enquire_after=0.2), turnstile=gate.turnstile, on_inbound=inbox)
            await channel.start()
            messages = [message(1, "Pay €5.00 [now]"), message(2, LONG), message(9, "x"), message(3)]
            given = await channel.send([gate.release(channel, one) for one in messages])

            assert isinstance(given[0], answer.Accepted)
            assert isinstance(given[1], answer.Accepted)
            assert len(given[1].remote_ids) == 2
            assert isinstance(given[2], answer.Refused)
            assert given[2].throttled
            await until(lambda: len(inbox.of(inbound.ReceiptEvent)) == len(inbox.of(inbound.ReplyEvent)) == 4)
            for receipt in inbox.of(inbound.ReceiptEvent):
                assert receipt.state is notice.Arrival.DELIVERED
            ids = {inbound.folded_id(one) for one in (*given[0].remote_ids, *given[1].remote_ids)}
            assert ids <= {receipt.normal_ids[0] for receipt in inbox.of(inbound.ReceiptEvent)}
            assert {reply.text for reply in inbox.of(inbound.ReplyEvent)} == {"退订"}
            assert {one["status"] for one in await node.heard("receipt answered", 4)} == {0}
            await node.heard("enquire_link")
            await channel.stop()
            await node.heard("unbind")

            seen = node.named("submit_sm")
            assert [one["text"] for one in seen if one["destination"].endswith("01")] == ["Pay €5.00 [now]"]
            halves = [one for one in seen if one["destination"].endswith("02")]
            assert "".join(one["text"] for one in halves) == LONG
            assert [one["udh"][-4:] for one in halves] == ["0201", "0202"]
            assert seen[0]["reference"] == base.reference(messages[0].key, messages[0].day)
            assert {one["registered"] for one in seen} == {1}
            assert node.named("error") == []

    run(story())


@pytest.mark.stranger("node-smpp")
def test_a_stranger_refuses_our_wrong_password() -> None:
    """And we say so."""

    async def story() -> None:
        async with Node(SERVER) as node:
            port = (await node.heard("listening"))[0]["port"]
            channel = smpp.Smpp(
                settings(port, password="wrong"), turnstile=Gate().turnstile, on_inbound=Inbox()
            )
            with pytest.raises(base.BindRefused, match="ESME_RINVPASWD"):
                await channel.start()
            await channel.stop()

    run(story())
