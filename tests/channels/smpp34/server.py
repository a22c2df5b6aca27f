"""A carrier written by others: smpp34's server, run by itself. It prints a JSON line for each event.

Refuses numbers that end in 9, accepts the others, and brings a receipt and a reply to those it accepted.
"""

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


async def serve(port: int) -> None:
    """Take what comes until the input is closed."""
    server = smpp34.Server("127.0.0.1", port, system_id="rust")
    await server.start()
    say(event="listening", port=port)
    esmes: dict[str, Any] = {}
    tasks: set[asyncio.Task[None]] = set()
    ids = 0
    while True:
        heard = await server.next()
        kind = type(heard).__name__
        if kind == "Esme":
            esmes[heard.session_id] = heard
            say(event="bind", system_id=heard.system_id, hears=heard.can_receive)
        elif kind == "SubmitSmEvent":
            say(
                event="submit_sm",
                destination=heard.destination_addr,
                source=heard.source_addr,
                coding=heard.data_coding,
                esm_class=heard.esm_class,
                registered=heard.registered_delivery,
                content=heard.short_message.hex(),
                tlvs={tlv.tag: tlv.value.hex() for tlv in heard.tlvs},
            )
            if heard.destination_addr.endswith("9"):
                heard.reject(smpp34.ESME_RMSGQFUL)
                continue
            ids += 1
            heard.accept(f"{ids:X}")
            ears = [esme for esme in esmes.values() if esme.can_receive]
            task = asyncio.create_task(bring(ears[-1], heard, ids))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        else:
            say(event="unbound")


async def bring(esme: Any, heard: Any, number: int) -> None:
    """A receipt in decimal of what was answered in hexadecimal, and a reply."""
    text = f"id:{number} sub:001 dlvrd:001 submit date:2611231800 done date:2611231801 stat:DELIVRD err:000 text:"
    common = {"source_addr": heard.destination_addr, "source_addr_ton": 1, "source_addr_npi": 1}
    echoed = [tlv for tlv in heard.tlvs if tlv.tag == smpp34.TLV_USER_MESSAGE_REFERENCE]
    receipt = await esme.deliver_sm(heard.source_addr, text.encode(), esm_class=4, tlvs=echoed, **common)
    reply = await esme.deliver_sm(heard.source_addr, "退订".encode("utf-16-be"), data_coding=8, **common)
    say(event="answered", receipt=receipt.command_status, reply=reply.command_status)


async def main() -> None:
    """Serve until the input ends."""
    serving = asyncio.create_task(serve(int(sys.argv[1])))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    serving.cancel()


asyncio.run(main())
