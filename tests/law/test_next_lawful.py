"""When an act becomes lawful again, and until when it stays so: exact to the second."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duly.law import columnar, decide, frames, values
from duly.law.pack import Pack
from tests.law import samples

NEW_YORK = ZoneInfo("America/New_York")


def window(allow: str, zone: str = "{basis: debtor, unknown: hold}", more: str = "") -> Pack:
    """A pack of one window."""
    return samples.written(samples.rule("p.window", "time_window", f"allow: [{allow}], zone: {zone}, {more}"))


def at(text: str, zone: str) -> datetime:
    """A local time, the earlier of two where the clock shows it twice."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def both(pack: Pack, act: values.Act) -> tuple[str, datetime | None]:
    """Verdict and next lawful instant, after making sure that the two readings say the same."""
    verdict = decide.decide(pack, act)
    acts, history = frames.of_acts([act])
    row = columnar.judge(pack, acts, history, act.policy).row(0, named=True)
    assert (row["verdict"], row["until"]) == (verdict.kind.value, verdict.until)
    return verdict.kind.value, verdict.until


OPEN = "{from: 08:00, to: 21:00, from_incl: false, to_incl: false}"
CLOSED = "{from: 08:00, to: 19:00, from_incl: true, to_incl: true}"


@pytest.mark.parametrize(
    ("allow", "time", "verdict", "until"),
    [
        (OPEN, "07:59:59", "hold", "2026-11-23 08:00:01"),
        (OPEN, "08:00:00", "hold", "2026-11-23 08:00:01"),
        (OPEN, "08:00:01", "permit", None),
        (OPEN, "20:59:59", "permit", None),
        (OPEN, "21:00:00", "hold", "2026-11-24 08:00:01"),
        (CLOSED, "07:59:59", "hold", "2026-11-23 08:00:00"),
        (CLOSED, "08:00:00", "permit", None),
        (CLOSED, "19:00:00", "permit", None),
        (CLOSED, "19:00:01", "hold", "2026-11-24 08:00:00"),
    ],
)
def test_the_ends_of_a_window_are_in_or_out_as_declared(
    allow: str, time: str, verdict: str, until: str | None
) -> None:
    """Both sides of both ends, for a text that leaves its ends out and one that takes them in."""
    act = samples.act(at=at(f"2026-11-23 {time}", "America/New_York"), zones=("America/New_York",))

    assert both(window(allow), act) == (verdict, at(until, "America/New_York") if until else None)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-11-27 21:30:00", "2026-11-28 09:00:00"),  # Friday night to Saturday
        ("2026-11-28 12:00:00", "2026-11-30 07:30:00"),  # Saturday noon over Sunday to Monday
        ("2026-11-29 12:00:00", "2026-11-30 07:30:00"),
    ],
)
def test_weekdays_have_their_own_stretches(day: str, expected: str) -> None:
    """Until the next stretch of the next day that has one."""
    pack = window(
        "{days: [mon, tue, wed, thu, fri], from: 07:30, to: 21:00, from_incl: true, to_incl: true},"
        "{days: [sat], from: 09:00, to: 12:00, from_incl: true, to_incl: false}"
    )
    act = samples.act(at=at(day, "Europe/London"), zones=("Europe/London",))

    assert both(pack, act) == ("hold", at(expected, "Europe/London"))


NIGHT = "{from: 02:30, to: 05:00, from_incl: true, to_incl: false}"


@pytest.mark.parametrize(
    ("allow", "start", "until"),
    [
        # 2026-03-08: New York's clock goes from 01:59:59 to 03:00:00, so 02:30 never comes.
        (NIGHT, "2026-03-08T06:00:00+00:00", "2026-03-08T07:00:00+00:00"),
        # 2026-11-01: it goes from 01:59:59 back to 01:00:00, so 01:30 comes twice.
        (
            "{from: 01:30, to: 01:40, from_incl: true, to_incl: false}",
            "2026-11-01T05:40:00+00:00",
            "2026-11-01T06:30:00+00:00",
        ),
        (NIGHT, "2026-11-01T06:59:59+00:00", "2026-11-01T07:30:00+00:00"),
    ],
)
def test_on_nights_when_the_clock_changes(allow: str, start: str, until: str) -> None:
    """A time that is skipped begins when the clock jumps over it; one that comes twice is lawful twice."""
    act = samples.act(at=datetime.fromisoformat(start), zones=("America/New_York",))

    assert both(window(allow), act) == ("hold", datetime.fromisoformat(until))


def test_a_debtor_who_may_be_in_two_zones_must_be_in_time_in_both() -> None:
    """Eight in New York is five in Los Angeles; nine at night there is midnight here."""
    pack, zones = window(OPEN), ("America/New_York", "America/Los_Angeles")
    early = samples.act(at=at("2026-11-23 08:00:01", "America/New_York"), zones=zones)
    late = samples.act(at=at("2026-11-23 21:00:00", "America/New_York"), zones=zones)

    assert both(pack, early) == ("hold", at("2026-11-23 08:00:01", "America/Los_Angeles"))
    assert both(pack, late) == ("hold", at("2026-11-24 08:00:01", "America/Los_Angeles"))


def test_an_unknown_zone_holds_or_stands_for_every_candidate() -> None:
    """As the text says: held for want of `zones`, or judged by every zone it could be."""
    act = samples.act(at=at("2026-11-23 12:00:00", "America/New_York"), zones=())
    held = decide.decide(window(OPEN), act)
    every = "{basis: debtor, unknown: all_candidates, candidates: [America/New_York, Pacific/Honolulu]}"

    assert [(doubt.rule, doubt.fact) for doubt in held.in_doubt] == [("p.window", "zones")]
    assert both(window(OPEN), act) == ("hold", None)
    assert both(window(OPEN, every), act) == ("hold", at("2026-11-23 08:00:01", "Pacific/Honolulu"))


def test_where_the_arrival_counts_the_act_must_arrive_in_time() -> None:
    """An hour on the way: 20:00 is too late for a window until 21:00, and 07:00:01 early enough."""
    pack = window(OPEN, more="moment: arrival,")

    def sent(time: str, transit: int | None) -> values.Act:
        return samples.act(
            at=at(f"2026-11-23 {time}", "America/New_York"),
            zones=("America/New_York",),
            facts={} if transit is None else {"transit_seconds": transit},
        )

    assert both(pack, sent("19:59:59", 3600)) == ("permit", None)
    assert both(pack, sent("20:00:00", 3600)) == ("hold", at("2026-11-24 07:00:01", "America/New_York"))
    assert both(pack, sent("20:00:00", 0)) == ("permit", None)
    assert decide.decide(pack, sent("12:00:00", None)).in_doubt == (
        values.Doubt(rule="p.window", fact="transit_seconds"),
    )


def test_windows_intersect_and_the_wait_ends_when_both_are_open() -> None:
    """The first instant that lies in every window, though each opens before it by itself."""
    pack = samples.written(
        samples.rule("p.day", "time_window", f"allow: [{CLOSED}], zone: {{basis: fixed, name: UTC}},")
        + samples.rule(
            "p.late",
            "time_window",
            "allow: [{from: 18:59:59, to: 24:00, from_incl: true, to_incl: true}], zone: {basis: fixed, name: UTC},",
        )
    )
    act = samples.act(at=datetime(2026, 11, 23, 6, tzinfo=UTC))

    assert both(pack, act) == ("hold", datetime(2026, 11, 23, 18, 59, 59, tzinfo=UTC))


def test_what_time_does_not_mend_has_no_next_instant() -> None:
    """Neither a doubt, nor a prohibition, nor a window that never opens for a debtor nobody can place."""
    act = samples.act(at=at("2026-11-23 23:00:00", "Asia/Shanghai"), jurisdictions=("CN",))
    pack = samples.shipped("cn")

    assert decide.decide(pack, act).until == at("2026-11-24 08:00:00", "Asia/Shanghai")
    assert decide.decide(pack, replace(act, claims=None)).until is None
    assert decide.decide(pack, replace(act, claims=frozenset({"threat"}))).until is None
    assert decide.next_lawful(pack, replace(act, claims=None)) is None


def test_the_horizon_bounds_the_search() -> None:
    """An hour of looking ahead does not reach the morning."""
    act = samples.act(at=at("2026-11-23 23:00:00", "Asia/Shanghai"), jurisdictions=("CN",))
    pack = samples.shipped("cn")

    assert decide.next_lawful(pack, act, timedelta(hours=1)) is None
    assert decide.next_lawful(pack, act, timedelta(hours=9)) == at("2026-11-24 08:00:00", "Asia/Shanghai")
    acts, history = frames.of_acts([act])
    assert columnar.judge(pack, acts, history, act.policy, horizon=timedelta(hours=1))["until"][0] is None


def test_a_message_may_leave_until_the_last_second_of_its_window() -> None:
    """21:59:59 in China; the end of the legal day where no window ends before; nothing for an act not permitted."""
    pack = samples.shipped("cn")
    act = samples.act(at=at("2026-11-23 10:00:00", "Asia/Shanghai"), jurisdictions=("CN",))
    by_night = replace(act, facts={"night_consent": True})

    assert decide.latest_lawful(pack, act) == at("2026-11-23 21:59:59", "Asia/Shanghai")
    assert decide.latest_lawful(pack, by_night) == at("2026-11-23 23:59:59", "Asia/Shanghai")
    assert decide.latest_lawful(pack, replace(act, shared=True)) is not None
    assert decide.latest_lawful(pack, replace(act, claims=None)) is None


@given(seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_next_lawful_instant_is_permitted_and_no_earlier_one_is(seed: int) -> None:
    """At `until` the act is permitted, and at no second sampled before it, the last one included."""
    pack = samples.practice()
    choose = samples.seeded(seed)
    for act in samples.scene(choose, ("XX", "XX-1"), acts=8, contacts=4).acts:
        until = decide.decide(pack, act).until
        if until is None:
            continue
        waiting = int((until - act.at).total_seconds())

        assert decide.decide(pack, replace(act, at=until)).kind is values.Kind.PERMIT
        earlier = [0, waiting - 1, *(int(waiting * part / 23) for part in range(1, 23))]
        for seconds in earlier:
            moment = act.at + timedelta(seconds=seconds)
            assert decide.decide(pack, replace(act, at=moment)).kind is not values.Kind.PERMIT


@given(seed=st.integers(0, 2**32))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_second_of_a_permitted_stretch_is_within_every_window(seed: int) -> None:
    """With no contacts ahead, an act permitted now is permitted at each sampled second up to the latest."""
    pack = samples.practice()
    for act in samples.scene(samples.seeded(seed), ("XX", "XX-1"), acts=8, contacts=0).acts:
        latest = decide.latest_lawful(pack, act)
        if latest is None:
            continue
        stretch = int((latest - act.at).total_seconds())
        for seconds in {0, stretch, *(int(stretch * part / 11) for part in range(1, 11))}:
            moment = act.at + timedelta(seconds=seconds)
            assert decide.decide(pack, replace(act, at=moment)).kind is values.Kind.PERMIT
