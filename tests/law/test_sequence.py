"""What must have happened first, what must not have, and consents: both sides of each boundary, in both readings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from duly.law import calendars, columnar, decide, frames, values
from duly.law.pack import Pack
from tests.law import samples
from tests.law.samples import SHANGHAI

HOURS = samples.rule(
    "s.hours",
    "time_window",
    "allow: [{from: 00:00, to: 24:00, from_incl: true, to_incl: false}], zone: {basis: fixed, name: UTC}",
    head="permits: true",
)
CALENDAR = """
- id: s.days
  type: parameter
  jurisdiction: XX
  authority: statute
  effect: deny
  title: {zh: 日历, en: days}
  versions:
    - from: 2026-01-01
      until: 2026-12-31
      status: in_force
      reading: draft
      value: {weekend: [sat, sun], holidays: [2026-10-01, 2026-10-02], working: [2026-10-10]}
      unit: calendar
      cite: {instrument: a text, tier: mem}
"""
FIXED = "zone: {basis: fixed, name: Asia/Shanghai}"


def wait(n: int | str, counts: str = "false", since: str = "sent", day_type: str = "calendar") -> str:
    """The days that must have run out."""
    return f"min_elapsed: {{n: {n}, day_type: {day_type}, event_day_counts: {counts}, from: {since}}}"


def before(body: str, *, must_exist: bool = True) -> Pack:
    """A pack that bars suit by one precedence."""
    said = f"must_exist: {str(must_exist).lower()}, blocks: [sue], {FIXED}, {body}"
    return samples.written(HOURS + samples.rule("s.rule", "precedence", said) + CALENDAR)


def ask(pack: Pack, act: values.Act) -> tuple[str, datetime | None, list[str], list[tuple[str, str]]]:
    """Kind, until, what blocks and what is in doubt, the same from both readings."""
    verdict = decide.decide(pack, act)
    plain = (
        verdict.kind.value,
        verdict.until,
        [reason.rule for reason in verdict.blocked_by],
        [(doubt.rule, doubt.fact) for doubt in verdict.in_doubt],
    )
    row = columnar.judge(pack, *frames.of_acts([act]), act.policy).row(0, named=True)
    columns = (
        row["verdict"],
        row["until"],
        [reason["rule"] for reason in row["blocked_by"]],
        [(doubt["rule"], doubt["fact"]) for doubt in row["in_doubt"]],
    )
    assert plain == columns
    return plain


def on(text: str) -> datetime:
    """A time in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def suit(at: str, *history: values.Contact, **changed: object) -> values.Act:
    """A suit."""
    return samples.act(at=on(at), action="sue", history=history, **changed)


FOURTEEN = "scope: [debt], event: [notice:default], " + wait(14, "%s")


@pytest.mark.parametrize(
    ("counts", "last", "first"),
    [("false", "2026-11-15 23:59:59", "2026-11-16"), ("true", "2026-11-14 23:59:59", "2026-11-15")],
    ids=["the day of the notice not counted", "the day of the notice counted"],
)
def test_fourteen_days_after_a_notice(counts: str, last: str, first: str) -> None:
    """A notice at noon on the 1st: the last second of the wait, and the first after it."""
    pack = before(FOURTEEN % counts)
    notice = samples.contact(on("2026-11-01 12:00:00"), "notice:default", channel="letter")

    assert ask(pack, suit(last, notice)) == ("hold", on(f"{first} 00:00:00"), ["s.rule"], [])
    assert ask(pack, suit(f"{first} 00:00:00", notice))[0] == "permit"


def test_no_notice_holds_without_an_end() -> None:
    """Time alone does not mend it, another kind of notice does not, and one about another debt does not."""
    pack = before(FOURTEEN % "false")
    day = on("2026-10-01 12:00:00")
    for other in (
        (),
        (samples.contact(day, "notice:other"),),
        (samples.contact(day, "notice:default", account="A2"),),
    ):
        assert ask(pack, suit("2026-11-20 09:00:00", *other)) == ("hold", None, ["s.rule"], [])


def test_each_debt_needs_its_own_notice() -> None:
    """A suit about two debts waits for the later of two notices."""
    pack = before(FOURTEEN % "false")
    first = samples.contact(on("2026-11-01 12:00:00"), "notice:default")
    second = samples.contact(on("2026-11-05 12:00:00"), "notice:default", account="A2")
    act = suit("2026-11-17 09:00:00", first, second, accounts=("A1", "A2"))

    assert ask(pack, act) == ("hold", on("2026-11-20 00:00:00"), ["s.rule"], [])
    assert ask(pack, replace(act, accounts=()))[3] == [("s.rule", "accounts")]


def test_the_reg_f_way_of_counting_after_a_conversation() -> None:
    """The day of the conversation is the first of seven: no call on the 7th, one on the 8th."""
    body = "event: [conversation], scope: [person, debt], " + wait(7, "true")
    pack = before(body, must_exist=False)
    talk = samples.contact(on("2026-11-01 10:00:00"), "conversation")

    assert ask(pack, suit("2026-11-07 23:59:59", talk)) == ("hold", on("2026-11-08 00:00:00"), ["s.rule"], [])
    assert ask(pack, suit("2026-11-08 00:00:00", talk))[0] == "permit"
    assert ask(pack, suit("2026-11-01 09:59:59", talk))[0] == "permit", "what comes later has not happened"


BUSINESS = "scope: [person], event: [message_sent], " + wait("%d", day_type="business, calendar: s.days")


def test_business_days_over_holidays_and_a_day_worked_in_exchange() -> None:
    """Sent on Wednesday 30 September: the holidays and the weekend fall out, Saturday the 10th counts."""
    sent = samples.contact(on("2026-09-30 12:00:00"), "message_sent")
    for days, free in ((1, "2026-10-06"), (5, "2026-10-10"), (6, "2026-10-11"), (7, "2026-10-13")):
        pack = before(BUSINESS % days)
        assert ask(pack, suit("2026-09-30 13:00:00", sent))[1] == on(f"{free} 00:00:00"), days
        assert ask(pack, suit(f"{free} 00:00:00", sent))[0] == "permit"


def test_a_day_no_calendar_knows_is_a_doubt_that_names_the_calendar() -> None:
    """Until the lender supplies the days."""
    pack, sent = before(BUSINESS % 3), samples.contact(on("2026-12-30 12:00:00"), "message_sent")
    act = suit("2027-01-20 09:00:00", sent)
    own = calendars.Days(
        since=date(2027, 1, 1),
        until=None,
        weekend=frozenset({5, 6}),
        holidays=frozenset({date(2027, 1, 1)}),
        working=frozenset(),
    )

    assert ask(pack, act) == ("hold", None, [], [("s.rule", "policy.s.days")])
    assert ask(pack, replace(act, policy={"s.days": own}))[0] == "permit"
    early = replace(act, at=on("2027-01-05 23:59:59"), policy={"s.days": own})
    assert ask(pack, early)[1] == on("2027-01-06 00:00:00")


def test_a_wait_from_the_date_on_the_document_needs_that_date() -> None:
    """Without it the rule is in doubt; a date before the sending frees nothing before the sending."""
    pack = before("scope: [person], event: [notice:claim], " + wait(30, since="document_date"))
    letter = samples.contact(on("2026-11-10 09:00:00"), "notice:claim")
    dated = replace(letter, dated=date(2026, 10, 1))

    assert ask(pack, suit("2026-12-20 09:00:00", letter)) == ("hold", None, [], [("s.rule", "document_date")])
    assert ask(pack, suit("2026-11-10 08:59:59", dated)) == (
        "hold",
        on("2026-11-10 09:00:00"),
        ["s.rule"],
        [],
    )
    assert ask(pack, suit("2026-11-10 09:00:00", dated))[0] == "permit"


def test_receipt_is_assumed_some_business_days_after_sending() -> None:
    """Sent on Wednesday 30 September, received on Monday the 5th, the day after which is the first of two."""
    pack = before(
        "scope: [person], event: [message_sent], min_elapsed: {n: 2, day_type: calendar, event_day_counts: false,"
        " from: received_assumed, receipt: {n: 1, day_type: business, calendar: s.days}}"
    )
    sent = samples.contact(on("2026-09-30 12:00:00"), "message_sent")

    assert ask(pack, suit("2026-10-07 23:59:59", sent))[1] == on("2026-10-08 00:00:00")
    assert ask(pack, suit("2026-10-08 00:00:00", sent))[0] == "permit"


def test_a_payment_is_no_contact_and_counts_against_no_cap() -> None:
    """It needs no number, and an act after ten payments is as free as after none."""
    cap = samples.rule(
        "s.cap",
        "rate_limit",
        f"max: 1, window: {{n: 24, unit: hours}}, counts: attempt, scope: [person],"
        f" pool_channels: [sms, voice], {FIXED}",
    )
    pack = samples.written(HOURS + cap)
    paid = [
        values.Contact(
            at=on(f"2026-11-23 0{n}:00:00"), kind=kind, channel="sms", person="P1", account="A1", number="n1"
        )
        for n, kind in enumerate(("payment", "promise", "dispute", "cease", "opt_out"))
    ]
    bare = values.Contact(
        at=on("2026-11-23 09:00:00"), kind="payment", channel="", person="P1", account="A1", number=""
    )

    assert ask(pack, samples.act(history=(*paid, bare)))[0] == "permit"
    assert ask(pack, samples.act(history=(*paid, samples.contact(on("2026-11-23 09:00:00")))))[0] == "hold"
    with pytest.raises(ValueError, match="a contact names"):
        replace(bare, kind="attempt")


# --- consents --------------------------------------------------------------------------------------

CONSENT = (
    "basis: [direct, used_with_collector], form: null, freshness: {n: 60, event_day_counts: true}, "
    f"revocation: {{scope: record}}, {FIXED}"
)


def asking(body: str = CONSENT) -> Pack:
    """A pack that asks for a consent."""
    return samples.written(HOURS + samples.rule("s.rule", "require_consent", body))


def given(at: str, **changed: object) -> values.Consent:
    """A consent given directly."""
    taken: dict[str, object] = {"basis": "direct", "given": on(at)} | changed
    return values.Consent(**taken)  # type: ignore[arg-type]


def with_consents(at: str, *consents: values.Consent) -> values.Act:
    """An SMS to somebody with these consents on record."""
    return samples.act(at=on(at), consents=consents)


def test_a_consent_is_fresh_on_its_sixtieth_day_and_not_on_the_next() -> None:
    """The day it was given is the first."""
    consent = given("2026-09-25 23:00:00")

    assert ask(asking(), with_consents("2026-11-23 23:59:59", consent))[0] == "permit"
    assert ask(asking(), with_consents("2026-11-24 00:00:00", consent)) == ("hold", None, ["s.rule"], [])


def test_only_the_bases_named_grow_old() -> None:
    """What was consented to directly stands on; the debtor's own use of the address is good for sixty days."""
    pack = asking(
        CONSENT.replace("event_day_counts: true", "event_day_counts: true, basis: [used_with_collector]")
    )
    at, stale = "2026-11-24 00:00:00", "2026-09-25 23:00:00"

    assert ask(pack, with_consents(at, given(stale, basis="used_with_collector")))[0] == "hold"
    assert (
        ask(pack, with_consents(at, given("2026-09-26 00:00:00", basis="used_with_collector")))[0] == "permit"
    )
    assert ask(pack, with_consents(at, given(stale)))[0] == "permit"


def test_a_consent_counts_from_its_own_second_to_that_of_its_revocation() -> None:
    """Both seconds on both sides."""
    consent = given("2026-11-23 09:00:00", revoked=on("2026-11-23 10:00:00"))

    assert ask(asking(), with_consents("2026-11-23 08:59:59", consent))[1] == on("2026-11-23 09:00:00")
    assert ask(asking(), with_consents("2026-11-23 09:00:00", consent))[0] == "permit"
    assert ask(asking(), with_consents("2026-11-23 09:59:59", consent))[0] == "permit"
    assert ask(asking(), with_consents("2026-11-23 10:00:00", consent))[0] == "hold"


@pytest.mark.parametrize(
    ("changed", "serves"),
    [
        ({}, True),
        ({"basis": "used_with_collector"}, True),
        ({"basis": "agreement"}, False),
        ({"channel": "sms"}, True),
        ({"channel": "email"}, False),
    ],
)
def test_a_consent_serves_by_its_basis_and_channel(changed: dict[str, object], serves: bool) -> None:
    """Another basis, or one for another channel, is none."""
    answer = ask(asking(), with_consents("2026-11-23 09:00:00", given("2026-11-20 09:00:00", **changed)))

    assert (answer[0] == "permit") == serves


def test_a_form_that_is_asked_for_must_be_on_record() -> None:
    """An oral one does not serve, nor one whose form nobody noted."""
    pack = asking(CONSENT.replace("form: null", "form: [written]"))
    for form, serves in (("written", True), ("oral", False), ("", False)):
        act = with_consents("2026-11-23 09:00:00", given("2026-11-20 09:00:00", form=form))
        assert (ask(pack, act)[0] == "permit") == serves, form


def test_a_revocation_reaches_as_far_as_the_text_says() -> None:
    """Of the record alone, or of every consent given up to then; a later one stands again."""
    revoked = given("2026-11-20 09:00:00", channel="email", revoked=on("2026-11-21 09:00:00"))
    other, later = given("2026-11-20 10:00:00"), given("2026-11-22 10:00:00")
    everything = asking(CONSENT.replace("scope: record", "scope: all"))

    assert ask(asking(), with_consents("2026-11-23 09:00:00", revoked, other))[0] == "permit"
    assert ask(everything, with_consents("2026-11-23 09:00:00", revoked, other))[0] == "hold"
    assert ask(everything, with_consents("2026-11-23 09:00:00", revoked, later))[0] == "permit"


def test_not_to_know_the_consents_is_a_doubt_and_to_know_of_none_is_a_no() -> None:
    """Null names the fact, an empty list blocks."""
    assert ask(asking(), samples.act(consents=None)) == ("hold", None, [], [("s.rule", "consents")])
    assert ask(asking(), samples.act(consents=())) == ("hold", None, ["s.rule"], [])
