"""The states of a session, and the two tables that say what may be asked in each and what leads to the next.

Rule 1: everything that affects the state lives in this file.
Rule 2: the tables do not know which side we are; both sides read the same rows.
The picture in docs/reference/channels.md is drawn from them by `picture`.
"""

from __future__ import annotations

from enum import Enum

from duly.wire.smpp import pdu
from duly.wire.smpp.pdu import Command


class Role(Enum):
    """Which side we are."""

    ESME = "esme"  # the client, who sends messages
    SMSC = "smsc"  # the carrier


class State(Enum):
    """Section 2.2, and UNBINDING while an unbind waits for its answer."""

    OPEN = "open"
    BOUND_TX = "bound_tx"
    BOUND_RX = "bound_rx"
    BOUND_TRX = "bound_trx"
    UNBINDING = "unbinding"
    UNBOUND = "unbound"
    CLOSED = "closed"


BOUND = frozenset({State.BOUND_TX, State.BOUND_RX, State.BOUND_TRX})

LINK = frozenset({Command.ENQUIRE_LINK, Command.UNBIND})
# Asked about a message and about nothing else: no answer says nothing of the link.
QUESTIONS = frozenset({Command.QUERY_SM})
_SUBMIT = frozenset({Command.SUBMIT_SM, Command.DATA_SM})
_DELIVER = frozenset({Command.DELIVER_SM, Command.DATA_SM, Command.ALERT_NOTIFICATION})
_NOTHING: frozenset[Command] = frozenset()

# Section 2.3, table 2-1: the requests each side may make in each state.
MAY_REQUEST: dict[tuple[State, Role], frozenset[Command]] = {
    (State.OPEN, Role.ESME): pdu.BINDS,
    (State.OPEN, Role.SMSC): frozenset({Command.OUTBIND}),
    (State.BOUND_TX, Role.ESME): _SUBMIT | QUESTIONS | LINK,
    (State.BOUND_TX, Role.SMSC): LINK,
    (State.BOUND_RX, Role.ESME): LINK,
    (State.BOUND_RX, Role.SMSC): _DELIVER | LINK,
    (State.BOUND_TRX, Role.ESME): _SUBMIT | QUESTIONS | LINK,
    (State.BOUND_TRX, Role.SMSC): _DELIVER | LINK,
    # Whoever unbinds asks for nothing more; what the other side had already sent is still on the wire.
    (State.UNBINDING, Role.ESME): _NOTHING,
    (State.UNBINDING, Role.SMSC): _NOTHING,
    (State.UNBOUND, Role.ESME): _NOTHING,
    (State.UNBOUND, Role.SMSC): _NOTHING,
    (State.CLOSED, Role.ESME): _NOTHING,
    (State.CLOSED, Role.SMSC): _NOTHING,
}

# What a command does to the state, whoever sends it; a response counts only with status 0.
TRANSITIONS: dict[tuple[State, Command], State] = {
    (State.OPEN, Command.BIND_TRANSMITTER_RESP): State.BOUND_TX,
    (State.OPEN, Command.BIND_RECEIVER_RESP): State.BOUND_RX,
    (State.OPEN, Command.BIND_TRANSCEIVER_RESP): State.BOUND_TRX,
    (State.BOUND_TX, Command.UNBIND): State.UNBINDING,
    (State.BOUND_RX, Command.UNBIND): State.UNBINDING,
    (State.BOUND_TRX, Command.UNBIND): State.UNBINDING,
    (State.UNBINDING, Command.UNBIND_RESP): State.UNBOUND,
}

# Requests that carry a message: they alone take a place in the window.
MESSAGES = frozenset({Command.SUBMIT_SM, Command.DELIVER_SM, Command.DATA_SM})
# Requests that nobody answers: sections 4.1.7 and 4.12.1.
UNANSWERED = frozenset({Command.OUTBIND, Command.ALERT_NOTIFICATION})


def next_state(state: State, command: Command) -> State:
    """Where a command leads that was sent or heard; most lead nowhere."""
    return TRANSITIONS.get((state, command), state)


def may_ask(state: State, role: Role, command: Command) -> bool:
    """Whether this side may make this request now."""
    return command in MAY_REQUEST[state, role]


def other(role: Role) -> Role:
    """The side across the wire."""
    return Role.SMSC if role is Role.ESME else Role.ESME


def picture() -> str:
    """The tables as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.OPEN.value}"]
    lines += [
        f"    {before.value} --> {after.value}: {command.name.lower()}"
        for (before, command), after in TRANSITIONS.items()
    ]
    lines += [f"    {State.UNBOUND.value} --> {State.CLOSED.value}: connection closed", ""]
    return "\n".join(lines)
