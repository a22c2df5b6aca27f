"""What another system did before this one took over: which kinds of thing, and how well each is shown.

We did not witness any of it. A row of the old system is somebody's word, and it shows no more than what was kept
beside it; so whoever counts a row for something asks here what it shows.
Refuses to make an assertion into proof: what nobody can show arrived was, at most, attempted.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from duly.model.notice import Grade


class PastKind(Enum):
    """What happened."""

    ATTEMPT = "attempt"  # a call that was tried, or something that was sent
    CONVERSATION = "conversation"  # somebody was spoken to
    NOTICE = "notice"  # a notice with a name
    DEMAND = "demand"  # a demand for payment, which may start a limitation period anew
    OPT_OUT = "opt_out"
    COMPLAINT = "complaint"
    DISPUTE = "dispute"
    PROMISE = "promise"
    ACKNOWLEDGEMENT = "acknowledgement"  # of the debt
    AGREEMENT = "agreement"  # on a plan of payments
    RECORDING = "recording"  # where a recording is kept


class Proof(Enum):
    """What there is to show for a row, besides the row."""

    ASSERTED = "asserted"  # nothing
    RECEIPT = "receipt"  # a carrier's receipt
    ACKNOWLEDGED = "acknowledged"  # the debtor's own word or signature
    RECORDING = "recording"  # a recording of what was said


class Result(Enum):
    """What came of an attempt."""

    SENT = "sent"
    REFUSED = "refused"  # it never left
    FAILED = "failed"
    DELIVERED = "delivered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    VOICEMAIL = "voicemail"
    ANSWERED = "answered"
    WRONG_NUMBER = "wrong_number"


# These are contacts with somebody, which caps count.
CONTACTS = frozenset({PastKind.ATTEMPT, PastKind.CONVERSATION, PastKind.NOTICE, PastKind.DEMAND})

# What each kind must name. Whoever promised is a person, and he promised on an account.
NEEDS: Mapping[PastKind, tuple[str, ...]] = {
    PastKind.ATTEMPT: ("channel",),
    PastKind.CONVERSATION: ("channel",),
    PastKind.NOTICE: ("person", "account", "channel", "notice"),
    PastKind.DEMAND: ("person", "account", "channel", "arrival"),
    PastKind.OPT_OUT: (),  # a person, or a number alone: lists of those who are not to be written to hold no names
    PastKind.COMPLAINT: (),
    PastKind.DISPUTE: (),
    PastKind.PROMISE: ("person", "account"),
    PastKind.ACKNOWLEDGEMENT: ("person", "account"),
    PastKind.AGREEMENT: ("person", "account"),
    PastKind.RECORDING: ("proof_ref",),
}

# What shows that the debtor said so himself; a carrier's receipt shows that something arrived, not what he said.
OWN_WORD = frozenset({Proof.ACKNOWLEDGED, Proof.RECORDING})

# What the lender may let count as proof that a stage was done before.
ACCEPTED_BY_DEFAULT = frozenset({Proof.RECEIPT, Proof.ACKNOWLEDGED, Proof.RECORDING})


def shown(proof: Proof, arrival: Grade | None) -> Grade:
    """The grade of arrival that a row shows, of what it says: never a better one than its proof bears."""
    if arrival is None or proof is Proof.ASSERTED:
        return Grade.ATTEMPTED
    if proof is Proof.RECEIPT and arrival is Grade.ACKNOWLEDGED:
        return Grade.DELIVERED
    return arrival
