"""Counting: what counts, for whom, and when it no longer does."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from duly.law import columnar, decide, frames, values
from duly.law.pack import Pack
from tests.law import samples

UTC = ZoneInfo("UTC")


def cap(text: str, *, zone: str = "{basis: fixed, name: UTC}") -> Pack:
    """A pack of one cap."""
    return samples.written(samples.rule("p.cap", "rate_limit", f"{text}, zone: {zone},"))


def moment(text: str, zone: str = "UTC") -> datetime:
    """A local time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def both(pack: Pack, act: values.Act) -> tuple[str, datetime | None]:
    """Verdict and next lawful instant, after making sure that the two readings say the same."""
    verdict = decide.decide(pack, act)
    acts, history = frames.of_acts([act])
    row = columnar.judge(pack, acts, history, act.policy).row(0, named=True)
    assert (row["verdict"], row["until"]) == (verdict.kind.value, verdict.until)
    assert [doubt["fact"] for doubt in row["in_doubt"]] == [doubt.fact for doubt in verdict.in_doubt]
    return verdict.kind.value, verdict.until


def calling(at: str, *history: values.Contact, **changed: object) -> values.Act:
    """A call at a time of UTC."""
    return samples.act(at=moment(at), channel="voice", history=history, **changed)


def talked(at: str, **changed: str) -> values.Contact:
    """A conversation at a time of UTC."""
    return samples.contact(moment(at), **changed)


SEVEN_DAYS = "window: {n: 7, unit: consecutive_days, event_day_counts: true}"
DAY_COUNTS = f"max: 1, {SEVEN_DAYS}, counts: contact_made, scope: [person]"
DAY_LEFT_OUT = DAY_COUNTS.replace("true", "false")


@pytest.mark.parametrize(
    ("text", "day", "verdict"),
    [
        (DAY_COUNTS, "2026-11-07 23:59:59", "hold"),  # day 7, the conversation being on day 1
        (DAY_COUNTS, "2026-11-08 00:00:00", "permit"),  # day 8
        (DAY_LEFT_OUT, "2026-11-08 23:59:59", "hold"),
        (DAY_LEFT_OUT, "2026-11-09 00:00:00", "permit"),
    ],
)
def test_the_day_of_the_event_is_counted_or_not(text: str, day: str, verdict: str) -> None:
    """A conversation late on the first: seven days with that day, or seven after it."""
    assert both(cap(text), calling(day, talked("2026-11-01 22:00:00")))[0] == verdict


def test_a_rolling_window_frees_when_the_oldest_leaves() -> None:
    """Two in seven days: the third waits for the first to leave, not for the second."""
    pack = cap(DAY_COUNTS.replace("max: 1", "max: 2"))
    act = calling("2026-11-06 10:00:00", talked("2026-11-01 10:00:00"), talked("2026-11-05 10:00:00"))

    assert both(pack, act) == ("hold", moment("2026-11-08 00:00:00"))


def test_a_calendar_week_turns_on_monday() -> None:
    """Sunday's contact does not count on Monday, though it is a day ago; Monday's counts all week."""
    pack = cap("max: 1, window: {n: 1, unit: calendar_week}, counts: contact_made, scope: [person]")

    assert both(pack, calling("2026-11-23 00:00:00", talked("2026-11-22 23:59:59")))[0] == "permit"
    assert both(pack, calling("2026-11-29 12:00:00", talked("2026-11-23 00:00:00"))) == (
        "hold",
        moment("2026-11-30 00:00:00"),
    )


@pytest.mark.parametrize(
    ("contacted", "asked", "until"),
    [
        ("2026-01-31 23:59:59", "2026-01-31 23:59:59", "2026-02-01 00:00:00"),
        ("2026-12-01 00:00:00", "2026-12-31 23:59:59", "2027-01-01 00:00:00"),
        ("2026-02-28 12:00:00", "2026-02-28 12:00:01", "2026-03-01 00:00:00"),
    ],
)
def test_a_calendar_month_turns_on_the_first(contacted: str, asked: str, until: str) -> None:
    """From the 31st, over the year's end, and after a short February."""
    pack = cap("max: 1, window: {n: 1, unit: calendar_month}, counts: contact_made, scope: [person]")

    assert both(pack, calling(asked, talked(contacted))) == ("hold", moment(until))


def test_hours_are_counted_to_the_second() -> None:
    """Five hours less a second is within five hours, five hours is not."""
    pack = cap("max: 1, window: {n: 5, unit: hours}, counts: contact_made, scope: [person]")
    at_ten = talked("2026-11-23 10:00:00")

    assert both(pack, calling("2026-11-23 14:59:59", at_ten)) == ("hold", moment("2026-11-23 15:00:00"))
    assert both(pack, calling("2026-11-23 15:00:00", at_ten))[0] == "permit"


def test_a_day_is_the_debtors_day_in_every_zone_he_may_be_in() -> None:
    """A call at 22:00 in New York is on another day than one at 01:00, in Los Angeles it is not."""
    debtor = "{basis: debtor, unknown: hold}"
    pack = cap(DAY_COUNTS.replace("n: 7", "n: 1"), zone=debtor)
    earlier = samples.contact(moment("2026-11-23 22:00:00", "America/New_York"))

    def at_one(*zones: str) -> values.Act:
        return samples.act(
            at=moment("2026-11-24 01:00:00", "America/New_York"),
            channel="voice",
            zones=zones,
            history=(earlier,),
        )

    assert both(pack, at_one("America/New_York"))[0] == "permit"
    assert both(pack, at_one("America/New_York", "America/Los_Angeles")) == (
        "hold",
        moment("2026-11-24 00:00:00", "America/Los_Angeles"),
    )
    assert both(pack, at_one()) == ("hold", None)


def test_a_midnight_that_is_skipped_does_not_lose_the_day() -> None:
    """In Cairo 2026-04-24 begins at 01:00; the cap of the day before frees at that very second."""
    pack = cap(DAY_COUNTS.replace("n: 7", "n: 1"), zone="{basis: fixed, name: Africa/Cairo}")
    evening = samples.contact(moment("2026-04-23 22:00:00", "Africa/Cairo"))
    act = samples.act(at=moment("2026-04-23 23:00:00", "Africa/Cairo"), channel="voice", history=(evening,))

    assert both(pack, act) == ("hold", moment("2026-04-24 01:00:00", "Africa/Cairo"))


@pytest.mark.parametrize(
    ("scope", "other", "verdict"),
    [
        ("[person]", {"account": "A2", "number": "n2"}, "hold"),
        ("[account]", {"account": "A2"}, "permit"),
        ("[account]", {"person": "P2"}, "hold"),
        ("[person, account]", {"person": "P2"}, "permit"),
        ("[person, debt]", {"number": "n2"}, "hold"),
        ("[number]", {"person": "P2", "account": "A2"}, "hold"),
        ("[number]", {"number": "n2"}, "permit"),
        ("[person, number]", {"person": "P2"}, "permit"),
    ],
)
def test_each_cap_counts_on_its_own_scope(scope: str, other: dict[str, str], verdict: str) -> None:
    """A contact that differs in what is not counted counts, one that differs in what is does not."""
    pack = cap(DAY_COUNTS.replace("[person]", scope))

    assert both(pack, calling("2026-11-23 12:00:00", talked("2026-11-23 10:00:00", **other)))[0] == verdict


def test_an_act_about_two_accounts_is_barred_by_either() -> None:
    """A cap per account is checked for each account the act is about."""
    pack = cap(DAY_COUNTS.replace("[person]", "[account]"))
    about = talked("2026-11-23 10:00:00", account="A2")

    assert both(pack, calling("2026-11-23 12:00:00", about, accounts=("A1", "A2")))[0] == "hold"
    assert both(pack, calling("2026-11-23 12:00:00", about, accounts=("A1",)))[0] == "permit"
    assert both(pack, calling("2026-11-23 12:00:00", about, accounts=())) == ("hold", None)


@pytest.mark.parametrize(
    ("counts", "kind", "verdict"),
    [
        ("attempt", "attempt", "hold"),
        ("attempt", "conversation", "hold"),
        ("attempt", "message_sent", "hold"),
        ("attempt", "opt_out", "permit"),
        ("contact_made", "attempt", "permit"),
        ("contact_made", "contact_made", "hold"),
        ("contact_made", "conversation", "hold"),
        ("contact_made", "message_sent", "permit"),
        ("message_sent", "message_sent", "hold"),
        ("message_sent", "delivered", "hold"),
        ("message_sent", "notice:firm", "hold"),
        ("message_sent", "attempt", "permit"),
    ],
)
def test_attempts_contacts_and_messages_are_counted_apart(counts: str, kind: str, verdict: str) -> None:
    """What a cap counts is one of three things, and an answered call is an attempt too."""
    pack = cap(DAY_COUNTS.replace("counts: contact_made", f"counts: {counts}"))

    assert both(pack, calling("2026-11-23 12:00:00", talked("2026-11-23 10:00:00", kind=kind)))[0] == verdict


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [("attempt", "permit"), ("conversation", "hold"), ("contact_made", "hold"), ("message_sent", "hold")],
)
def test_an_attempt_that_reached_nobody_may_be_left_out(kind: str, verdict: str) -> None:
    """It needs no mark: what was answered or sent has reached somebody, a mere attempt has not."""
    pack = cap(DAY_COUNTS.replace("counts: contact_made", "counts: attempt, exclude: [unanswered]"))

    assert both(pack, calling("2026-11-23 12:00:00", talked("2026-11-23 10:00:00", kind=kind)))[0] == verdict


def test_the_rows_of_one_contact_are_one() -> None:
    """Sent, delivered, and about two accounts: one message by its reference, or by its instant."""
    pack = cap(DAY_COUNTS.replace("max: 1", "max: 2").replace("contact_made", "attempt"))
    by_reference = [
        talked("2026-11-23 10:00:00", kind="message_sent", ref="m1"),
        talked("2026-11-23 10:00:09", kind="delivered", ref="m1"),
        talked("2026-11-23 10:00:00", kind="message_sent", ref="m1", account="A2"),
    ]
    by_instant = [talked("2026-11-23 10:00:00", kind="attempt"), talked("2026-11-23 10:00:00", account="A2")]
    two = [talked("2026-11-23 10:00:00", kind="attempt", ref=ref) for ref in ("c1", "c2")]

    assert both(pack, calling("2026-11-23 12:00:00", *by_reference))[0] == "permit"
    assert both(pack, calling("2026-11-23 12:00:00", *by_instant))[0] == "permit"
    assert both(pack, calling("2026-11-23 12:00:00", *two))[0] == "hold"


def test_channels_are_pooled_only_where_the_text_pools_them() -> None:
    """An e-mail counts against an SMS in one cap and not in the other; an unknown channel is in doubt."""
    pooled = cap(DAY_COUNTS.replace("contact_made", "attempt") + ", pool_channels: [sms, email]")
    apart = cap(DAY_COUNTS.replace("contact_made", "attempt"))
    mailed = talked("2026-11-23 10:00:00", kind="message_sent", channel="email")
    act = samples.act(at=moment("2026-11-23 12:00:00"), history=(mailed,))
    unsaid = samples.act(at=moment("2026-11-23 12:00:00"), history=(mailed,), channel=None)

    assert both(pooled, act)[0] == "hold"
    assert both(apart, act)[0] == "permit"
    assert both(apart, unsaid) == ("hold", None)


def test_an_act_reserved_for_later_in_the_window_counts() -> None:
    """Two acts of one run share one place, whichever of them was planned first."""
    pack = cap(DAY_COUNTS.replace("n: 7", "n: 1"))
    later = talked("2026-11-23 20:00:00")

    assert both(pack, calling("2026-11-23 10:00:00", later)) == ("hold", moment("2026-11-24 00:00:00"))


def test_a_cap_of_nought_is_never_free() -> None:
    """The lender may stop a kind of act for good."""
    pack = cap(DAY_COUNTS.replace("max: 1", "max: null"))

    assert both(pack, calling("2026-11-23 10:00:00", policy={"p.cap": 0})) == ("hold", None)
    assert both(pack, calling("2026-11-23 10:00:00", policy={"p.cap": 1}))[0] == "permit"


def test_without_a_number_of_the_law_the_lenders_own_is_asked_for_by_name() -> None:
    """A null is never a pass."""
    pack = cap(DAY_COUNTS.replace("max: 1", "max: null"))
    verdict = decide.decide(pack, calling("2026-11-23 10:00:00", policy={}))

    assert verdict.kind is values.Kind.HOLD
    assert verdict.in_doubt == (values.Doubt(rule="p.cap", fact="policy.p.cap"),)
    assert "policy.p.cap" in pack.needs()


def test_the_acts_of_one_frame_see_the_history_they_are_given() -> None:
    """Two persons, three contacts: each act is counted against its own."""
    pack = cap(DAY_COUNTS.replace("n: 7", "n: 1").replace("max: 1", "max: 2"))
    history = (
        talked("2026-11-23 08:00:00"),
        talked("2026-11-23 09:00:00"),
        talked("2026-11-23 09:00:00", person="P2"),
    )
    acts = [
        samples.act(at=moment("2026-11-23 10:00:00"), channel="voice", person=person, history=history)
        for person in ("P1", "P2", "P3")
    ]
    judged = columnar.judge(pack, *frames.of_acts(acts))

    assert judged["verdict"].to_list() == ["hold", "permit", "permit"]
    assert judged["until"].to_list()[0] == moment("2026-11-24 00:00:00")
    assert [decide.decide(pack, act).kind.value for act in acts] == ["hold", "permit", "permit"]


def test_what_was_counted_is_among_the_facts_of_the_verdict() -> None:
    """So that `explain` can say three of three."""
    pack = cap(DAY_COUNTS.replace("max: 1", "max: 3"))
    early = [talked("2026-11-23 08:00:00")]
    verdict = decide.decide(pack, calling("2026-11-23 10:00:00", *early))

    assert verdict.facts["count.p.cap"] == 1
    assert verdict.facts["max.p.cap"] == 3
