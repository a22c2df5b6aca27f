"""Whether every stage and every segment of a strategy can be reached, and no account falls through.

Decides on the strategy alone, for all accounts that there could be: segments are boxes in the space of the
attributes they ask for, and what the earlier ones leave is subtracted exactly.
Refuses to guess: a stage that is merely unlikely is not its business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from duly.model.notice import NoticeClass
from duly.model.said import say
from duly.plan.ladder import After, Segment, Stage
from duly.plan.outline import Outline

Box = dict[str, frozenset[str]]

_OTHER = "(any other)"  # stands for every value of an open attribute that no segment names


@dataclass(frozen=True, kw_only=True)
class Written:
    """A stage with the place of each of its keys."""

    node: yaml.Node
    keys: Mapping[str, yaml.Node]
    stage: Stage


def check_stages(outline: Outline, written: Sequence[Written]) -> None:
    """Add a problem for each stage of one segment that could not be reached, left or told apart."""
    names: dict[str, Written] = {}
    reached: int | None = None
    for index, entry in enumerate(written):
        stage = entry.stage
        following = written[index + 1].stage if index + 1 < len(written) else None
        if stage.name in names and stage.name:
            what = say("two stages of this segment are called `{name}`", name=stage.name)
            outline.refuse(entry.keys["name"], "stage.twice", what, say("Give each stage a name of its own."))
        _check_start(outline, entry, index, names, reached)
        _check_end(outline, entry, following)
        names[stage.name] = entry
        if stage.from_dpd is not None:
            reached = stage.from_dpd if reached is None else max(reached, stage.from_dpd)
        if stage.before_limit is not None:
            _check_limit(outline, entry, following)
        if stage.action is not None and following is not None:
            what = say("`{name}` comes after an action, which ends the plan", name=following.name)
            outline.refuse(written[index + 1].node, "stage.unreachable", what, say("Put the action last."))


def _check_limit(outline: Outline, entry: Written, following: Stage | None) -> None:
    """A stage that keeps a claim alive stays open for as long as the claim does."""
    stage, node = entry.stage, entry.keys["before_limit"]
    whys = (
        (
            stage.notice_class is not NoticeClass.RIGHTS_PRESERVING,
            say("only a demand keeps a claim alive"),
            say("Add `class: rights_preserving`."),
        ),
        (
            stage.every is None,
            say("it is said again until it arrives, and again years later"),
            say("Add `every`, such as `every: 30d`."),
        ),
        (
            stage.deadline is not None,
            say("it stays open as long as the claim does, and no deadline ends it"),
            say("Remove `deadline`."),
        ),
        (
            following is not None,
            say("it stays open as long as the claim does, and no stage follows it"),
            say("Put it last."),
        ),
    )
    for wrong, why, remedy in whys:
        if wrong:
            what = say("`{name}` cannot wait for the limit: {why}", name=stage.name, why=why)
            outline.refuse(node, "stage.limit", what, remedy)


def _check_start(
    outline: Outline, entry: Written, index: int, names: Mapping[str, Written], reached: int | None
) -> None:
    stage, keys = entry.stage, entry.keys
    if "from_dpd" not in keys and (index == 0 or "after" not in keys):
        what = say("nothing says when the stage `{name}` begins", name=stage.name)
        remedy = (
            say("Add `from_dpd`.") if index == 0 else say("Add `from_dpd`, or `after` with an earlier stage.")
        )
        outline.refuse(entry.node, "stage.start", what, remedy)
    if stage.from_dpd == 0:
        what = say("a stage begins before the due date (below 0) or in arrears (from 1)")
        outline.refuse(
            keys["from_dpd"], "stage.zero", what, say("Write -1 for the day before, or 1 for the day after.")
        )
    elif stage.from_dpd is not None and reached is not None and stage.from_dpd <= reached:
        what = say(
            "`{name}` begins at DPD {dpd}, but an earlier stage begins only at {reached}",
            name=stage.name,
            dpd=stage.from_dpd,
            reached=reached,
        )
        outline.refuse(
            keys["from_dpd"],
            "stage.order",
            what,
            say("Put the stages in the order of `from_dpd`, each above the last."),
        )
    if stage.after is not None:
        _check_after(outline, entry, stage.after, names)


def _check_after(outline: Outline, entry: Written, after: After, names: Mapping[str, Written]) -> None:
    stage, node = entry.stage, entry.keys["after"]
    earlier = names.get(after.stage)
    why = None
    if earlier is None:
        why = say("`{name}` is not a stage before this one", name=after.stage)
    elif earlier.stage.ahead or stage.ahead:
        why = say("a reminder before the due date is not waited for")
    elif after.served and earlier.stage.notice is None:
        why = say("`{name}` sends no notice that could be served", name=after.stage)
    elif after.deadline and earlier.stage.deadline is None:
        why = say("`{name}` has no deadline that could pass", name=after.stage)
    if why is not None:
        what = say("`{name}` can never be reached: {why}", name=stage.name, why=why)
        outline.refuse(
            node, "stage.unreachable", what, say("Name an earlier stage that can bring this about.")
        )


def _check_end(outline: Outline, entry: Written, following: Stage | None) -> None:
    stage, keys = entry.stage, entry.keys
    # The due date ends a reminder, so what follows the last of them need not wait for its deadline.
    must_end = following is not None and (following.ahead or not stage.ahead)
    if must_end and stage.notice is not None and "deadline" not in keys:
        what = say("`{name}` has no deadline, so the stage after it could never begin", name=stage.name)
        outline.refuse(entry.node, "stage.deadline", what, say("Add `deadline: 5d`, or the days you give."))
    if stage.every is not None and stage.deadline is not None and stage.every > stage.deadline:
        what = say(
            "the notice is repeated every {every} days, but the stage ends after {deadline}",
            every=stage.every,
            deadline=stage.deadline,
        )
        outline.refuse(
            keys["every"], "stage.every", what, say("Shorten `every`, remove it, or lengthen `deadline`.")
        )
    if stage.ahead:
        for key in ("unserved", "list", "approval"):
            if key in keys:
                what = say("`{key}` means nothing before the due date", key=key)
                outline.refuse(keys[key], "key.foreign", what, say("Remove it."))


def check_segments(
    outline: Outline,
    segments: Sequence[Segment],
    places: Sequence[yaml.Node],
    attributes: Mapping[str, frozenset[str] | None],
) -> None:
    """Add a problem for a segment that no account reaches, a name used twice, accounts left over."""
    universe = _universe(segments, attributes)
    left = [universe]
    names: set[str] = set()
    for segment, node in zip(segments, places, strict=True):
        if segment.name in names:
            what = say("two segments are called `{name}`", name=segment.name)
            outline.refuse(node, "segment.twice", what, say("Give each segment a name of its own."))
        names.add(segment.name)
        box = {key: segment.when.get(key, values) for key, values in universe.items()}
        rest = [piece for each in left for piece in _subtract(each, box)]
        if rest == left:
            what = say("no account reaches `{name}`: the segments before it take them all", name=segment.name)
            outline.refuse(
                node, "segment.unreachable", what, say("Move it up, narrow the ones before it, or remove it.")
            )
        left = rest
    if left and segments:
        what = say("an account with {example} belongs to no segment", example=_example(left[0], universe))
        outline.refuse(
            places[-1],
            "segment.default",
            what,
            say("Add a last segment without `when`, which takes every account."),
        )


def _universe(segments: Sequence[Segment], attributes: Mapping[str, frozenset[str] | None]) -> Box:
    universe: Box = {}
    for key, closed in attributes.items():
        named = frozenset[str]().union(*(segment.when.get(key, frozenset()) for segment in segments))
        universe[key] = closed if closed is not None else named | {_OTHER}
    return universe


def _subtract(box: Box, away: Box) -> list[Box]:
    """`box` without `away`, as boxes that do not overlap; `[box]` itself where they do not meet."""
    if any(not box[key] & away[key] for key in box):
        return [box]
    pieces: list[Box] = []
    inside = dict(box)
    for key in box:
        if outside := inside[key] - away[key]:
            pieces.append({**inside, key: outside})
        inside[key] &= away[key]
    return pieces


def _example(box: Box, universe: Box) -> str:
    told = [f"{key} {min(values)}" for key, values in box.items() if values != universe[key]]
    return ", ".join(told) or "any attributes"
