"""`cooling_off`, `re_entry` and `by` of `strategy.yaml`: how somebody is treated who was cured, or whose account the
lender re-aged.

Reads the keys and refuses what they may not do: silence a notice on which a right hangs, pass one over, or let the
lender's own way of counting delay it.
Refuses to judge an account: that is `relapse`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

from duly.model import money
from duly.model.said import say
from duly.plan.ladder import At, By, CoolingOff, ReEntry, Segment
from duly.plan.order import Written
from duly.plan.outline import Outline

_NEXT = "next"


def cooling_off(outline: Outline, node: yaml.Node) -> CoolingOff | None:
    """What `cooling_off` says, or None with a problem."""
    keys = outline.mapping(node, ("days", "up_to_minor"))
    if "days" not in keys:
        _missing(outline, node, "days")
        return None
    days = outline.days(keys["days"])
    sum_node = keys.get("up_to_minor")
    most = outline.integer(sum_node, 1, money.MAX_MINOR) if sum_node else None
    return None if days is None else CoolingOff(days=days, up_to_minor=most)


def re_entry(outline: Outline, node: yaml.Node) -> ReEntry | None:
    """What `re_entry` says, or None with a problem."""
    keys = outline.mapping(node, ("within", "at"))
    for key in ("within", "at"):
        if key not in keys:
            _missing(outline, node, key)
            return None
    within = outline.days(keys["within"])
    if isinstance(keys["at"], yaml.ScalarNode) and keys["at"].value == _NEXT:
        what = say(
            "a case cannot begin after the stage that an earlier one stood in: a warning would be passed over"
        )
        remedy = say("Write `at: same`: the stage is said anew, and what was proven before it counts.")
        outline.refuse(keys["at"], "re_entry.next", what, remedy)
        return None
    known = [each.value for each in At]
    at = outline.choice(keys["at"], known, "re_entry.unknown")
    return ReEntry(within=within, at=At(at)) if within is not None and at in known else None


def by(outline: Outline, node: yaml.Node) -> By:
    """By which days past due a stage is counted."""
    known = [each.value for each in By]
    word = outline.choice(node, known, "by.unknown")
    return By(word) if word in known else By.CONTRACTUAL


def check(
    outline: Outline, segment: Segment, keys: Mapping[str, yaml.Node], written: Sequence[Written]
) -> None:
    """Add a problem for each of the keys that can do nothing, or may not do what it says."""
    first = next((place for place, stage in enumerate(segment.stages) if not stage.ahead), None)
    if segment.cooling_off is not None:
        _check_cooling(outline, segment, segment.cooling_off, keys["cooling_off"], first)
    if segment.re_entry is not None and segment.re_entry.at is At.SAME:
        farthest = segment.farthest_entry
        if farthest is None or farthest == first:
            what = say("a case of `{name}` can begin nowhere but with its first stage", name=segment.name)
            remedy = say(
                "Remove `re_entry`: no notice on which a right hangs is passed over, and no stage is entered at "
                "that waits for an approval, a list or an earlier stage."
            )
            outline.refuse(keys["re_entry"], "re_entry.nowhere", what, remedy)
    for place, entry in enumerate(written):
        if "by" in entry.keys:
            _check_by(outline, entry, [each.stage.name for each in written[place:] if _exact(each)])


def _check_cooling(
    outline: Outline, segment: Segment, cooling: CoolingOff, node: yaml.Node, first: int | None
) -> None:
    if cooling.up_to_minor is not None and len(segment.when.get("currency", ())) != 1:
        what = say("`up_to_minor` is a sum of one currency, and `{name}` takes several", name=segment.name)
        remedy = say("Name the one currency in `when`, such as `currency: [CNY]`, or remove `up_to_minor`.")
        outline.refuse(node, "cooling_off.sum", what, remedy)
    begins = None if first is None else segment.stages[first].from_dpd
    guarded = segment.guarded_from
    if first is None or (guarded is not None and begins is not None and guarded <= begins):
        what = say("the cooling-off of `{name}` would silence nothing", name=segment.name)
        remedy = say("Remove it: what the law asks for and what keeps a right is said whatever the day.")
        outline.refuse(node, "cooling_off.silent", what, remedy)


def _exact(entry: Written) -> bool:
    """Whether the stage, and so whatever it waits for, counts by the contract and by nothing else."""
    return entry.stage.guarded or entry.stage.formal


def _check_by(outline: Outline, entry: Written, exact: Sequence[str]) -> None:
    stage, node = entry.stage, entry.keys["by"]
    if stage.from_dpd is None or stage.ahead:
        what = say("`by` means nothing in a stage that counts no days past due")
        outline.refuse(node, "key.foreign", what, say("Remove it."))
    elif stage.by is By.REAGED and exact:
        what = say(
            "re-aged days past due cannot open `{name}`: `{other}` counts by the contract alone",
            name=stage.name,
            other=exact[0],
        )
        remedy = say(
            "Remove `by`: notices on which a right hangs, clocks of limitation and credit records never follow "
            "the re-aged count, nor does a stage before them."
        )
        outline.refuse(node, "stage.by", what, remedy)


def _missing(outline: Outline, node: yaml.Node, key: str) -> None:
    outline.refuse(node, "key.missing", say("`{key}` is missing", key=key), say("Add `{key}` here.", key=key))
