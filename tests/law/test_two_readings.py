"""The plain reading, the columnar and the compiled one agree, in everything they answer (promise 10)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duly.law import clocks, columnar, compiled, decide, frames, values
from duly.law.pack import Pack
from tests.law import corpus, samples

Short = tuple[object, ...]


def plainly(pack: Pack, act: values.Act, verdict: values.Verdict | None = None) -> Short:
    """All that the plain reading answers, in the columns' own form; `verdict`: where it was asked already."""
    verdict = verdict or decide.decide(pack, act)
    latest = decide.latest_lawful(pack, act)
    return (
        verdict.kind.value,
        clocks.instant(verdict.until) if verdict.until else None,
        clocks.instant(latest) if latest else None,
        [(reason.rule, reason.version) for reason in verdict.because],
        [(reason.rule, reason.version) for reason in verdict.blocked_by],
        [(doubt.rule, doubt.fact) for doubt in verdict.in_doubt],
    )


def in_columns(pack: Pack, scene: samples.Scene) -> list[Short]:
    """All that the columnar reading answers for a whole scene."""
    acts, history = frames.of_acts(scene.acts)
    judged = columnar.judge(pack, acts, history, scene.policy)
    assert judged["act"].to_list() == list(range(len(scene.acts))), "one answer for each act, in order"
    return [
        (
            row["verdict"],
            clocks.instant(row["until"]) if row["until"] else None,
            clocks.instant(row["latest"]) if row["latest"] else None,
            [(reason["rule"], reason["version"]) for reason in row["because"]],
            [(reason["rule"], reason["version"]) for reason in row["blocked_by"]],
            [(doubt["rule"], doubt["fact"]) for doubt in row["in_doubt"]],
        )
        for row in judged.iter_rows(named=True)
    ]


def hold_equal(name: str, scene: samples.Scene, *, keep: bool = False) -> list[str]:
    """Compare the readings on every act of the scene; the verdicts, for counting.

    The compiled one gives verdicts as the plain one does, to the last fact shown and its place.
    `keep`: an act on which they differ is written into the corpus, to be asked for ever after.
    """
    pack, reading = PACKS[name][0](), compiled_of(name)
    answers = in_columns(pack, scene)
    for act, columns in zip(scene.acts, answers, strict=True):
        verdict, third = decide.decide(pack, act), reading.decide(act)
        plain = plainly(pack, act, verdict)
        if (plain != columns or verdict != third) and keep:
            corpus.freeze(name, act)
        assert plain == columns, act
        assert verdict == third, act
        assert list(verdict.facts) == list(third.facts), act
    return [str(answer[0]) for answer in answers]


@functools.cache
def compiled_of(name: str) -> compiled.Reading:
    """One compiled reading of a pack for all scenes, so that what it remembers of others would show."""
    return compiled.Reading(PACKS[name][0]())


CALM = ("past", "hours", "stops")
SHIPPED = ("cn", "us-ma", "us-ny", "gb", "in")
# What a pack of practice has no rule for; and what needs numbers of the lender that the scenes do not set.
NEVER = {
    "past": values.Kind.FORBID,
    "hours": values.Kind.FORBID,
    "gb": values.Kind.PERMIT,
    "in": values.Kind.PERMIT,
}
PACKS: dict[str, tuple[Callable[[], Pack], tuple[str, ...]]] = {
    "practice": (samples.practice, ("XX", "XX-1")),
    "past": (samples.past, ("XX", "XX-1")),
    "hours": (samples.hourly, ("XX", "XX-1")),
    "stops": (samples.stopped, ("XX", "XX-1")),
    "cn": (lambda: samples.shipped("cn", "house"), ("CN", "CN-44-Shenzhen")),
    "us-ma": (lambda: samples.shipped("us", "us-ma", "house"), ("US", "US-MA")),
    "us-ny": (lambda: samples.shipped("us", "us-ny", "us-ny-nyc", "house"), ("US", "US-NY", "US-NY-NYC")),
    "gb": (lambda: samples.shipped("gb", "house"), ("GB",)),
    "in": (lambda: samples.shipped("in", "house"), ("IN",)),
}


# How many scenes of 500 acts each pack is tried on: 20,000 acts in all, and a million in the long test. A scene
# of hours takes the plain reading long, because little is ever lawful under all of its windows.
SCENES = {
    "practice": 10,
    "cn": 8,
    "past": 6,
    "stops": 4,
    "hours": 2,
    "us-ma": 3,
    "us-ny": 3,
    "gb": 2,
    "in": 2,
}
MANY = {"practice": 500, "cn": 500, "past": 350, "stops": 300, "hours": 20}
MANY |= {"us-ma": 120, "us-ny": 120, "gb": 45, "in": 45}
ACTS = 500


@pytest.mark.parametrize("name", PACKS)
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_readings_agree_on_small_scenes(name: str, data: st.DataObject) -> None:
    """Hypothesis looks for a difference and shrinks what it finds to the fewest acts and contacts."""
    acts, contacts = data.draw(st.integers(1, 3)), data.draw(st.integers(0, 4))
    scene = samples.scene(
        lambda things: data.draw(st.sampled_from(things)),
        PACKS[name][1],
        acts=acts,
        contacts=contacts,
        calm=name in CALM,
    )

    hold_equal(name, scene)


@pytest.mark.parametrize("name", PACKS)
def test_the_readings_agree_on_twenty_thousand_acts(name: str) -> None:
    """Scenes aimed at boundaries, from fixed seeds; every verdict occurs often enough to mean something."""
    seen = [
        verdict for seed in range(SCENES[name]) for verdict in hold_equal(name, seeded(name, seed), keep=True)
    ]

    assert sum(SCENES.values()) * ACTS == 20_000
    assert len(seen) == SCENES[name] * ACTS
    possible = [kind for kind in values.Kind if kind is not NEVER.get(name)]
    assert min(seen.count(kind.value) for kind in possible) > len(seen) // 60


@pytest.mark.long
@pytest.mark.parametrize("name", PACKS)
def test_the_readings_agree_on_a_million_acts(name: str) -> None:
    """The same, fifty times over, on other seeds."""
    assert sum(MANY.values()) * ACTS == 1_000_000
    for seed in range(1_000, 1_000 + MANY[name]):
        hold_equal(name, seeded(name, seed), keep=True)


def seeded(name: str, seed: int) -> samples.Scene:
    """A scene of the pack from a generator of its own."""
    calm, ordinary = name in CALM, name in SHIPPED and seed % 2 == 1
    return samples.scene(
        samples.seeded(seed), PACKS[name][1], acts=ACTS, contacts=seed % 12, calm=calm, ordinary=ordinary
    )


@pytest.mark.parametrize("path", sorted(corpus.FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_the_readings_agree_on_every_case_of_the_corpus(path: Path) -> None:
    """Once a case, always a case."""
    name, act = corpus.thaw(path)
    pack = PACKS[name][0]()

    assert in_columns(pack, samples.Scene((act,), act.policy)) == [plainly(pack, act)]
    assert compiled.Reading(pack).decide(act) == decide.decide(pack, act)


@pytest.mark.parametrize("name", PACKS)
def test_a_case_comes_out_of_the_corpus_as_it_went_in(name: str, tmp_path: Path) -> None:
    """Whatever an act carries."""
    for act in seeded(name, 11).acts[:100]:
        assert corpus.thaw(corpus.freeze(name, act, tmp_path)) == (name, act)


def test_a_row_can_be_replayed_by_the_plain_reading() -> None:
    """The plain act of a row, with its history, is the act the row was made from."""
    scene = samples.scene(samples.seeded(7), ("XX", "XX-1"), acts=30, contacts=5)
    acts, history = frames.of_acts(scene.acts)
    for place, act in enumerate(scene.acts):
        again = columnar.act_of(acts.row(place, named=True), history.iter_rows(named=True), scene.policy)

        assert plainly(samples.practice(), act) == plainly(samples.practice(), again)


def test_no_acts_have_no_verdicts() -> None:
    """An empty frame is answered by an empty frame of the same columns."""
    acts, history = frames.of_acts([])
    one, none = frames.of_acts([samples.act()])[0], columnar.judge(samples.practice(), acts, history)

    assert none.is_empty()
    assert none.schema == columnar.judge(samples.practice(), one, history).schema
    assert none.schema["until"] == pl.Datetime("us", "UTC")
