"""A recorded plan is made again from what was recorded, byte for byte, or what is missing is named."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from duly import errors
from duly.cli import commands
from duly.run import compaction, load, replay
from tests.run.house import ON, House, change, instant


def again(house: House, number: int | None = None) -> replay.Replayed:
    """Make a plan again, the last one unless another is meant."""
    ((last,),) = house.ask("select max(id) from day_plan")
    with contextlib.closing(house.opened.connect()) as connection:
        return replay.replay(house.opened, connection, number or last)


def test_a_plan_is_made_again_byte_for_byte_whatever_happened_since(house: House) -> None:
    """Messages left, a payment came, events were folded, another book was loaded, the strategy was rewritten: the plan
    of the morning is still the plan of the morning, and the one after it too.
    """
    row = house.waiting()[0]
    house.accept({row.key: "7"}, row)
    house.hold(house.waiting()[3].accounts[0])
    second = house.plan()
    house.pay(house.waiting()[1].accounts[0], 100)
    with contextlib.closing(house.opened.connect(patient=True)) as connection:
        assert compaction.compact(house.opened, connection, by="chen.hao")
    with contextlib.closing(house.opened.connect()) as connection:
        load.load(house.opened, connection, as_of=ON + timedelta(days=1), by="core")
    change(house.folder / "strategy.yaml", "every: 3d", "every: 9d")

    first = again(house, 1)
    found = again(house, second.number)

    assert (first.same, first.missing, first.differing) == (True, (), ())
    assert (found.same, found.missing, found.differing) == (True, (), ())
    assert first.root_now == first.root_recorded != found.root_recorded
    assert found.root_now == second.root.hex()
    assert found.rows > 50
    assert found.horizon == first.horizon + 1


def test_a_plan_for_some_persons_is_made_again_for_them(house: House) -> None:
    """As after a wake: for those persons alone."""
    row = house.waiting()[0]
    house.hold(row.accounts[0])
    house.plan(persons=[row.person])

    found = again(house)

    assert (found.same, found.differing) == (True, ())
    assert 0 < found.rows < 10


def test_what_was_kept_holds_no_name_no_number_and_no_key(house: House) -> None:
    """The sources of a plan are ids and facts, and the project's files hold no secret."""
    kept = [
        *(house.folder / ".duly" / "sources").rglob("*.zip"),
        *(one for one in (house.folder / ".duly" / "projects").rglob("*") if one.is_file()),
    ]
    told = b"".join(one.read_bytes() for one in kept)

    assert len(kept) > 5
    for row in house.waiting():
        assert house.name(row.person).encode() not in told
        assert house.number(row).encode() not in told
    assert house.opened.arm_key not in told


def test_a_decision_that_was_changed_is_found(house: House) -> None:
    """Whoever writes another file and another root into the database is told from the evidence of that day."""
    ((path, root),) = house.ask("select decisions_path, decisions_root from day_plan")
    rows = pl.read_parquet(path)
    other = rows.with_columns(
        code=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("paid")).otherwise("code")
    )
    forged = Path(path).with_name("forged.parquet")
    other.write_parquet(forged)
    house.force("update day_plan set decisions_path = %s", str(forged))

    found = again(house)

    assert found.same is False
    assert found.root_now == bytes(root).hex()
    (one,) = found.differing
    assert (one.account, one.was, one.now) == (rows["account"][0], "paid", rows["code"][0])
    assert not one.erased


@pytest.mark.parametrize(
    ("lost", "says"),
    [
        ("sources", "what was known when the plan was made, is not there"),
        ("projects", "the project's files as they were"),
        ("book", "has no readable manifest"),
    ],
)
def test_what_is_missing_is_named(house: House, lost: str, says: str) -> None:
    """Each of the three that lie in files; nothing is called the same then, and nothing different."""
    house.ask("update manifest set path = '/nowhere'")
    house.force("update plan_source set path = replace(path, %s, %s)", "/model", "/gone")
    place = house.opened.project.state / lost
    place.rename(place.with_name("away"))

    found = again(house)

    assert found.same is None
    assert (found.root_now, found.differing) == (None, ())
    assert any(says in one for one in found.missing), found.missing


def test_a_plan_of_somebody_erased_says_so(house: House) -> None:
    """Without the name nothing can be said to the person, so that decision alone comes out otherwise."""
    row = next(one for one in house.waiting() if len(one.accounts) == 1)
    house.opened.keys.destroy([row.person])

    found = again(house)

    assert found.same is False
    assert {(one.person, one.erased) for one in found.differing} == {(row.person, True)}
    assert any("1 people were erased since" in one for one in found.missing)


def test_there_must_be_such_a_plan(house: House) -> None:
    """A number of none is the user's mistake."""
    with pytest.raises(errors.WrongUsage, match="there is no plan 99"):
        again(house, 99)


def test_the_command_says_whether_it_is_the_same(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It succeeds for the same and fails for anything else; the list has the numbers."""
    for name, value in house.environ.items():
        monkeypatch.setenv(name, value)
    words = ["-p", str(house.folder), "--as", "chen.hao", "--json"]
    listed = CliRunner().invoke(commands.app, ["plan", "--list", *words])
    same = CliRunner().invoke(commands.app, ["plan", "--replay", "1", *words])
    house.opened.keys.destroy([house.waiting()[0].person])
    other = CliRunner().invoke(commands.app, ["plan", "--replay", "1", *words])

    assert [one["plan"] for one in json.loads(listed.output)["plans"]] == [1]
    assert (same.exit_code, json.loads(same.output)["replay"]["same"]) == (0, True)
    assert (other.exit_code, json.loads(other.output)["replay"]["same"]) == (3, False)
    assert instant(10) < house.now()
