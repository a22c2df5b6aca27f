"""A feed that comes late, cut short or of another day holds all sending: in the plan and at the gate."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest

from duly import errors
from duly.app import doctor
from duly.errors import Problem
from duly.model.party import Actor, Duty
from duly.model.said import say
from duly.run import day, feeds, load
from tests.run.house import ON, House, instant

MACHINE = Actor(name="core", duties=frozenset({Duty.MACHINE}))


def control(house: House, feed: str, **told: str) -> None:
    """The control file says something else of a feed."""
    path = house.folder / "data" / "control.csv"
    header, *lines = [line.split(",") for line in path.read_text("utf-8").splitlines()]
    changed = [
        [told.get(name, cell) for name, cell in zip(header, line, strict=True)] if line[0] == feed else line
        for line in lines
    ]
    path.write_text("".join(",".join(line) + "\n" for line in [header, *changed]), "utf-8")


def loaded(house: House, *, days: int = 0, older: bool = False) -> load.Outcome:
    """The files as they are, put in force."""
    with contextlib.closing(house.opened.connect()) as connection:
        return load.load(house.opened, connection, as_of=ON + timedelta(days=days), by="core", older=older)


def refused(house: House) -> list[str]:
    """Why they are not."""
    with pytest.raises(errors.ProjectRefused) as told:
        loaded(house)
    return [problem.code for problem in told.value.problems]


def planned(house: House) -> tuple[int, set[str]]:
    """How many messages a plan of now has, and the feeds that it says are late."""
    with contextlib.closing(house.opened.connect("duly_planner")) as connection:
        made = day.make(house.opened, connection)
    return made.plan.totals.messages, set(made.stale)


def released(house: House) -> tuple[int, set[str]]:
    """How many of what waits the gate lets go, and for what it keeps the others."""
    word = house.open_gate().judge(house.ready(*house.waiting()[:3]))
    return len(word.released), {late.code for late in word.deferred}


@pytest.mark.parametrize("told", [{"rows": "99999"}, {"control_total": "1.00"}])
def test_a_payment_feed_that_was_cut_short_holds_everything_at_once(
    house: House, told: dict[str, str]
) -> None:
    """Yesterday's is young enough, but somebody paid whom nobody here knows of; a whole one sets it free."""
    free, _ = planned(house)
    before = (house.folder / "data" / "control.csv").read_text("utf-8")
    control(house, "payments", **told)

    assert refused(house) in (["book.feed.rows_differ"], ["book.feed.total_differs"])

    assert (free > 0, planned(house)) == (True, (0, {"payments"}))
    assert released(house) == (0, {"feed_stale"})
    (house.folder / "data" / "control.csv").write_text(before, "utf-8")
    assert not loaded(house).changed
    assert planned(house) == (free, set())
    assert released(house)[0] == 3


def test_a_feed_without_a_limit_holds_too_while_it_is_cut_short(house: House) -> None:
    """However old it may grow, half of it is not the feed; and the doctor says so."""
    control(house, "contacts", rows="99999")

    assert refused(house) == ["book.feed.rows_differ"]

    assert planned(house) == (0, {"contacts"})
    assert released(house) == (0, {"feed_stale"})
    found = doctor.look(MACHINE, house.folder, environ=house.environ)
    assert [str(one.detail) for one in found if one.what == "feed contacts"] == ["came cut short"]


def test_a_mistake_that_cuts_nothing_short_holds_nothing(house: House) -> None:
    """A column that was renamed refuses the load; what is in force stays as good as it was."""
    free, _ = planned(house)
    path = house.folder / "data" / "payments.csv"
    path.write_text(path.read_text("utf-8").replace("txn_amt", "amount", 1), "utf-8")

    assert "book.file.column_missing" in refused(house)
    assert planned(house) == (free, set())


def test_a_feed_of_an_earlier_day_is_no_feed_of_today(house: House) -> None:
    """It reaches less far than what is in force: refused, held, and taken where somebody says so."""
    control(house, "payments", watermark=(ON - timedelta(days=2)).isoformat())

    assert refused(house) == ["book.feed.older"]
    assert planned(house) == (0, {"payments"})

    assert loaded(house, older=True).changed
    assert planned(house)[1] == set()


def test_a_feed_that_does_not_come_holds_until_it_does(house: House) -> None:
    """It reaches to yesterday and may be two days old: tomorrow it still does, the day after nothing is planned."""
    house.move_to(instant(10, on=ON + timedelta(days=1)))
    assert (planned(house)[0] > 0, planned(house)[1]) == (True, set())
    house.move_to(instant(10, on=ON + timedelta(days=2)))
    assert planned(house) == (0, {"payments"})

    control(house, "payments", watermark=(ON + timedelta(days=1)).isoformat())
    assert loaded(house, days=2).changed
    assert (planned(house)[0] > 0, planned(house)[1]) == (True, set())


def test_of_a_workbook_that_was_cut_short_no_feed_came_whole(house: House) -> None:
    """Several feeds may stand on sheets of one file; each of them is named, and none of the others."""
    mapping = house.opened.project.book
    file = "data/book.xlsx"
    sheets = {name: replace(mapping.feeds[name], files=file) for name in ("payments", "instalments")}
    cut = Problem(code="book.feed.rows_differ", file=file, what=say("cut"), remedy=say("fetch it"))
    with contextlib.closing(house.opened.connect()) as connection:
        feeds.hold(connection, [cut], replace(mapping, feeds={**mapping.feeds, **sheets}), by="core")

    assert planned(house) == (0, {"payments", "instalments"})
