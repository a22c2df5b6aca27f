"""A plan drafted file by file, here or on a Ray cluster of which a worker dies, is the plan made in one piece."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

import polars as pl
import pytest

from duly import errors
from duly.book import snapshot
from duly.plan import draft
from duly.plan import inputs as plan_inputs
from duly.plan import plan as plans
from duly.run import cluster, decisions, inputs, night, parcels
from tests.run.house import ON, House, instant


@pytest.fixture
def sight(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> inputs.Sight:
    """What a plan is made from, with the book of the house in four files and an event that none of them holds."""
    house.hold(house.waiting()[0].accounts[0])
    with contextlib.closing(house.opened.connect("duly_planner")) as connection:
        found = inputs.look(house.opened, connection, on=ON, at=instant(11))
    loaded = snapshot.read(found.manifest)
    monkeypatch.setattr(snapshot, "ACCOUNTS_PER_RANGE", loaded.accounts.height // 3)
    manifest = snapshot.write(loaded, tmp_path / "book", as_of=ON, as_of_event=0)
    assert len(manifest.ranges()) == 4
    assert found.events.height == 1
    return replace(found, manifest=manifest)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The plan of one engine, and its decisions as they are kept."""

    plan: plans.Plan
    kept: decisions.Kept


@pytest.fixture
def desks() -> Iterator[Callable[[Path], night.Desk]]:
    """Desks that are cleared when the test is over."""
    with contextlib.ExitStack() as made:

        def desk(place: Path) -> night.Desk:
            found = night.Desk(place)
            made.callback(found.clear)
            return found

        yield desk


def planned_by(
    sight: inputs.Sight, drafting: night.Drafting, desk: night.Desk, seen: night.Seen | None = None
) -> Planned:
    """The plan by one engine."""
    plan = night.plan(sight.spans(), drafting, sight.rules, desk=desk, seen=seen)
    return Planned(plan=plan, kept=decisions.keep(desk.path / "kept", ON, plan))


def by_the_loop(house: House, sight: inputs.Sight, desk: night.Desk) -> Planned:
    """The same by the loop."""
    names = inputs.naming(house.opened, house.connect("duly_planner"))
    return planned_by(sight, night.at_hand(sight.of, names), desk)


def same(one: Planned, other: Planned) -> None:
    """Every frame of two plans is equal, and so are the bytes and the root of their decisions."""
    for name in ("messages", "planned", "withdrawn", "new_cases", "case_moves", "stage_moves", "arms"):
        assert getattr(one.plan, name).equals(getattr(other.plan, name)), name
    assert one.plan.totals == other.plan.totals
    assert (one.kept.digest, one.kept.root) == (other.kept.digest, other.kept.root)


def drafted(house: House, sight: inputs.Sight) -> list[tuple[parcels.Parcel, dict[str, bytes]]]:
    """Each parcel and its draft."""
    common = parcels.shared(sight)
    cut = [parcels.cut(sight, span, house.connect("duly_planner")) for span in sight.spans()]
    return [(one, parcels.drafted(common, one, house.opened.keys)) for one in cut]


def test_parcels_drafted_one_by_one_are_the_plan_of_the_loop(
    house: House, sight: inputs.Sight, tmp_path: Path, desks: Callable[[Path], night.Desk]
) -> None:
    """Cut, drafted with the key store and put together again, in this process."""

    def drafting(_: object) -> Iterator[tuple[draft.Draft, pl.DataFrame]]:
        return iter([parcels.opened(answer) for _, answer in drafted(house, sight)])

    found = planned_by(sight, drafting, desks(tmp_path / "one"))

    assert found.plan.planned.height > 20
    same(found, by_the_loop(house, sight, desks(tmp_path / "two")))


def test_what_travels_holds_no_name_no_number_and_no_key(house: House, sight: inputs.Sight) -> None:
    """Neither on the way to a worker nor on the way back: names are sealed, keys stay where they are."""
    there_and_back = drafted(house, sight)
    frames = [raw for one, answer in there_and_back for raw in (*one.frames.values(), *answer.values())]
    plain = pickle.dumps(parcels.shared(sight)) + b"".join(shown(raw) for raw in frames)
    rows = house.waiting()
    secrets = [house.opened.keys.secret(label) for label in (parcels.ARM, parcels.CODE)]

    assert {sight.rules.arm_key, sight.rules.words.code_key} == set(secrets)
    for told in {house.name(row.person) for row in rows} | {house.number(row) for row in rows}:
        assert told.encode() not in plain
    for secret in secrets:
        assert secret not in plain
    assert all(row.person.encode() in plain for row in rows)


def shown(raw: bytes) -> bytes:
    """A frame as anybody can read it."""
    frame = pl.read_ipc_stream(io.BytesIO(raw))
    binary = [name for name, kind in frame.schema.items() if kind == pl.Binary()]
    sealed = b"".join(value or b"" for name in binary for value in frame[name])
    return sealed + "".join(str(row) for row in frame.iter_rows()).encode()


def test_every_frame_of_the_inputs_travels_or_is_shared(sight: inputs.Sight) -> None:
    """Nothing of the inputs is left behind: a new frame goes with the rules unless it is cut by persons."""
    frames = {field.name for field in fields(plan_inputs.Inputs) if field.type == "pl.DataFrame"}

    assert set(parcels._OF_PERSONS) <= frames
    assert all("person" in getattr(sight.rules, name).columns for name in parcels._OF_PERSONS)
    common = parcels.shared(sight).rules
    for name in frames - set(parcels._OF_PERSONS):
        assert getattr(common, name).equals(getattr(sight.rules, name)), name


def busy_workers() -> list[int]:
    """The processes of Ray that are drafting at this moment."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (place / "cmdline").read_bytes().startswith(b"ray::_drafted"):
                found.append(int(place.name))
    return found


@contextlib.contextmanager
def one_killed() -> Iterator[list[int]]:
    """Kill -9 one worker as soon as it is seen to work."""
    killed: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set() and not killed:
            for process in busy_workers()[:1]:
                os.kill(process, signal.SIGKILL)
                killed.append(process)
            time.sleep(0.005)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield killed
    finally:
        over.set()
        watching.join()


def test_a_worker_that_is_killed_changes_nothing(
    house: House, sight: inputs.Sight, tmp_path: Path, desks: Callable[[Path], night.Desk]
) -> None:
    """Two workers, one of them killed over its file: every file comes back once and in order, the plan is the same."""
    told: list[tuple[int, int]] = []
    connection = house.connect("duly_planner")
    with one_killed() as killed:
        drafting = cluster.drafting(house.opened, connection, sight, environ={}, workers=2)
        found = planned_by(sight, drafting, desks(tmp_path / "one"), lambda *step: told.append(step))

    assert len(killed) == 1
    assert told == [(done, 4) for done in range(5)]
    same(found, by_the_loop(house, sight, desks(tmp_path / "two")))
    written = b"".join(
        file.read_bytes() for file in Path("/tmp/ray/session_latest/logs").rglob("*") if file.is_file()
    )
    for row in house.waiting():
        assert house.name(row.person).encode() not in written
        assert house.number(row).encode() not in written


def test_without_ray_the_error_says_what_to_install(
    house: House, sight: inputs.Sight, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an extra: whoever lacks it is told how to have it, or how to do without."""
    real = importlib.import_module

    def absent(name: str) -> object:
        if name == "ray":
            raise ModuleNotFoundError(name)
        return real(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    drafting = cluster.drafting(house.opened, house.connect(), sight, environ={})
    with pytest.raises(errors.WrongUsage, match="Ray is not installed here") as raised:
        list(drafting(sight.spans()))
    assert "pip install duly[ray]" in raised.value.remedy
