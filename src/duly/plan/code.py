"""Why something is done, or not done: the closed list of what a plan can say of a person and an account.

Every decision carries one `Outcome` and one `Code`; `explain` has a sentence for each, and nothing else
in the plan invents a reason. Refuses free text: a reason that cannot be counted cannot be watched.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Outcome(Enum):
    """What becomes of an account today, for one person."""

    SEND = "send"
    HOLD = "hold"
    WAIT = "wait"
    PAUSED = "paused"
    CURED = "cured"
    NOTHING_DUE = "nothing_due"
    CLOSED = "closed"
    NOT_LIABLE = "not_liable"


class Code(Enum):
    """Why."""

    # Something is due.
    FIRST_NOTICE = "first_notice"  # the stage has begun and nothing of it has left yet
    REPEAT = "repeat"
    FALLBACK = "fallback"  # what was tried before ended without arriving
    REST_OF_STEP = "rest_of_step"  # another channel of the same step left; this one has not yet

    # Something will be due, or is being waited for.
    RECEIPT_OUTSTANDING = "receipt_outstanding"
    HANDOVER_UNSURE = "handover_unsure"
    REPEAT_NOT_DUE = "repeat_not_due"
    DEADLINE_RUNNING = "deadline_running"
    SAID_ONCE = "said_once"  # no repeat, no deadline: the stage has nothing more to say
    JOINS_NEXT_OCCURRENCE = "joins_next_occurrence"
    ONE_NOTICE_A_DAY = "one_notice_a_day"
    TRIED_TODAY = "tried_today"
    HIGHER_STAGE_TODAY = "higher_stage_today"
    STAGE_NOT_REACHED = "stage_not_reached"
    NOT_ON_LIST = "not_on_list"
    LIMIT_NOT_NEAR = "limit_not_near"  # the stage keeps a claim alive, and there is time enough
    EARLIER_NOT_SERVED = "earlier_not_served"
    EARLIER_DEADLINE_OPEN = "earlier_deadline_open"
    LAST_STAGE_DONE = "last_stage_done"
    ACTION_DUE = "action_due"
    WITH_COUNSEL = "with_counsel"
    NEXT_WINDOW = "next_window"  # lawful, but not at any instant that is left today
    NO_ROOM_TODAY = "no_room_today"  # the route is full until the window ends

    # Something is due and may not be done.
    NO_SEGMENT = "no_segment"
    NO_CONTACT_POINT = "no_contact_point"
    NO_ROUTE = "no_route"
    NO_TEMPLATE = "no_template"
    NO_NAME = "no_name"
    TEXT_REFUSED = "text_refused"
    APPROVAL_MISSING = "approval_missing"
    LAW_HOLDS = "law_holds"
    LAW_FORBIDS = "law_forbids"
    FACT_MISSING = "fact_missing"

    # Nothing is owed now, or nothing by notices.
    BELOW_STAGE = "below_stage"  # a part payment brought the delay below the stage: repeats rest
    COOLING_OFF = "cooling_off"  # the account was cured a few days ago, and what is unpaid again may wait
    PAID = "paid"
    NOTHING_OVERDUE = "nothing_overdue"
    BELOW_TOLERANCE = "below_tolerance"
    ACCOUNT_CLOSED = "account_closed"
    CASE_CLOSED = "case_closed"
    NOT_LIABLE = "not_liable"


_BY_OUTCOME: Mapping[Outcome, tuple[Code, ...]] = {
    Outcome.SEND: (Code.FIRST_NOTICE, Code.REPEAT, Code.FALLBACK, Code.REST_OF_STEP),
    Outcome.WAIT: (
        Code.RECEIPT_OUTSTANDING,
        Code.HANDOVER_UNSURE,
        Code.REPEAT_NOT_DUE,
        Code.DEADLINE_RUNNING,
        Code.SAID_ONCE,
        Code.JOINS_NEXT_OCCURRENCE,
        Code.ONE_NOTICE_A_DAY,
        Code.TRIED_TODAY,
        Code.HIGHER_STAGE_TODAY,
        Code.STAGE_NOT_REACHED,
        Code.NOT_ON_LIST,
        Code.LIMIT_NOT_NEAR,
        Code.EARLIER_NOT_SERVED,
        Code.EARLIER_DEADLINE_OPEN,
        Code.LAST_STAGE_DONE,
        Code.ACTION_DUE,
        Code.WITH_COUNSEL,
        Code.NEXT_WINDOW,
        Code.NO_ROOM_TODAY,
    ),
    Outcome.HOLD: (
        Code.NO_SEGMENT,
        Code.NO_CONTACT_POINT,
        Code.NO_ROUTE,
        Code.NO_TEMPLATE,
        Code.NO_NAME,
        Code.TEXT_REFUSED,
        Code.APPROVAL_MISSING,
        Code.LAW_HOLDS,
        Code.LAW_FORBIDS,
        Code.FACT_MISSING,
    ),
    Outcome.PAUSED: (Code.BELOW_STAGE, Code.COOLING_OFF),
    Outcome.CURED: (Code.PAID,),
    Outcome.NOTHING_DUE: (Code.NOTHING_OVERDUE, Code.BELOW_TOLERANCE),
    Outcome.CLOSED: (Code.ACCOUNT_CLOSED, Code.CASE_CLOSED),
    Outcome.NOT_LIABLE: (Code.NOT_LIABLE,),
}

# A code has one outcome, so a frame needs to say only the code.
OUTCOME: Mapping[Code, Outcome] = {code: outcome for outcome, codes in _BY_OUTCOME.items() for code in codes}
