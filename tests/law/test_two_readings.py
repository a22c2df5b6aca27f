"""The plain and the columnar reading of the law agree, in everything they answer (promise 10)."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duly.law import clocks, columnar, decide, frames, values
from duly.law.pack import Pack
from tests.law import samples

Short = tuple[object, ...]


def plainly(pack: Pack, act: values.Act) -> Short:
    """All that the plain reading answers, in the columns' own form."""
    verdict = decide.decide(pack, act)
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


def hold_equal(pack: Pack, scene: samples.Scene) -> list[str]:
    """Compare the two readings on every act of the scene; the verdicts, for counting."""
    answers = in_columns(pack, scene)
    for act, columns in zip(scene.acts, answers, strict=True):
        assert plainly(pack, act) == columns, act
    return [str(answer[0]) for answer in answers]


PACKS: dict[str, tuple[Callable[[], Pack], tuple[str, str]]] = {
    "practice": (samples.practice, ("XX", "XX-1")),
    "cn": (lambda: samples.shipped("cn", "house"), ("CN", "CN-44-Shenzhen")),
}


@pytest.mark.parametrize("name", PACKS)
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_readings_agree_on_small_scenes(name: str, data: st.DataObject) -> None:
    """Hypothesis looks for a difference and shrinks what it finds to the fewest acts and contacts."""
    make, jurisdictions = PACKS[name]
    acts, contacts = data.draw(st.integers(1, 3)), data.draw(st.integers(0, 4))
    scene = samples.scene(
        lambda things: data.draw(st.sampled_from(things)), jurisdictions, acts=acts, contacts=contacts
    )

    hold_equal(make(), scene)


@pytest.mark.parametrize("name", PACKS)
def test_the_readings_agree_on_ten_thousand_acts(name: str) -> None:
    """Scenes aimed at boundaries, from fixed seeds; every verdict occurs often enough to mean something."""
    make, jurisdictions = PACKS[name]
    seen = [
        verdict
        for seed in range(20)
        for verdict in hold_equal(
            make(), samples.scene(samples.seeded(seed), jurisdictions, acts=500, contacts=seed % 12)
        )
    ]

    assert len(seen) == 10_000
    assert min(seen.count(kind.value) for kind in values.Kind) > 200


@pytest.mark.long
@pytest.mark.parametrize("name", PACKS)
def test_the_readings_agree_on_half_a_million_acts(name: str) -> None:
    """The same, fifty times over, on other seeds."""
    make, jurisdictions = PACKS[name]
    for seed in range(1_000, 2_000):
        scene = samples.scene(samples.seeded(seed), jurisdictions, acts=500, contacts=seed % 12)
        hold_equal(make(), scene)


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
