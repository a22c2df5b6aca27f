"""What a command_status means for the message it answers.

The table is section 5.1.3, table 5-2 of the specification; the class is ours. A refusal is definite: the
carrier answered, so nothing of the message is with it. Refuses to call an unknown code temporary: a message
that nobody can say anything about is not tried again by itself.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Class(Enum):
    """What to do after an answer."""

    ACCEPTED = "accepted"
    REFUSED_RETRY = "refused_retry"  # not now, or not over this session
    REFUSED_FINAL = "refused_final"  # the same message would be refused again
    THROTTLED = "throttled"  # not so fast: refused, to be tried again, and slower


class Status(NamedTuple):
    """One row of the table."""

    code: int
    name: str
    means: str
    outcome: Class


OK = 0x00
INVALID_MESSAGE_LENGTH = 0x01
INVALID_COMMAND_LENGTH = 0x02
INVALID_COMMAND = 0x03
WRONG_BIND_STATE = 0x04
ALREADY_BOUND = 0x05
SYSTEM_ERROR = 0x08
INVALID_DESTINATION = 0x0B
BIND_FAILED = 0x0D
INVALID_PASSWORD = 0x0E
INVALID_SYSTEM_ID = 0x0F
QUEUE_FULL = 0x14
THROTTLED = 0x58
TEMPORARY_RECEIVER_ERROR = 0x64
QUERY_FAILED = 0x67
INVALID_TLV_STREAM = 0xC0
INVALID_TLV_LENGTH = 0xC2

_FINAL, _RETRY, _SLOWER = Class.REFUSED_FINAL, Class.REFUSED_RETRY, Class.THROTTLED

_ROWS = (
    Status(OK, "ESME_ROK", "no error", Class.ACCEPTED),
    Status(INVALID_MESSAGE_LENGTH, "ESME_RINVMSGLEN", "message length is invalid", _FINAL),
    Status(INVALID_COMMAND_LENGTH, "ESME_RINVCMDLEN", "command length is invalid", _FINAL),
    Status(INVALID_COMMAND, "ESME_RINVCMDID", "invalid command id", _FINAL),
    Status(WRONG_BIND_STATE, "ESME_RINVBNDSTS", "incorrect bind status for the command", _RETRY),
    Status(ALREADY_BOUND, "ESME_RALYBND", "already bound", _RETRY),
    Status(0x06, "ESME_RINVPRTFLG", "invalid priority flag", _FINAL),
    Status(0x07, "ESME_RINVREGDLVFLG", "invalid registered delivery flag", _FINAL),
    Status(SYSTEM_ERROR, "ESME_RSYSERR", "system error", _RETRY),
    Status(0x0A, "ESME_RINVSRCADR", "invalid source address", _FINAL),
    Status(INVALID_DESTINATION, "ESME_RINVDSTADR", "invalid destination address", _FINAL),
    Status(0x0C, "ESME_RINVMSGID", "message id is invalid", _FINAL),
    Status(BIND_FAILED, "ESME_RBINDFAIL", "bind failed", _RETRY),
    Status(INVALID_PASSWORD, "ESME_RINVPASWD", "invalid password", _FINAL),
    Status(INVALID_SYSTEM_ID, "ESME_RINVSYSID", "invalid system id", _FINAL),
    Status(0x11, "ESME_RCANCELFAIL", "cancel failed", _FINAL),
    Status(0x13, "ESME_RREPLACEFAIL", "replace failed", _FINAL),
    Status(QUEUE_FULL, "ESME_RMSGQFUL", "message queue full", _SLOWER),
    Status(0x15, "ESME_RINVSERTYP", "invalid service type", _FINAL),
    Status(0x33, "ESME_RINVNUMDESTS", "invalid number of destinations", _FINAL),
    Status(0x34, "ESME_RINVDLNAME", "invalid distribution list name", _FINAL),
    Status(0x40, "ESME_RINVDESTFLAG", "invalid destination flag", _FINAL),
    Status(0x42, "ESME_RINVSUBREP", "invalid submit with replace", _FINAL),
    Status(0x43, "ESME_RINVESMCLASS", "invalid esm_class", _FINAL),
    Status(0x44, "ESME_RCNTSUBDL", "cannot submit to a distribution list", _FINAL),
    Status(0x45, "ESME_RSUBMITFAIL", "submit failed", _FINAL),
    Status(0x48, "ESME_RINVSRCTON", "invalid source type of number", _FINAL),
    Status(0x49, "ESME_RINVSRCNPI", "invalid source numbering plan", _FINAL),
    Status(0x50, "ESME_RINVDSTTON", "invalid destination type of number", _FINAL),
    Status(0x51, "ESME_RINVDSTNPI", "invalid destination numbering plan", _FINAL),
    Status(0x53, "ESME_RINVSYSTYP", "invalid system type", _FINAL),
    Status(0x54, "ESME_RINVREPFLAG", "invalid replace_if_present flag", _FINAL),
    Status(0x55, "ESME_RINVNUMMSGS", "invalid number of messages", _FINAL),
    Status(THROTTLED, "ESME_RTHROTTLED", "allowed message rate exceeded", _SLOWER),
    Status(0x61, "ESME_RINVSCHED", "invalid scheduled delivery time", _FINAL),
    Status(0x62, "ESME_RINVEXPIRY", "invalid validity period", _FINAL),
    Status(0x63, "ESME_RINVDFTMSGID", "invalid predefined message", _FINAL),
    Status(TEMPORARY_RECEIVER_ERROR, "ESME_RX_T_APPN", "temporary error at the receiver", _RETRY),
    Status(0x65, "ESME_RX_P_APPN", "permanent error at the receiver", _FINAL),
    Status(0x66, "ESME_RX_R_APPN", "rejected by the receiver", _FINAL),
    Status(QUERY_FAILED, "ESME_RQUERYFAIL", "query failed", _FINAL),
    Status(INVALID_TLV_STREAM, "ESME_RINVOPTPARSTREAM", "error in the optional part of the body", _FINAL),
    Status(0xC1, "ESME_ROPTPARNOTALLWD", "optional parameter not allowed", _FINAL),
    Status(INVALID_TLV_LENGTH, "ESME_RINVPARLEN", "invalid parameter length", _FINAL),
    Status(0xC3, "ESME_RMISSINGOPTPARAM", "optional parameter missing", _FINAL),
    Status(0xC4, "ESME_RINVOPTPARAMVAL", "invalid optional parameter value", _FINAL),
    Status(0xFE, "ESME_RDELIVERYFAILURE", "delivery failure", _FINAL),
    Status(0xFF, "ESME_RUNKNOWNERR", "unknown error", _FINAL),
    # Version 5.0, section 4.7.6, table 4-45; carriers of that version answer with these to a 3.4 client too.
    Status(0x100, "ESME_RSERTYPUNAUTH", "not authorised to use this service type", _FINAL),
    Status(0x101, "ESME_RPROHIBITED", "prohibited from this operation", _FINAL),
    Status(0x102, "ESME_RSERTYPUNAVAIL", "the service type is unavailable", _RETRY),
    Status(0x103, "ESME_RSERTYPDENIED", "the service type is denied", _FINAL),
    Status(0x104, "ESME_RINVDCS", "invalid data coding", _FINAL),
    Status(0x105, "ESME_RINVSRCADDRSUBUNIT", "invalid source address subunit", _FINAL),
    Status(0x106, "ESME_RINVDSTADDRSUBUNIT", "invalid destination address subunit", _FINAL),
)

TABLE = {row.code: row for row in _ROWS}


def look_up(code: int) -> Status:
    """The row of a code; an unknown one is a final refusal under its number."""
    return TABLE.get(code) or Status(code, f"0x{code:08x}", "a code of the carrier's own", _FINAL)
