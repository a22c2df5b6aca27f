"""Our channel against Kannel's driver, which plays the carrier of a transmitter and a receiver."""

import asyncio
import re
from pathlib import Path

import pytest

from duly.channels import answer, inbound, smpp
from duly.channels.smpp_settings import Binding
from tests.channels.bench import Gate, Inbox, message, run, settings, until
from tests.channels.test_smpp34 import free_port

DRIVER = "/usr/lib/kannel/test/drive_smpp"
COUNT = 20


@pytest.mark.stranger("kannel")
def test_a_pair_submits_over_one_bind_and_hears_receipts_over_the_other(tmp_path: Path) -> None:
    """Kannel counts what it got, and sends a receipt for each, whose id it leaves at `receipted_message_id`."""

    async def story() -> None:
        port = free_port()
        driver = await asyncio.create_subprocess_exec(
            DRIVER,
            *("-v", "0", "-p", str(port), "-m", str(COUNT)),
            cwd=tmp_path,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        told: list[str] = []

        async def listen() -> None:
            assert driver.stderr is not None
            async for line in driver.stderr:
                told.append(line.decode("latin-1"))  # noqa: PERF401 - each line counts as soon as it is there

        listening = asyncio.create_task(listen())
        try:
            gate, inbox = Gate(), Inbox()
            channel = smpp.Smpp(
                settings(port, bind=Binding.PAIR, system_id="foo", password="bar", system_type="VMA"),
                turnstile=gate.turnstile,
                on_inbound=inbox,
            )
            await until(lambda: told)  # it listens before it says anything
            await channel.start()
            given = await channel.send([gate.release(channel, message(n)) for n in range(1, COUNT + 1)])
            assert {type(one) for one in given} == {answer.Accepted}
            await until(lambda: len(inbox.of(inbound.ReceiptEvent)) == COUNT)
            assert {one.remote_id for one in inbox.of(inbound.ReceiptEvent)} == {"receipted_message_id"}
            await until(lambda: any("ESME has submitted all messages" in line for line in told))
            await channel.stop()
        finally:
            if driver.returncode is None:
                driver.kill()
            await driver.wait()
            await listening
        kinds = [found[1] for line in told if (found := re.search(r"Handling SMPP PDU of type (\w+)", line))]
        assert kinds.count("submit_sm") == kinds.count("deliver_sm_resp") == COUNT
        assert {"bind_transmitter", "bind_receiver"} <= set(kinds)
        assert "generic_nack" not in kinds
        assert not [line for line in told if "SMPP" in line and ("ERROR" in line or "WARNING" in line)]

    run(story())
