"""Hours by a calendar, by what the debtor stated and by an area code, and stops that end: both sides of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from duly.law import decide, hours, jurisdictions, values
from duly.law.pack import Pack
from tests.law import samples
from tests.law.test_sequence import CALENDAR, FIXED, HOURS, ask, on

INC = "from_incl: true, to_incl: false"


def window(allow: str, more: str = "", *, zone: str = FIXED) -> Pack:
    """A pack of one window, with the calendar of test_sequence."""
    body = f"allow: [{allow}], {zone}, {more}".rstrip(", ")
    return samples.written(samples.rule("s.rule", "time_window", body + ",") + CALENDAR)


def at(text: str, **changed: object) -> values.Act:
    """An act at a time in Shanghai."""
    return samples.act(at=on(text), **changed)


WEEK = f"{{days: [mon, tue, wed, thu, fri, sat], from: 09:00, to: 21:00, {INC}}}"
CLOSED = "holidays: {calendar: s.days, policy: closed}"
SUNDAY = "holidays: {calendar: s.days, policy: as_sunday}"


def test_a_holiday_is_closed_and_the_day_after_it_open() -> None:
    """Thursday 1 and Friday 2 October are off, Saturday is a weekday of this window like any other."""
    pack = window(WEEK, CLOSED)

    assert ask(pack, at("2026-09-30 20:59:59"))[0] == "permit"
    assert ask(pack, at("2026-09-30 21:00:00"))[1] == on("2026-10-03 09:00:00")
    assert ask(pack, at("2026-10-01 12:00:00")) == ("hold", on("2026-10-03 09:00:00"), ["s.rule"], [])


def test_a_holiday_may_be_read_as_a_sunday() -> None:
    """With the hours a Sunday has."""
    pack = window(f"{WEEK}, {{days: [sun], from: 12:00, to: 18:00, {INC}}}", SUNDAY)

    assert ask(pack, at("2026-10-01 11:59:59"))[1] == on("2026-10-01 12:00:00")
    assert ask(pack, at("2026-10-01 17:59:59"))[0] == "permit"
    assert ask(pack, at("2026-10-01 18:00:00"))[0] == "hold"


def test_a_saturday_worked_in_exchange_is_a_working_day() -> None:
    """10 October is; 17 October is not, and a holiday is none either."""
    pack = window(f"{{days: [workday], from: 09:00, to: 21:00, {INC}}}", SUNDAY)

    assert ask(pack, at("2026-10-10 09:00:00"))[0] == "permit"
    assert ask(pack, at("2026-10-17 09:00:00"))[1] == on("2026-10-19 09:00:00")
    assert ask(pack, at("2026-10-01 09:00:00"))[1] == on("2026-10-05 09:00:00")
    off = window(f"{{days: [day_off], from: 09:00, to: 21:00, {INC}}}", SUNDAY)
    assert ask(off, at("2026-10-10 09:00:00"))[1] == on("2026-10-11 09:00:00")
    assert ask(off, at("2026-10-01 09:00:00"))[0] == "permit"


def test_a_day_that_no_calendar_knows_is_in_doubt() -> None:
    """The last day of the year is known, the first of the next is not."""
    pack = window(WEEK, CLOSED)

    assert ask(pack, at("2026-12-31 09:00:00"))[0] == "permit"
    assert ask(pack, at("2027-01-01 09:00:00")) == ("hold", None, [], [("s.rule", "policy.s.days")])
    assert ask(pack, at("2026-12-31 21:00:00")) == ("hold", None, ["s.rule"], [])


DAY = f"{{from: 08:00, to: 21:00, {INC}}}"


@pytest.mark.parametrize(
    ("preference", "time", "verdict"),
    [
        ("narrow", "17:59:59", "hold"),
        ("narrow", "18:00:00", "permit"),
        ("narrow", "21:00:00", "hold"),
        ("override", "20:59:59", "permit"),
        ("override", "21:00:00", "permit"),
        ("override", "21:59:59", "permit"),
        ("override", "22:00:00", "hold"),
        ("override", "09:00:00", "hold"),
    ],
)
def test_the_debtors_own_hours_narrow_a_window_or_stand_in_its_place(
    preference: str, time: str, verdict: str
) -> None:
    """He stated 18:00 to 22:00; the window is 08:00 to 21:00."""
    pack = window(DAY, f"preference: {preference}")

    assert ask(pack, at(f"2026-11-23 {time}", preferred=("18:00-22:00",)))[0] == verdict


def test_who_stated_no_hours_has_the_laws() -> None:
    """That is no doubt. And a window that says nothing of preferences hears of none."""
    assert ask(window(DAY, "preference: override"), at("2026-11-23 09:00:00"))[0] == "permit"
    assert ask(window(DAY), at("2026-11-23 09:00:00", preferred=("18:00-22:00",)))[0] == "permit"


def test_the_zone_of_a_number_is_presumed_only_where_the_persons_is_not_known() -> None:
    """Eight in the morning in Shanghai is evening in New York."""
    pack = window(DAY, zone="zone: {basis: area_code_presumption, unknown: hold}")
    act = at("2026-11-23 08:00:00", zones=(), number_zones=("America/New_York",))

    assert ask(pack, act)[0] == "permit", "19:00 of the day before in New York"
    assert ask(pack, replace(act, at=on("2026-11-23 10:00:00")))[0] == "hold", "21:00 there"
    assert ask(pack, replace(act, at=on("2026-11-23 10:00:00"), zones=("Asia/Shanghai",)))[0] == "permit"
    assert ask(pack, replace(act, number_zones=()))[3] == [("s.rule", "zones")]
    only = window(DAY, zone="zone: {basis: debtor, unknown: hold}")
    assert ask(only, act)[3] == [("s.rule", "zones")], "other rules presume nothing"


def test_the_zones_of_address_and_number_may_both_have_to_allow_it() -> None:
    """A second before nine in the evening in Shanghai it is one before eight in the morning in New York."""
    pack = window(DAY, zone="zone: {basis: debtor_and_number, unknown: hold}")
    act = at("2026-11-23 20:59:59", zones=("Asia/Shanghai",), number_zones=("America/New_York",))

    assert ask(pack, act) == ("hold", on("2026-11-24 08:00:00"), ["s.rule"], []), "19:00 in New York"
    assert ask(pack, replace(act, number_zones=("Asia/Tokyo",)))[1] == on("2026-11-24 08:00:00")
    assert ask(pack, replace(act, number_zones=("Asia/Shanghai",)))[0] == "permit"
    assert ask(pack, replace(act, number_zones=()))[0] == "permit"
    assert ask(pack, replace(act, zones=(), at=on("2026-11-23 21:00:00")))[0] == "permit"
    assert ask(pack, replace(act, zones=(), number_zones=()))[3] == [("s.rule", "zones")]


@pytest.mark.parametrize("text", ["9-17", "09:00", "17:00-09:00", "day 09:00-17:00", "09:00-24:01", ""])
def test_hours_that_are_none_are_refused(text: str) -> None:
    """An act cannot carry them."""
    with pytest.raises(ValueError, match="no hours"):
        hours.span(text)
    with pytest.raises(ValueError, match="no hours"):
        samples.act(preferred=(text,))


# --- stops -----------------------------------------------------------------------------------------


def stop(body: str, head: str = "") -> Pack:
    """A pack of one stop beside hours that permit."""
    return samples.written(HOURS + samples.rule("s.rule", "stop", f"{body},", head=head))


def test_a_stop_that_asks_for_writing_is_deaf_to_an_oral_request() -> None:
    """Known to be oral: none; written: a bar; not known which: a doubt."""
    pack = stop("state: {holds: [cease]}, evidence: written, verdict: hold")
    act = at("2026-11-23 10:00:00", holds=frozenset({"cease"}), written_holds=frozenset())

    assert ask(pack, act)[0] == "permit"
    assert ask(pack, replace(act, written_holds=frozenset({"cease"})))[2] == ["s.rule"]
    assert ask(pack, replace(act, written_holds=None))[3] == [("s.rule", "written_holds")]
    assert ask(pack, replace(act, holds=frozenset(), written_holds=None))[0] == "permit"


def test_an_oral_request_ends_after_ten_days_and_one_without_a_date_does_not() -> None:
    """Asked on the 1st, which is the first of ten: barred on the 10th, free on the 11th."""
    pack = stop(
        "state: {holds: [cease]}, verdict: hold,"
        f" expires: {{event: [cease], n: 10, event_day_counts: true, {FIXED}}}"
    )
    asked = samples.contact(on("2026-11-01 15:00:00"), "cease")
    act = at("2026-11-10 23:59:59", holds=frozenset({"cease"}), history=(asked,))

    assert ask(pack, act) == ("hold", on("2026-11-11 00:00:00"), ["s.rule"], [])
    assert ask(pack, replace(act, at=on("2026-11-11 00:00:00")))[0] == "permit"
    assert ask(pack, replace(act, history=())) == ("hold", None, ["s.rule"], [])
    again = samples.contact(on("2026-11-09 15:00:00"), "cease")
    assert ask(pack, replace(act, history=(asked, again)))[1] == on("2026-11-19 00:00:00")


def test_an_exception_is_used_up() -> None:
    """One confirmation may go out after an opt-out, and a second may not."""
    pack = stop(
        "state: {consent: [withdrawn]}, verdict: hold,"
        " except: {when: {stage: [confirmation]}, max: 1, event: [notice:confirmation]}"
    )
    act = at("2026-11-23 10:00:00", consent="withdrawn", stage="confirmation")
    sent = samples.contact(on("2026-11-23 09:00:00"), "notice:confirmation", channel="sms")

    assert ask(pack, act)[0] == "permit"
    assert ask(pack, replace(act, stage="first"))[2] == ["s.rule"]
    assert ask(pack, replace(act, history=(sent,)))[2] == ["s.rule"]
    assert ask(pack, replace(act, history=(replace(sent, person="P2"),)))[0] == "permit"


def test_a_rule_that_is_disapplied_does_not_speak() -> None:
    """It is neither kept nor broken; without the record it speaks."""
    pack = stop("state: {holds: [cease]}, verdict: hold", "disapplied_by: [agency_announced]")
    act = at("2026-11-23 10:00:00", holds=frozenset({"cease"}), facts={"agency_announced": True})

    assert ask(pack, act)[0] == "permit"
    assert [reason.rule for reason in decide.decide(pack, act).because] == ["s.hours"]
    assert ask(pack, replace(act, facts={}))[2] == ["s.rule"]


def test_a_marked_contact_is_left_out_of_a_cap_that_says_so() -> None:
    """A call that did not connect is not counted, one without the mark is."""
    cap = samples.rule(
        "s.cap",
        "rate_limit",
        "max: 1, window: {n: 24, unit: hours}, counts: attempt, scope: [person], pool_channels: [voice],"
        f" exclude: [not_connected, inbound], {FIXED},",
    )
    pack = samples.written(HOURS + cap)
    call = samples.contact(on("2026-11-23 09:00:00"), "attempt")

    assert ask(pack, at("2026-11-23 10:00:00", history=(call,)))[0] == "hold"
    for mark, verdict in (("not_connected", "permit"), ("inbound", "permit"), ("requested", "hold")):
        marked = replace(call, marks=frozenset({mark}))
        assert ask(pack, at("2026-11-23 10:00:00", history=(marked,)))[0] == verdict
    with pytest.raises(ValueError, match="mark"):
        replace(call, marks=frozenset({"loud"}))


# --- jurisdictions ---------------------------------------------------------------------------------


def test_a_city_lies_in_a_state_and_a_state_in_a_country() -> None:
    """The widest first; what nobody knows is refused."""
    assert jurisdictions.chain("US-NY-NYC") == ("US", "US-NY", "US-NY-NYC")
    assert jurisdictions.chain("CN-44-Shenzhen") == ("CN", "CN-44-Shenzhen")
    assert jurisdictions.chain("IE") == ("EU", "IE")
    assert jurisdictions.unknown(["US", "US-TX", "XX", "XX-1"]) == ["US-TX"]
    with pytest.raises(ValueError, match="US-TX"):
        jurisdictions.chain("US-TX")


def test_an_act_that_names_a_part_without_the_whole_is_held() -> None:
    """Else the law of the whole would be passed over in silence."""
    pack = samples.written(HOURS, jurisdictions=("XX", "XX-1"))

    assert ask(pack, samples.act(jurisdictions=("XX", "XX-1")))[0] == "permit"
    assert ("duly.silence", "jurisdictions") in ask(pack, samples.act(jurisdictions=("XX-1",)))[3]


def test_the_zone_of_the_test_is_the_zone_of_the_rule() -> None:
    """The times above are Shanghai's."""
    assert on("2026-11-23 10:00:00") == datetime(2026, 11, 23, 2, tzinfo=ZoneInfo("UTC"))
