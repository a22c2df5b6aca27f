"""Our carrier against smpp34's client, in Rust."""

from pathlib import Path

import pytest

from duly.carrier import debtors, mix, server
from tests.channels.bench import NOW, run
from tests.channels.node_peer import Node

CLIENT = Path(__file__).parent / "smpp34" / "client.py"


@pytest.mark.stranger("smpp34")
def test_a_stranger_in_rust_can_use_our_carrier() -> None:
    """As transceiver: two alphabets, a refusal, receipts with its reference, a reply, good-bye."""

    async def story() -> None:
        crowd = debtors.Crowd(known={"8613800000001": debtors.Behaviour(reply="退订", reply_after=0.05)})
        settings = server.Settings(port=0, mix=mix.Mix(latency=0.01, receipt_after=0.02))
        carrier = await server.serve(settings, clock=lambda: NOW, behave=crowd)
        async with Node(CLIENT, str(carrier.port), "loopback", "TRX") as peer:
            await peer.heard("bound")
            assert [one["status"] for one in await peer.heard("submitted", 3)] == [0, 0, 0x0B]
            delivered = await peer.heard("deliver_sm", 4)
            receipts = [one for one in delivered if one["esm_class"] == 4]
            assert {one["tlvs"][str(0x0204)] for one in receipts} == {"0201", "0202"}
            assert [one["text"] for one in delivered if one["esm_class"] == 0] == ["退订"] * 2
            peer.end()
            await peer.heard("unbound")
        assert carrier.brought_again == 0
        await carrier.stop()

    run(story())


@pytest.mark.stranger("smpp34")
def test_a_stranger_in_rust_that_only_transmits_hears_nothing() -> None:
    """What is for it waits for a bind that takes it."""

    async def story() -> None:
        settings = server.Settings(port=0, mix=mix.Mix(latency=0, receipt_after=0.01))
        carrier = await server.serve(settings, clock=lambda: NOW)
        async with Node(CLIENT, str(carrier.port), "loopback", "TX") as peer:
            await peer.heard("submitted", 3)
            peer.end()
            await peer.heard("unbound")
            assert peer.named("deliver_sm") == []
        assert carrier.waiting == 2
        await carrier.stop()

    run(story())
