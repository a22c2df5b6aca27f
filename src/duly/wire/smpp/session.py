"""Who may say what when: one SMPP session, for either side, without a socket or a clock.

Rule 1: everything that decides whether a command may be sent now is in the two tables of `state`. Rule 2: time is
an argument, in seconds of any steady clock; the session says by `next_deadline` when it wants to be asked
again. Rule 3: a request is answered once by its token: `Answered`, or `Unanswered` when its time is up. An
answer that comes later still is `Answered` with `late`. What was never answered when the session ends is what
`close` returns.

    bytes = session.send(body, now)          say something
    session.receive_data(bytes, now)         hear something
    session.next_event()                     what was heard, or None: more bytes are needed
    bytes = session.answer(event, body)      answer a request
    bytes = session.on_time(now)             let time pass

Refuses (LocalProtocolError) what we may not say. A peer's request that it may not make, or that cannot be
read, is a `Wrong` event with the status it deserves; a peer that lies about lengths ends the session
(RemoteProtocolError), because nothing after that can be trusted to begin where it seems to.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple, cast

from duly.wire.smpp import codec, event, pdu, status
from duly.wire.smpp import state as tables
from duly.wire.smpp.fault import LocalProtocolError, RemoteProtocolError
from duly.wire.smpp.pdu import Command
from duly.wire.smpp.state import Role, State

_MAX_SEQUENCE = 0x7FFFFFFF
_REMEMBERED_LATE = 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Timers:
    """Seconds: how long a message and a link request may stay unanswered, and silence before we ask."""

    answer_within: float = 30.0
    link_within: float = 10.0
    enquire_after: float = 30.0


class _Asked(NamedTuple):
    command: Command
    token: object
    deadline: float


class Session:
    """One session. `window` bounds our own unanswered messages; tokens are whatever the caller likes."""

    def __init__(self, role: Role, *, now: float, window: int = 16, timers: Timers | None = None) -> None:
        if window < 1:
            raise ValueError("a window has at least one place")
        self.role = role
        self.window = window
        self._timers = timers or Timers()
        self._buffer = bytearray()
        self._events: deque[event.Event] = deque()
        self._sequence = 0
        # One time-out per kind, so the first asked is the first due.
        self._messages: dict[int, _Asked] = {}
        self._links: dict[int, _Asked] = {}
        self._late: dict[int, _Asked] = {}
        self._heard = now
        self._bind_by = now + self._timers.link_within
        self._enter(State.OPEN)

    @property
    def state(self) -> State:
        """Where the session stands."""
        return self._state

    @state.setter
    def state(self, new: State) -> None:
        self._enter(new)

    def _enter(self, new: State) -> None:
        # The table is looked up for every message, and the state changes a few times in a session's life.
        self._state = new
        self._may = tables.MAY_REQUEST[new, self.role]
        self._peer_may = tables.MAY_REQUEST[new, tables.other(self.role)]

    @property
    def free(self) -> int:
        """Places left in our window; 0 where we may send no messages."""
        return 0 if self._may.isdisjoint(tables.MESSAGES) else self.window - len(self._messages)

    @property
    def in_flight(self) -> int:
        """How many of our messages wait for an answer."""
        return len(self._messages)

    def send(self, body: pdu.Request, now: float, token: object = None) -> bytes:
        """Make a request. Raises LocalProtocolError when it is not allowed now or the window is full."""
        return self.send_encoded(codec.command_of(body), codec.encode_body(body), now, token)

    def send_encoded(self, command: Command, body: bytes, now: float, token: object = None) -> bytes:
        """Make a request whose body was encoded before; these very bytes follow the header."""
        if command not in self._may:
            raise LocalProtocolError(f"{command.name} is not ours to send while {self.state.value}")
        if command in tables.UNANSWERED:
            return codec.frame(command, self._next_sequence(), body)
        if command in tables.MESSAGES:
            if len(self._messages) >= self.window:
                raise LocalProtocolError(f"the window of {self.window} is full")
            asked, within = self._messages, self._timers.answer_within
        else:
            asked, within = self._links, self._timers.link_within
        sequence = self._next_sequence()
        asked[sequence] = _Asked(command, token, now + within)
        self._move(command)
        return codec.frame(command, sequence, body)

    def answer(self, request: event.Requested, body: pdu.Response, code: int = status.OK) -> bytes:
        """Answer a peer's request, a generic_nack refusing it. Raises LocalProtocolError for another's response."""
        command = codec.command_of(body)
        refuses = command is Command.GENERIC_NACK and code != status.OK
        if not refuses and command != codec.command_of(request.body) | pdu.RESPONSE:
            raise LocalProtocolError(f"{command.name} does not answer {type(request.body).__name__}")
        if self.state is State.CLOSED:
            raise LocalProtocolError("the session is closed")
        if code == status.OK:
            self._move(command)
        return codec.frame(command, request.sequence, codec.encode_answer(body, code), code)

    def refuse(self, wrong: event.Wrong) -> bytes:
        """Answer what was wrong with its status: by its own response, or by generic_nack (section 4.3)."""
        return self.respond(wrong, wrong.status)

    def respond(self, wrong: event.Wrong, code: int) -> bytes:
        """Answer what was wrong with another status than it deserves: OK for what was kept as it came."""
        if wrong.command not in _RESPONDS:
            return codec.frame(Command.GENERIC_NACK, wrong.sequence, b"", code)
        body = b"\0" if code == status.OK and wrong.command in tables.MESSAGES else b""
        return codec.frame(wrong.command | pdu.RESPONSE, wrong.sequence, body, code)

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes off the wire."""
        self._buffer += data
        self._heard = now

    def next_event(self) -> event.Event | None:
        """The next thing that was heard or ran out of time; None when more bytes are needed.

        Raises RemoteProtocolError for a length that cannot be; the session is then CLOSED.
        """
        if self._events:
            return self._events.popleft()
        raw = self._next_frame()
        return None if raw is None else self._read(raw)

    def next_deadline(self) -> float | None:
        """When `on_time` wants to be called at the latest; None when nothing is waited for."""
        if self.state is State.CLOSED:
            return None
        deadlines = [next(iter(asked.values())).deadline for asked in (self._messages, self._links) if asked]
        if self.state is State.OPEN:
            deadlines.append(self._bind_by)
        elif self.state in tables.BOUND and not self._links:
            deadlines.append(self._heard + self._timers.enquire_after)
        return min(deadlines, default=None)

    def on_time(self, now: float) -> bytes:
        """Let time pass: queue the events of what ran out, and return the enquire_link to send, if any."""
        for sequence, asked in _due(self._messages, now):
            del self._messages[sequence]
            self._late[sequence] = asked
            self._events.append(event.Unanswered(token=asked.token))
        while len(self._late) > _REMEMBERED_LATE:
            del self._late[next(iter(self._late))]
        for sequence, asked in _due(self._links, now):
            del self._links[sequence]
            if asked.command in tables.QUESTIONS:
                self._events.append(event.Unanswered(token=asked.token))
            else:
                self._events.append(event.Silent(command=asked.command))
        if self.state is State.OPEN and now >= self._bind_by:
            self._bind_by = float("inf")
            self._events.append(event.Silent(command=None))
        if self.state in tables.BOUND and not self._links and now >= self._heard + self._timers.enquire_after:
            return self.send(pdu.EnquireLink(), now)
        return b""

    def close(self) -> list[object]:
        """The connection is gone: the tokens of the messages that were sent and never answered."""
        self.state = State.CLOSED
        questions = [asked for asked in self._links.values() if asked.command in tables.QUESTIONS]
        lost = [asked.token for asked in (*self._messages.values(), *questions)]
        for asked in (self._messages, self._links, self._late):
            asked.clear()
        return lost

    def _next_sequence(self) -> int:
        while True:
            self._sequence = self._sequence % _MAX_SEQUENCE + 1
            if self._sequence not in self._messages and self._sequence not in self._links:
                self._late.pop(self._sequence, None)
                return self._sequence

    def _move(self, command: int) -> None:
        if command not in _STILL:
            self.state = tables.next_state(self.state, Command(command))

    def _next_frame(self) -> bytes | None:
        buffer = self._buffer
        if len(buffer) < 4 or self._state is State.CLOSED:
            return None
        length = int.from_bytes(buffer[:4], "big")
        if not codec.HEADER_SIZE <= length <= codec.MAX_SIZE:
            self.state = State.CLOSED
            raise RemoteProtocolError("command_length cannot be", status=status.INVALID_COMMAND_LENGTH)
        if len(buffer) < length:
            return None
        raw = bytes(buffer[:length])
        del buffer[:length]
        return raw

    def _read(self, raw: bytes) -> event.Event:
        _, command, code, sequence = codec.read_header(raw)
        if command & pdu.RESPONSE:
            return self._read_response(raw, command, code, sequence)
        try:
            body = cast("pdu.Request", codec.decode_body(command, raw[codec.HEADER_SIZE :]))
        except RemoteProtocolError as error:
            return event.Wrong(
                sequence=sequence, command=command, status=error.status, reason=str(error), raw=raw
            )
        asked = _NAMED[command]  # whatever could be read has a name
        # While we unbind, what the peer asked before it knew is still worth an answer.
        if asked not in self._peer_may and self.state is not State.UNBINDING:
            code = (
                status.ALREADY_BOUND
                if asked in pdu.BINDS and self.state in tables.BOUND
                else status.WRONG_BIND_STATE
            )
            reason = f"{asked.name} is not the peer's to send while {self.state.value}"
            return event.Wrong(sequence=sequence, command=command, status=code, reason=reason, raw=raw)
        self._move(asked)
        return event.Requested(sequence=sequence, body=body, raw=raw)

    def _read_response(self, raw: bytes, command: int, code: int, sequence: int) -> event.Event:
        for held, late in ((self._messages, False), (self._links, False), (self._late, True)):
            asked = held.get(sequence)
            if asked is not None and command in (asked.command | pdu.RESPONSE, _NACK):
                del held[sequence]
                body = _response_body(command, raw, asked.command)
                if code == status.OK:
                    self._move(command)
                return event.Answered(
                    token=asked.token, command=asked.command, status=code, body=body, late=late, raw=raw
                )
        return event.Stray(command=command, status=code)


_NACK = int(Command.GENERIC_NACK)
_NAMED = {int(one): one for one in Command}
# Messages and their answers lead nowhere.
_STILL = frozenset({int(one) for one in tables.MESSAGES} | {one | pdu.RESPONSE for one in tables.MESSAGES})
_RESPONDS = tables.MESSAGES | tables.QUESTIONS | tables.LINK | pdu.BINDS


def _due(asked: dict[int, _Asked], now: float) -> list[tuple[int, _Asked]]:
    due: list[tuple[int, _Asked]] = []
    for sequence, held in asked.items():
        if held.deadline > now:
            break
        due.append((sequence, held))
    return due


def _response_body(command: int, raw: bytes, asked: Command) -> pdu.Response:
    # The status is the answer; a body that cannot be read takes nothing away from it but the id.
    try:
        return cast("pdu.Response", codec.decode_body(command, raw[codec.HEADER_SIZE :]))
    except RemoteProtocolError:
        return pdu.SubmitSmResp() if asked is Command.SUBMIT_SM else pdu.GenericNack()
