"""Our carrier against a client that others wrote."""

from pathlib import Path

import pytest

from duly.carrier import debtors, journal, mix, server
from tests.channels.bench import NOW, run
from tests.channels.node_peer import Node

CLIENT = Path(__file__).parent / "node" / "client.js"


@pytest.mark.stranger("node-smpp")
def test_a_stranger_can_use_our_carrier(tmp_path: Path) -> None:
    """Bind, enquire, submit in two alphabets, a refusal, receipts with our reference, a reply, unbind."""

    async def story() -> None:
        crowd = debtors.Crowd(
            known={"8613800000001": debtors.Behaviour(reply="别再发短信了", reply_after=0.05)}
        )
        settings = server.Settings(
            port=0, mix=mix.Mix(latency=0.01, receipt_after=0.02), journal=tmp_path / "journal"
        )
        carrier = await server.serve(settings, clock=lambda: NOW, behave=crowd)
        async with Node(CLIENT, str(carrier.port), "loopback") as node:
            (bound,) = await node.heard("bound")
            assert (bound["status"], bound["system_id"], bound["version"]) == (0, server.NAME, 0x34)
            await node.heard("enquire_link answered")
            submitted = await node.heard("submitted", 3)
            assert sorted(one["status"] for one in submitted) == [0, 0, 0x0B]
            delivered = await node.heard("deliver_sm", 4)
            receipts = [one for one in delivered if one["esm_class"] == 4]
            replies = [one for one in delivered if one["esm_class"] == 0]
            assert {one["id"] for one in receipts} == {one["id"] for one in submitted if one["status"] == 0}
            assert {one["state"] for one in receipts} == {2}
            assert 513 in {one.get("reference") for one in receipts}
            assert [one["text"] for one in replies] == ["别再发短信了"] * 2
            node.end()
            assert (await node.heard("unbound"))[0]["status"] == 0
            await node.heard("closed")
            assert node.named("error") == []
        await carrier.stop()
        assert [line["text"] for line in journal.read(tmp_path / "journal")] == [
            "Pay 5.00 €",
            "您的贷款已逾期",
        ]

    run(story())


@pytest.mark.stranger("node-smpp")
def test_a_stranger_with_a_wrong_password_is_refused() -> None:
    """By the status for it."""

    async def story() -> None:
        carrier = await server.serve(server.Settings(port=0), clock=lambda: NOW)
        async with Node(CLIENT, str(carrier.port), "wrong") as node:
            (bound,) = await node.heard("bound")
            assert bound["status"] == 0x0E
            await node.heard("closed")
        await carrier.stop()

    run(story())
