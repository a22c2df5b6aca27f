"""The words that are recorded — states, events, outcomes, codes — said so that a door can translate them.

English shows each as it is recorded, underscores and all, because that is what one searches for and what JSON has;
the catalogues give each its name in another language.
Refuses to touch what the user named: stages, notices, routes and people stay as they are written.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence

from duly.model.said import Said, say

_SAID: tuple[Said, ...] = (
    # Channels and what a halt may cover.
    say("sms"),
    say("email"),
    say("letter"),
    say("voice"),
    say("all"),
    say("creditor"),
    say("channel"),
    say("route"),
    say("stage"),
    say("template"),
    # What becomes of an account on a day (plan.code.Outcome).
    say("send"),
    say("hold"),
    say("wait"),
    say("paused"),
    say("cured"),
    say("nothing_due"),
    say("closed"),
    say("not_liable"),
    # And why (plan.code.Code).
    say("first_notice"),
    say("repeat"),
    say("fallback"),
    say("rest_of_step"),
    say("receipt_outstanding"),
    say("handover_unsure"),
    say("repeat_not_due"),
    say("deadline_running"),
    say("said_once"),
    say("joins_next_occurrence"),
    say("one_notice_a_day"),
    say("tried_today"),
    say("higher_stage_today"),
    say("stage_not_reached"),
    say("not_on_list"),
    say("limit_not_near"),
    say("earlier_not_served"),
    say("earlier_deadline_open"),
    say("last_stage_done"),
    say("action_due"),
    say("with_counsel"),
    say("next_window"),
    say("no_room_today"),
    say("no_segment"),
    say("no_contact_point"),
    say("no_route"),
    say("no_template"),
    say("no_name"),
    say("text_refused"),
    say("approval_missing"),
    say("law_holds"),
    say("law_forbids"),
    say("fact_missing"),
    say("below_stage"),
    say("cooling_off"),
    say("paid"),
    say("nothing_overdue"),
    say("below_tolerance"),
    say("account_closed"),
    say("case_closed"),
    # What became of a hand-over, of a message that was not handed over, and of one that was.
    say("accepted"),
    say("refused"),
    say("unsure"),
    say("returned"),
    say("dropped"),
    say("expired"),
    say("superseded"),
    say("delivered"),
    say("failed"),
    say("unknown"),
    # How we know it (channels.inbound.Provenance), and where an event of the book came from.
    say("signed"),
    say("session"),
    say("address_only"),
    say("file"),
    say("confirmed"),
    say("reply"),
    say("receipt"),
    say("operator"),
    # What happens to the book after it was loaded.
    say("payment"),
    say("reversal"),
    say("hold_set"),
    say("hold_lifted"),
    say("contact_state"),
    say("consent"),
    say("balance"),
    say("status"),
    say("suit_list"),
    # What a reply was read as (text.intent.Kind), and what holds an account (model.account.HoldKind).
    say("stop"),
    say("start"),
    say("wrong_number"),
    say("promise"),
    say("dispute"),
    say("hardship"),
    say("help"),
    say("lawyer"),
    say("complaint"),
    say("abusive"),
    say("bankruptcy"),
    say("deceased"),
    say("represented"),
    say("cease"),
    say("payment_in_flight"),
    say("amount_disagrees"),
    say("feed_stale"),
    say("time_barred"),
    say("guarantee_released"),
    say("manual"),
    # Cases and stages (model.case).
    say("none"),
    say("open"),
    say("waiting"),
    say("served"),
    say("closed_unserved"),
    say("lapsed"),
    say("first_unpaid"),
    say("cure"),
    say("reached"),
    say("service"),
    say("deadline_passed"),
    say("unserved"),
    say("due_date"),
    say("retracted"),
    say("arrived"),
    say("paid_early"),
    say("joined"),
    say("join"),
    say("part"),
    say("re_entry"),
    say("receipt_corrected"),
    # Why the gate let a message go no further (run.ruling).
    say("forged"),
    say("already_left"),
    say("planned_again"),
    say("withdrawn"),
    say("not_after_passed"),
    say("paid_since"),
    say("debt_changed"),
    say("held_since"),
    say("contact_changed"),
    say("consent_changed"),
    say("book_changed"),
    say("law"),
    # The clocks of limitation and guarantee: whose, where they stand, and what restarted them (law.limitation).
    say("running"),
    say("kept"),
    say("perhaps"),
    say("barred"),
    say("limitation"),
    say("guarantee"),
    say("borrower"),
    say("co_borrower"),
    say("guarantor_joint"),
    say("guarantor_general"),
    say("demand_arrived"),
    say("demand_to_agreed_address"),
    say("security"),
    say("deduction"),
    say("public_notice"),
    say("suit"),
    say("proceedings"),
    say("mediation"),
    say("assignment_notice"),
    # What another system says happened, what there is to show for it, and how far it came (model.past).
    say("imported"),
    say("earlier_system"),
    say("attempt"),
    say("conversation"),
    say("notice"),
    say("demand"),
    say("opt_out"),
    say("acknowledgement"),
    say("agreement"),
    say("recording"),
    say("asserted"),
    say("acknowledged"),
    say("attempted"),
    say("agreed_address"),
    say("deemed_by_rule"),
    say("sent"),
    say("no_answer"),
    say("busy"),
    say("voicemail"),
    say("answered"),
    # How well a rule was read, and what became of a check of the evidence (evidence.report).
    say("draft"),
    say("verified"),
    say("integrity only"),
    # What an entry of the evidence is about (evidence.kinds), where the same word does not stand above.
    say("load"),
    say("decisions"),
    say("approval"),
    say("adoption"),
    say("halt"),
    say("resume"),
    say("key"),
    say("anchor"),
    say("erasure"),
    say("permit"),
    say("answer"),
    say("wake"),
    say("doubt_resolved"),
    say("expiry"),
    # What is approved (model.approval.Subject).
    say("strategy"),
    say("templates"),
    say("packs"),
    say("destinations"),
    say("channels"),
    say("settings"),
)

_BY_WORD: Mapping[str, Said] = {str(one): one for one in _SAID}


def said(word: str) -> str:
    """The word, translatable if it is one of ours; any other as it is."""
    return _BY_WORD.get(word, word)


def listed(recorded: Iterable[str]) -> str:
    """Several of them in one line; a word with a detail (`hold_set:dispute`) is told as two."""
    return together([said(part) for word in recorded for part in word.split(":")])


def together(sentences: Sequence[str]) -> str:
    """Several things said in one line, each still translatable."""
    if not sentences:
        return ""
    return functools.reduce(lambda told, more: say("{told}; {more}", told=told, more=more), sentences)
