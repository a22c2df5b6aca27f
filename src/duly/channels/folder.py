"""Messages as files in a folder, one JSON document each: for a print house, a mail robot, and tests.

A file appears whole or not at all (written beside, flushed to disk, renamed), is named by its message key,
and so is written once whatever happens: a message whose file is there was sent, by whoever it was. Refuses to
overwrite, to write without a permit like any other channel, and to let anybody but the owner read.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from duly import errors
from duly.channels import answer, base, inbound
from duly.channels.answer import Fate, Segment
from duly.model import party

_SUFFIX = ".json"
_MAX_BYTES = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`path` is made when it is missing (mode 0700); `window` bounds how many files are written at once."""

    route: str
    path: Path
    window: int = 16
    carries: frozenset[party.Channel] = frozenset(party.Channel)

    def __post_init__(self) -> None:
        if self.window < 1:
            raise ValueError("a window has at least one place")


class Folder:
    """One folder as a route; see `channels.base.Channel`."""

    def __init__(self, settings: Settings, *, turnstile: base.Turnstile) -> None:
        self.settings = settings
        self.route = settings.route
        self.can = base.Capabilities(
            name="folder",
            carries=settings.carries,
            unit="file",
            max_parts=1,
            max_bytes=_MAX_BYTES,
            receipts=None,
            replies=False,
            idempotent=True,
            echoes_reference=False,
        )
        self._turnstile = turnstile
        self._started = False
        self._writing = 0
        self._changed = asyncio.Event()

    @property
    def free_window(self) -> int:
        """How many files could be written at once right now."""
        return self.settings.window - self._writing if self._started else 0

    @property
    def away(self) -> errors.CarrierAway | None:
        """A folder is there once it was made; a file that cannot be written says so itself."""
        return None

    @property
    def delay(self) -> None:
        """A file is there at once, and nobody tells when it is read."""
        return None

    def encode(self, message: base.Message) -> base.Encoded:
        """The file's bytes: JSON with sorted keys, UTF-8. Raises Unsendable for an empty or huge one."""
        if not message.to:
            raise base.Unsendable("number", "the message goes to nobody", remedy="Look at the contact point.")
        if not (message.text or message.html):
            raise base.Unsendable(
                "empty", "the message has no text", remedy="Look at the template's rendering."
            )
        fields = {
            "channel": message.channel.value,
            "day": message.day.isoformat(),
            "html": message.html,
            "key": message.key.hex(),
            "not_after": message.not_after.isoformat(),
            "reference": base.reference(message.key, message.day),
            "sender": message.sender,
            "subject": message.subject,
            "text": message.text,
            "to": message.to,
        }
        raw = json.dumps(fields, ensure_ascii=False, indent=2, sort_keys=True).encode("utf-8") + b"\n"
        if len(raw) > _MAX_BYTES:
            raise base.Unsendable("too_long", "the message is too long", remedy="Shorten the template.")
        return base.Encoded.of([raw])

    def decode(self, raw: bytes) -> tuple[inbound.Event, ...]:
        """A folder brings nothing back."""
        return (inbound.Unread(reason="a folder brings nothing back", raw=raw),)

    async def start(self) -> None:
        """Make the folder. Raises CarrierAway when it cannot be written to."""
        try:
            self.settings.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._away(error) from error
        if not os.access(self.settings.path, os.W_OK | os.X_OK):
            raise self._away(PermissionError())
        self._started = True
        self._changed.set()

    async def room(self) -> int:
        """Wait until a file may be written."""
        while self._started and self.free_window <= 0:
            self._changed.clear()
            await self._changed.wait()
        if not self._started:
            raise errors.CarrierAway(f"route {self.route} is not started", remedy="Start the channel first.")
        return self.free_window

    async def send(
        self, batch: Sequence[base.Released], *, heard: base.Heard | None = None
    ) -> list[answer.Answer]:
        """Write each permitted message to its file, in order."""
        if not self._started:
            answers: list[answer.Answer] = [answer.never_written("the folder is closed", 1) for _ in batch]
            for place, given in enumerate(answers):
                if heard is not None:
                    heard(place, given)
            return answers
        self._writing += len(batch)
        answers = []
        try:
            for place, released in enumerate(batch):
                given = await asyncio.to_thread(self._write, released)
                answers.append(given)
                self._writing -= 1
                self._changed.set()
                if heard is not None:
                    heard(place, given)
        finally:
            self._writing -= len(batch) - len(answers)
            self._changed.set()
        return answers

    async def stop(self) -> None:
        """Write nothing more; what was begun is finished."""
        self._started = False
        while self._writing:
            self._changed.clear()
            await self._changed.wait()
        self._changed.set()

    def _write(self, released: base.Released) -> answer.Answer:
        fault = self._turnstile.admit(released, route=self.route)
        if fault is not None:
            return answer.turned_away(fault, released.encoded.count)
        name = released.message_key.hex() + _SUFFIX
        target = self.settings.path / name
        taken = answer.settle([Segment(fate=Fate.ACCEPTED, remote_id=name)])
        try:
            if target.exists():
                _flush(self.settings.path)
                return taken
            _write_whole(target, b"".join(released.encoded.parts))
        except OSError as error:
            return answer.never_written(f"the file cannot be written: {type(error).__name__}", 1)
        try:
            _flush(self.settings.path)
        except OSError as error:
            # It is there, but whether it is there after a power cut nobody knows.
            reason = f"the folder cannot be flushed: {type(error).__name__}"
            return answer.settle([Segment(fate=Fate.UNANSWERED, reason=reason)])
        return taken

    def _away(self, error: OSError) -> errors.CarrierAway:
        return errors.CarrierAway(
            f"route {self.route}: the folder {self.settings.path} cannot be used: {type(error).__name__}",
            remedy="Look at the path in channels.yaml and at its owner and mode.",
        )


def _write_whole(target: Path, data: bytes) -> None:
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(beside, target)  # noqa: PTH104 - rename, not replace, names what happens here
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
