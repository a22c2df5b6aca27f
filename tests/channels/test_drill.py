"""Every fault at once: nothing twice, nothing lost, and whatever is in doubt is said to be."""

from collections import Counter, deque
from datetime import timedelta
from pathlib import Path

import pytest

from duly import errors
from duly.carrier import journal, mix, server
from duly.channels import answer, base, inbound, smpp
from tests.channels.bench import NOW, Gate, Inbox, message, run, settings, until

LONG = "您尾号1234的贷款已逾期,请尽快还款。" * 4
MESSAGES = 240


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_under_every_fault_nothing_is_twice_and_nothing_is_lost(seed: int, tmp_path: Path) -> None:
    """A loop that sends, and puts back only what was definitely refused or never written, ends with this:
    every message is Accepted, finally Refused or Unsure; the carrier took every accepted one once, no refused
    one, and nothing that we do not know of; each accepted segment's receipt is matched.
    """

    async def story() -> None:
        knobs = mix.Mix(
            seed=seed,
            latency=0.001,
            rate=4000,
            refuse_ppm=60_000,
            lose_ppm=5_000,
            drop_ppm=5_000,
            cut_ppm=10_000,
            receipt_after=0.005,
            receipt_early_ppm=200_000,
            receipt_twice_ppm=100_000,
            answer_ids=mix.Form.HEX if seed % 2 == 0 else mix.Form.PADDED,
            again_after=0.02,
        )
        path = tmp_path / "journal"
        carrier = await server.serve(server.Settings(port=0, mix=knobs, journal=path), clock=lambda: NOW)
        gate, inbox = Gate(), Inbox()
        channel = smpp.Smpp(
            settings(carrier.port, answer_within=0.3), turnstile=gate.turnstile, on_inbound=inbox
        )
        await channel.start()
        waiting = deque(range(MESSAGES))
        ended: dict[int, answer.Answer] = {}
        unsure_at_once = 0
        while waiting:
            try:
                room = await channel.room()
            except errors.CarrierAway:
                continue
            # No more than the window is ever handed over, so no more than it can be in doubt at once.
            batch: list[int] = []
            taken = 0
            while waiting and taken + parts(waiting[0]) <= max(room, 2):
                taken += parts(waiting[0])
                batch.append(waiting.popleft())
            gate.now += timedelta(microseconds=1)  # each time through the gate is another permit
            given = await channel.send([gate.release(channel, note(number)) for number in batch])
            unsure_at_once = max(unsure_at_once, sum(isinstance(one, answer.Unsure) for one in given))
            for number, one in zip(batch, given, strict=True):
                if isinstance(one, answer.Refused) and one.retry:
                    waiting.append(number)
                else:
                    ended[number] = one

        lines = journal.read(path)
        took = Counter((str(line["destination"]), line["part"]) for line in lines)
        assert max(took.values()) == 1
        outcomes = Counter(type(one) for one in ended.values())
        assert sum(outcomes.values()) == MESSAGES
        assert outcomes[answer.Accepted] > MESSAGES / 2
        assert outcomes[answer.Unsure] > 0
        assert not any(isinstance(one, answer.Refused) and one.fault for one in ended.values())
        assert unsure_at_once <= 16
        accepted_ids: set[str] = set()
        for number, one in ended.items():
            destination = f"86138{number:08d}"
            there = sum(count for (to, _), count in took.items() if to == destination)
            if isinstance(one, answer.Accepted):
                assert there == parts(number)
                accepted_ids |= {inbound.folded_id(remote_id) for remote_id in one.remote_ids}
            elif isinstance(one, answer.Refused):
                assert there == 0
        await until(lambda: accepted_ids <= {i for r in inbox.of(inbound.ReceiptEvent) for i in r.normal_ids})
        await channel.stop()
        await carrier.stop()

    run(story())


def note(number: int) -> base.Message:
    """Every fifth is of two segments."""
    return message(number, LONG if parts(number) == 2 else "您的贷款已逾期")


def parts(number: int) -> int:
    """How many segments message `number` takes."""
    return 2 if number % 5 == 0 else 1
