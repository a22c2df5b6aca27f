"""The folder as a channel: the contract, and what is special about files."""

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from duly import errors
from duly.channels import answer, base, folder
from tests.channels.bench import Gate, message, run
from tests.channels.contract import ChannelContract, World


class FolderWorld(World):
    def __init__(self, path: Path) -> None:
        self.gate = Gate()
        self.path = path

    def make(self) -> folder.Folder:
        settings = folder.Settings(route="route", path=self.path, window=8)
        return folder.Folder(settings, turnstile=self.gate.turnstile)

    def arrived(self) -> list[bytes]:
        return [one.read_bytes() for one in self.path.iterdir()] if self.path.exists() else []


class TestContract(ChannelContract):
    def world(self, folder: Path) -> AbstractAsyncContextManager[World]:
        @asynccontextmanager
        async def opened() -> AsyncIterator[World]:
            yield FolderWorld(folder / "out")

        return opened()


def test_a_file_holds_the_whole_message_for_its_owner_only(tmp_path: Path) -> None:
    """JSON with every field, mode 0600 in a folder of mode 0700, nothing left beside it."""

    async def story() -> None:
        world = FolderWorld(tmp_path / "a" / "b")
        channel = world.make()
        await channel.start()
        (given,) = await channel.send([world.gate.release(channel, message(1, text="堃", subject="S"))])
        await channel.stop()
        assert isinstance(given, answer.Accepted)
        (file,) = world.path.iterdir()
        assert given.remote_ids == (file.name,)
        assert file.name == message(1).key.hex() + ".json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(world.path.stat().st_mode) == 0o700
        fields = json.loads(file.read_text(encoding="utf-8"))
        assert (fields["text"], fields["subject"], fields["to"]) == ("堃", "S", "+8613800000001")
        assert fields["reference"] == base.reference(message(1).key, message(1).day)

    run(story())


def test_a_message_whose_file_is_there_was_sent_before(tmp_path: Path) -> None:
    """By another process, perhaps with another text: Accepted under the same id, and not written again."""

    async def story() -> None:
        world = FolderWorld(tmp_path)
        channel = world.make()
        await channel.start()
        there = tmp_path / (message(1).key.hex() + ".json")
        there.write_bytes(b"earlier")
        (given,) = await channel.send([world.gate.release(channel, message(1))])
        await channel.stop()
        assert isinstance(given, answer.Accepted)
        assert given.remote_ids == (there.name,)
        assert there.read_bytes() == b"earlier"

    run(story())


def test_what_a_killed_writer_left_beside_is_no_message(tmp_path: Path) -> None:
    """A half-written file has another name, so the message is written whole."""

    async def story() -> None:
        world = FolderWorld(tmp_path)
        channel = world.make()
        await channel.start()
        target = tmp_path / (message(1).key.hex() + ".json")
        (tmp_path / f".{target.name}.{os.getpid()}").write_bytes(b"half")
        (given,) = await channel.send([world.gate.release(channel, message(1))])
        await channel.stop()
        assert isinstance(given, answer.Accepted)
        assert [one.name for one in world.path.iterdir()] == [target.name]
        assert json.loads(target.read_text(encoding="utf-8"))["key"] == message(1).key.hex()

    run(story())


def test_a_folder_that_went_away_was_never_written_to(tmp_path: Path) -> None:
    """The answer names the kind of error and may be tried again; no path, no text."""

    async def story() -> None:
        world = FolderWorld(tmp_path / "gone")
        channel = world.make()
        await channel.start()
        await asyncio.to_thread(world.path.rmdir)
        (given,) = await channel.send([world.gate.release(channel, message(1))])
        await channel.stop()
        assert isinstance(given, answer.Refused)
        assert (given.retry, given.written) == (True, False)
        assert given.reason == "the file cannot be written: FileNotFoundError"

    run(story())


def test_a_path_that_is_a_file_is_a_carrier_that_is_away(tmp_path: Path) -> None:
    """With the place and a remedy."""

    async def story() -> None:
        world = FolderWorld(tmp_path / "file")
        world.path.write_text("")
        with pytest.raises(errors.CarrierAway, match="cannot be used: FileExistsError") as caught:
            await world.make().start()
        assert "channels.yaml" in caught.value.remedy

    run(story())
