"""Our carrier with Kannel as its client: what most of the world's open SMS traffic has gone through."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from duly.carrier import debtors, journal, mix, server
from tests.channels.bench import NOW, run, until
from tests.channels.test_smpp34 import free_port

CONFIG = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = none
smsbox-port = {box}
box-allow-ip = "127.0.0.1"
log-level = 2

group = smsc
smsc = smpp
smsc-id = duly
host = 127.0.0.1
port = {smsc}
smsc-username = duly
smsc-password = loopback
system-type = ""
enquire-link-interval = 1
{mode}

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {http}
sendsms-interface = 127.0.0.1
global-sender = 10690000
log-level = 2

group = sendsms-user
username = u
password = p
concatenation = true
max-messages = 9

group = sms-service
keyword = default
get-url = "http://127.0.0.1:{back}/reply?text=%b&from=%p"
max-messages = 0
"""
EAR = """
group = smsc
smsc = smpp
smsc-id = duly
host = 127.0.0.1
receive-port = {smsc}
smsc-username = duly
smsc-password = loopback
system-type = ""
"""
LONG = "您尾号1234的贷款已逾期,应还1,230.00元,请尽快还款。" * 4


class Back:
    """Hears what Kannel calls back: one line for each."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, answered with nothing."""
        with contextlib.suppress(ConnectionError):
            self.lines.append((await reader.readline()).decode("latin-1"))
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        writer.close()


async def get(port: int, path: str) -> str:
    """The answer to a GET."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    answer = (await reader.read()).decode("latin-1")
    writer.close()
    return answer


@asynccontextmanager
async def kannel(place: Path, **fields: object) -> AsyncIterator[None]:
    """Two boxes, until they are no longer needed."""
    (place / "kannel.conf").write_text(CONFIG.format(**fields), "utf-8")
    boxes = []
    try:
        for name in ("bearerbox", "smsbox"):
            quiet = asyncio.subprocess.DEVNULL
            log = (place / f"{name}.log").open("wb")
            boxes.append(
                await asyncio.create_subprocess_exec(
                    f"/usr/sbin/{name}", "kannel.conf", cwd=place, stdin=quiet, stdout=log, stderr=log
                )
            )
            log.close()
            await until(lambda: listening(int(str(fields["box" if len(boxes) == 1 else "http"]))))
        yield
    finally:
        for box in reversed(boxes):
            if box.returncode is None:
                box.kill()
            await box.wait()


def listening(port: int) -> bool:
    """Whether somebody listens there."""
    found = f":{port:04X} "
    return any(
        found in line and " 0A " in line for line in Path("/proc/net/tcp").read_text("ascii").splitlines()
    )


@pytest.mark.stranger("kannel")
@pytest.mark.parametrize("mode", ["transceiver-mode = true", EAR])
def test_kannel_sends_through_our_carrier_and_hears_receipts_and_replies(tmp_path: Path, mode: str) -> None:
    """As transceiver and as a pair: a long Chinese text arrives whole, its receipts and a reply come back."""

    async def story() -> None:
        crowd = debtors.Crowd(known={"8613800000001": debtors.Behaviour(reply="TD", reply_after=0.05)})
        settings = server.Settings(
            port=0, mix=mix.Mix(latency=0.005, receipt_after=0.02), journal=tmp_path / "journal"
        )
        carrier = await server.serve(settings, clock=lambda: NOW, behave=crowd)
        back = Back()
        calls = await asyncio.start_server(back.meet, "127.0.0.1", 0)
        ports = {name: free_port() for name in ("admin", "box", "http")}
        ports |= {"smsc": carrier.port, "back": int(calls.sockets[0].getsockname()[1])}
        async with kannel(tmp_path, mode=mode.format(**ports), **ports):
            await until(lambda: carrier.bound == (1 if "transceiver" in mode else 2))
            asked = urlencode(
                {
                    "username": "u",
                    "password": "p",
                    "to": "+8613800000001",
                    "text": LONG,
                    "charset": "UTF-8",
                    "coding": 2,
                    "dlr-mask": 3,
                    "dlr-url": f"http://127.0.0.1:{ports['back']}/receipt?state=%d",
                }
            )
            assert " 202 " in await get(ports["http"], f"/cgi-bin/sendsms?{asked}")
            await until(lambda: sum("/receipt?state=1 " in line for line in back.lines) >= 1)
            await until(lambda: any("/reply?text=TD&" in line for line in back.lines))
            assert carrier.brought_again == 0
        calls.close()
        await calls.wait_closed()
        await carrier.stop()
        lines = journal.read(tmp_path / "journal")
        assert len(lines) == 2
        assert "".join(str(line["text"]) for line in lines) == LONG

    run(story())
