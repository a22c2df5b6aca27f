"""A whole night planned range by range and kept: the same file and root as in one go, and each decision proven."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest

from duly import errors
from duly.app import proofs
from duly.evidence import proof, verify
from duly.model.account import BUCKETS
from duly.model.party import Actor, Duty
from duly.plan import decision
from duly.plan import plan as plans
from duly.run import day, decisions, inputs, night
from tests.run.house import ON, House, instant

COUNSEL = Actor(name="counsel", duties=frozenset({Duty.COUNSEL}))


def first_night(sight: inputs.Sight) -> inputs.Sight:
    """As if nothing had been planned yet."""
    nothing = {name: getattr(sight.rules, name).clear() for name in ("cases", "stages", "known")}
    return replace(sight, rules=replace(sight.rules, **nothing))


def overdue(house: House) -> str:
    """An account that has a case."""
    return next(row.accounts[0] for row in house.waiting() if row.stage == "first")


def planned(
    house: House, place: Path, ranges: int
) -> tuple[plans.Plan, decisions.Kept, list[tuple[int, int]]]:
    """The plan of the house's book in so many ranges, kept in a folder of its own, and what `seen` was told."""
    place.mkdir()
    told: list[tuple[int, int]] = []
    with contextlib.closing(house.opened.connect("duly_planner")) as connection:
        sight = first_night(inputs.look(house.opened, connection, on=ON, at=instant(11)))
        width = BUCKETS // ranges
        spans = [range(first, first + width) for first in range(0, BUCKETS, width)]
        names = inputs.naming(house.opened, connection)
        desk = night.Desk(place)
        plan = night.plan(
            spans,
            night.at_hand(sight.of, names),
            sight.rules,
            desk=desk,
            seen=lambda done, total: told.append((done, total)),
        )
        kept = decisions.keep(place / "kept", ON, plan)
        found = plans.Plan(
            **{
                name: getattr(plan, name)
                for name in ("on", "withdrawn", "new_cases", "case_moves", "stage_moves", "arms", "totals")
            },
            pages=tuple(
                plans.Page(laid=page.laid.collect().lazy(), decisions=page.decisions.collect().lazy())
                for page in plan.pages
            ),
        )
        desk.clear()
    return found, kept, told


def test_a_night_in_ranges_gives_the_same_file_and_root(house: House, tmp_path: Path) -> None:
    """One, four and sixteen ranges, from the snapshot's files: messages, the file to the byte, and the root."""
    one, first, _ = planned(house, tmp_path / "1", 1)

    for ranges in (4, 16):
        other, kept, told = planned(house, tmp_path / str(ranges), ranges)

        assert other.messages.equals(one.messages)
        assert other.totals == one.totals
        assert (kept.digest, kept.root, kept.rows) == (first.digest, first.root, first.rows)
        assert told == [(done, ranges) for done in range(ranges + 1)]
    assert one.messages.height > 20
    assert Path(first.path).read_bytes() == decision.parquet(one.decisions)


def test_the_desk_of_a_plan_goes_with_it(house: House, tmp_path: Path) -> None:
    """While the plan is used its files lie in a private folder, afterwards nothing does."""
    planned(house, tmp_path / "desk", 4)

    assert list((tmp_path / "desk" / "planning").iterdir()) == []


def test_stretches_hold_every_message_once_and_in_order(house: House, tmp_path: Path) -> None:
    """However few at a time, and what may leave in one instant stays together."""
    plan, _, _ = planned(house, tmp_path / "s", 4)

    for most in (1, 7, 1_000):
        stretches = list(plan.stretches(most))
        assert pl.concat(stretches).equals(plan.messages)
        instants = [set(one["not_before"]) for one in stretches]
        assert sum(map(len, instants)) == plan.messages["not_before"].n_unique()
    assert plan.heads()["key"].sort().equals(plan.messages["key"].sort())


def test_one_decision_is_proven_by_sha256_alone(house: House, tmp_path: Path) -> None:
    """The published line, hashed and led over the path, is the root; another line, or another file, is not."""
    _, kept, _ = planned(house, tmp_path / "p", 4)
    rows = pl.read_parquet(kept.path)
    account = rows["account"][rows.height // 2]

    (found, *_) = decisions.prove(kept.path, account, kept.root)

    assert json.loads(found.line)["account"] == account
    leaf = hashlib.sha256(b"\0" + found.line).digest()
    assert proof.inclusion_holds(found.index, kept.rows, leaf, found.path, kept.root)
    other = hashlib.sha256(b"\0" + found.line.replace(b"CNY", b"USD")).digest()
    assert not proof.inclusion_holds(found.index, kept.rows, other, found.path, kept.root)
    altered = rows.with_columns(
        code=pl.when(pl.col("account") == account).then(pl.lit("paid")).otherwise("code")
    )
    altered.write_parquet(kept.path)
    with pytest.raises(errors.EvidenceBroken, match="not those that were recorded"):
        decisions.prove(kept.path, account, kept.root)


def test_a_decision_in_a_tree_of_several_subtrees_is_proven(tmp_path: Path) -> None:
    """In the first subtree, in the last whole one, and in what is left over; with the subtrees kept or lost."""
    rows = pl.DataFrame(
        {
            "account": [f"A{n}" for n in range(2_500)],
            "messages": [[b"m"] if n % 3 else None for n in range(2_500)],
        },
        schema={"account": pl.String, "messages": pl.List(pl.Binary)},
    )
    page = plans.Page(laid=pl.LazyFrame(), decisions=rows.lazy())
    nobody = pl.DataFrame()
    plan = plans.Plan(
        on=ON, pages=(page,), withdrawn=nobody, new_cases=nobody, case_moves=nobody, stage_moves=nobody,
        arms=nobody, totals=cast("Any", None),
    )  # fmt: skip
    kept = decisions.keep(tmp_path, ON, plan)

    for lost in (False, True):
        if lost:
            kept.path.with_suffix(".subtrees").unlink()
        for n in (0, 1_023, 1_024, 2_047, 2_048, 2_499):
            (found,) = decisions.prove(kept.path, f"A{n}", kept.root)
            assert found.index == n
            assert proof.inclusion_holds(n, 2_500, proof.leaf_hash(found.line), found.path, kept.root)


def test_a_bundle_holds_the_decisions_about_its_account(house: House, tmp_path: Path) -> None:
    """Each with its path to the root of its day's entry; of how many others were told something, nothing."""
    account = overdue(house)
    house.hold(account)  # an entry about its case: before the first there is nothing to prove
    house.sequence()

    made = proofs.prove(
        COUNSEL, house.folder, account=account, out=tmp_path / "bundle", environ=house.environ
    )

    assert made.report.result == "verified"
    document = tmp_path / "bundle" / "data" / "documents" / "decisions.json"
    (row,) = json.loads(document.read_text("utf-8"))["rows"]
    assert json.loads(row["line"])["account"] == account
    opening = tmp_path / "bundle" / "data" / "entries" / f"{row['entry']:09d}" / "opening.json"
    assert set(json.loads(opening.read_text("utf-8"))["fields"]) == {"day", "root", "rows"}


def test_a_bundle_whose_decision_was_changed_is_refused(house: House, tmp_path: Path) -> None:
    """Also when its list of files is made anew."""
    account = overdue(house)
    house.hold(account)  # an entry about its case: before the first there is nothing to prove
    house.sequence()
    place = tmp_path / "bundle"
    made = proofs.prove(COUNSEL, house.folder, account=account, out=place, environ=house.environ)
    document = place / "data" / "documents" / "decisions.json"
    document.write_text(document.read_text("utf-8").replace("send", "hold", 1), "utf-8")
    _list_again(place)

    report = verify.check(place, trusted=[made.fingerprint])

    assert report.result == "refused"
    assert any("a decision is not one of those of" in str(line) for line in report.lines())


def _list_again(place: Path) -> None:
    for manifest in place.glob("manifest-*.txt"):
        lines = []
        for line in manifest.read_text("utf-8").splitlines():
            _, name = line.split(maxsplit=1)
            lines.append(f"{hashlib.sha256((place / name).read_bytes()).hexdigest()}  {name}")
        manifest.write_text("\n".join(lines) + "\n", "utf-8")
    for manifest in place.glob("tagmanifest-*.txt"):
        lines = []
        for line in manifest.read_text("utf-8").splitlines():
            _, name = line.split(maxsplit=1)
            lines.append(f"{hashlib.sha256((place / name).read_bytes()).hexdigest()}  {name}")
        manifest.write_text("\n".join(lines) + "\n", "utf-8")


def test_a_plan_that_was_put_to_work_range_by_range_waits_as_the_other_does(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The day planned again in ranges changes nothing: what waits unsent already says the same."""
    before = house.waiting()
    monkeypatch.setattr(day, "_SEVERAL", 1)
    with contextlib.closing(house.opened.connect("duly_planner")) as connection:
        made = day.make(house.opened, connection)
        assert made.desk is not None
        recorded = day.record_plan(house.opened, connection, made, reason="again")

    assert recorded.messages == 0
    assert [row.key for row in house.waiting()] == [row.key for row in before]
