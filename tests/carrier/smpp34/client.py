"""A client written by others: smpp34's, run by itself against the carrier on the port given. It prints JSON lines."""

import asyncio
import importlib
import json
import sys
from typing import Any

smpp34: Any = importlib.import_module("smpp34")


def say(**event: object) -> None:
    """One line."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


async def main(port: int, password: str, binding: str) -> None:
    """Bind, submit three, hear for as long as the input is open, unbind."""
    client = smpp34.Client("127.0.0.1", port, "duly", password, bind_type=binding)
    carrier = await client.connect()
    say(event="bound", system_id=carrier.system_id)
    for number, text in enumerate(("Pay 5.00", "您的贷款已逾期", "x")):
        wide = not text.isascii()
        answer = await carrier.submit_sm(
            "8613800000001" if number < 2 else "nobody",
            text.encode("utf-16-be" if wide else "ascii"),
            source_addr="10690000",
            source_addr_npi=1,
            dest_addr_ton=1,
            dest_addr_npi=1,
            registered_delivery=1,
            data_coding=8 if wide else 0,
            tlvs=[smpp34.Tlv(smpp34.TLV_USER_MESSAGE_REFERENCE, (513 + number).to_bytes(2, "big"))],
        )
        say(event="submitted", status=answer.command_status, id=answer.message_id)
    hearing = asyncio.create_task(listen(carrier))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    hearing.cancel()
    await carrier.unbind()
    say(event="unbound")


async def listen(carrier: Any) -> None:
    """Say what comes."""
    while type(heard := await carrier.next()).__name__ != "Disconnected":
        content = heard.short_message
        text = content.decode("utf-16-be" if heard.data_coding == 8 else "latin-1")
        say(
            event="deliver_sm",
            esm_class=heard.esm_class,
            text=text,
            tlvs={t.tag: t.value.hex() for t in heard.tlvs},
        )


asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
