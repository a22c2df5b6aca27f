"""The history of the system before: what is kept of a row, what is left out, and what counts as a contact."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from duly.book import history, mapping, points
from duly.book.columns import Book
from duly.errors import Problem
from tests.book import lender

AS_OF = lender.AS_OF

FEED = """\
  history:
    files: data/history.csv
    columns:
      id: reference
      what: kind
      day: day
      time: time
      tz: zone
      who: person
      no: account
      via: channel
      value: number
      point: point
      came: result
      letter: notice
      arrived: arrival
      on: arrived_on
      proof: proof
      kept: proof_ref
      to: until
    values: {kind: {CALL: attempt, TALK: conversation}}
    fixed: {source: old}
"""
HEAD = "id,what,day,time,tz,who,no,via,value,point,came,letter,arrived,on,proof,kept,to\n"


def row(id_: str = "h1", **cells: str) -> str:
    """One line of the file: a call to P1 about A1 on the first of March at nine, with some cells otherwise."""
    plain = {
        "id": id_,
        "what": "CALL",
        "day": "2026-03-01",
        "time": "09:00",
        "who": "P1",
        "no": "A1",
        "via": "voice",
    }
    told = {**plain, "value": "13800138000", **cells}
    return ",".join(told.get(name, "") for name in HEAD.strip().split(",")) + "\n"


def take(
    root: Path, *lines: str, bad_ppm: int = 1_000_000
) -> tuple[history.Loaded | None, Book, list[Problem]]:
    """What comes of a history with these lines, beside the lender's book."""
    book = lender.loaded(root, lender.YAML + FEED, history=HEAD + "".join(lines)).book
    feed = lender.mapped(lender.YAML + FEED).history
    assert feed is not None
    found, problems = history.load(
        root,
        feed,
        history.whom([book]),
        as_of=AS_OF,
        zone="Asia/Shanghai",
        calling_code="86",
        most_bad_ppm=bad_ppm,
        blind=lender.index,
    )
    return found, book, problems


def taken(root: Path, *lines: str) -> tuple[history.Loaded, Book]:
    """The same, where nothing refuses it."""
    found, book, problems = take(root, *lines)
    assert found is not None, problems
    return found, book


def test_a_number_is_kept_as_its_blind_index_and_nowhere_as_itself(tmp_path: Path) -> None:
    """In whatever form the other system wrote it, it is the number of the book."""
    found, book = taken(tmp_path, row(value="138-0013 8000"))

    normal = points.telephone("13800138000", calling_code="86")
    assert normal is not None
    assert found.rows["number"].to_list() == [lender.index(normal)]
    assert lender.index(normal) in book.contacts["value_key"].to_list()
    assert "138" not in str(found.rows.drop("number").rows())


@pytest.mark.parametrize(
    ("time", "zone", "at"),
    [
        ("09:00", "", datetime(2026, 3, 1, 1, 0, tzinfo=UTC)),
        ("09:00:30", "Europe/London", datetime(2026, 3, 1, 9, 0, 30, tzinfo=UTC)),
        ("", "", datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC)),
    ],
)
def test_an_instant_is_told_by_the_clock_of_its_zone(
    tmp_path: Path, time: str, zone: str, at: datetime
) -> None:
    """The project's where it names none; without a time it is the last second of the day, which bars the longest."""
    found, _ = taken(tmp_path, row(time=time, tz=zone))

    assert found.rows["at"].to_list() == [at]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"who": "P9"}, "person_unknown"),
        ({"no": "A9"}, "account_unknown"),
        ({"point": "P9-s1"}, "point_unknown"),
        ({"point": "P3-s1"}, "point_unknown"),
        ({"no": "A2"}, "not_a_party"),
        ({"who": "", "no": ""}, "nobody"),
        ({"via": ""}, "kind_needs"),
        ({"via": "", "value": ""}, "kind_needs"),
        ({"value": "12"}, "value"),
        ({"tz": "Mars/Olympus"}, "zone"),
        ({"tz": "Asia/Shanghai;Asia/Urumqi"}, "zone"),
        ({"time": "25:00"}, "pattern"),
        ({"day": "2026-03-29", "time": "01:30", "tz": "Europe/London"}, "happened_later"),
        ({"day": "2025-03-30", "time": "01:30", "tz": "Europe/London"}, "time_impossible"),
        ({"day": "2026-03-21"}, "happened_later"),
        ({"what": "notice", "via": "sms"}, "kind_needs"),
        ({"what": "demand", "via": "letter", "value": ""}, "kind_needs"),
        ({"what": "recording"}, "kind_needs"),
        ({"what": "promise", "no": ""}, "kind_needs"),
        ({"what": "opt_out", "who": "", "value": ""}, "kind_needs"),
        ({"what": "dispute", "to": "2026-02-28"}, "until"),
        ({"what": "gossip"}, "word"),
        ({"proof": "certain"}, "word"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_trusted_goes_to_the_quarantine(
    tmp_path: Path, cells: dict[str, str], code: str
) -> None:
    """With its place and reason; the row beside it is kept."""
    found, _ = taken(tmp_path, row("good"), row("bad", **cells))

    assert found.rows["reference"].to_list() == ["good"]
    assert set(found.quarantine["code"]) == {code}
    assert set(found.quarantine["line"]) == {3}


def test_what_is_dated_on_the_day_of_the_load_is_kept(tmp_path: Path) -> None:
    """And on the day after it is not yet true, as above."""
    found, _ = taken(tmp_path, row(day="2026-03-20"))

    assert found.rows.height == 1


def test_the_same_reference_twice_is_one_row(tmp_path: Path) -> None:
    """The first stands."""
    found, _ = taken(tmp_path, row(day="2026-03-02"), row(day="2026-03-03"))

    assert found.rows["day"].to_list() == [date(2026, 3, 2)]
    assert found.quarantine["code"].to_list() == ["duplicate"]


@pytest.mark.parametrize(("allowed", "refused"), [(333_333, True), (333_334, False)])
def test_too_many_bad_rows_refuse_the_whole(tmp_path: Path, allowed: int, refused: bool) -> None:
    """A wrong mapping must not pass for a quiet past: one of three is more than a third part less a millionth."""
    found, _, problems = take(tmp_path, row("1"), row("2"), row("3", who="P9"), bad_ppm=allowed)

    assert (found is None) is refused
    assert ("book.feed.too_many_bad" in {problem.code for problem in problems}) is refused


def kinds(found: history.Loaded, book: Book) -> list[tuple[str, str, str]]:
    """Person, account and kind of every contact."""
    counted = history.contacts(found.rows, history.whom([book]))
    return counted.select("person", "account", "kind").rows()


@pytest.mark.parametrize(
    ("cells", "counted"),
    [
        ({}, [("P1", "A1", "attempt")]),
        ({"what": "TALK"}, [("P1", "A1", "conversation")]),
        ({"came": "answered"}, [("P1", "A1", "conversation")]),
        ({"came": "busy"}, [("P1", "A1", "attempt")]),
        ({"via": "sms", "came": "failed"}, [("P1", "A1", "message_sent")]),
        ({"via": "sms", "came": "refused"}, []),
        ({"what": "notice", "via": "sms", "letter": "T1"}, [("P1", "A1", "message_sent")]),
        ({"no": ""}, [("P1", "A1", "attempt")]),
        ({"who": ""}, [("P1", "A1", "attempt")]),
        ({"what": "promise"}, []),
        ({"what": "recording", "kept": "tape 7"}, []),
    ],
)
def test_what_counts_against_the_caps(
    tmp_path: Path, cells: dict[str, str], counted: list[tuple[str, str, str]]
) -> None:
    """Whatever reached out for somebody; not what never left, and not what he said himself.

    P2 is a guarantor who is not liable, so a call about the account that names nobody was with the borrower.
    """
    found, book = taken(tmp_path, row(**cells))

    assert kinds(found, book) == counted


@pytest.mark.parametrize(
    ("cells", "known"),
    [
        ({"value": "", "via": "sms"}, True),
        ({"value": "", "via": "voice"}, False),
        ({"value": "", "point": "P1-s1"}, True),
    ],
)
def test_a_number_that_is_not_named_is_that_of_whoever_has_only_one(
    tmp_path: Path, cells: dict[str, str], known: bool
) -> None:
    """Else it counts for the person and the account, and for no number."""
    found, book = taken(tmp_path, row(**cells))

    (number,) = history.contacts(found.rows, history.whom([book]))["number"].to_list()
    assert (number == history.NO_NUMBER) is not known
    assert (number in book.contacts["value_key"].to_list()) is known


def test_a_book_without_the_feed_has_no_history(tmp_path: Path) -> None:
    """Nobody need name it."""
    assert lender.mapped().history is None
    found, problems = mapping.load(lender.YAML + "  history: none\n", "book.yaml")
    assert found is not None, problems
    assert found.history is None


def test_its_age_is_no_matter(tmp_path: Path) -> None:
    """A limit on the age of what is over is refused, at its line."""
    text = lender.YAML + FEED + "    max_age_days: 3\n"

    found, problems = mapping.load(text, "book.yaml")

    assert found is None
    assert [(problem.code, problem.line) for problem in problems] == [
        ("book.key.unknown", len(text.splitlines()))
    ]


def test_the_book_itself_does_not_change_by_it(tmp_path: Path) -> None:
    """It is kept beside the book, not in it."""
    without = lender.loaded(tmp_path).book
    _, book = taken(tmp_path, row())

    for name, frame in without.frames().items():
        assert pl.DataFrame.equals(frame, book.frames()[name]), name
