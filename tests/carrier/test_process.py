"""The carrier as a process of its own: started, stopped, killed."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from duly.carrier import journal
from duly.channels import answer, smpp
from tests.channels.bench import Gate, Inbox, message, run, settings

SCRIPT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from duly.carrier import mix, server

knobs = mix.Mix(latency=0.02, receipt_after=0.01)
server.run(
    server.Settings(port=0, mix=knobs, journal=Path(sys.argv[1])),
    clock=lambda: datetime.now(UTC),
    ready=lambda port: print(port, flush=True),
)
"""


@asynccontextmanager
async def process(path: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A carrier's process and its port."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert started.stdout is not None
    port = int(await started.stdout.readline())
    try:
        yield started, port
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


def test_a_carrier_ends_by_itself_when_it_is_asked_to(tmp_path: Path) -> None:
    """SIGTERM closes its connections and its files; the exit code is 0."""

    async def story() -> None:
        async with process(tmp_path / "journal") as (started, port):
            channel = smpp.Smpp(settings(port), turnstile=Gate().turnstile, on_inbound=Inbox())
            await channel.start()
            started.send_signal(signal.SIGTERM)
            assert await started.wait() == 0
            await channel.stop()

    run(story())


def test_what_a_killed_carrier_took_stands_in_its_journal(tmp_path: Path) -> None:
    """Every accepted message is there once, what was in flight is Unsure, and the next process goes on
    counting.
    """

    async def story() -> None:
        path, gate = tmp_path / "journal", Gate()
        async with process(path) as (started, port):
            channel = smpp.Smpp(settings(port, window=8), turnstile=gate.turnstile, on_inbound=Inbox())
            await channel.start()
            batch = [gate.release(channel, message(number)) for number in range(80)]
            heard: list[answer.Answer] = []

            def kill(_: int, given: answer.Answer) -> None:
                heard.append(given)
                if len(heard) == 10:
                    started.kill()

            given = await channel.send(batch, heard=kill)
            await started.wait()
            await channel.stop()
        accepted = [one for one in given if isinstance(one, answer.Accepted)]
        unsure = [one for one in given if isinstance(one, answer.Unsure)]
        never = [one for one in given if isinstance(one, answer.Refused)]
        assert len(accepted) >= 10
        assert 0 < len(unsure) <= 8
        assert never
        assert all(one.retry and not one.written for one in never)
        ids = [str(line["remote_id"]) for line in journal.read(path)]
        assert len(set(ids)) == len(ids)
        assert {one.remote_ids[0] for one in accepted} <= set(ids)
        assert len(accepted) <= len(ids) <= len(accepted) + len(unsure)

        async with process(path) as (_, port):
            channel = smpp.Smpp(settings(port), turnstile=gate.turnstile, on_inbound=Inbox())
            await channel.start()
            (again,) = await channel.send([gate.release(channel, message(99))])
            assert isinstance(again, answer.Accepted)
            assert int(again.remote_ids[0]) == len(ids) + 1
            await channel.stop()

    run(story())
