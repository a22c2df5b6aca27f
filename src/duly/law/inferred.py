"""What a question's own history and consents say, where it does not state it itself: a refusal, a number, two consents.

A question tells of an opt-out as something that happened and of a consent as a record; rules ask for the state
and for the flag. Each is inferred only where nothing else is stated, and never against what is.
"""

from __future__ import annotations

import dataclasses

from duly.law import clocks, values

_REFUSED, _NO_WORK = "medium_opt_out", {"no_work_contact", "no_work_contact_written"}
_TO_MACHINES = frozenset({"prior_express", "direct", "separate"})
_DAYS = 7  # of a consent to a call, its day the first: 12 CFR 1006.14(b)(3)(i)


def complete(act: values.Act, *, stated: frozenset[str]) -> values.Act:
    """The act with what follows from its history and consents; `stated` are the facts the question states."""
    further = dict(act.facts)
    if act.consents is not None and act.channel:
        serving = [one for one in act.consents if _stands(one, act)]
        if "machine_call_consent" not in stated:
            further["machine_call_consent"] = any(one.basis in _TO_MACHINES for one in serving)
        if "court_permission" not in stated and any(one.basis == "court_permission" for one in serving):
            further["court_permission"] = True
        if "call_consent_7d" not in stated:
            further["call_consent_7d"] = any(
                one.basis == "direct" and _is_recent(one, act) for one in serving
            )
    number = act.number
    if not number and "number" not in stated:
        number = _only_number(act)
    states = act.states
    if states is not None and states.isdisjoint(_NO_WORK) and _has_refused(act):
        states = states | {_REFUSED}
    return dataclasses.replace(act, facts=further, number=number, states=states)


def _stands(consent: values.Consent, act: values.Act) -> bool:
    begun = consent.given <= act.at and consent.channel in ("", act.channel)
    return begun and (consent.revoked is None or consent.revoked > act.at)


def _is_recent(consent: values.Consent, act: values.Act) -> bool:
    """Whether it was given on the day of the act or one of the six before, in every zone the debtor may be in."""
    at, given = clocks.instant(act.at), clocks.instant(consent.given)
    zones = {*act.zones, *act.number_zones}
    days = [(clocks.local(at, zone).date() - clocks.local(given, zone).date()).days for zone in zones]
    return bool(days) and max(days) < _DAYS


def _only_number(act: values.Act) -> str | None:
    """The number of the history where it names one only; with no contact in it, some number."""
    found = {
        event.number for event in act.history if values.is_contact(event.kind) and event.person == act.person
    }
    if len(found) > 1:
        return None
    return found.pop() if found else act.person


def _has_refused(act: values.Act) -> bool:
    """Whether the debtor refused the act's channel, and has consented to it by nothing since."""
    refused = [
        event.at
        for event in act.history
        if event.kind == "opt_out"
        and event.channel == act.channel
        and event.person == act.person
        and event.at <= act.at
    ]
    last = max(refused, default=None)
    return last is not None and not any(
        consent.given > last and _stands(consent, act) for consent in act.consents or ()
    )
