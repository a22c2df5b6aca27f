"""Runs a script that speaks SMPP by a stranger's library, and hears the JSON lines it prints."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any, Self

from strangers import roll
from tests.channels.bench import until


class Node:
    """A script in its own process, run by node or by python; it ends when its input is closed."""

    def __init__(self, script: Path, *arguments: str) -> None:
        self._words = ("python3" if script.suffix == ".py" else "node", str(script), *arguments)
        self.events: list[dict[str, Any]] = []
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={
                **os.environ,
                "NODE_PATH": str(roll.INSTALLED / "node_modules"),
                "PYTHONPATH": str(roll.INSTALLED / "python"),
            },
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        assert self._reading is not None
        self.end()
        await self._process.wait()
        await self._reading

    def end(self) -> None:
        """Close its input."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def heard(self, name: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait for so many events of a name, and give all of that name."""
        await until(lambda: len(self.named(name)) >= count)
        return self.named(name)

    def named(self, name: str) -> list[dict[str, Any]]:
        return [one for one in self.events if one["event"] == name]

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.events.append(json.loads(line))
