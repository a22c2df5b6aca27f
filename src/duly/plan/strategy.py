"""`strategy.yaml`: who is told what, on which day of delay, by which channel, and what follows.

Reads the file strictly and says everything that is wrong with it at once: a stage that could never be
reached, an experiment whose shares do not add up, a segment that an earlier one leaves nothing for is refused
here and not found out in production.
Refuses to judge what is lawful: that is the law's, and the strategy checker's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

import yaml

from duly.errors import Problem
from duly.model.notice import Grade, NoticeClass
from duly.model.party import Channel
from duly.model.said import say
from duly.plan import order, returning
from duly.plan.ladder import (
    ATTRIBUTES,
    WHOLE,
    Action,
    After,
    Approval,
    Arm,
    By,
    ListName,
    Segment,
    Stage,
    Strategy,
    Then,
    Unserved,
)
from duly.plan.order import Written
from duly.plan.outline import Outline

FILE = "strategy.yaml"

STAGE_KEYS = (
    "name", "from_dpd", "notice", "channel", "fallback", "every", "deadline", "class", "served", "arms",
    "before_limit", "list", "after", "approval", "unserved", "action", "by",
)  # fmt: skip
_ONLY_WITH_NOTICE = (
    "channel", "fallback", "every", "deadline", "class", "served", "arms", "approval", "unserved", "before_limit",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Reader:
    """One reading: the file, and the notices whose templates exist (None: not known, not checked)."""

    outline: Outline
    notices: Collection[str] | None


def load(
    text: str, file: str = FILE, *, notices: Collection[str] | None = None
) -> tuple[Strategy | None, list[Problem]]:
    """The strategy, or None and every problem in it, in the order of the file's lines.

    `notices` are the names of the template folders; a notice that has none is a problem.
    """
    outline = Outline(text, file)
    root = outline.root(text)
    if root is None:
        return None, outline.problems
    reader = Reader(outline=outline, notices=notices)
    top = outline.mapping(root, ("strategy", "segments"))
    name = outline.name(top["strategy"]) if _present(reader, root, top, "strategy") else None
    segments: list[Segment] = []
    places: list[yaml.Node] = []
    if _present(reader, root, top, "segments"):
        for node in outline.items(top["segments"]):
            segments.append(_segment(reader, node))
            places.append(node)
    if not outline.problems:
        order.check_segments(outline, segments, places, ATTRIBUTES)
    if outline.problems or name is None:
        return None, sorted(outline.problems, key=lambda each: (each.line or 0, each.column or 0))
    return Strategy(name=name, segments=tuple(segments)), []


def _present(reader: Reader, node: yaml.Node, keys: dict[str, yaml.Node], key: str) -> bool:
    if key in keys:
        return True
    what = say("`{key}` is missing", key=key)
    reader.outline.refuse(node, "key.missing", what, say("Add `{key}` here.", key=key))
    return False


def _segment(reader: Reader, node: yaml.Node) -> Segment:
    outline = reader.outline
    keys = outline.mapping(node, ("name", "when", "cooling_off", "re_entry", "stages"))
    name = outline.name(keys["name"]) if _present(reader, node, keys, "name") else None
    when = _when(outline, keys["when"]) if "when" in keys else {}
    written: list[Written] = []
    if _present(reader, node, keys, "stages"):
        written = [_stage(reader, each) for each in outline.items(keys["stages"])]
        order.check_stages(outline, written)
    segment = Segment(
        name=name or "",
        when=when,
        stages=tuple(each.stage for each in written),
        cooling_off=returning.cooling_off(outline, keys["cooling_off"]) if "cooling_off" in keys else None,
        re_entry=returning.re_entry(outline, keys["re_entry"]) if "re_entry" in keys else None,
    )
    returning.check(outline, segment, keys, written)
    return segment


def _when(outline: Outline, node: yaml.Node) -> dict[str, frozenset[str]]:
    taken: dict[str, frozenset[str]] = {}
    for key, value in outline.mapping(node, tuple(ATTRIBUTES)).items():
        closed = ATTRIBUTES[key]
        if closed is not None:
            words: Collection[str] = outline.choices(value, closed, "segment.value")
        else:
            words = [word for item in outline.items(value) if (word := outline.word(item)) is not None]
        taken[key] = frozenset(words)
    return taken


def _stage(reader: Reader, node: yaml.Node) -> Written:
    outline = reader.outline
    keys = outline.mapping(node, STAGE_KEYS)

    def given(key: str) -> yaml.Node | None:
        return keys.get(key)

    name = outline.name(keys["name"]) if _present(reader, node, keys, "name") else None
    dpd, every, deadline = given("from_dpd"), given("every"), given("deadline")
    limit = given("before_limit")
    told, does, listed, released = given("notice"), given("action"), given("list"), given("approval")
    kind, grades = given("class"), given("served")
    notice_class = outline.choice(kind, _values(NoticeClass), "class.unknown") if kind else None
    action = outline.choice(does, _values(Action), "action.unknown") if does else None
    on_list = outline.choice(listed, _values(ListName), "list.unknown") if listed else None
    approval = outline.choice(released, _values(Approval), "approval.unknown") if released else None
    stage = Stage(
        name=name or "",
        from_dpd=outline.integer(dpd, -365, 36_600) if dpd else None,
        notice=_notice(reader, told) if told else None,
        steps=_steps(reader, node, keys),
        every=outline.days(every) if every else None,
        deadline=outline.days(deadline) if deadline else None,
        before_limit=outline.days(limit) if limit else None,
        notice_class=NoticeClass(notice_class) if notice_class in _values(NoticeClass) else NoticeClass.NUDGE,
        served=_grades(outline, grades) if grades else None,
        arms=_arms(reader, keys["arms"]) if "arms" in keys else (),
        on_list=ListName(on_list) if on_list in _values(ListName) else None,
        after=_after(reader, keys["after"]) if "after" in keys else None,
        approval=Approval(approval) if approval in _values(Approval) else None,
        unserved=_unserved(reader, keys) if "unserved" in keys else Unserved(),
        action=Action(action) if action in _values(Action) else None,
        by=returning.by(outline, keys["by"]) if "by" in keys else By.CONTRACTUAL,
    )
    _refuse_strangers(outline, node, keys)
    return Written(node=node, keys=keys, stage=stage)


def _values(kind: type[Enum]) -> tuple[str, ...]:
    return tuple(str(member.value) for member in kind)


def _notice(reader: Reader, node: yaml.Node) -> str | None:
    name = reader.outline.name(node)
    if name is not None and reader.notices is not None and name not in reader.notices:
        what = say("there is no template for the notice `{name}`", name=name)
        known = ", ".join(sorted(reader.notices)) or "(none yet)"
        remedy = say("Add the folder templates/{name}, or name one of {known}.", name=name, known=known)
        reader.outline.refuse(node, "notice.unknown", what, remedy)
    return name


def _steps(reader: Reader, node: yaml.Node, keys: dict[str, yaml.Node]) -> tuple[tuple[Channel, ...], ...]:
    """The primary channels, then each fallback by itself."""
    outline = reader.outline
    if "notice" not in keys:
        return ()
    if not _present(reader, node, keys, "channel"):
        return ()
    primary = outline.choices(keys["channel"], _values(Channel), "channel.unknown")
    fallback: list[str] = []
    for item in outline.items(keys["fallback"]) if "fallback" in keys else []:
        word = outline.choice(item, _values(Channel), "channel.unknown")
        if word in primary or word in fallback:
            what = say("`{word}` was already tried when this fallback is reached", word=word)
            outline.refuse(item, "fallback.twice", what, say("Name each channel once in a stage."))
        elif word in _values(Channel):
            fallback.append(str(word))
    known = _values(Channel)
    together = tuple(Channel(word) for word in primary if word in known)
    return tuple(step for step in (together, *((Channel(word),) for word in fallback)) if step)


def _grades(outline: Outline, node: yaml.Node) -> frozenset[Grade]:
    words = outline.choices(node, _values(Grade), "grade.unknown")
    return frozenset(Grade(word) for word in words if word in _values(Grade))


def _arms(reader: Reader, node: yaml.Node) -> tuple[Arm, ...]:
    outline = reader.outline
    arms: list[Arm] = []
    for name, value in outline.mapping(node, None).items():
        share, notice = value, None
        if isinstance(value, yaml.MappingNode):
            keys = outline.mapping(value, ("share", "notice"))
            if not _present(reader, value, keys, "share"):
                continue
            share = keys["share"]
            notice = _notice(reader, keys["notice"]) if "notice" in keys else None
        ppm = outline.share(share)
        arms.append(Arm(name=name, share=ppm or 0, notice=notice))
    total = sum(arm.share for arm in arms)
    if len(arms) < 2 or (all(arm.share for arm in arms) and total != WHOLE):
        what = say("the shares of {count} arm(s) sum to {total}%", count=len(arms), total=_percent(total))
        outline.refuse(node, "arms.sum", what, say("Write at least two arms whose shares sum to 100%."))
    return tuple(arms)


def _percent(ppm: int) -> str:
    whole, rest = divmod(ppm, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")


def _after(reader: Reader, node: yaml.Node) -> After | None:
    outline = reader.outline
    keys = outline.mapping(node, ("stage", "served", "deadline"))
    if not _present(reader, node, keys, "stage"):
        return None
    stage = outline.word(keys["stage"])
    grades = _grades(outline, keys["served"]) if "served" in keys else frozenset()
    deadline = outline.choice(keys["deadline"], ("passed",), "after.deadline") if "deadline" in keys else None
    if "served" not in keys and "deadline" not in keys:
        what = say("`after` names a stage but not what must have come of it")
        outline.refuse(node, "after.empty", what, say("Add `served: [delivered]` or `deadline: passed`."))
    return After(stage=stage or "", served=grades, deadline=deadline == "passed")


def _unserved(reader: Reader, keys: dict[str, yaml.Node]) -> Unserved:
    outline, node = reader.outline, keys["unserved"]
    inner = outline.mapping(node, ("after", "then"))
    after = outline.integer(inner["after"], 1, 100) if "after" in inner else 1
    then = outline.choice(inner["then"], _values(Then), "unserved.then") if "then" in inner else "next"
    if (after or 1) > 1 and "every" not in keys:
        what = say("`unserved` waits for {after} notices, but the stage sends only one", after=after)
        outline.refuse(inner.get("after", node), "unserved.every", what, say("Add `every` to the stage."))
    if "deadline" not in keys:
        what = say("`unserved` counts from a deadline, and the stage has none")
        outline.refuse(node, "unserved.deadline", what, say("Add `deadline` to the stage."))
    return Unserved(after=after or 1, then=Then(then) if then in _values(Then) else Then.NEXT)


def _refuse_strangers(outline: Outline, node: yaml.Node, keys: dict[str, yaml.Node]) -> None:
    if "notice" not in keys and "action" not in keys:
        what = say("the stage says nothing and does nothing")
        outline.refuse(node, "stage.empty", what, say("Give it a `notice`, or an `action`."))
    if "notice" in keys and "action" in keys:
        what = say("a stage is either a notice or an action")
        outline.refuse(keys["action"], "stage.both", what, say("Make the action a later stage of its own."))
    elif "action" in keys:
        for key in _ONLY_WITH_NOTICE:
            if key in keys:
                what = say("`{key}` means nothing in a stage that sends no notice", key=key)
                outline.refuse(keys[key], "key.foreign", what, say("Remove it."))
